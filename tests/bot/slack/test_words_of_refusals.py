"""What a refusal says in Slack: sentences that end, and times that each reader sees in their own zone."""

from datetime import UTC, datetime

from approvals.policy.people import DirectoryUnreadable
from approvals.refusals import write_moment
from approvals.requests.duplicates import AskAgain
from bot.slack.error_replies import explain
from bot.slack.modals import NOT_OPENED
from commands.slash_command import ProblemReply
from notifier.rendering.renderer import Rendered
from tests import once


def show(reply: ProblemReply) -> Rendered:
    return once.renderer().message(reply.template, reply)


def test_s15_the_sentences_of_a_fallback_text_are_apart() -> None:
    assert show(NOT_OPENED).text == "Slack did not open the form. Please try once more."
    assert show(explain(KeyError("x"), reference="R1")).text.startswith(
        "Something went wrong on our side: Send this reference to an admin: R1"
    )
    unread = explain(DirectoryUnreadable("x"), reference="R1")
    assert show(unread).text == "Slack didn’t confirm who you are. Try again in a minute."


def test_s15_a_time_in_a_refusal_is_shown_in_the_readers_own_zone() -> None:
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    refused = explain(AskAgain(who="Mara <!channel>", when=write_moment(moment), status="denied"), reference="R1")

    shown = show(refused)

    local = f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-22 14:05 UTC>"
    for text in (shown.text, shown.blocks[0]["text"]["text"]):
        assert f"Mara &lt;!channel&gt; requested the same at {local} (denied)." in text


def test_s15_what_only_looks_like_a_time_stays_text() -> None:
    shown = show(ProblemReply(headline="No", says="at 2026-13-99 25:61 UTC", next=""))

    assert shown.text == "No: at 2026-13-99 25:61 UTC"

"""The guided first minutes: five stories, whose steps are done when what they ask for has really happened.

What was seen only grows; which steps it fulfils is decided from it alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.paytend.exchanges import Exchange
from sandbox.paytend.webhooks import Attempt, Webhook
from sandbox.slack.deliveries import Delivery
from sandbox.slack.web_api import ApiCall

APPROVALS, ALERTS, ONCALL = "C0APPROVALS", "C0ALERTS", "C0ONCALL"
TOP_UP_CARD, LOST_CARD = "1755902", "1755903"
_LOST_PURCHASE = {"kind": "purchase", "cardId": LOST_CARD, "amount": "49.90", "merchant": "FUEL 24/7"}
_ASK = f"/topup {TOP_UP_CARD} 120.50 EUR customer called"
_STOP = "/cardops stop top-ups nobody asked for the last three"
STORM = 60
STORM_FROM = 40  # so many transactions taken within STORM_SECONDS count as a storm
STORM_SECONDS = 120.0
_BOOKS_DIFFER = "The books differ"
_TRANSACTION, _DECLINED = "1", "6"  # notifyType, tradeStatus


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What has happened so far, as far as the stories care; times in seconds since 1970."""

    was_asked: bool = False
    was_topped_up: bool = False
    was_told: bool = False
    lost_typed: bool = False
    lost: bool = False
    lost_declined: bool = False
    lost_told: bool = False
    told_at: tuple[float, ...] = ()
    storm_since: float = 0.0
    storm_tried: int = 0
    storm_taken: int = 0
    storm_messages: int = 0
    storm_edits: int = 0
    storm_told_at: float = 0.0
    stopped: bool = False
    resume_said: bool = False
    resumed: bool = False
    books_asked: bool = False
    books_differ: bool = False
    books_answered: bool = False


def saw_delivery(seen: Seen, delivery: Delivery) -> Seen:
    """Return what was seen, with something that went from Slack to the bot."""
    payload = delivery.payload
    if payload.get("command") == "/card" and str(payload.get("text", "")).startswith("lost") and delivery.is_fine:
        return replace(seen, lost_typed=True)
    pressed = {each.get("action_id") for each in payload.get("actions") or ()}
    if _typed(delivery, "/cardops", "resume") or "stop_resume" in pressed:
        return replace(seen, resume_said=seen.stopped)
    if _typed(delivery, "/partner", "books"):
        return replace(seen, books_asked=True)
    if pressed & {"books_known", "books_stop"}:
        return replace(seen, books_answered=seen.books_differ)
    return seen


def _typed(delivery: Delivery, command: str, word: str) -> bool:
    payload = delivery.payload
    is_it = payload.get("command") == command and str(payload.get("text", "")).startswith(word)
    return is_it and delivery.is_fine


def saw_api_call(seen: Seen, call: ApiCall) -> Seen:
    """Return what was seen, with something that the bot asked of Slack."""
    if not call.is_ok or call.method not in {"chat.postMessage", "chat.update"}:
        return seen
    channel, is_new = call.args.get("channel"), call.method == "chat.postMessage"
    text = str(call.args.get("text", ""))
    if channel == APPROVALS and text.startswith(("Stopped: ", "Resumed: ")):
        is_resumed = text.startswith("Resumed: ") and seen.stopped
        return replace(seen, stopped=True, resumed=seen.resumed or is_resumed)
    if channel in {APPROVALS, ONCALL} and _BOOKS_DIFFER in text:
        return replace(seen, books_differ=True)
    if channel == APPROVALS:
        has_buttons = any(each.get("type") == "actions" for each in call.args.get("blocks") or ())
        is_told = seen.was_told or (seen.was_topped_up and not is_new)
        return replace(seen, was_asked=seen.was_asked or (is_new and has_buttons), was_told=is_told)
    if channel == ONCALL and seen.lost_declined:
        seen = replace(seen, lost_told=True)
    if channel in {ALERTS, ONCALL} and seen.storm_since:
        if channel == ALERTS and not seen.storm_told_at:
            seen = replace(seen, storm_told_at=call.at.timestamp())
        if is_new:
            return replace(seen, storm_messages=seen.storm_messages + 1)
        return replace(seen, storm_edits=seen.storm_edits + 1)
    return seen


def saw_exchange(seen: Seen, exchange: Exchange) -> Seen:
    """Return what was seen, with something that the bot asked of Paytend."""
    call = exchange.call
    if call.outcome != "00":
        return seen
    if call.operation == "topup":
        return replace(seen, was_asked=True, was_topped_up=True)
    if call.operation == "lostCard":
        return replace(seen, lost_typed=True, lost=True)
    return seen


def saw_webhook(seen: Seen, webhook: Webhook, attempt: Attempt) -> Seen:
    """Return what was seen, with a try of Paytend to tell the bot something."""
    if webhook.kind != _TRANSACTION:
        return seen
    is_declined = str(webhook.content.get("tradeStatus")) == _DECLINED
    if seen.lost and is_declined and attempt.good:
        seen = replace(seen, lost_declined=True)
    is_first = len(webhook.attempts) == 1
    if seen.storm_since:
        return replace(seen, storm_tried=seen.storm_tried + is_first, storm_taken=seen.storm_taken + attempt.good)
    if not attempt.good:
        return seen
    at = attempt.at.timestamp()
    told_at = (*(each for each in seen.told_at if at - each < STORM_SECONDS), at)
    if len(told_at) < STORM_FROM:
        return replace(seen, told_at=told_at)
    return replace(seen, storm_since=told_at[0], storm_tried=len(told_at), storm_taken=len(told_at))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do; `ways` are buttons that lead there."""

    words: Callable[[Seen], str]
    is_done: Callable[[Seen], bool]
    ways: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Story:
    """A card of the guide."""

    name: str
    title: str
    steps: tuple[Step, ...]


def _fixed(words: str) -> Callable[[Seen], str]:
    return lambda _: words


def _there(label: str, person: str, place: str, text: str = "") -> dict[str, Any]:
    return {"label": label, "person": person, "place": place, "text": text}


def _press(label: str, offer: str, **values: Any) -> dict[str, Any]:
    return {"label": label, "offer": offer, "values": values}


def _counted(seen: Seen) -> str:
    if not seen.storm_since:
        return "Read the storm in #card-alerts."
    return (
        f"{seen.storm_tried} transactions, {seen.storm_messages} messages and {seen.storm_edits} edits so far. "
        "Read them in #card-alerts."
    )


STORIES: tuple[Story, ...] = (
    Story(
        name="approve",
        title="Ask, approve, done",
        steps=(
            Step(
                words=_fixed(
                    "You’re Sam from Support. A customer needs 120.50 EUR. We’ve typed the command – press Enter."
                ),
                is_done=lambda seen: seen.was_asked,
                ways=(_there("Go to Sam", "U0SAM", "C0SUPPORT", _ASK),),
            ),
            Step(
                words=_fixed(
                    "Try to approve it as Sam (you can’t – it’s your own request). "
                    "Then approve as Mara, a manager."
                ),
                is_done=lambda seen: seen.was_topped_up,
                ways=(_there("Go to Mara", "U0MARA", APPROVALS), _there("As Sam", "U0SAM", APPROVALS)),
            ),
            Step(
                words=_fixed("Paytend moved the money once. The same card in the channel now says so."),
                is_done=lambda seen: seen.was_told,
                ways=(_there("See it", "U0MARA", APPROVALS),),
            ),
        ),
    ),
    Story(
        name="lost",
        title="A card is lost",
        steps=(
            Step(
                words=_fixed("A cardholder calls. As Sam, type the command that is ready."),
                is_done=lambda seen: seen.lost_typed,
                ways=(_there("Go to Sam", "U0SAM", "C0SUPPORT", f"/card lost {LOST_CARD}"),),
            ),
            Step(
                words=_fixed("Only you see this. Press Report lost – no approval needed, every second counts."),
                is_done=lambda seen: seen.lost,
                ways=(_there("Go to Sam", "U0SAM", "C0SUPPORT"),),
            ),
            Step(
                words=_fixed("A thief tries the card. Watch the alert reach Olga, on call."),
                is_done=lambda seen: seen.lost_told,
                ways=(
                    _press("Try to pay", "A card is used", **_LOST_PURCHASE),
                    _there("See it as Olga", "U0OLGA", ONCALL),
                ),
            ),
        ),
    ),
    Story(
        name="storm",
        title="A storm of transactions",
        steps=(
            Step(
                words=_fixed(f"Let {STORM} card payments happen at once."),
                is_done=lambda seen: seen.storm_since > 0,
                ways=(_press("Start 60 payments", "A storm of transactions", count=STORM),),
            ),
            Step(
                words=lambda seen: f"cardops safely received {seen.storm_taken} of {seen.storm_tried} events.",
                is_done=lambda seen: seen.storm_since > 0 and seen.storm_taken >= seen.storm_tried,
            ),
            Step(
                words=_counted,
                is_done=lambda seen: seen.storm_told_at > 0,
                ways=(_there("Read it as Olga", "U0OLGA", ALERTS),),
            ),
        ),
    ),
    Story(
        name="stop",
        title="Stop",
        steps=(
            Step(
                words=_fixed("Something is wrong. As Olga, on call, stop top-ups: it takes nobody else."),
                is_done=lambda seen: seen.stopped,
                ways=(_there("Go to Olga", "U0OLGA", ONCALL, _STOP),),
            ),
            Step(
                words=_fixed("It is pinned in #card-approvals, and nothing is sent. Going on takes two people."),
                is_done=lambda seen: seen.resume_said,
                ways=(_there("Resume as Olga", "U0OLGA", ONCALL, "/cardops resume top-ups"),),
            ),
            Step(
                words=_fixed("Olga is one of two. As Mara, a manager, press Resume in #card-approvals."),
                is_done=lambda seen: seen.resumed,
                ways=(_there("Go to Mara", "U0MARA", APPROVALS),),
            ),
        ),
    ),
    Story(
        name="books",
        title="The books differ",
        steps=(
            Step(
                words=_fixed("After a top-up: let Paytend book it twice, then compare the books as Mara."),
                is_done=lambda seen: seen.books_asked,
                ways=(
                    _press("Book it twice", "The books differ", kind="double", amount="7.00", currency="EUR"),
                    _there("Go to Mara", "U0MARA", "C0GENERAL", "/partner books today"),
                ),
            ),
            Step(
                words=_fixed("On-call and managers hear of it at once. Read the alarm as Olga."),
                is_done=lambda seen: seen.books_differ,
                ways=(_there("Go to Olga", "U0OLGA", ONCALL),),
            ),
            Step(
                words=_fixed("Press Known… and say why (a second person has to agree), or Stop."),
                is_done=lambda seen: seen.books_answered,
                ways=(_there("Go to Olga", "U0OLGA", ONCALL),),
            ),
        ),
    ),
)


def told(seen: Seen, *, has_read_storm: bool) -> list[dict[str, Any]]:
    """Return the stories as the page draws them; the storm is done when somebody has read it."""
    return [_story(story, seen, has_read_storm=has_read_storm) for story in STORIES]


def _story(story: Story, seen: Seen, *, has_read_storm: bool) -> dict[str, Any]:
    steps = [
        {"words": step.words(seen), "is_done": step.is_done(seen), "ways": list(step.ways)} for step in story.steps
    ]
    if story.name == "storm":
        steps[-1]["is_done"] = bool(steps[-1]["is_done"]) and has_read_storm
    return {"name": story.name, "title": story.title, "steps": steps}

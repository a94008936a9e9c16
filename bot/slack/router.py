"""Finds what is behind something that was typed, clicked or submitted, and has it done."""

from collections.abc import Sequence

from approvals.free_text import refuse_card_number
from bot.slack import home
from bot.slack.declarations import OldButton
from bot.slack.handlers.table import CLICKS, SUBMISSIONS, TYPED, opens_modal
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.reading.arguments import misread
from commands.slash_command import Command, show_help
from commands.table import BY_NAME
from paytend.redaction import mask_text

# Where a click or a submission says what it is about: in its value or metadata, else in its inputs.
_SUBJECTS = ("request", "card_id", "subject", "holder")
_SUBJECT_FIELDS = ("card", "holder", "design")


def answer_command(parts: Parts, incoming: Incoming) -> None:
    """Do what was typed and answer the person who typed it; raises what goes wrong."""
    refuse_card_number(incoming.text)
    command = BY_NAME.get(incoming.name)
    if command is None:
        raise misread(f"{incoming.name} is not known here.", form="/cardops help")
    word, words = split(command, incoming.text)
    form = command.form(word)
    member = parts.find_member(incoming.account, team=incoming.account_team)
    with parts.recording_refusals(member, subject=f"{command.name} {form.word}".strip()):
        require_any(member, form.roles)
    act = TYPED[command.name].get(form.word)
    reply = show_help(command) if act is None else act(parts, incoming, member, words)
    if reply is not None:
        parts.replier.reply(incoming, reply)


def answer_click(parts: Parts, incoming: Incoming) -> None:
    """Do what was clicked; raises what goes wrong."""
    click = CLICKS.get(incoming.name)
    if click is None:
        raise OldButton
    member = parts.find_member(incoming.account, team=incoming.account_team)
    with parts.recording_refusals(member, subject=_subject(incoming)):
        click.act(parts, incoming, member)


def answer_submission(parts: Parts, incoming: Incoming) -> None:
    """Do what was submitted and show in the modal what came of it; raises what goes wrong."""
    submission = SUBMISSIONS[incoming.name]
    member = parts.find_member(incoming.account, team=incoming.account_team)
    with parts.recording_refusals(member, subject=_subject(incoming)):
        reply = submission.act(parts, incoming, member)
    parts.replier.finish_form(incoming, reply, title=submission.title)


def answer_event(parts: Parts, incoming: Incoming) -> None:
    """Do what an event of Slack's calls for; one that nothing is behind is let pass."""
    if incoming.name == "app_home_opened" and incoming.text in {"", "home"}:
        home.open_tab(parts, parts.find_member(incoming.account, team=incoming.account_team))


def _subject(incoming: Incoming) -> str:
    """Return what a click or submission is about, for the trail; its own name where nothing else says it."""
    value, fields = incoming.value, incoming.fields
    named = [value.get(name) for name in _SUBJECTS] + [fields.get(name) for name in _SUBJECT_FIELDS]
    found = next((text for text in named if isinstance(text, str) and text), incoming.name)
    return mask_text(found)[:64]


def is_quick(incoming: Incoming) -> bool:
    """Whether it must not wait behind a slow Paytend: a button that says so, a command that opens a modal."""
    if incoming.name in CLICKS:
        return CLICKS[incoming.name].quick
    command = BY_NAME.get(incoming.name)
    if command is None:
        return True
    word, words = split(command, incoming.text)
    return opens_modal(command, word, more=bool(words))


def decides(incoming: Incoming) -> bool:
    """Whether a click is acknowledged only when what it decides is on the disk."""
    click = CLICKS.get(incoming.name)
    return click is not None and click.decides


def split(command: Command, text: str) -> tuple[str, Sequence[str]]:
    """Return the word of the form and the words behind it; nothing typed is help where there is no own form."""
    words = text.split()
    known = {form.word for form in command.forms if form.word}
    if words and words[0].lower() in known:
        return words[0].lower(), words[1:]
    has_own_form = any(not form.word for form in command.forms)
    if not words:
        return ("", []) if has_own_form else ("help", [])
    return ("", words) if has_own_form else (words[0], words[1:])

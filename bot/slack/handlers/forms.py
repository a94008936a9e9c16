"""What all forms share: card numbers refused under their field, completing a form."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from approvals.free_text import HoldsCardNumber
from bot.slack.declarations import Submission
from bot.slack.payloads import Incoming
from bot.threads import Busy
from bot.wiring.dependencies import Parts
from commands.slash_command import Reply
from paytend import PaytendError
from paytend.redaction import find_card_numbers

# A mobile number may pass the check of a card number by chance; card numbers have no plus, and more digits.
_MOBILE = re.compile(r"\+[0-9][0-9 .()-]{7,16}")
_MOST_MOBILE_DIGITS = 13

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FormNotKnown(Reply, template="form_not_known"):
    """That Paytend did not say what a form was to show, and why."""

    says: str


def find_mistakes(submission: Submission, incoming: Incoming) -> dict[str, str]:
    """Return what is wrong under each input; one with a card number in it is looked at no further."""
    refused = {name: str(HoldsCardNumber()) for name, text in incoming.fields.items() if _holds_card_number(text)}
    if refused:
        return refused
    wrong = submission.check(incoming.fields)
    if submission.check_files is not None:
        wrong = {**wrong, **submission.check_files(incoming.fields, incoming.files)}
    return wrong


def _holds_card_number(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    if _MOBILE.fullmatch(text.strip()) and digits <= _MOST_MOBILE_DIGITS:
        return False
    return bool(find_card_numbers(text))


def choose_cities_of(view: Mapping[str, Any], country: str) -> list[Any]:
    """Return the blocks of a form with the cities of another country to choose from, none of them chosen."""
    blocks = []
    for block in view.get("blocks") or []:
        if block.get("block_id") == "city":
            element = {name: part for name, part in block["element"].items() if name != "initial_option"}
            blocks.append({**block, "element": {**element, "action_id": f"city_{country}"}})
        else:
            blocks.append(block)
    return blocks


def complete(parts: Parts, view: Mapping[str, Any], reply: Reply) -> None:
    """Put what Paytend said where an open form says that it is being asked."""
    said = parts.replier.renderer.message(reply.template, reply).blocks[0]
    blocks = [
        {**said, "block_id": "known"} if block.get("block_id") == "asking" else block
        for block in view.get("blocks") or []
    ]
    parts.replier.exchange_blocks(view, blocks)


def soon(parts: Parts, view: Mapping[str, Any], ask: Callable[[], Reply]) -> None:
    """Have an open form completed by what `ask` returns; when Paytend does not say, the form says so."""

    def run() -> None:
        try:
            reply = ask()
        except PaytendError as error:
            reply = FormNotKnown(says=str(error))
        complete(parts, view, reply)

    if not view:
        return
    try:
        parts.later(run)
    except Busy:
        _log.warning("form.not_completed")

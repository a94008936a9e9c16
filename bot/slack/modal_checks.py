"""What is wrong under the inputs of a submitted modal, found before it is acknowledged."""

import re

from approvals.free_text import HoldsCardNumber
from bot.slack.declarations import Modal
from bot.slack.payloads import Incoming
from paytend.redaction import find_card_numbers

# A mobile number may pass the check of a card number by chance; card numbers have no plus, and more digits.
_MOBILE = re.compile(r"\+[0-9][0-9 .()-]{7,16}")
_MOST_MOBILE_DIGITS = 13


def find_mistakes(modal: Modal, incoming: Incoming) -> dict[str, str]:
    """Return what is wrong under each input; with a card number in one, nothing else is checked."""
    refused = {name: str(HoldsCardNumber()) for name, text in incoming.fields.items() if _holds_card_number(text)}
    if refused:
        return refused
    wrong = modal.check(incoming.fields)
    if modal.check_files is not None:
        wrong = {**wrong, **modal.check_files(incoming.fields, incoming.files)}
    return wrong


def _holds_card_number(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    if _MOBILE.fullmatch(text.strip()) and digits <= _MOST_MOBILE_DIGITS:
        return False
    return bool(find_card_numbers(text))

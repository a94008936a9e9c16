"""What is wrong under the inputs of a submitted modal, found before it is acknowledged."""

from approvals.free_text import HoldsCardNumber
from bot.slack.declarations import Modal
from bot.slack.payloads import Incoming
from paytend.redaction import find_card_numbers


def find_mistakes(modal: Modal, incoming: Incoming) -> dict[str, str]:
    """Return what is wrong under each input; with a card number in one, nothing else is checked."""
    refused = {name: str(HoldsCardNumber()) for name, text in incoming.fields.items() if find_card_numbers(text)}
    # Nothing else is said then: other checks repeat what was typed.
    if refused:
        return refused
    wrong = modal.check(incoming.fields)
    if modal.check_files is not None:
        wrong = {**wrong, **modal.check_files(incoming.fields, incoming.files)}
    return wrong

"""Sensitive actions: everything that needs a second person, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from approvals.actions import answer_readers
from approvals.actions.answer_evidence import Question
from approvals.actions.outcomes import Reading
from approvals.actions.payloads import (
    ActivatePayload,
    ApplyPayload,
    CardPayload,
    PasswordPayload,
    Payload,
    ReplacePayload,
    TopUpPayload,
    UpdatePayload,
)
from approvals.refusals import Refusal
from paytend import operations
from paytend.models.codes import CardStatus
from paytend.operations.call import Call

__all__ = ["ACTIONS", "BY_REFERENCE", "Action", "Payload", "TopUpPayload", "UnknownAction", "find_action"]


class UnknownAction(Refusal):
    """{action} can’t be requested."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """A kind of thing that needs a second person.

    `always`: policy cannot lift it. `usable` are the card statuses in which it makes sense, `usable_second` those
    of the second card; empty if the action is not about a card. `moves_balance`: money moves on its cards;
    `reveals`: it lets somebody know a secret. `call` makes the change; `lookup` asks later what became of it, and
    is None if Paytend cannot be asked: then two people settle an unknown outcome. `by_reference`: that question
    finds our order and no other, so it is asked before the send too. `read_answer` and `read_lookup` say what the
    two answers say. `notes` are what approvers must know.
    """

    name: str
    title: str
    requesters: tuple[str, ...]
    payload: type[Payload]
    call: Callable[[Any, str], Call[Any]]
    read_answer: Callable[[Any, Any, str], Reading]
    lookup: Callable[[Any, str], Call[Any]] | None = None
    read_lookup: Callable[[Any, Any, str], Reading] | None = None
    always: bool = True  # fails closed: a new action needs two people until its line says otherwise
    usable: tuple[str, ...] = ()
    usable_second: tuple[str, ...] = ()
    by_reference: bool = False
    changes_cardholder: bool = False
    moves_balance: bool = False
    reveals: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_delicate(self) -> bool:
        """Whether it is about money or a secret, so that the cardholder has to be known, approved and at rest."""
        return self.moves_balance or self.reveals

    @property
    def question(self) -> Question:
        """How Paytend can be asked what became of it."""
        if self.lookup is None:
            return Question.NONE
        return Question.REFERENCE if self.by_reference else Question.STATE


def find_action(name: str) -> Action:
    """Return the action with this name; raises UnknownAction."""
    if name not in ACTIONS:
        raise UnknownAction(action=name)
    return ACTIONS[name]


def _apply(payload: ApplyPayload, reference: str) -> Call[Any]:
    return operations.APPLY_CARD(
        reference=reference,
        holder_id=payload.holder_id,
        card_scheme=payload.card_scheme,
        card_type=payload.card_type,
        sku=payload.sku,
        remarks=payload.remarks,
        quantity=payload.quantity,
        contact_name=payload.contact_name,
        contact_mobile=payload.contact_mobile,
        delivery_address=payload.delivery_address.as_address(),
    )


def _update(payload: UpdatePayload, _reference: str) -> Call[Any]:
    return operations.UPDATE_CARDHOLDER(
        holder_id=payload.holder_id,
        birthday=payload.birthday,
        gender=payload.gender,
        nationality=payload.nationality,
        address=payload.address.as_address() if payload.address else None,
    )


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action(
            name="card.top_up",
            title="Top-up",
            requesters=("support",),
            payload=TopUpPayload,
            moves_balance=True,
            usable=(CardStatus.ACTIVE,),
            call=lambda payload, reference: operations.TOP_UP(
                card_id=payload.card_id, reference=reference, money=payload.money
            ),
            read_answer=answer_readers.read_top_up,
            lookup=lambda _payload, reference: operations.GET_TOP_UP_RESULT(reference=reference),
            by_reference=True,
            read_lookup=answer_readers.read_top_up_lookup,
        ),
        Action(
            name="card.found",
            title="Unblock card",
            requesters=("support",),
            payload=CardPayload,
            usable=(CardStatus.LOST,),
            call=lambda payload, _reference: operations.CANCEL_LOSS(card_id=payload.card_id),
            read_answer=answer_readers.read_done,
            lookup=lambda payload, _reference: operations.GET_CARD_INFO(card_id=payload.card_id),
            read_lookup=answer_readers.read_found_card,
        ),
        Action(
            name="card.activate",
            title="Activation",
            requesters=("support",),
            always=False,
            payload=ActivatePayload,
            usable=(CardStatus.INACTIVE,),
            call=lambda payload, _reference: operations.ACTIVATE_CARD(
                card_id=payload.card_id, holder_id=payload.holder_id
            ),
            read_answer=answer_readers.read_done,
            lookup=lambda payload, _reference: operations.GET_CARD_INFO(card_id=payload.card_id),
            read_lookup=answer_readers.read_activated_card,
        ),
        Action(
            name="card.replace",
            title="Replacement",
            requesters=("support",),
            payload=ReplacePayload,
            moves_balance=True,
            usable=(CardStatus.ACTIVE, CardStatus.LOST),
            usable_second=(CardStatus.INACTIVE,),
            call=lambda payload, _reference: operations.REPLACE_CARD(
                old_card_id=payload.card_id, new_card_id=payload.new_card_id
            ),
            # No lookup: the states of two cards do not prove that this request changed them, so people settle it.
            read_answer=answer_readers.read_replaced,
            notes=(
                "The old card freezes immediately; its balance moves to the new one within 24 hours.",
                "Never ask for the CVV.",
            ),
        ),
        Action(
            name="card.retrieve_password",
            title="Card password",
            requesters=("support",),
            payload=PasswordPayload,
            reveals=True,
            usable=(CardStatus.ACTIVE,),
            call=lambda payload, _reference: operations.RETRIEVE_PASSWORD(card_id=payload.card_id),
            # No lookup: Paytend cannot be asked whether it has sent a password.
            read_answer=answer_readers.read_password,
            notes=("Anyone with the card and password can spend. Make sure the cardholder asked for it.",),
        ),
        Action(
            name="card.apply",
            title="Card order",
            requesters=("support",),
            always=False,
            payload=ApplyPayload,
            call=_apply,
            read_answer=answer_readers.read_order,
            lookup=lambda _payload, reference: operations.GET_APPLY_RESULT(reference=reference),
            by_reference=True,
            read_lookup=answer_readers.read_order_lookup,
        ),
        Action(
            name="cardholder.update",
            title="Cardholder update",
            requesters=("support",),
            always=False,
            payload=UpdatePayload,
            call=_update,
            read_answer=answer_readers.read_updated,
            lookup=lambda payload, _reference: operations.GET_CARDHOLDER(holder_id=payload.holder_id),
            read_lookup=answer_readers.read_updated_lookup,
            changes_cardholder=True,
        ),
    )
}

# Their names: Paytend finds our order by its reference, so it is asked before anything is said of what was sent.
BY_REFERENCE = tuple(sorted(action.name for action in ACTIONS.values() if action.by_reference))

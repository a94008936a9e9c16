"""Who reported a card lost: the first report that no executed request has taken back since."""

from approvals.audit import chain
from approvals.audit.loss_reports import find_loss
from notifier.inbox.decline_reasons import LossReport
from tests.approvals.standins import CARD
from tests.approvals.world import MARA, SAM, ApprovalWorld, rule, snapshot

OTHER = "1755903"


def reports(world: ApprovalWorld, card: str = CARD, *, by: str = "U0OLE", event: str = "card:lost") -> LossReport:
    """Report a card lost, and return the report; a minute goes by."""
    with world.database.writing() as session:
        key = world.context.audit_key
        chain.append(session, event, key=key, actor=by, subject=card, facts={}, now=world.now)
    report = LossReport(account=by, at=world.now)
    world.passes(minutes=1)
    return report


def unblocks(world: ApprovalWorld, card: str = CARD) -> None:
    world.use(rules=(rule(action="card.found"),))
    world.card = snapshot(card_id=card, status="6")
    world.paytend.card_status = "6"
    request = world.asks(action="card.found", payload={"card_id": card, "reason": "found it"}, by=SAM)
    assert world.executes(world.decides(request, MARA)).status == "executed"
    world.passes(minutes=1)


def loss(world: ApprovalWorld, card: str = CARD) -> LossReport | None:
    with world.database.reading() as session:
        return find_loss(session, card, key=world.context.audit_key)


def test_the_first_of_several_reports_counts(world: ApprovalWorld) -> None:
    first = reports(world)
    reports(world, by="U0SAM")

    assert loss(world) == first
    assert loss(world, OTHER) is None


def test_a_report_whose_answer_was_lost_blocked_nothing_for_certain(small: ApprovalWorld) -> None:
    reports(small, event="card:lost_asked")

    assert loss(small) is None


def test_an_unblocked_card_is_not_lost_until_it_is_reported_again(world: ApprovalWorld) -> None:
    reports(world)
    unblocks(world)
    assert loss(world) is None
    again = reports(world, by="U0SAM")

    assert loss(world) == again


def test_another_card_that_is_unblocked_takes_no_report_back(world: ApprovalWorld) -> None:
    report = reports(world)
    unblocks(world, OTHER)

    assert loss(world) == report


def test_what_is_only_asked_for_takes_no_report_back(small: ApprovalWorld) -> None:
    report = reports(small)
    small.use(rules=(rule(action="card.found"),))
    small.card = snapshot(status="6")
    small.asks(action="card.found", payload={"card_id": CARD, "reason": "found it"})

    assert loss(small) == report

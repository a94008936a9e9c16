"""`cardops passkey`, and rules with `step_up` where nobody could reach the page for it."""

from collections import Counter

from sqlmodel import select

from approvals.step_up import states
from notifier.outbox.tables import Delivery
from tests.approvals.step_up.authenticator import ORIGIN, Authenticator
from tests.approvals.step_up.test_step_up import Desk
from tests.approvals.world import ADA
from tests.bot.cli.conftest import Operator
from tests.journeys.test_passkeys import WITH_PASSKEY


def told(desk: Desk) -> Counter[str]:
    with desk.world.database.reading() as session:
        news = select(Delivery.recipient).where(Delivery.kind == "passkey_news")
        return Counter(session.exec(news))


def test_an_operator_removes_keys_and_lets_a_new_one_count(small: Operator) -> None:
    desk = Desk(small.world())
    first = desk.enrols(ADA)
    why = ("--reason", "phone drowned")

    approved = small.types("passkey", "approve", first.fingerprint, *why)
    again = small.types("passkey", "approve", first.fingerprint, *why)
    removed = small.types("passkey", "reset", "U0ADA", *why)
    nothing = small.types("passkey", "reset", "U0ADA", *why)

    assert [each[0] for each in (approved, again, removed, nothing)] == [0, 1, 0, 1]
    assert "approved already" in again[2]
    assert "1 passkeys of U0ADA were removed" in removed[1]
    assert told(desk)["U0ADMIN"] == 2, "the approval and the removal"
    desk.enrols(ADA, Authenticator(name=b"another phone..."))
    with desk.world.database.reading() as session:
        found = states.find_states(session, desk.world.context, accounts=("U0ADA",))
    assert [(each.is_removed, each.is_active) for each in found] == [(True, False), (False, False)]


def test_a_rule_that_asks_for_a_passkey_takes_a_public_address(small: Operator) -> None:
    (small.folder / "cardops.yml").write_text(WITH_PASSKEY)

    without, _, err = small.types("doctor")
    with_one, _, other = small.types("doctor", CARDOPS_PUBLIC_URL=ORIGIN)

    assert without == 2
    assert "step_up of “large top-ups”, “top-ups”" in err
    assert "needs CARDOPS_PUBLIC_URL" in err
    assert with_one == 1, "Paytend is not there"
    assert "CARDOPS_PUBLIC_URL" not in other

"""Every form of every command: a wrong argument is answered with the right form, and who may not gets nothing."""

from bot.slack.handlers.table import COMMANDS
from tests.journeys.world import ADMIN, CARD, GUEST, HOLDER, MANAGER, ONCALL, SUPPORT, JourneyWorld, text_of

NUMBER = "4111 1111 1111 1111"

# By form: who may use it, a wrong text, and the words of the reply.
WRONG: dict[str, tuple[str, str, str]] = {
    "/card info": (SUPPORT, "/card info", "Which card?"),
    "/card balance": (SUPPORT, f"/card balance {CARD} EUR", "didn’t understand"),
    "/card transactions": (SUPPORT, f"/card transactions {CARD} yesteday", "Did you mean `yesterday`"),
    "/card authorizations": (SUPPORT, f"/card authorizations {CARD} today success", "no date"),
    "/card fees": (SUPPORT, "/card fees not/a/card", "not a card ID"),
    "/card lost": (SUPPORT, "/card lost", "Which card?"),
    "/card found": (SUPPORT, "/card found not/a/card", "not a card ID"),
    "/card activate": (SUPPORT, f"/card activate {CARD}", "For which cardholder?"),
    "/card replace": (SUPPORT, f"/card replace {CARD} {CARD}", "cannot replace itself"),
    "/card password": (SUPPORT, f"/card password {CARD} now", "Nothing else belongs"),
    "/card order": (SUPPORT, "/card order x", "6 to 32"),
    "/card designs": (SUPPORT, "/card designs all", "didn’t understand"),
    "/card apply": (SUPPORT, "/card apply 3", "didn’t understand"),
    "/topup": (SUPPORT, f"/topup {CARD} ten", "isn’t an amount"),
    "/topup status": (SUPPORT, "/topup status", "6 to 32"),
    "/holder status": (SUPPORT, "/holder status pasport PS1", "Did you mean `passport`"),
    "/holder create": (SUPPORT, "/holder create Ona", "didn’t understand"),
    "/holder update": (SUPPORT, "/holder update a b", "Write `/holder update"),
    "/holder documents": (SUPPORT, "/holder documents", "Write `/holder documents"),
    "/holder cities": (SUPPORT, "/holder cities Atlantis", "Write `/holder cities"),
    "/partner balance": (MANAGER, "/partner balance all", "didn’t understand"),
    "/partner topups": (ONCALL, "/partner topups eurs", "Did you mean `eur`"),
    "/partner transactions": (MANAGER, "/partner transactions 1.11.2026 31.10.2026", "Did you mean"),
    "/approvals waiting": (MANAGER, "/approvals waiting all", "didn’t understand"),
    "/approvals mine": (SUPPORT, "/approvals mine all", "didn’t understand"),
    "/approvals history": (ADMIN, "/approvals history all", "didn’t understand"),
    "/approvals show": (ONCALL, "/approvals show", "Which request?"),
    "/approvals evidence": (MANAGER, "/approvals evidence", "Which request?"),
    "/cardops silence": (ADMIN, "/cardops silence kind transaktion for 2h noise", "Write `/cardops silence"),
    "/cardops silences": (ONCALL, "/cardops silences all", "didn’t understand"),
    "/cardops stop": (ONCALL, "/cardops stop all", "Why?"),
    "/cardops resume": (MANAGER, f"/cardops resume all {'x' * 501}", "at most"),
    "/partner books": (MANAGER, "/partner books soon", "is no date"),
    "/cardops doctor": (ADMIN, "/cardops doctor now", "didn’t understand"),
    "/cardops passkey": (MANAGER, "/cardops passkey approve it", "named by its fingerprint"),
}
# By form: a correct text, typed by somebody who may not use it.
RIGHT: dict[str, str] = {
    "/card info": CARD,
    "/card balance": CARD,
    "/card transactions": f"{CARD} today",
    "/card authorizations": f"{CARD} today",
    "/card fees": CARD,
    "/card lost": CARD,
    "/card found": "1755907",
    "/card activate": f"1755910 {HOLDER}",
    "/card replace": f"{CARD} 1755910",
    "/card password": CARD,
    "/card order": "ORDER0000001",
    "/topup": f"{CARD} 10 EUR",
    "/topup status": "SEED000000000000",
    "/holder status": HOLDER,
    "/holder update": HOLDER,
    "/holder documents": HOLDER,
    "/holder cities": "LT",
    "/approvals show": "SEED000000000000",
    "/approvals evidence": "SEED000000000000",
    "/cardops silence": "kind=transaction for 2h noise",
    "/cardops stop": "all something is wrong",
    "/cardops resume": "all",
}
OUTSIDER = {"support": MANAGER, "manager": SUPPORT, "oncall": SUPPORT, "admin": SUPPORT}
FORMS = {f"{command.name} {form.word}".strip(): form for command in COMMANDS for form in command.forms}
ASKED_OF_NOBODY = {name for name, form in FORMS.items() if not form.roles}  # help and whoami are for all


def read(world: JourneyWorld, person: str) -> str:
    """All texts of the newest private answer, as it is read."""
    message = world.slack.ephemerals(person)[-1]
    return text_of(message["blocks"]).replace("&lt;", "<").replace("&gt;", ">")


def test_every_form_has_its_rows() -> None:
    assert set(WRONG) == set(FORMS) - ASKED_OF_NOBODY


def test_a_wrong_argument_is_answered_with_the_right_form(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for form, (person, typed, words) in WRONG.items():
        world.types(person, typed)

        said = read(world, person)
        assert words in said, typed
        assert f"Write `{form}" in said, typed
        assert world.slack.modal(person) is None, typed
    assert world.paytend.calls == []
    assert world.requests() == []


def test_who_has_not_the_role_is_told_which_it_takes_and_nothing_happens(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for name, form in FORMS.items():
        if not form.roles or len(form.roles) == len(OUTSIDER):
            continue
        person = OUTSIDER[form.roles[0]]
        world.types(person, f"{name} {RIGHT.get(name, '')}")

        assert "can do this. Ask an admin" in world.told(person), name
        assert form.roles[0] in world.told(person), name
        assert world.slack.modal(person) is None, name
    assert world.paytend.calls == []
    assert world.requests() == []
    assert set(world.refusals()) == {"NotInRole"}


def test_a_guest_may_nothing(sqlite_world: JourneyWorld) -> None:
    world, person = sqlite_world, GUEST

    for name in sorted(set(FORMS) - ASKED_OF_NOBODY):
        world.types(person, f"{name} {RIGHT.get(name, '')}")

        assert "can’t use cardops" in world.told(person), name
        assert world.slack.modal(person) is None, name
    assert world.paytend.calls == []
    assert world.requests() == []


def test_a_card_number_is_refused_behind_every_command(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    for name in FORMS:
        world.types(SUPPORT, f"{name} {NUMBER}")

        assert "looks like a full card number" in read(world, SUPPORT), name
        assert world.slack.modal(SUPPORT) is None, name
    assert world.paytend.calls == []
    assert not any("4111" in row.facts + row.subject for row in world.trail())

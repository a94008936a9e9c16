"""Every form, button and modal is declared with who may use it, and only a declaration can open a modal."""

import re
from pathlib import Path

import pytest

from bot.slack.declarations import (
    Fields,
    Modal,
    ModalClick,
    ModalForm,
    OldButton,
    ReplyClick,
    ReplyForm,
    RoleExemption,
    Roles,
    opens,
)
from bot.slack.handlers.table import CLICKS, COMMANDS, MODALS
from bot.slack.payloads import Incoming, PayloadKind
from bot.slack.router import is_quick
from commands.roles import ALL_ROLES, EVERY_MEMBER
from commands.slash_command import HELP, Command, Form

ROOT = Path(__file__).parents[3]
SOURCES = [path for path in (ROOT / "bot").rglob("*.py") if path.name != "scopes.py"]
TEMPLATES = {
    path.name: path.read_text()
    for package in ("approvals", "bot", "commands", "notifier")
    for path in (ROOT / package / "templates").glob("*.j2")
}
# Inputs of modals, which are read when the modal is submitted: Slack reports no click on them.
INPUTS = {"value", "reason", "x"}
FORMS = [(command, form) for command in COMMANDS for form in (*command.forms, command.alone) if form]


def typed(command: Command, form: Form) -> Incoming:
    """A command with what a form looks like when it is typed."""
    text = form.word or ("1755902 10.00" if form is not command.alone else "")
    return Incoming(
        kind=PayloadKind.COMMAND, name=command.name, account="U", team="T", account_team="T", key="", text=text
    )


def buttons() -> set[str]:
    """The action ids that the templates give to buttons, menus and selects outside of inputs."""
    found: set[str] = set()
    for text in TEMPLATES.values():
        literal = set(re.findall(r'"action_id": "([a-z_]+)', text))
        turned = {
            f"{name}_{way}" for name in re.findall(r'turning\("(\w+)"', text) for way in ("next", "previous")
        }
        dispatched = set(re.findall(r'find\("\w+", "(\w+)"[^}]*dispatch=true', text))
        found |= literal | turned | dispatched
    return found - INPUTS


def callbacks() -> set[str]:
    """The callback ids that the templates give to modals that can be submitted."""
    literal = {
        name
        for text in TEMPLATES.values()
        if '"submit"' in text
        for name in re.findall(r'"callback_id": "([a-z_]+)"', text)
    }
    made = {name for text in TEMPLATES.values() for name in re.findall(r'forms\.head\("(\w+)"', text)}
    return literal | made


def test_only_the_opener_opens_modals_and_only_the_router_has_one() -> None:
    opening = [path.name for path in SOURCES if re.search(r"views_open|views\.open", path.read_text())]
    holding = [path.relative_to(ROOT / "bot") for path in SOURCES if "ModalOpener" in path.read_text()]

    assert opening == ["modals.py"]
    assert {str(path) for path in holding} == {"slack/modals.py", "slack/router.py", "wiring/slack.py"}


@pytest.mark.parametrize(("command", "form"), FORMS, ids=lambda value: getattr(value, "name", None))
def test_exactly_the_forms_that_open_a_modal_or_stop_never_wait_behind_paytend(
    command: Command, form: Form
) -> None:
    stops = form.word in {"stop", "resume"}
    assert is_quick(typed(command, form)) == (isinstance(form, ModalForm) or stops)


def test_the_forms_that_open_a_modal() -> None:
    shown = {f"{command.name} {form.word}".strip() for command, form in FORMS if isinstance(form, ModalForm)}

    assert shown == {
        "/approvals show",
        "/card apply",
        "/card password",
        "/holder create",
        "/holder documents",
        "/holder update",
        "/topup",
    }


def test_every_form_is_help_or_says_what_it_answers() -> None:
    assert {form.word for _, form in FORMS if not isinstance(form, ReplyForm | ModalForm)} == {HELP.word}
    assert {type(click) for click in CLICKS.values()} == {ReplyClick, ModalClick}


def is_explicit(roles: Roles) -> bool:
    """Whether it names roles that there are, says "every member", or why no role is needed."""
    return (
        callable(roles)
        or isinstance(roles, RoleExemption)
        or roles is EVERY_MEMBER
        or set(roles) <= set(ALL_ROLES)
    )


def test_everything_declared_says_who_may_use_it() -> None:
    declared: list[Roles] = [form.roles for _, form in FORMS]
    declared += [click.roles for click in CLICKS.values()]
    declared += [modal.roles for modal in MODALS.values()]

    assert len(declared) > 70
    assert [roles for roles in declared if not is_explicit(roles)] == []


def test_what_every_member_or_anybody_may_use_is_a_short_list() -> None:
    free = {name for name, click in CLICKS.items() if not click.roles or isinstance(click.roles, RoleExemption)}

    assert {form.word for _, form in FORMS if not form.roles} == {"help", "whoami"}
    assert free == {
        "country",
        "dismiss",
        "page_opened",
        "request_approve",
        "request_deny",
        "request_looking",
        "request_settle_happened",
        "request_settle_not",
        "request_stop",
        "request_withdraw",
        "secret_once",
    }
    assert {name for name, modal in MODALS.items() if isinstance(modal.roles, RoleExemption)} == {
        "request_deny",
        "request_settle",
        "request_stop",
    }


def test_every_button_of_a_template_is_declared_and_every_declared_one_is_in_a_template() -> None:
    # One template of a choice between cards, with the command's own action among its facts.
    picked = {f"{name}_{way}" for name in ("card", "topup", "holder") for way in ("picked", "picked_form")}

    assert (buttons() - {"working"}) | picked == CLICKS.keys()


def test_every_modal_of_a_template_is_declared_and_every_declared_one_has_a_template() -> None:
    picked = {"card_pick_info", "card_pick_lost"}  # one template, with the callback id among its facts
    link = {"holder_drop"}  # it has nothing to submit, and is completed once it is open

    assert callbacks() | picked | link == MODALS.keys()


def test_a_modal_that_cannot_be_shown_cannot_be_opened_by_a_form() -> None:
    def check(_fields: Fields) -> dict[str, str]:
        return {}

    deny = MODALS["request_deny"]
    modal = Modal(
        name="test", roles=EVERY_MEMBER, title="Test", working="Testing…", check=check, submit=deny.submit
    )

    with pytest.raises(TypeError, match="has no view to open"):
        opens(modal)


@pytest.mark.parametrize("at", ["yesterday", "", "2026-11-28T10:00:00"])
def test_a20_a_page_that_begins_at_no_moment_is_an_old_button(at: str) -> None:
    click = CLICKS["approvals_older"]
    assert isinstance(click, ReplyClick)

    with pytest.raises(OldButton):
        click.read({"list": "history", "at": at, "id": "01k"})

"""views.*: docs.slack.dev/reference/methods/views.open and its family."""

from typing import Any

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json


def _view(call: WebApiCall) -> Any:
    view = call.decoded("view")
    if not isinstance(view, dict):
        raise Invalid(["[ERROR] must be an object [json-pointer:/view]"])
    return view


def _person(call: WebApiCall) -> str:
    trigger = call.text("trigger_id") or call.text("interactivity_pointer")
    if not trigger:
        raise Invalid(["[ERROR] missing required field: trigger_id"])
    return call.state.tickets.use_trigger(trigger, now=call.state.clock.now())


def open_modal(call: WebApiCall) -> Json:
    """Open a modal for the person whose trigger it is."""
    views = call.state.views
    view = _view(call)
    views.check(view, kind="modal")
    shown = views.open(view, person_id=_person(call), name=call.state.serial)
    call.state.touch()
    return {"view": shown}


def push(call: WebApiCall) -> Json:
    """Put a modal on top of the one that the person looks at."""
    views = call.state.views
    view = _view(call)
    views.check(view, kind="modal")
    shown = views.push(view, person_id=_person(call), name=call.state.serial)
    call.state.touch()
    return {"view": shown}


def update(call: WebApiCall) -> Json:
    """Replace what an open view shows."""
    views = call.state.views
    view_id, external = call.text("view_id"), call.text("external_id")
    if not view_id and external:
        view_id = next((each["id"] for each in views.by_id.values() if each["external_id"] == external), "")
        if not view_id:
            raise SlackRefusal("not_found")
    if not view_id:
        raise Invalid(["[ERROR] missing required field: view_id"])
    shown = views.update(view_id, _view(call), hash_=call.text("hash"), name=call.state.serial)
    call.state.touch()
    return {"view": shown}


def publish(call: WebApiCall) -> Json:
    """Show a person's Home tab."""
    person = call.state.person_named(call.text("user_id"))
    if person is None or person.is_stranger:
        raise Invalid(["[ERROR] user_id is not a member of this workspace [json-pointer:/user_id]"])
    view = _view(call)
    hash_ = call.text("hash")
    shown = call.state.views.publish(view, person_id=person.id, hash_=hash_, name=call.state.serial)
    call.state.touch()
    return {"view": shown}

"""users.*, usergroups.*, team.info, bots.info, auth.test: the people and things in the workspace."""

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.people import Person
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json


def auth_test(call: WebApiCall) -> Json:
    """Say whose token it is."""
    team = call.state.team
    return {
        "url": f"{call.base_url}/",
        "team": team.name,
        "user": call.state.people[team.bot_user_id].name,
        "team_id": team.id,
        "user_id": team.bot_user_id,
        "bot_id": team.bot_id,
        "is_enterprise_install": team.is_org_wide,
        **({"enterprise_id": team.enterprise_id} if team.enterprise_id else {}),
    }


def _shown(call: WebApiCall, person: Person) -> Json:
    return person.as_json(
        now=call.state.clock.now(), with_email="users:read.email" in call.scopes, team=call.state.team
    )


def users_info(call: WebApiCall) -> Json:
    """Return one person."""
    person = call.state.person_named(call.text("user"))
    if person is None:
        raise SlackRefusal("user_not_found")
    return {"user": _shown(call, person)}


def users_list(call: WebApiCall) -> Json:
    """Return everybody, deactivated people too, in pages."""
    people, more = call.page(list(call.state.people.values()), default=1000, most=1000)
    return {"members": [_shown(call, person) for person in people], "cache_ts": 0, **more}


def lookup_by_email(call: WebApiCall) -> Json:
    """Return the active person with an address."""
    wanted = call.text("email").lower()
    for person in call.state.people.values():
        if wanted and person.email.lower() == wanted and not person.deleted:
            return {"user": _shown(call, person)}
    raise SlackRefusal("users_not_found")


def usergroups_list(call: WebApiCall) -> Json:
    """Return the user groups."""
    shown = [
        group.as_json(
            team_id=call.state.team.id,
            with_users=call.flag("include_users"),
            with_count=call.flag("include_count"),
        )
        for group in call.state.groups.values()
        if not group.is_disabled or call.flag("include_disabled")
    ]
    return {"usergroups": shown}


def usergroup_people(call: WebApiCall) -> Json:
    """Return who is in a user group; deactivated people are not."""
    group = call.state.groups.get(call.text("usergroup"))
    if group is None or (group.is_disabled and not call.flag("include_disabled")):
        raise SlackRefusal("no_such_subteam")
    people = call.state.people
    return {"users": [each for each in group.people if each in people and not people[each].deleted]}


def team_info(call: WebApiCall) -> Json:
    """Return the workspace."""
    wanted = call.text("team")
    if wanted and wanted != call.state.team.id:
        raise SlackRefusal("team_not_found")
    return {"team": call.state.team.as_json(url=call.base_url)}


def bots_info(call: WebApiCall) -> Json:
    """Return the app's bot."""
    team = call.state.team
    if call.text("bot") != team.bot_id:
        raise SlackRefusal("bot_not_found")
    bot = {"id": team.bot_id, "deleted": False, "name": team.app_name, "updated": 0}
    return {"bot": bot | {"app_id": team.app_id, "user_id": team.bot_user_id, "icons": {}}}


def connections_open(call: WebApiCall) -> Json:
    """Hand out a single-use address for Socket Mode (apps.connections.open)."""
    return {"url": call.link()}

"""Checks of Slack: the token, its scopes, the channels, the people of each role, and whether rules can be met."""

from typing import Any

from slack_sdk.errors import SlackClientError

from approvals.actions.table import ACTIONS
from approvals.policy import people
from approvals.policy.people import DirectoryUnreadable
from approvals.policy.rules import PolicyRule
from bot.doctor.findings import CheckResult, DoctorContext, doubtful, fine, wrong
from notifier.outbox.slack_errors import read_error_code


def check_slack(context: DoctorContext) -> CheckResult:
    """Check that Slack accepts the token."""
    try:
        answer = context.slack.auth_test()
    except (SlackClientError, OSError) as error:
        return wrong(
            f"Slack does not answer the token: {read_error_code(error)}.",
            "Look at SLACK_BOT_TOKEN and SLACK_API_BASE_URL; install the app again if the token was revoked.",
        )
    teams = {answer.get("team_id"), answer.get("enterprise_id")}
    if context.team_id and context.team_id not in teams:
        return wrong(
            f"The token is of workspace {answer.get('team_id')}, and SLACK_TEAM_ID is {context.team_id}.",
            "Set SLACK_TEAM_ID to the workspace of the token, or leave it out; every delivery is refused now.",
        )
    return fine(f"Slack answers: {answer.get('user', 'the bot')} in {answer.get('team', answer['team_id'])}.")


def check_socket(context: DoctorContext) -> CheckResult:
    """Check that Socket Mode hears, where it is used."""
    if not context.uses_socket:
        return fine("Slack delivers over HTTP.")
    match context.socket_hears():
        case True:
            return fine("Socket Mode is connected and Slack answers its pings.")
        case False:
            return wrong(
                "Socket Mode is not connected: no command and no click arrives.",
                "It is tried again by itself; the log says why (`slack.not_connected`). Look at SLACK_APP_TOKEN.",
            )
        case _:
            return fine("Socket Mode is used; whether it hears, the running bot says: `socket` in /readyz.")


def check_scopes(context: DoctorContext) -> CheckResult:
    """Check that the token has the scopes that the bot uses, and no others."""
    headers = headers_of(context)
    if "x-oauth-scopes" not in headers:
        return doubtful("Slack did not say which scopes the token has.", "Compare them with `cardops manifest`.")
    granted = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")}
    missing, unused = sorted(context.scopes.keys() - granted), sorted(granted - context.scopes.keys() - {""})
    optional = [scope for scope in missing if scope in context.optional_scopes]
    missing = [scope for scope in missing if scope not in context.optional_scopes]
    if missing:
        calls = sorted({call for scope in missing for call in context.scopes[scope]})
        return wrong(
            f"The token lacks {', '.join(missing)}; these will fail: {', '.join(calls) or 'slash commands'}.",
            "Update the app from `cardops manifest` and install it again.",
        )
    if optional:
        without = "; ".join(f"{scope}: {context.optional_scopes[scope]}" for scope in optional)
        return doubtful(
            f"The token lacks what is optional. {without}.",
            "If you want it, install the app again from `cardops manifest` and grant it.",
        )
    if unused:
        return doubtful(
            f"The token may more than is used: {', '.join(unused)}.", "Update the app from `cardops manifest`."
        )
    return fine(f"The token has the {len(context.scopes)} scopes that are used, and no others.")


def headers_of(context: DoctorContext) -> dict[str, str]:
    """Return the headers of a response of Slack, their names in lower case."""
    return {name.lower(): str(value) for name, value in context.slack.auth_test().headers.items()}


def check_channels(context: DoctorContext) -> CheckResult:
    """Check that the bot is in every channel that cardops.yml names."""
    named: dict[str, str] = context.config.channels.model_dump()
    rules = {rule.channel for rule in context.config.policy if rule.channel}
    routed = {to for route in context.config.routes for to in route.to if to not in named}
    troubles = []
    for channel in sorted({*filter(None, named.values()), *rules, *routed}):
        name = next((name for name, value in named.items() if value == channel), channel)
        if trouble := _channel_trouble(context, channel):
            troubles.append(f"{name} ({channel}): {trouble}")
    if troubles:
        return wrong("; ".join(troubles) + ".", "Invite the bot with `/invite @cardops`, or change cardops.yml.")
    missing = [name for name, value in named.items() if not value]
    # The others have a fallback; a request without a channel is refused.
    if "approvals" in missing:
        return wrong("channels.approvals is not set: nothing can be asked for.", "Set it in cardops.yml.")
    if missing:
        return doubtful(
            f"Not set: {', '.join(f'channels.{name}' for name in missing)}.", "Set them in cardops.yml."
        )
    return fine("The bot is in every channel that cardops.yml names.")


def _channel_trouble(context: DoctorContext, channel: str) -> str:
    try:
        shown: dict[str, Any] = context.slack.conversations_info(channel=channel)["channel"]
    except (SlackClientError, OSError) as error:
        return f"Slack says {read_error_code(error)}"
    if shown.get("is_archived"):
        return "it is archived"
    return "" if shown.get("is_member") else "the bot is not in it"


def check_groups(context: DoctorContext) -> CheckResult:
    """Check that every role's groups can be read and that somebody active has the role."""
    config = context.config
    if not config.roles:
        return wrong("No roles are set: nobody may do anything.", "Set roles in cardops.yml.")
    unreadable = [
        group for rule in config.roles.values() for group in rule.groups if not _can_read(context, group)
    ]
    if unreadable:
        return wrong(
            f"Slack does not tell who is in {', '.join(unreadable)}.",
            "Look at the ids in cardops.yml, and at the scope usergroups:read.",
        )
    members = _members(context)
    empty = [name for name, active in members.items() if not active]
    if empty:
        return wrong(f"Nobody active is in: {', '.join(empty)}.", "Add people to their groups, or to cardops.yml.")
    return fine(", ".join(f"{name}: {len(active)}" for name, active in members.items()) + " active people.")


def _can_read(context: DoctorContext, group: str) -> bool:
    try:
        context.directory.group(group)
    except DirectoryUnreadable:
        return False
    return True


def _members(context: DoctorContext) -> dict[str, frozenset[str]]:
    config = context.config
    return people.read_members(context.directory, roles=config.roles, same_person=config.same_person)


def check_policy(context: DoctorContext) -> CheckResult:
    """Check that each rule can be met without the requester."""
    rules = context.config.policy
    if not rules:
        return doubtful("There are no policy rules: everything that needs two people is refused.", "Set policy.")
    members = _members(context)
    stuck = [words for rule in rules if (words := _stuck(rule, members))]
    if stuck:
        return wrong("; ".join(stuck) + ".", "Add people to the approver roles, or lower the quorum.")
    without = sorted(ACTIONS.keys() - {rule.action for rule in rules})
    if without:
        return doubtful(f"No rule allows: {', '.join(without)}.", "Add rules to cardops.yml if these are wanted.")
    return fine(f"Each of the {len(rules)} rules can be met without the requester.")


def _stuck(rule: PolicyRule, members: dict[str, frozenset[str]]) -> str:
    """Return in words for whose requests a rule cannot be met, "" when there are none."""
    if rule.lifted:
        return ""
    able = {person for role in rule.approvers for person in members.get(role, frozenset())}
    asking = {person for role in ACTIONS[rule.action].requesters for person in members.get(role, frozenset())}
    # Each requester alone: who is an approver too does not count for their own requests.
    stuck = sorted(person for person in asking if len(able - {person}) < rule.quorum)
    if not stuck and len(able) >= rule.quorum:
        return ""
    whose = "anybody" if not asking or len(stuck) == len(asking) else ", ".join(stuck)
    return f"“{rule.name}” needs {rule.quorum} of {' or '.join(rule.approvers)} and cannot be met for {whose}"

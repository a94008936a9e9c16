"""The check of passkeys: whether the people who may decide have them, where rules ask for one."""

from approvals.policy import people
from approvals.step_up import states
from approvals.step_up.proving import needs_passkey
from bot.doctor.findings import CheckResult, DoctorContext, doubtful, fine, wrong

_MOST = 10  # people who are named


def check_passkeys(context: DoctorContext) -> CheckResult:
    """Check that each rule that asks for a passkey can be met, and say who has none."""
    rules = [rule for rule in context.config.policy if needs_passkey(rule)]
    if not rules:
        return fine("No rule asks for a passkey.")
    members = people.read_members(
        context.directory, roles=context.config.roles, same_person=context.config.same_person
    )
    with context.database.reading() as session:
        everybody = {person for rule in rules for role in rule.approvers for person in members.get(role, ())}
        able = {person for person in everybody if states.find_active(session, context, account=person)}
    stuck = [
        f"“{rule.name}”"
        for rule in rules
        if len({person for role in rule.approvers for person in members.get(role, ())} & able) < rule.quorum
    ]
    without = sorted(everybody - able)
    names = ", ".join(without[:_MOST]) + (f" and {len(without) - _MOST} more" if len(without) > _MOST else "")
    if stuck:
        return wrong(
            f"Too few people have a passkey, so {', '.join(stuck)} cannot be met; without one: {names}.",
            "Let them type `/cardops passkey`; an admin approves each key.",
        )
    if without:
        return doubtful(
            f"These people may decide and have no passkey: {names}.", "Let them type `/cardops passkey`."
        )
    return fine("Everybody who may decide with a passkey has one.")

"""The check of what guards the database: every trigger is there, and the bot's role cannot evade them."""

from approvals.database_guards import trigger_sql
from bot.database.bot_role import find_excess
from bot.doctor.findings import CheckResult, DoctorContext, doubtful, fine, wrong

_MOST = 5  # triggers that are named


def check_guards(context: DoctorContext) -> CheckResult:
    """Check that the triggers are there and switched on, and what the bot's role may do."""
    with context.database.reading() as session:
        connection = session.connection()
        faults = trigger_sql.find_faults(connection)
        excess = [] if faults else find_excess(connection)
    if faults:
        more = f" and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        return wrong(
            f"The database does not refuse what it should: {'; '.join(faults[:_MOST])}{more}.",
            "Run `cardops migrate`, which makes them again, then `cardops check` and `cardops audit verify`. "
            "Only an owner of the database can have removed them.",
        )
    if excess:
        tell = wrong if any(each.is_above for each in excess) else doubtful
        return tell(
            f"Every guard stands, but {'; '.join(each.says for each in excess)}.",
            " ".join(each.next for each in excess),
        )
    return fine("Every guard stands, and the bot's role cannot remove them.")

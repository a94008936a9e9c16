"""The check of stops: what is stopped, who stopped it, and whether all of it is genuine."""

from collections.abc import Sequence

from sqlmodel import col, select

from approvals.refusals import write_moment
from approvals.stops.standing import read_evidence
from bot.database.tables import StopPin
from bot.doctor.findings import CheckResult, DoctorContext, doubtful, fine, wrong

_MOST = 5  # that are named: anybody who has the database can write any number
_RESUME = "Two people resume it with `/cardops resume`."


def check_stops(context: DoctorContext) -> CheckResult:
    """Check whether anything is stopped, and whether somebody changed stops in the database."""
    with context.database.reading() as session:
        evidence = read_evidence(session, context)
        unpinned = session.exec(select(StopPin).where(col(StopPin.trouble) != "")).all()
    if faults := evidence.find_faults():
        return wrong(
            f"Not genuine: {_join(faults)}.",
            "Somebody changed the database; see “Stop” in the runbook. What is doubtful stops.",
        )
    found = evidence.find_standing()
    said = [
        f"{stop.scope.words} since {write_moment(stop.stopped_at)} by {stop.name} ({stop.reason})"
        for stop in found
    ]
    troubles = {pin.trouble for pin in unpinned if pin.stop_id in {stop.id for stop in found}}
    pins = f" Not pinned in the approvals channel: {', '.join(sorted(troubles))}." if troubles else ""
    return doubtful(f"Stopped: {_join(said)}.{pins}", _RESUME) if found else fine("Nothing is stopped.")


def _join(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST:,} more like it" if len(words) > _MOST else ""
    return f"{'; '.join(words[:_MOST])}{more}"

"""The table of checks that `/cardops doctor` and `cardops doctor` run, in the order in which they are shown.

A check returns a sentence and what to do. When somebody does not answer, that is a result too, not an error.
"""

from collections.abc import Iterator, Sequence

from slack_sdk.errors import SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor import audience, guards, installation, passkeys, slack, stops
from bot.doctor.findings import Check, CheckResult, CheckState, DoctorContext, DoctorRow
from notifier.outbox.slack_errors import read_error_code

__all__ = ["CHECKS", "CheckState", "DoctorContext", "count", "examine"]


def examine(context: DoctorContext) -> Iterator[DoctorRow]:
    """Run the checks in their order; yield for each its name, state, sentence and what to do."""
    for name, check in CHECKS.items():
        try:
            found = check(context)
        except (SlackClientError, OSError, SQLAlchemyError) as error:
            says = f"This could not be found out ({read_error_code(error)})."
            found = CheckResult(state=CheckState.WRONG, says=says, next="Look at the other checks first.")
        yield DoctorRow(name=name, state=found.state, says=found.says, next=found.next)


def count(results: Sequence[DoctorRow]) -> dict[str, int]:
    """Return how many checks came out in which state."""
    return {state.value: sum(row.state is state for row in results) for state in CheckState}


CHECKS: dict[str, Check] = {
    "slack": slack.check_slack,
    "socket": slack.check_socket,
    "scopes": slack.check_scopes,
    "channels": slack.check_channels,
    "audience": audience.check_audience,
    "groups": slack.check_groups,
    "policy": slack.check_policy,
    "passkeys": passkeys.check_passkeys,
    "paytend": installation.check_paytend,
    "keys": installation.check_keys,
    "units": installation.check_units,
    "clock": installation.check_clock,
    "database": installation.check_database,
    "stops": stops.check_stops,
    "guards": guards.check_guards,
    "files": installation.check_files,
    "coverage": installation.check_coverage,
    "evidence": installation.check_evidence,
    "outbox": installation.check_outbox,
    "templates": installation.check_templates,
    "versions": installation.check_versions,
}

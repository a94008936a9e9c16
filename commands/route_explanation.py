"""Why a notice is where it is, in words: each route in its order, and what it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.slash_command import Reply
from notifier.rendering.facts import TemplateFacts
from notifier.routing.routes import DEFAULT, Routes, match


@dataclass(frozen=True, kw_only=True)
class RouteReason:
    """Why a route matched or not, and the channels that it goes to."""

    name: str
    matched: bool
    reason: str
    channels: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class WhyHereReply(Reply, template="why_here"):
    """Why a notice is where it is."""

    kind: str
    rows: Sequence[RouteReason]
    note: str


def list_reasons(kind: str, facts: TemplateFacts | Mapping[str, object], *, routes: Routes) -> list[RouteReason]:
    """Return each route that was looked at: its name, whether it matched, why or why not, and its channels."""
    rows = []
    for decision in match(routes.rules, kind, facts).decisions:
        rule = routes.rules[decision.rule] if decision.rule is not None else None
        rows.append(
            RouteReason(
                name="default" if decision.rule is None else f"route {decision.rule + 1}",
                matched=decision.matched,
                reason=decision.reason,
                channels=[routes.resolve(name) for name in (rule.to if rule else (DEFAULT,))],
            )
        )
    return rows


def explain(kind: str, facts: TemplateFacts | Mapping[str, object], *, routes: Routes) -> WhyHereReply:
    """Return the private answer to *Why am I seeing this?*: by the routes as they are now."""
    rows = list_reasons(kind, facts, routes=routes)
    later = len(routes.rules) - sum(row.name != "default" for row in rows)
    more = f"; {later} later routes not checked" if later > 0 else ""
    note = f"By the routes of cardops.yml as they are now{more}"
    return WhyHereReply(kind=kind, rows=rows, note=note)

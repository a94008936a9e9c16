"""The readable page of evidence, as HTML that needs nothing from elsewhere. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { line-height: 1.2; }
h2 { border-bottom: 1px solid; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; overflow-wrap: anywhere; padding: .3rem .5rem; text-align: left; }
th { font-weight: 600; vertical-align: top; width: 14rem; }
"""


@dataclass(frozen=True, kw_only=True)
class PageSection:
    """A part of the page: rows of a label and a text."""

    title: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class EvidencePage:
    """What the page says, in the order in which it says it."""

    title: str
    sections: Sequence[PageSection]


def write_html(page: EvidencePage) -> bytes:
    """Return the page as HTML, without scripts."""
    parts = [_write_section(section) for section in page.sections]
    title = escape(page.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    ).encode()


def _write_section(section: PageSection) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(text)}</td></tr>\n' for label, text in section.rows
    )
    return f"<section>\n<h2>{escape(section.title)}</h2>\n<table>\n{rows}</table>\n</section>\n"


def make_page(facts: Mapping[str, Any]) -> EvidencePage:
    """Return the page of what was collected (`collected.py`), by the names of its files."""
    request = facts["request.json"]
    made = (
        _asked(request),
        _rule(request),
        _decisions(facts["decisions.json"]),
        _execution(facts["execution.json"]),
        _books(facts["books.json"]),
        PageSection(
            title="Where it was shown", rows=[(row["what"], _place(row)) for row in facts["messages.json"]]
        ),
        _trail(facts["trail.json"]),
        _checking(),
    )
    return EvidencePage(
        title=f"Evidence of request {request['reference']}", sections=[each for each in made if each.rows]
    )


def _asked(request: Mapping[str, Any]) -> PageSection:
    shown = request["shown"]
    rows = [
        ("Summary", shown["summary"] if shown else "(purged by retention)"),
        ("Reason", (request["payload"] or {}).get("reason", "")),
        ("Asked by", f"{request['requester_name']} ({request['requester_account']})"),
        ("Asked at", request["created_at"]),
        ("Status", f"{request['status']} {request['ended_at'] or ''}".strip()),
        ("Why it ended", request["ended_because"]),
        ("Check phrase", request["phrase"]),
        ("Digest", request["digest"]),
        *_flatten("", request["payload"] if request["payload"] is not None else f"({request['payload_is']})"),
        *_flatten("shown: ", shown["card"] if shown else ""),
    ]
    return _section("What was asked for, as it was shown", rows)


def _rule(request: Mapping[str, Any]) -> PageSection:
    version = request["policy_version"]
    rows = [*_flatten("", request["rule"]), ("Quorum", str(request["quorum"]))]
    if version:
        text = f"{version['digest']} (event {version['seq']} of the trail, {version['at']})"
        rows.append(("Version of the configuration", text))
    return _section("The rule, as it was when it was asked for", rows)


def _decisions(decisions: Mapping[str, Any]) -> PageSection:
    rows = [(f"{row['name']} ({row['account']})", _decided(row)) for row in decisions["decisions"]]
    rows += [(f"{row['name']} ({row['account']})", _settled(row)) for row in decisions["settlements"]]
    return _section("Who decided", rows or [("", "Nobody has decided yet.")])


def _decided(row: Mapping[str, Any]) -> str:
    said = f"{row['verdict']} at {row['decided_at']}; its MAC {row['mac_verdict']}."
    if row["step_up"]:
        said += f" Proved by the passkey {row['step_up']['fingerprint']} ({row['step_up']['label']})."
    return " ".join(filter(None, (said, row["reason"], f"Counts no more: {row['void']}" if row["void"] else "")))


def _settled(row: Mapping[str, Any]) -> str:
    what = "happened" if row["happened"] else "did not happen"
    return f"says that it {what}, at {row['settled_at']}; its MAC {row['mac_verdict']}. {row['reason']}"


def _execution(execution: Mapping[str, Any] | None) -> PageSection:
    if execution is None:
        return _section("What became of it", [("", "Nothing was sent to Paytend.")])
    labels = {
        "outcome": "Outcome",
        "words": "In words",
        "provider_reference": "Paytend's own number",
        "claimed_at": "Claimed at",
        "sent_at": "Sent at",
        "finished_at": "Ended at",
        "attempts": "Attempts",
        "last_said": "Paytend's last word",
        "contradicted_by": "Contradicted by",
    }
    return _section("What became of it", [(label, str(execution[name] or "")) for name, label in labels.items()])


def _books(books: Mapping[str, Any]) -> PageSection:
    rows = [("", books["says"]), *((f"Day {day['day']}", day["says"]) for day in books["days"])]
    rows += [(f"Difference ({row['state']})", row["words"]) for row in books["differences"]]
    return _section("What the books say", rows)


def _trail(trail: Mapping[str, Any]) -> PageSection:
    rows = [
        (f"{event['seq']}  {event['event']}", f"{event['at']} by {event['actor']}")
        for event in trail["events"]
        if "event" in event
    ]
    told = trail["told"]
    where = f"{told['number']}:{told['hash']} at {told['at']} {_place(told)}" if told else "None yet."
    return _section(
        "The trail", [*rows, ("Head that was posted", where), ("cardops says", trail["verdict"] or "All fits.")]
    )


_PROVES = (
    "That cardops signed exactly this. The hashes of the trail and the MACs are keyed: that they fit is what "
    "cardops says, and with its audit keys they can be computed again."
)


def _checking() -> PageSection:
    how = "python3 verify.py FILE.zip KEY, with the public key from somebody you trust."
    return PageSection(title="How to check this", rows=[("With the program", how), ("What it proves", _PROVES)])


def _place(row: Mapping[str, Any]) -> str:
    return str(row["permalink"] or f"{row['channel']} {row['ts']}".strip())


def _section(title: str, rows: Sequence[tuple[str, str]]) -> PageSection:
    return PageSection(title=title, rows=[(label, text) for label, text in rows if text])


def _flatten(name: str, value: Any) -> list[tuple[str, str]]:
    match value:
        case dict():
            return [
                row for key, inner in value.items() for row in _flatten(f"{name}{key.replace('_', ' ')} ", inner)
            ]
        case list():
            return [row for place, inner in enumerate(value, 1) for row in _flatten(f"{name}{place} ", inner)]
        case None | "":
            return []
        case _:
            return [(name.strip() or "Content", str(value))]

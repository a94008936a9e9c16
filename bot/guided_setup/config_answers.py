"""The sections of cardops.yml that the answers make, and the answers that a cardops.yml has in it. Pure."""

from collections.abc import Callable, Iterable, Mapping

from bot.settings.cardops_yml import ROLES, Channels, Config
from paytend.money_text import write_money

Find = Callable[[str], str]
_SINGLE = (
    ("replacements", "card.replace"),
    ("passwords", "card.retrieve_password"),
    ("found again", "card.found"),
    ("activations", "card.activate"),
    ("orders", "card.apply"),
    ("changes of cardholders", "cardholder.update"),
)
CHANNELS = tuple(Channels.model_fields)
LIMITS = ("requester", "card")


def list_names(currencies: Iterable[str]) -> list[str]:
    """Return the names of the answers that become cardops.yml."""
    return [
        *(f"channels.{name}" for name in CHANNELS),
        *(f"roles.{name}" for name in ROLES),
        *("approvers", "tiers", "currencies", "open_channels"),
        *(f"limits.{per}" for per in LIMITS),
        *(f"balance.{currency}.{level}" for currency in currencies for level in ("warn", "critical")),
    ]


def write_bodies(find: Find, *, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each section that the answers make; `labels` are names by id, for comments."""
    currencies = _split(find("currencies"))
    return {
        "roles": "".join(_write_role(name, _split(find(f"roles.{name}")), labels) for name in ROLES),
        "channels": "".join(
            f"{name}: {channel}{_say([channel], labels)}\n"
            for name in CHANNELS
            if (channel := find(f"channels.{name}"))
        ),
        "policy": "".join(_write_rules(find)),
        "limits": "".join(_write_limits(find, currencies)) or "[]\n",
        "routes": "".join(_write_routes(find)),
        "balance": "every: 5m\ncurrencies:\n"
        + "".join(
            f"  {currency}: {{warn: {find(f'balance.{currency}.warn')}, "
            f"critical: {find(f'balance.{currency}.critical')}}}\n"
            for currency in currencies
        )
        + "repeat: 4h\n",
        "books": f"currencies: [{', '.join(currencies)}]\n",
        **_write_open_channels(find, labels),
    }


def read_answers(config: Config) -> dict[str, str]:
    """Return the answers that make this configuration, as far as answers can."""
    base = [rule for rule in config.policy if rule.action == "card.top_up"]
    tiers = [rule for rule in base if rule.over is not None]
    last = next((rule for rule in base if rule.over is None), None)
    currencies = tuple(config.balance.currencies)
    found = {f"channels.{name}": getattr(config.channels, name) for name in CHANNELS}
    for name in ROLES:
        rule = config.roles.get(name)
        found[f"roles.{name}"] = ",".join([*rule.groups, *rule.people]) if rule else ""
    for currency, thresholds in config.balance.currencies.items():
        found |= {f"balance.{currency}.{level}": str(getattr(thresholds, level)) for level in ("warn", "critical")}
    for per in LIMITS:
        mine = [limit for limit in config.limits if limit.action == "card.top_up" and limit.per.value == per]
        found[f"limits.{per}"] = ",".join(write_money(limit.over) for limit in mine[:1])
    return found | {
        "approvers": ",".join(last.approvers) if last else "",
        "tiers": ",".join(f"{write_money(rule.over)}: {rule.quorum}" for rule in reversed(tiers) if rule.over),
        "currencies": ",".join(currencies),
        "open_channels": ",".join(
            f"{channel}:{audience.value}" for channel, kinds in config.open_channels.items() for audience in kinds
        ),
    }


def _write_role(name: str, members: list[str], labels: Mapping[str, str]) -> str:
    if not members:
        return ""
    groups, people = (
        ", ".join(each for each in members if each.startswith("S") is is_group) for is_group in (True, False)
    )
    parts = [f"groups: [{groups}]"] * bool(groups) + [f"people: [{people}]"] * bool(people)
    return f"{name}: {{{', '.join(parts)}}}{_say(members, labels)}\n"


def _write_rules(find: Find) -> Iterable[str]:
    approvers = ", ".join(_split(find("approvers")))
    # The first line that matches decides, so the largest amount comes first.
    for tier in reversed(_split(find("tiers"))):
        over, _, quorum = tier.partition(": ")
        name = f"top-ups over {over}"
        yield (
            f"- {{name: {name}, action: card.top_up, over: {over}, quorum: {quorum}, approvers: [{approvers}]}}\n"
        )
    yield f"- {{name: top-ups, action: card.top_up, approvers: [{approvers}]}}\n"
    for name, action in _SINGLE:
        yield f"- {{name: {name}, action: {action}, approvers: [{approvers}]}}\n"


def _write_limits(find: Find, currencies: list[str]) -> Iterable[str]:
    for per, then in (("requester", "refuse"), ("card", "{quorum: 2}")):
        if over := find(f"limits.{per}"):
            yield f"- {{action: card.top_up, per: {per}, window: 24h, over: {over}, then: {then}}}\n"
            rest = [currency for currency in currencies if not over.endswith(currency)]
            # Without a limit of its own, another currency would count as over it and be refused.
            for currency in rest:
                other = f"{over.partition(' ')[0]} {currency}"
                yield f"- {{action: card.top_up, per: {per}, window: 24h, over: {other}, then: {then}}}\n"


def _write_routes(find: Find) -> Iterable[str]:
    urgent = "oncall" if find("channels.oncall") else "alerts"
    mention = ", mention: oncall" if find("roles.oncall") else ""
    yield f"- {{kind: transaction, when: {{status: [declined, reversed]}}, to: [{urgent}]{mention}}}\n"
    for kind in ("transaction", "cardholder_audited", "card_applied"):
        yield f"- {{kind: {kind}, to: [alerts]}}\n"


def _write_open_channels(find: Find, labels: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for part in _split(find("open_channels")):
        channel, _, audience = part.partition(":")
        found.setdefault(channel, []).append(audience)
    lines = [
        f"{channel}: [{', '.join(kinds)}]{_say([channel], labels)}\n" for channel, kinds in sorted(found.items())
    ]
    return {"open_channels": "".join(lines)} if lines else {}


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _say(ids: Iterable[str], labels: Mapping[str, str]) -> str:
    known = [labels[each] for each in ids if each in labels]
    return f"  # {', '.join(known)}" if known else ""

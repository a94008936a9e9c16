"""What a digest sums up: how many of what, money by currency, the merchants and cards named most (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paytend import Money, NotMoney

_SHOWN = 5
_MOST_NAMES = 400  # beyond it the rarest are forgotten, so that the sums stay small in any storm
_KEPT_NAMES = 200
_MOST_GROUPS = 40
_OTHERS = "others"
_MOVEMENTS = ("transaction", "transaction_changed")  # kinds that are summed up by status, with their money


@dataclass(frozen=True, kw_only=True)
class NameCount:
    """A merchant or a card, and how many notices were about it."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class DigestGroup(NameCount):
    """Notices of one kind or status; `sums` are amounts by currency, such as "12.50 EUR"."""

    sums: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class DigestTotals:
    """What a digest sums up."""

    count: int
    groups: Sequence[DigestGroup]
    merchants: Sequence[NameCount]
    cards: Sequence[NameCount]


def start_tally() -> dict[str, Any]:
    """Return a tally of nothing; it is plain JSON."""
    return {"count": 0, "groups": {}, "merchants": {}, "cards": {}}


def add_to_tally(tally: dict[str, Any], kind: str, facts: Mapping[str, Any]) -> None:
    """Count one notice."""
    tally["count"] += 1
    name = str(facts.get("status") or "") if kind in _MOVEMENTS else kind.replace("_", " ")
    groups = tally["groups"]
    name = name if name in groups or len(groups) < _MOST_GROUPS else _OTHERS
    group = groups.setdefault(name or kind, {"count": 0, "sums": {}})
    group["count"] += 1
    if kind in _MOVEMENTS:
        _add_money(group["sums"], facts.get("amount"))
        _add_name(tally["merchants"], facts.get("merchant"))
        _add_name(tally["cards"], facts.get("last_four") or facts.get("card_id"))


def show_tally(tally: Mapping[str, Any]) -> DigestTotals:
    """Return a tally as the digest shows it: what is most first."""
    groups = sorted(tally["groups"].items(), key=lambda item: (-item[1]["count"], item[0]))
    return DigestTotals(
        count=tally["count"],
        groups=[
            DigestGroup(name=name, count=group["count"], sums=_write_sums(group["sums"])) for name, group in groups
        ],
        merchants=_top(tally["merchants"]),
        cards=_top(tally["cards"]),
    )


def _write_sums(sums: Mapping[str, str]) -> list[str]:
    return [f"{amount} {currency}" for currency, amount in sorted(sums.items())]


def _add_money(sums: dict[str, str], text: object) -> None:
    try:
        money = Money.read(str(text))
        before = Money.read(f"{sums[money.currency]} {money.currency}") if money.currency in sums else None
        sums[money.currency] = str((before + money if before else money).amount)
    except NotMoney:
        return  # its line shows the amount as it was written


def _add_name(names: dict[str, int], name: object) -> None:
    if not name:
        return
    text = str(name)[:60]
    names[text] = names.get(text, 0) + 1
    if len(names) > _MOST_NAMES:
        for rare in sorted(names, key=lambda known: names[known])[: len(names) - _KEPT_NAMES]:
            del names[rare]


def _top(names: Mapping[str, int]) -> list[NameCount]:
    ordered = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    return [NameCount(name=name, count=count) for name, count in ordered[:_SHOWN]]

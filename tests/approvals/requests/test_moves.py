"""Properties of the deciding modules: policy, digest, identity, decisions."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from approvals.actions.table import ACTIONS, UnknownAction, find_action
from approvals.canonical_json import NotCanonical, canonical_json
from approvals.policy.eligibility import SelfApproval
from approvals.policy.explanation import explain, problems
from approvals.policy.people import Member, identity_of
from approvals.policy.rules import (
    LimitState,
    NothingAllows,
    Policy,
    PolicyRule,
    Rule,
    apply_limits,
    choose_rule,
    to_json,
    write_hours,
)
from approvals.refusals import Refusal
from approvals.requests.decision_rules import (
    EarlierDecision,
    RequestState,
    count_approvals,
    count_needed,
    judge_decision,
)
from approvals.requests.digest import check_phrase, digest_of
from approvals.requests.phrase_words import WORDS
from approvals.statuses import Status, Verdict
from paytend.money import Money
from tests.approvals.world import START, limit, person, rule

CENTS = st.integers(1, 10**9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


def euros(cents: int) -> Money:
    """Return money."""
    return Money.from_minor(cents, "EUR")


@given(JSON)
def test_canonical_json_is_the_same_json_in_one_form(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize("value", [0.1, b"x", {1: "x"}, Decimal(1), {"a": [float("nan")]}, "\ud800", object()])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(value)


@given(JSON, JSON, st.sampled_from(["action", "payload", "requester_id", "rule"]))
def test_a_digest_changes_with_each_part(one: Any, other: Any, part: str) -> None:
    content: dict[str, Any] = {"action": "a", "payload": one, "requester_id": "r", "rule": {}}
    changed = {**content, part: "other" if part in ("action", "requester_id") else other}
    same = canonical_json(content) == canonical_json(changed)
    assert (digest_of(**content) == digest_of(**changed)) is same


def test_the_phrase_has_three_of_256_words() -> None:
    assert len(set(WORDS)) == len(WORDS) == 256
    assert check_phrase("00" * 32) == " ".join([WORDS[0]] * 3)
    assert check_phrase("00ff01" + "00" * 29) == f"{WORDS[0]} {WORDS[255]} {WORDS[1]}"


@given(CENTS, CENTS)
def test_over_means_strictly_more(threshold: int, asked: int) -> None:
    rules = (rule(name="large", over=str(euros(threshold)), quorum=2), rule(name="all"))
    chosen = choose_rule(rules, action="card.top_up", money=euros(asked))
    assert (chosen.name == "large") is (asked > threshold)


@given(st.lists(st.tuples(CENTS, st.integers(1, 5)), max_size=5), CENTS)
def test_the_first_match_decides_and_none_refuses(lines: list[tuple[int, int]], asked: int) -> None:
    rules = [rule(name=str(n), over=str(euros(over)), quorum=q) for n, (over, q) in enumerate(lines)]
    first = next((name for name, (over, _quorum) in enumerate(lines) if asked > over), None)
    if first is None:
        with pytest.raises(NothingAllows):
            choose_rule(rules, action="card.top_up", money=euros(asked))
    else:
        assert choose_rule(rules, action="card.top_up", money=euros(asked)).name == str(first)


def test_another_currency_counts_as_large_unless_it_has_thresholds_of_its_own() -> None:
    large = rule(name="large", over="500.00 EUR", quorum=2)
    dollars = rule(name="dollars", over="500.00 USD", quorum=3)
    every = rule(name="all")
    one_dollar = Money.read("1.00 USD")
    assert choose_rule((large, every), action="card.top_up", money=one_dollar).name == "large"
    assert choose_rule((large, dollars, every), action="card.top_up", money=one_dollar).name == "all"
    assert choose_rule((large, every), action="card.top_up", money=None).name == "all"


@pytest.mark.parametrize("quorum", [0, -1, 51, 1.5])
def test_a_quorum_is_at_least_one(quorum: float) -> None:
    with pytest.raises(ValidationError):
        rule(quorum=quorum)


def test_an_empty_list_of_approvers_is_no_rule() -> None:
    with pytest.raises(ValidationError):
        rule(approvers=[])
    with pytest.raises(ValidationError):
        rule(decide_within="0h")
    with pytest.raises(ValidationError):
        PolicyRule.model_validate({"name": "x", "action": "card.top_up", "approvers": ["m"], "kworum": 2})


@given(CENTS, CENTS, st.integers(2, 5))
def test_a_limit_never_lowers_a_quorum(over: int, total: int, quorum: int) -> None:
    state = LimitState(limit=limit(over=str(euros(over)), then={"quorum": 2}), total=euros(total))
    raised = apply_limits(rule(quorum=quorum), [state])
    assert raised.quorum == quorum
    assert state.is_exceeded is (total > over)


def test_a_rule_survives_its_snapshot() -> None:
    snapshot = choose_rule((rule(decide_within="90m", mention=["U0LEAD"]),), action="card.top_up", money=euros(1))
    assert Rule.model_validate(to_json(snapshot)) == snapshot
    assert write_hours(timedelta(minutes=90)) == "90 min"


def _asked(quorum: int) -> RequestState:
    return RequestState(
        status=Status.PENDING,
        digest="d" * 64,
        requester_id="U0SAM",
        requester_account="U0SAM",
        decide_by=START + timedelta(hours=1),
        rule=rule(quorum=quorum),
    )


def _earlier(member: Member) -> EarlierDecision:
    who = member.person
    return EarlierDecision(person_id=who.id, name=who.display_name, verdict=Verdict.APPROVE, decided_at=START)


@given(
    quorum=st.integers(1, 4),
    live=st.integers(1, 4),
    clicks=st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", "D", "SAM"]), st.sampled_from(["", "2"]), st.booleans()),
        max_size=12,
    ),
)
def test_approved_means_that_many_people_other_than_the_requester(
    quorum: int, live: int, clicks: list[tuple[str, str, bool]]
) -> None:
    asked, live_rule, earlier, counted = _asked(quorum), rule(quorum=live), list[EarlierDecision](), set[str]()
    status = Status.PENDING
    for human, account, is_manager in clicks:
        who = person(f"U0{human}{account}", *(["manager"] if is_manager else []), identity=f"U0{human}")
        try:
            status = judge_decision(
                asked,
                live=live_rule,
                earlier=earlier,
                member=who,
                changers=frozenset(),
                digest=asked.digest,
                verdict=Verdict.APPROVE,
                reason="",
                now=START,
            )
        except Refusal:
            assert human == "SAM" or human in counted or not is_manager
            continue
        assert human != "SAM"
        assert is_manager
        counted.add(human)
        earlier.append(_earlier(who))
        assert (status is Status.APPROVED) is (len(counted) >= max(quorum, live))
        if status is Status.APPROVED:
            return
    assert status is Status.PENDING


@given(st.integers(0, 5), st.integers(1, 5), st.integers(1, 5))
def test_void_approvals_do_not_count(valid: int, quorum: int, live: int) -> None:
    rows = [_earlier(person(f"U{number}")) for number in range(valid)]
    void = [EarlierDecision(person_id="V", name="V", verdict=Verdict.APPROVE, decided_at=START, is_void=True)]
    deny = [EarlierDecision(person_id="N", name="N", verdict=Verdict.DENY, decided_at=START)]
    assert count_approvals([*rows, *void, *deny, *rows]) == valid
    assert count_needed(rule(quorum=quorum), rule(quorum=live)) >= 1


def test_the_requester_is_refused_before_anything_about_roles_is_told() -> None:
    with pytest.raises(SelfApproval):
        judge_decision(
            _asked(1),
            live=rule(),
            earlier=[],
            member=person("U0SAM"),
            changers=frozenset(),
            digest="d" * 64,
            verdict=Verdict.APPROVE,
            reason="",
            now=START,
        )


@given(st.lists(st.lists(st.sampled_from("ABCDEFGH"), min_size=1, max_size=3, unique=True), max_size=3))
def test_two_accounts_of_one_human_are_one_identity(same: list[list[str]]) -> None:
    for accounts in same[:1]:
        assert {identity_of(account, same_person=same) for account in accounts} == {accounts[0]}
    assert identity_of("Z", same_person=same) == "Z"


def test_an_unknown_action_is_refused_by_name() -> None:
    with pytest.raises(UnknownAction, match=r"card\.explode is not something"):
        find_action("card.explode")
    assert {"card.top_up", "card.found", "card.replace", "cardholder.update"} <= set(ACTIONS)


def test_every_refusal_is_a_sentence() -> None:
    def below(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(inner for child in kind.__subclasses__() for inner in below(child))]

    for kind in below(Refusal)[1:]:
        if not kind.__module__.startswith("approvals."):
            continue  # whatever else a test run has imported
        sentence = (kind.__doc__ or "").strip()
        assert sentence.endswith((".", "?")), kind
        assert sentence[0].isupper() or sentence[0] == "{", kind


def test_a_policy_explains_itself() -> None:
    policy = Policy(rules=(rule(name="large", over="500.00 EUR"), rule(name="other", action="card.found"), rule()))
    rows = explain(policy, action="card.top_up", money=euros(1000))
    assert [(row.rule, row.applies) for row in rows] == [("large", False), ("other", False), ("top-ups", True)]
    rows = explain(policy, action="card.top_up", money=euros(50001))
    assert [row.why for row in rows[1:]] == ["“large” came first"] * 2
    assert not any(row.applies for row in explain(Policy(), action="card.top_up", money=None))
    only_large = Policy(rules=policy.rules[:1])
    assert explain(only_large, action="card.top_up", money=euros(1))[0].why == "0.01 EUR is not over 500.00 EUR"


def test_what_cannot_work_in_a_policy_is_named() -> None:
    policy = Policy(
        rules=(rule(quorum=3), rule(approvers=["ghost"]), rule(name="x", action="card.explode")),
        limits=(limit(action="card.explode"),),
    )
    assert problems(policy, members={"manager": 2}) == [
        "policy “top-ups”: needs 3 approvals, and at most 2 people could",
        "policy “top-ups”: there is no role ghost",
        "policy “x”: there is no action card.explode",
        "policy “top-ups”: the name is used twice",
        "limits: there is no action card.explode",
    ]

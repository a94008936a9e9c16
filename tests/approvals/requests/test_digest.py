"""Canonical JSON, digests and check phrases."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical_json import NotCanonical, canonical_json
from approvals.requests.digest import check_phrase, digest_of
from approvals.requests.phrase_words import WORDS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


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


def test_a_digest_is_over_the_same_bytes_for_ever() -> None:
    """Requests that are stored already were approved by their digest."""
    content = b'{"action":"card.top_up","payload":{"card_id":"1"},"requester":"U0SAM","rule":{"quorum":1}}'
    found = digest_of(action="card.top_up", payload={"card_id": "1"}, requester_id="U0SAM", rule={"quorum": 1})

    assert found == hashlib.sha256(content).hexdigest()

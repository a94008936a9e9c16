"""Every switch of the stand-in does what its name says, to the answer and to the work."""

import time

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from sandbox.paytend import FaultKind, PaytendStandIn
from tests.sandbox.paytend.client import Partner

CARD = "1755902"
ABORTED = (httpx.RemoteProtocolError, httpx.ReadError)


def top_up(partner: Partner, order: str = "TOPUP00000001") -> str:
    return partner.call("topup", cardId=CARD, orderNo=order, amount="500", currency="EUR").code


def outcome(partner: Partner, order: str = "TOPUP00000001") -> str:
    return partner.call("getTopupResult", orderNo=order).code


def test_an_answer_is_lost_after_the_work(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.lose_next_answer()
    with pytest.raises(ABORTED):
        top_up(partner)
    assert outcome(partner) == "00"
    assert (stand_in.calls[0].outcome, stand_in.calls[0].fault) == ("00", "lose_after")


def test_an_answer_is_lost_before_the_work(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.lose_next_request()
    with pytest.raises(ABORTED):
        top_up(partner)
    assert outcome(partner) == "2202"
    assert stand_in.calls[0].outcome == ""


@pytest.mark.parametrize(("kind", "found"), [(FaultKind.HANG, "2202"), (FaultKind.HANG_AFTER, "00")])
def test_a_hanging_call_is_never_answered(
    partner: Partner, stand_in: PaytendStandIn, kind: FaultKind, found: str
) -> None:
    stand_in.switches.add(kind, operation="topup")
    partner.http.timeout = httpx.Timeout(0.15)
    with pytest.raises(httpx.ReadTimeout):
        top_up(partner)
    partner.http.timeout = httpx.Timeout(3)
    assert outcome(partner) == found


def test_an_answer_is_delayed_and_the_work_is_done_before(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("delay", seconds=0.2)
    started = time.monotonic()
    assert top_up(partner) == "00"
    assert time.monotonic() - started >= 0.2


def test_a_delay_goes_with_another_fault(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("delay", seconds=0.1)
    stand_in.switches.add("error_after")
    started = time.monotonic()
    response = partner.http.post("/issuing/card/getSKUs", json=partner.seal("{}"))
    assert (response.status_code, time.monotonic() - started >= 0.1) == (500, True)


@pytest.mark.parametrize(("kind", "found"), [("error_before", "2202"), ("error_after", "00")])
def test_http_500_before_or_after_the_work(
    partner: Partner, stand_in: PaytendStandIn, kind: str, found: str
) -> None:
    stand_in.switches.add(kind, operation="topup")
    biz = f'{{"cardId":"{CARD}","orderNo":"TOPUP00000001","amount":"500","currency":"EUR"}}'
    response = partner.http.post("/issuing/card/topup", json=partner.seal(biz))
    assert response.status_code == 500
    assert outcome(partner) == found


def test_the_work_is_done_late(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("late", operation="topup", seconds=60)
    with pytest.raises(ABORTED):
        top_up(partner)
    assert outcome(partner) == "2202"
    stand_in.events.advance(59)
    assert outcome(partner) == "2202"
    stand_in.events.advance(1)
    assert outcome(partner) == "00"
    assert stand_in.calls_of("topup")[0].outcome == "00"
    assert len(stand_in.top_ups) == 1


def test_late_work_may_be_refused_like_any_other(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("late", operation="topup", seconds=1)
    with pytest.raises(ABORTED):
        top_up(partner)
    stand_in.events.set_card_status(CARD, 8)
    stand_in.events.advance(1)
    assert stand_in.calls_of("topup")[0].outcome == "2002"


def test_a_refusal_on_demand_is_signed_and_does_nothing(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.refuse_next("9876", operation="topup")
    assert top_up(partner) == "9876"
    assert outcome(partner) == "2202"


def test_a_tampered_answer_does_not_verify(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("tamper")
    with pytest.raises(InvalidSignature):
        top_up(partner)
    assert outcome(partner) == "00"


def test_an_answer_can_be_a_page(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("not_json")
    response = partner.http.post("/issuing/card/getSKUs", json=partner.seal(""))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


def test_faults_count_and_choose_their_operation(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("refuse", operation="getSKUs", count=2, code="9000")
    assert partner.call("getCities", countryCode="LT").code == "00"
    assert [partner.call("getSKUs").code for _ in range(3)] == ["9000", "9000", "00"]
    stand_in.switches.add("refuse", count=None, code="9001")
    assert [partner.call("getSKUs").code for _ in range(3)] == ["9001"] * 3
    stand_in.switches.clear()
    assert partner.call("getSKUs").code == "00"


def test_signatures_may_cover_the_reserialised_form(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(reserialised_signatures=True)
    body = partner.seal('{"holderId":"101989"}')
    raw = partner.http.post("/issuing/holder/getHolder", json=body).json()
    opened = partner.unsealed(raw, name="respData")
    with pytest.raises(InvalidSignature):
        partner.verify(opened)
    assert '": ' in opened["respData"]
    assert "\\u" not in opened["respData"]
    compact = opened["respData"].replace('", "', '","').replace('": ', '":').replace(', "', ',"')
    partner.verify({**opened, "respData": compact.replace("\\/", "/").replace("1.10", "1.1")})


def test_an_encrypt_flag_is_added_unsigned(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(encrypt_flag=True)
    assert partner.call("getSKUs").raw["encryptFlag"] == "1"
    assert partner.call("getCardInfo", cardId="1").raw["encryptFlag"] == "1"


def test_a_null_message_is_not_signed_or_signed_as_text(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.set_modes(null_messages=True)
    assert partner.call("getSKUs").message is None
    assert partner.call("getCardInfo", cardId="1").message is None
    stand_in.switches.set_modes(null_signed_as_text=True)
    raw = partner.http.post("/issuing/card/getSKUs", json=partner.seal("")).json()
    assert raw["respMsg"] is None
    partner.verify({**partner.unsealed(raw, name="respData"), "respMsg": "null"})


def test_switches_refuse_what_they_do_not_know(stand_in: PaytendStandIn) -> None:
    with pytest.raises(ValueError, match="sleep"):
        stand_in.switches.add("sleep")
    with pytest.raises(KeyError):
        stand_in.switches.set_modes(other=True)
    with pytest.raises(ValueError, match="encrypt_flag"):
        stand_in.switches.set_modes(encrypt_flag="yes")
    with pytest.raises(ValueError, match="drop"):
        stand_in.switches.set_webhooks(drop="one")


@pytest.mark.parametrize(("kind", "code"), [("refuse_after", "2201"), ("processing_after", "2205")])
def test_a_refusal_misleads_about_work_that_is_done(
    partner: Partner, stand_in: PaytendStandIn, kind: str, code: str
) -> None:
    stand_in.switches.add(kind, operation="topup", code="2201")
    assert (top_up(partner), outcome(partner)) == (code, "00")
    assert len(stand_in.top_ups) == 1


def test_a_refusal_comes_before_work_that_is_done_later(partner: Partner, stand_in: PaytendStandIn) -> None:
    stand_in.switches.add("refuse_late", operation="topup", seconds=60, code="2303")
    assert (top_up(partner), outcome(partner)) == ("2303", "2202")
    stand_in.events.advance(61)
    assert outcome(partner) == "00"


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("another_card", "cardId", "1755999"),
        ("another_amount", "amount", 5000),
        ("another_order", "orderNo", "ANOTHERORDER0001"),
        ("no_order", "orderNo", None),
    ],
)
def test_an_answer_is_about_something_else(
    partner: Partner, stand_in: PaytendStandIn, kind: str, name: str, value: object
) -> None:
    top_up(partner)
    stand_in.switches.add(kind, operation="getTopupResult")
    assert partner.call("getTopupResult", orderNo="TOPUP00000001").data.get(name) == value


def test_a_top_up_is_forgotten_and_its_number_stays_used(partner: Partner, stand_in: PaytendStandIn) -> None:
    top_up(partner)
    stand_in.events.forget_top_up(stand_in.events.newest_top_up())
    assert (outcome(partner), top_up(partner)) == ("2202", "2201")


def test_a_top_up_is_taken_back_and_the_books_balance(partner: Partner, stand_in: PaytendStandIn) -> None:
    top_up(partner)
    stand_in.events.take_back_top_up("TOPUP00000001")
    assert partner.call("getTopupResult", orderNo="TOPUP00000001").data["topupStatus"] == 2
    assert stand_in.top_ups == []
    stand_in.books.recount()

"""The control address of the stand-in: JSON over HTTP, for peers on loopback only.

Amounts are decimal texts in major units. A refusal is answered 409, a wrong call 400; both `{"error": ...}`.

| Call (under `/_control`) | Body | Effect |
| --- | --- | --- |
| `GET /state` | | cards, holders, orders, top-ups, balances, switches, calls, webhooks |
| `POST /clock` | `seconds` | moves the clock and does what has become due |
| `POST /transaction` | `kind`: purchase, authorise, decline, refund; `cardId`, `amount`, `merchant`; \
optional `currency`, `txnCurrency`, `txnAmount` | makes it happen; webhook 1 |
| `POST /transaction` | `kind`: settle, settle_half or reverse; `tradeId` ("": the newest authorisation) \
| the same for an earlier one |
| `POST /transaction` | `kind`: fee; `cardId`, `amount`, `merchant` | charges it, or notes it as overdue |
| `POST /holder` | `holderId`, `auditStatus` (0 to 4), `errMsg` | audits a cardholder; webhook 2 |
| `POST /storm` | `count` (most 500) | so many cards are used at once, a tenth declined; webhook 1 for each |
| `POST /order` | `orderNo` ("": the newest that waits), `fail` (a reason) | ships an order, or fails it; \
webhook 3 |
| `POST /partner` | `set` or `fund`: an amount; `currency` | sets (drains) or funds the partner balance |
| `POST /books` | `kind` (see BookChange), `amount`, `currency` | changes the partner's list of transactions |
| `POST /card` | `cardId`, `status` (4 to 10) | closes (7), freezes (8), ... a card |
| `POST /topup` | `orderNo`, `done` (true or false) | ends a top-up that is under way |
| `POST /topup` | `orderNo` ("": the newest), `now`: taken_back or forgotten | says that it failed after all, or \
does not find it any more |
| `POST /fault` | `kind` (see FaultKind), `operation`, `count` (null: until cleared), `seconds`, `code` \
| arms a fault |
| `DELETE /fault` | | disarms every fault |
| `POST /mode` | names of Modes with their values | changes modes |
| `POST /webhook` | `duplicate`, `duplicate_resealed`, `drop` (counts), `hold` | changes webhook switches |
| `POST /webhook/release` | | sends the held webhooks, newest first |
| `POST /webhook/forge` | `notifyType`, `content` | sends one signed by another key |
| `POST /webhook/replay` | `index` (default -1, the last) | sends the bytes of an earlier one once more |
"""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from sandbox.paytend.amounts import PRECISION, major
from sandbox.paytend.records import TradeStatus
from sandbox.paytend.refusals import PaytendRefusal
from sandbox.paytend.shown import (
    audit_shown,
    card_shown,
    holder_shown,
    order_shown,
    partner_entry_shown,
    top_up_shown,
    transaction_shown,
)

if TYPE_CHECKING:
    from sandbox.paytend.standin import PaytendStandIn

Body: TypeAlias = dict[str, Any]
Act: TypeAlias = Callable[["PaytendStandIn", Body], Any]

_LATEST = 200
_LARGEST_STORM = 500


def add_control(app: web.Application, stand_in: "PaytendStandIn") -> None:
    """Add the control calls to the application."""
    app.router.add_get("/_control/state", _answering(stand_in, lambda stand_in, _: state_of(stand_in)))
    app.router.add_delete("/_control/fault", _answering(stand_in, _clear_faults))
    for path, act in _ACTS.items():
        app.router.add_post(f"/_control/{path}", _answering(stand_in, act))


def state_of(stand_in: "PaytendStandIn") -> Body:
    """Return everything there is to know, in the words of the API's answers."""
    books = stand_in.books
    with books.lock:
        return {
            "now": stand_in.clock.now().isoformat(),
            "partnerId": stand_in.partner_id,
            "partnerBalance": {name: major(books.partner_balance(name), currency=name) for name in PRECISION},
            "totals": {name: books.totals(name) for name in PRECISION},
            "cards": [card_shown(books, card) for card in books.cards.values()],
            "holders": [holder_shown(holder) for holder in books.holders.values()],
            "orders": [order_shown(books, order) for order in books.orders.values()],
            "topUps": [top_up_shown(books, top_up) for top_up in books.all_top_ups.values()],
            "transactions": [transaction_shown(books, line) for line in books.transactions[-_LATEST:]],
            "faults": [asdict(fault) for fault in stand_in.switches.faults],
            "modes": asdict(stand_in.switches.modes),
            "webhookSwitches": asdict(stand_in.switches.webhooks),
            "calls": [asdict(call) for call in stand_in.calls[-_LATEST:]],
            "webhooks": [asdict(webhook) for webhook in stand_in.webhooks[-_LATEST:]],
        }


def _answering(stand_in: "PaytendStandIn", act: Act) -> Any:
    async def answer(request: web.Request) -> web.Response:
        if not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104 - means nobody
            return _said({"error": "only from this machine"}, status=403)
        try:
            body = json.loads(await request.text() or "{}")
            if not isinstance(body, dict):
                raise TypeError("a JSON object is wanted")  # noqa: TRY301 - answered with the others below
            return _said(act(stand_in, body))
        except PaytendRefusal as refused:
            return _said({"error": refused.message, "code": refused.code}, status=409)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            return _said({"error": f"{type(error).__name__}: {error}"}, status=400)

    return answer


def _said(content: Any, *, status: int = 200) -> web.Response:
    text = json.dumps(content, default=str, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json")


def _clear_faults(stand_in: "PaytendStandIn", _: Body) -> Body:
    stand_in.switches.clear()
    return {}


def _clock(stand_in: "PaytendStandIn", body: Body) -> Body:
    return {"now": stand_in.events.advance(float(body["seconds"])).isoformat()}


def _transaction(stand_in: "PaytendStandIn", body: Body) -> Body:
    events, kind = stand_in.events, str(body["kind"])
    if kind in {"settle", "settle_half", "reverse"}:
        trade_id = str(body["tradeId"]) or events.newest_authorisation()
        in_half = kind == "settle_half"
        done = events.reverse(trade_id) if kind == "reverse" else events.settle(trade_id, in_half=in_half)
        return {"transactions": [transaction_shown(stand_in.books, done)]}
    card_id, amount = str(body["cardId"]), str(body["amount"])
    if kind == "fee":
        charged = events.charge_fee(card_id, amount, remark=str(body.get("merchant", "Monthly fee")))
        return {"transactions": [transaction_shown(stand_in.books, charged)] if charged else []}
    names = {"merchant": "merchant", "currency": "currency"}
    names |= {"txn_currency": "txnCurrency", "txn_amount": "txnAmount"}
    details = {ours: str(body[theirs]) for ours, theirs in names.items() if body.get(theirs)}
    if kind == "purchase":
        lines = events.purchase(card_id, amount, **details)
    else:
        single = {"authorise": events.authorise, "decline": events.decline, "refund": events.refund}
        lines = [single[kind](card_id, amount, **details)]
    return {"transactions": [transaction_shown(stand_in.books, line) for line in lines]}


def _storm(stand_in: "PaytendStandIn", body: Body) -> Body:
    made = stand_in.events.storm(min(int(body["count"]), _LARGEST_STORM))
    declined = sum(line.status is TradeStatus.DECLINED for line in made)
    return {"transactions": len(made), "declined": declined}


def _holder(stand_in: "PaytendStandIn", body: Body) -> Body:
    error = str(body.get("errMsg", ""))
    holder = stand_in.events.audit(str(body["holderId"]), int(body["auditStatus"]), error=error)
    return audit_shown(holder)


def _order(stand_in: "PaytendStandIn", body: Body) -> Body:
    events = stand_in.events
    order_no, reason = str(body["orderNo"]) or events.newest_order(), body.get("fail")
    order = events.fail_order(order_no, error=str(reason)) if reason else events.ship(order_no)
    return order_shown(stand_in.books, order)


def _partner(stand_in: "PaytendStandIn", body: Body) -> Body:
    currency = str(body.get("currency", "EUR"))
    if "set" in body:
        stand_in.events.set_partner_balance(str(body["set"]), currency=currency)
    else:
        stand_in.events.fund(str(body["fund"]), currency=currency)
    return {"balance": major(stand_in.books.partner_balance(currency), currency=currency)}


def _books(stand_in: "PaytendStandIn", body: Body) -> Body:
    amount, currency = str(body.get("amount") or "7.00"), str(body.get("currency", "EUR"))
    entry = stand_in.events.change_books(str(body["kind"]), amount, currency=currency)
    return partner_entry_shown(stand_in.books, entry)


def _card(stand_in: "PaytendStandIn", body: Body) -> Body:
    card = stand_in.events.set_card_status(str(body["cardId"]), int(body["status"]))
    return card_shown(stand_in.books, card)


def _top_up(stand_in: "PaytendStandIn", body: Body) -> Body:
    if "now" in body:
        events, order_no = stand_in.events, str(body["orderNo"]) or stand_in.events.newest_top_up()
        change = {"taken_back": events.take_back_top_up, "forgotten": events.forget_top_up}[str(body["now"])]
        return top_up_shown(stand_in.books, change(order_no))
    done = bool(body.get("done", True))
    return top_up_shown(stand_in.books, stand_in.events.finish_top_up(str(body["orderNo"]), done=done))


def _fault(stand_in: "PaytendStandIn", body: Body) -> Body:
    count = body.get("count", 1)
    fault = stand_in.switches.add(
        str(body["kind"]),
        operation=body.get("operation"),
        count=None if count is None else int(count),
        seconds=float(body.get("seconds", 0)),
        code=str(body.get("code", "9999")),
    )
    return asdict(fault)


def _mode(stand_in: "PaytendStandIn", body: Body) -> Body:
    stand_in.switches.set_modes(**body)
    return asdict(stand_in.switches.modes)


def _webhook(stand_in: "PaytendStandIn", body: Body) -> Body:
    stand_in.switches.set_webhooks(**body)
    return asdict(stand_in.switches.webhooks)


def _release(stand_in: "PaytendStandIn", _: Body) -> Body:
    stand_in.release_webhooks()
    return {}


def _forge(stand_in: "PaytendStandIn", body: Body) -> Body:
    return asdict(stand_in.forge_webhook(str(body.get("notifyType", "1")), dict(body["content"])))


def _replay(stand_in: "PaytendStandIn", body: Body) -> Body:
    return asdict(stand_in.replay_webhook(stand_in.webhooks[int(body.get("index", -1))]))


_ACTS: dict[str, Act] = {
    "clock": _clock,
    "transaction": _transaction,
    "storm": _storm,
    "holder": _holder,
    "order": _order,
    "partner": _partner,
    "books": _books,
    "card": _card,
    "topup": _top_up,
    "fault": _fault,
    "mode": _mode,
    "webhook": _webhook,
    "webhook/release": _release,
    "webhook/forge": _forge,
    "webhook/replay": _replay,
}

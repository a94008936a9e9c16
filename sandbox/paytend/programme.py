"""The seeded programme: a card programme with people, cards and some weeks of history. Deterministic."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.paytend.amounts import fee_of
from sandbox.paytend.books import Books
from sandbox.paytend.cities import CITIES
from sandbox.paytend.funding import finish_top_up, fund, start_top_up
from sandbox.paytend.records import PHYSICAL, VIRTUAL, AuditStatus, CardStatus, Holder
from sandbox.paytend.spending import Purchase, authorise, decline, purchase, refund, reverse

PARTNER_ID = "888666000199001"
PARTNER_EUR = 2_500_000
PARTNER_USDT = 500_000_000
_DAYS = 28

_APPROVED, _PENDING, _REVIEW = AuditStatus.APPROVED, AuditStatus.PENDING, AuditStatus.UNDER_REVIEW
_REJECTED, _INCOMPLETE = AuditStatus.REJECTED, AuditStatus.INCOMPLETE

# First name, last name, nationality, gender, city, KYC state. The first one gets the id 101982.
_HOLDERS = (
    ("Rūta", "Kazlauskaitė", "LT", "2", "LT_VI", _APPROVED),
    ("Jānis", "Bērziņš", "LV", "1", "LV_RI", _APPROVED),
    ("Zoë", "Müller-Strauß", "DE", "2", "DE_BL", _APPROVED),
    ("Þórdís", "Æðelby", "IS", "2", "EE_TL", _APPROVED),
    ("François", "Lefèvre", "FR", "1", "FR_LY", _REVIEW),
    ("Ελένη", "Παπαδοπούλου", "GR", "2", "DE_MU", _PENDING),
    ("Łukasz", "Wiśniewski", "PL", "1", "LT_KA", _REJECTED),
    ('<!channel> & "Co"', "O'Brien <https://example.org|click>", "IE", "1", "FR_PA", _INCOMPLETE),
)
_ERRORS = {_REJECTED: "The document has expired.", _INCOMPLETE: "A face photo is missing."}

_MERCHANTS = (
    ("MAXIMA LT, X-123 VILNIUS", 1845),
    ("RIMI ĒDNĪCA RĪGA", 1120),
    ("DB Vertrieb GmbH", 5990),
    ("BOLT.EU/O/2211 TALLINN", 740),
    ("SNCF CONNECT PARIS", 8300),
    ('CAFÉ "L\'ÉTOILE" <*> & FILS', 460),
    ("AMAZON EU SARL", 3499),
)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """A card of the programme: its final state, and what remains of its top-up (minor units of EUR)."""

    card_type: str = PHYSICAL
    holder: int | None = None
    status: CardStatus = CardStatus.ACTIVE
    left: int = 0
    purchases: int = 0
    overdue: int = 0


_PLANS = (
    _Plan(holder=0, left=6410, purchases=6),
    _Plan(holder=1, left=125000, purchases=4),
    _Plan(holder=2, left=980, purchases=7, overdue=200),
    _Plan(holder=3, card_type=VIRTUAL, left=30000, purchases=3),
    _Plan(holder=0, card_type=VIRTUAL, left=2550, purchases=2),
    _Plan(holder=1, status=CardStatus.LOST, left=8820, purchases=2),
    _Plan(holder=2, status=CardStatus.FROZEN, left=1500, purchases=1, overdue=400),
    _Plan(holder=3, status=CardStatus.CLOSED),
    _Plan(status=CardStatus.INACTIVE),
    _Plan(status=CardStatus.INACTIVE),
    _Plan(status=CardStatus.INACTIVE),
    _Plan(holder=1, status=CardStatus.UNAVAILABLE, overdue=100),
)


def seed_programme(books: Books) -> None:
    """Fill empty books: 12 cards, 8 cardholders, 25,000.00 EUR and 500 USDT at the partner; sends no webhooks."""
    end = books.now()
    begin = end - timedelta(days=_DAYS)
    with books.pretending(begin):
        for number, facts in enumerate(_HOLDERS):
            _add_holder(books, number, facts)
        for plan in _PLANS:
            _add_card(books, plan)
        loads = [_load(plan) for plan in _PLANS]
        needed = sum(load + fee_of(load, currency="EUR") for load in loads if load)
        fund(books, currency="EUR", amount=PARTNER_EUR + needed)
        fund(books, currency="USDT", amount=PARTNER_USDT, remark="Transfer 0x5eed")
    for number, (plan, load) in enumerate(zip(_PLANS, loads, strict=True)):
        _live(books, plan, number=number, load=load, begin=begin)
    for plan, card in zip(_PLANS, books.cards.values(), strict=True):
        card.status = plan.status
    books.transactions.sort(key=lambda line: line.at)
    books.partner_entries.sort(key=lambda entry: entry.at)
    books.notices.clear()
    books.top_ups.clear()
    books.recount()


def _add_holder(books: Books, number: int, facts: tuple[str, str, str, str, str, AuditStatus]) -> None:
    first, last, nationality, gender, city, status = facts
    country = city[:2]
    documents = [("3", ".jpeg", 184_320), ("8", ".jpeg", 96_256)]
    holder = Holder(
        holder_id=books.new_holder_id(),
        first_name=first,
        last_name=last,
        mobile=f"+3706{number:07d}",
        email=f"holder{number}@example.org",
        id_no=f"PS{1234567 + number}",
        id_type="2",
        birthday=f"19{80 + number}-0{number + 1}-1{number}",
        gender=gender,
        nationality=nationality,
        address={
            "addressLine": f"{dict(CITIES[country])[city]} 1-{number + 1}",
            "addressLine2": "",
            "cityCode": city,
            "state": "",
            "postcode": f"{country}-0{number}113",
            "countryCode": country,
        },
        status=status,
        error=_ERRORS.get(status, ""),
        documents=documents if status not in {_PENDING, _INCOMPLETE} else documents[:1],
    )
    books.holders[holder.holder_id] = holder


def _add_card(books: Books, plan: _Plan) -> None:
    sku = "CTHMCVE20010" if plan.card_type == VIRTUAL else "CTHMCPE20056"
    card = books.add_card(card_type=plan.card_type, sku=sku)
    card.overdue_fee = plan.overdue
    if plan.holder is not None:
        card.holder_id = list(books.holders)[plan.holder]
        card.status, card.activated_at = CardStatus.ACTIVE, books.now()


def _spent(plan: _Plan, *, offset: int = 0) -> list[tuple[str, int]]:
    return [_MERCHANTS[(offset + place) % len(_MERCHANTS)] for place in range(plan.purchases)]


def _load(plan: _Plan) -> int:
    return plan.left + sum(amount for _, amount in _spent(plan))


def _live(books: Books, plan: _Plan, *, number: int, load: int, begin: datetime) -> None:
    """Write the history of one card: a top-up, purchases over the weeks, and what went otherwise."""
    if not load:
        return
    card_id = list(books.cards)[number]
    with books.pretending(begin + timedelta(hours=1 + number)):
        order_no = f"SEED{number:012d}"
        start_top_up(books, order_no=order_no, card_id=card_id, currency="EUR", amount=load)
        finish_top_up(books, order_no)
    for place, (merchant, amount) in enumerate(_spent(plan)):
        abroad = place == 2
        wanted = Purchase(
            card_id=card_id,
            amount=amount,
            merchant=merchant,
            txn_currency="SEK" if abroad else "",
            txn_amount=amount * 11 if abroad else 0,
        )
        with books.pretending(begin + timedelta(days=2 + 3 * place, hours=number, minutes=7 * place)):
            purchase(books, wanted)
    if plan.purchases > 3:
        _go_wrong(books, card_id=card_id, begin=begin + timedelta(days=20, hours=number))


def _go_wrong(books: Books, *, card_id: str, begin: datetime) -> None:
    """Write a decline, a reversed authorisation and a refunded purchase: nothing is spent in the end."""
    with books.pretending(begin):
        decline(books, Purchase(card_id=card_id, amount=99_900, merchant="LUXURY WATCHES"))
    with books.pretending(begin + timedelta(days=1)):
        held = authorise(books, Purchase(card_id=card_id, amount=500, merchant="CIRCLE K 4411"))
        reverse(books, held.trade_id)
    with books.pretending(begin + timedelta(days=2)):
        bought = Purchase(card_id=card_id, amount=700, merchant="ZALANDO SE")
        lines = purchase(books, bought)
    with books.pretending(begin + timedelta(days=4)):
        refund(books, bought, related_id=lines[0].trade_id)

"""The kinds of notices that routes and silences can name, and which of them are never held back."""

# The first four come from webhooks (notifier/inbox/notice_kinds.py).
ROUTED_KINDS = (
    "transaction",
    "cardholder_audited",
    "card_applied",
    "unrecognised",
    "balance_low",
    "balance_recovered",
    "balance_unknown",
)

# Statuses of a transaction that are urgent, and that no silence holds back.
ALARMING = frozenset({"declined", "reversed", "cancelled", "voided"})

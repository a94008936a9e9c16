"""The kinds of notices that routes and silences can name."""

# The first four come from webhooks (notifier/inbox/notice_kinds.py).
ROUTED_KINDS = (
    "transaction",
    "cardholder_audited",
    "card_applied",
    "unrecognised",
    "balance_low",
    "balance_recovered",
)

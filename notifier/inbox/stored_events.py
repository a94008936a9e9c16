"""Reading a stored webhook again: for its notice, and to explain why the notice went where it did."""

from notifier.inbox.inbox import open_content
from notifier.inbox.missed_webhooks import FOUND
from notifier.inbox.tables import InboxEvent
from paytend import AmountUnits
from paytend.webhooks import Event, read_event
from paytend.wire import strict_json
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm
from storage.vault import Vault


def open_event(row: InboxEvent, *, vault: Vault, units: AmountUnits) -> Event:
    """Return the event of a row; raises Unreadable, also for one whose content retention has removed."""
    text = open_content(row, vault=vault)
    webhook = Webhook(
        notify_type=row.notify_type,
        content=strict_json.parse_object(text),
        text=text,
        form=VerifiedForm.RAW if row.form == FOUND else VerifiedForm(row.form),
        key=row.verified_by,
    )
    # What we found by asking is written like the answers to our calls.
    return read_event(webhook, unit=units.calls if row.form == FOUND else units.webhooks)

"""What was typed into a form that was closed or refused: kept sealed for a short while, for its writer alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from approvals.refusals import Refusal
from bot.database.engine import SqlDatabase
from bot.database.tables import Draft
from paytend.redaction import find_card_numbers
from storage.vault import Vault

KEPT = timedelta(minutes=30)
_TABLE, _COLUMN = "draft", "fields"


class DraftGone(Refusal):
    """What you typed is kept for half an hour and is gone now. Please start again."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class KeptForm:
    """A form by its name, and its fields as they were typed."""

    form: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Drafts:
    """Keeps forms. A field with a card number in it is never kept."""

    database: SqlDatabase
    vault: Vault
    make_id: Callable[[], str]
    now: Callable[[], datetime]

    def keep(self, account: str, *, form: str, fields: Mapping[str, str]) -> str:
        """Keep what was typed and return the id under which its writer gets it back."""
        draft_id = self.make_id()
        kept = {name: text for name, text in fields.items() if text and not find_card_numbers(text)}
        value = json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")
        sealed = self.vault.seal(value, table=_TABLE, row=draft_id, column=_COLUMN)
        with self.database.writing() as session:
            session.add(
                Draft(id=draft_id, account=account, form=form, fields=sealed, expires_at=self.now() + KEPT)
            )
        return draft_id

    def take(self, draft_id: str, *, account: str) -> KeptForm:
        """Return what this person typed; raises DraftGone, for somebody else's too."""
        with self.database.reading() as session:
            row = session.get(Draft, draft_id)
        # One refusal for all three: guessing ids does not show which exist.
        if row is None or row.account != account or row.expires_at <= self.now():
            raise DraftGone
        text = self.vault.open(row.fields, table=_TABLE, row=draft_id, column=_COLUMN)
        return KeptForm(form=row.form, fields=json.loads(text))

    def sweep(self) -> int:
        """Forget what is over, and return how many there were."""
        with self.database.writing() as session:
            done = session.connection().execute(delete(Draft).where(col(Draft.expires_at) <= self.now()))
        return int(done.rowcount)

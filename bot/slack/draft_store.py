"""What was typed into a form that was closed or refused, or waits for a yes: sealed, for its writer alone.

It is kept for a short while. A button carries the id of a draft and never what is in it.
"""

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
_QUESTION = "question:"  # before the name of a question, where a form has its own


class DraftGone(Refusal):
    """Drafts are kept for 30 minutes, and this one is gone. Start again."""

    is_recorded = False


class AnsweredAlready(Refusal):
    """You already answered this, or it is older than 30 minutes. Nothing was done."""

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
        self._add(draft_id, account, form=form, value=kept)
        return draft_id

    def keep_question(self, account: str, *, question: str, value: Mapping[str, object]) -> str:
        """Keep what is done when this person says yes, and return the id with which it is done once."""
        draft_id = self.make_id()
        self._add(draft_id, account, form=f"{_QUESTION}{question}", value=value)
        return draft_id

    def use_question(self, draft_id: str, *, account: str, question: str) -> Mapping[str, object]:
        """Return what is done now, and delete it; raises AnsweredAlready the second time, and for anybody else."""
        with self.database.writing() as session:
            row = session.get(Draft, draft_id)
            if row is None or (row.account, row.form) != (account, f"{_QUESTION}{question}"):
                raise AnsweredAlready
            known = col(Draft.id) == draft_id, col(Draft.expires_at) > self.now()
            # The row decides, not what was read: of two clicks in one instant, on two replicas, one deletes it.
            if session.connection().execute(delete(Draft).where(*known)).rowcount != 1:
                raise AnsweredAlready
            value: Mapping[str, object] = json.loads(self._open(row))
        return value

    def take(self, draft_id: str, *, account: str) -> KeptForm:
        """Return what this person typed; raises DraftGone, for somebody else's too."""
        with self.database.reading() as session:
            row = session.get(Draft, draft_id)
        # One refusal for all three: guessing ids does not show which exist.
        if row is None or row.account != account or row.expires_at <= self.now() or row.form.startswith(_QUESTION):
            raise DraftGone
        return KeptForm(form=row.form, fields=json.loads(self._open(row)))

    def sweep(self) -> int:
        """Forget what is over, and return how many there were."""
        with self.database.writing() as session:
            done = session.connection().execute(delete(Draft).where(col(Draft.expires_at) <= self.now()))
        return int(done.rowcount)

    def _add(self, draft_id: str, account: str, *, form: str, value: Mapping[str, object]) -> None:
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        sealed = self.vault.seal(text, table=_TABLE, row=draft_id, column=_COLUMN)
        with self.database.writing() as session:
            session.add(
                Draft(id=draft_id, account=account, form=form, fields=sealed, expires_at=self.now() + KEPT)
            )

    def _open(self, row: Draft) -> bytes:
        return self.vault.open(row.fields, table=_TABLE, row=row.id, column=_COLUMN)

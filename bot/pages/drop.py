"""The page `/drop/<token>`: one document of a cardholder goes from a browser to Paytend, through memory only.

The token is spent and what is about to be sent is in the trail, in one transaction, before Paytend is called; an
answer that does not come is *unknown*, and nothing is sent again.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.policy import people
from approvals.policy.people import DirectoryUnreadable, Member
from approvals.refusals import Refusal
from bot.database.engine import SqlDatabase
from bot.database.tables import OpenWork
from bot.http.app import Allowance
from bot.pages.html import PageFacts, PageView
from bot.pages.multipart import FormUnreadable, SentForm, read_form
from bot.pages.site import NotShown, Page, PageRefusal, Submission, tell
from bot.pages.tokens import PageGrant, PageTokens
from commands.holder import document
from commands.roles import SUPPORT
from commands.slash_command import Choice, list_choices
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts
from paytend import Client, OutcomeUnknown, ProtocolError, Refused, Unreachable, operations
from paytend.models.codes import FileType
from paytend.operations.encoding import LARGEST_DOCUMENT

PURPOSE = "drop"
LASTS = timedelta(minutes=10)
_AROUND = 16 * 1024  # bytes of a form around its file
ALLOWANCE = Allowance(
    keeps=LARGEST_DOCUMENT + _AROUND,
    reads=16 * 1024 * 1024,  # a photo as a camera makes it, so that its sender is told what is wrong
    seconds=90,  # 2 MB over a phone with little reception
    answered_within=25,  # proxies give up after thirty
)
_INPUTS = ("photo", "file")
_TOO_LARGE = "At most 2 MB; this file is larger. Nothing was sent."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DropForm(PageFacts, template="drop", script="drop.js"):
    """The form; `wrong` says what is wrong with what was sent before."""

    title: str
    holder_id: str
    person: str
    file_types: Sequence[Choice]
    file_type: str
    wrong: str


@dataclass(frozen=True, kw_only=True)
class DocumentOutcome(TemplateFacts, template="document_outcome"):
    """What became of a document that was sent from the page."""

    headline: str
    holder_id: str
    shows: str
    says: str


@dataclass(frozen=True, kw_only=True)
class _Document:
    """A document that may be sent."""

    content: bytes
    suffix: str
    file_type: str

    @property
    def facts(self) -> dict[str, Any]:
        """What the trail keeps of it."""
        digest = hashlib.sha256(self.content).hexdigest()
        kind = self.suffix.removeprefix(".")
        return {"file_type": self.file_type, "kind": kind, "bytes": len(self.content), "sha256": digest}


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What became of it: the event for the trail, and words. `status` is that of the page."""

    event: str
    status: str
    headline: str
    says: str


_LOOK_FIRST = "Check the cardholder before you send anything again."
_NOT_SENT = _Outcome(
    event="document:not_sent",
    status="503 Service Unavailable",
    headline="Paytend isn’t responding",
    says="Nothing was sent. Request a new link and try again in a minute.",
)
_UNKNOWN = _Outcome(
    event="document:unknown",
    status="200 OK",
    headline="We don’t know yet if it worked",
    says=f"It was sent to Paytend, but no answer came that can be trusted. {_LOOK_FIRST}",
)


@dataclass(frozen=True, kw_only=True)
class DropPage:
    """Shows the form and sends what comes from it."""

    database: SqlDatabase
    tokens: PageTokens
    paytend: Client
    find_member: Callable[[str], Member]
    audit_key: TrailKey
    outbox: Outbox
    now_in: Callable[[Session], datetime]
    make_id: Callable[[], str]
    wake_deliverer: Callable[[], None]

    def as_page(self) -> Page:
        """Return it as the site takes it."""
        late = tell(
            "202 Accepted",
            "Still being sent",
            "Paytend is slow. You get a message in Slack with the result.",
            _LOOK_FIRST,
        )
        return Page(purpose=PURPOSE, show=self.show, submit=self.submit, allowance=ALLOWANCE, late=late)

    def show(self, grant: PageGrant) -> PageView:
        """Return the form."""
        return PageView(facts=_make_form(grant))

    def submit(self, submission: Submission) -> PageView:
        """Send the file to Paytend, once; a wrong one leaves the link as it is. Raises TokenOver and NotShown."""
        grant, request = submission.grant, submission.request
        if request.is_too_large:
            return PageView(facts=_make_form(grant, wrong=_TOO_LARGE), status="413 Content Too Large")
        try:
            sent = read_form(
                request.headers.get("content-type", ""), request.body, texts=("file_type",), files=_INPUTS
            )
        except FormUnreadable as error:
            raise NotShown(PageRefusal.UNREADABLE) from error
        found = _check(sent)
        if isinstance(found, str):
            facts = _make_form(grant, wrong=found, file_type=sent.texts.get("file_type", ""))
            return PageView(facts=facts, status="422 Unprocessable Content")
        try:
            self._require_role(grant)
        except Refusal as refusal:
            return tell("403 Forbidden", "Not allowed", str(refusal))
        except DirectoryUnreadable:
            return tell(
                "503 Service Unavailable", "Slack is busy", "Nothing was sent.", "Try it again in a minute."
            )
        work = self._begin(submission, found)
        outcome = self._send(grant, found)
        self._record(grant, found, outcome, work=work)
        return tell(outcome.status, outcome.headline, outcome.says)

    def _require_role(self, grant: PageGrant) -> None:
        """Refuse who may not do it any more: roles may have changed since the link was made."""
        member = self.find_member(grant.account)
        try:
            people.admit(member.person)
            people.require_role(member, roles=SUPPORT)
        except Refusal as refusal:
            with self.database.writing() as session:
                chain.append_refusal(
                    session,
                    refusal,
                    key=self.audit_key,
                    actor=grant.account,
                    subject=grant.subject,
                    now=self.now_in(session),
                )
            raise

    def _begin(self, submission: Submission, found: _Document) -> str:
        """Spend the token and note what is about to be sent; what is left of a process that dies is told."""
        grant, key = submission.grant, f"page:{self.make_id()}"
        with self.database.writing() as session:
            self.tokens.spend_in(session, submission.token, purpose=PURPOSE)
            now = self.now_in(session)
            what = f"sending a document of cardholder {grant.subject}"
            session.add(OpenWork(key=key, account=grant.account, what=what, taken_at=now))
            self._note(session, "document:send_asked", grant, found, now=now)
        return key

    def _send(self, grant: PageGrant, found: _Document) -> _Outcome:
        call = operations.UPLOAD_DOCUMENT(
            holder_id=grant.subject, file_type=found.file_type, document=(found.content, found.suffix)
        )
        try:
            answer = self.paytend.send(call)
        except Unreachable:
            return _NOT_SENT
        except (OutcomeUnknown, ProtocolError):
            return _UNKNOWN
        except Refused as refused:
            # Paytend also refuses to repeat what it has done already.
            return _Outcome(
                event="document:refused",
                status="422 Unprocessable Content",
                headline="Paytend said no",
                says=f"{refused} {_LOOK_FIRST}",
            )
        says = "You can close this page."
        return _Outcome(
            event="document:sent",
            status="200 OK",
            headline="Sent to Paytend",
            says=f"Paytend says: {answer.message} {says}" if answer.message else says,
        )

    def _record(self, grant: PageGrant, found: _Document, outcome: _Outcome, *, work: str) -> None:
        """Note what became of it, and tell the person in Slack too: the page may be closed."""
        shows = FileType(found.file_type).text
        told = DocumentOutcome(
            headline=outcome.headline,
            holder_id=grant.subject,
            shows=shows[:1].upper() + shows[1:],
            says=outcome.says.replace("You can close this page.", "").strip(),
        )
        try:
            with self.database.writing() as session:
                now = self.now_in(session)
                self._note(session, outcome.event, grant, found, now=now)
                self.outbox.enqueue(session, kind=told.template, facts=told, recipient=grant.account, now=now)
                session.delete(session.get_one(OpenWork, work))
        except SQLAlchemyError:
            # The page says what came of it; the row of the work is left, so that Slack says that it is not sure.
            _log.exception("drop.not_recorded", extra={"outcome": outcome.event})
            return
        self.wake_deliverer()

    def _note(self, session: Session, event: str, grant: PageGrant, found: _Document, *, now: datetime) -> None:
        chain.append(
            session,
            event,
            key=self.audit_key,
            actor=grant.account,
            subject=grant.subject,
            facts=found.facts,
            now=now,
        )


def _make_form(grant: PageGrant, *, wrong: str = "", file_type: str = "") -> DropForm:
    return DropForm(
        title="Upload a document",
        holder_id=grant.subject,
        person=grant.bound.get("name", ""),
        file_types=list_choices(FileType.TEXTS),
        file_type=file_type,
        wrong=wrong,
    )


def _check(sent: SentForm) -> _Document | str:
    """Return the document, or in words what is wrong with it."""
    file_type = sent.texts.get("file_type", "")
    chosen = [content for content in sent.files.values() if content]
    if file_type not in FileType.TEXTS:
        return "Choose what the file shows."
    if len(chosen) != 1:
        return "Choose one file." if chosen else "Choose a file first. One that is empty is not sent."
    (content,) = chosen
    if len(content) > LARGEST_DOCUMENT:
        return _TOO_LARGE
    suffix = document.find_suffix(content)
    if suffix is None:
        return document.say_kind(content)
    return _Document(content=content, suffix=suffix, file_type=file_type)

"""Who asks, decides, settles and stops, and what of it counts: kept outside of the database that lies."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import DBAPIError

from approvals.audit.chain import TrailWentBack
from approvals.policy.people import Member, accounts_of, identity_of
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.statuses import Status
from approvals.stops import resuming, stopping
from approvals.stops.scope import StopKind, StopScope
from approvals.stops.standing import find_standing
from approvals.tables import Execution, Request
from tests.approvals.world import ADA, MARA, MILO, SAM, ApprovalWorld, person, snapshot

ALTER_EGO = person("U0ALT", "manager", name="Sam again")  # Sam's other account
SAME = (("U0SAM", "U0ALT"),)
CAREFUL = 600.0  # seconds after which people believe that what the portal does not show will not come


@dataclass
class Wish:
    """What somebody wants once, however often it has to be asked for."""

    card_id: str
    asked: list[Request] = field(default_factory=list)


class People:
    """Two honest managers, an admin, and Sam, who asks and tries to decide about it under a second account."""

    def __init__(self, history: Any, world: ApprovalWorld) -> None:
        self.history = history
        self.world = world
        self.wishes: list[Wish] = []
        self.wish_of: dict[str, Wish] = {}  # by reference
        self.approved_by: dict[str, set[str]] = {}  # request: humans
        self.approved_at: dict[str, float] = {}
        self.world.members_by_account["U0ALT"] = ALTER_EGO
        self.world.members_by_account["U0SAM"] = replace(SAM, roles=frozenset({"support", "manager"}))

    def ask(self, wish: Wish) -> None:
        """Let Sam ask for a wish."""
        self.world.now = self.history.now()
        self.world.card = snapshot(card_id=wish.card_id, holder_id=wish.card_id)
        try:
            request = self.world.asks(by=self.world.members_by_account["U0SAM"])
        except (Refusal, TrailWentBack):
            return
        wish.asked.append(request)
        self.wish_of[request.reference] = wish

    def learn_who_is_who(self) -> None:
        """Join Sam's accounts in the identity map, as after an edit of cardops.yml."""
        self.world.same(*SAME)
        for account, member in self.world.members_by_account.items():
            known = replace(
                member.person,
                id=identity_of(account, same_person=SAME),
                accounts=accounts_of(account, same_person=SAME),
            )
            self.world.members_by_account[account] = replace(member, person=known)

    def decide(self, request: Request) -> None:
        """Let Sam try, then somebody honest."""
        self.world.now = self.history.now()
        knows = bool(self.world.context.same_person)
        for account in ("U0SAM", "U0ALT") if knows else ("U0SAM",):
            if self._try(request, account):
                self.history.violates(f"the requester decided as {account}")
        self._try(request, self.history.chance.choice((MARA, MILO)).person.account)

    def _try(self, request: Request, account: str) -> bool:
        try:
            self.world.decides(request, self.world.members_by_account[account])
        except (Refusal, TrailWentBack):
            return False
        except DBAPIError:
            if not self.history.has_insider:
                self.history.violates("only a guard of the database refused it")
            return False
        self.approved_by.setdefault(request.id, set()).add("sam" if account in {"U0SAM", "U0ALT"} else account)
        self.approved_at[request.id] = self.history.seconds()
        return True

    def act(self) -> None:
        """Do one thing that people do."""
        for wish in self.wishes:
            request = self.newest(wish)
            if request is None:
                self.ask(wish) if not wish.asked else None
            elif request.status == Status.PENDING:
                self.decide(request)
            elif request.status == Status.UNKNOWN:
                self.settle(request)
            elif request.status == Status.FAILED and request.reference not in self.history.paytend.lied:
                self.ask(wish)  # they were told that it did not happen

    def stop(self) -> None:
        """Let Mara stop everything, or two people resume it."""
        self.world.now = self.history.now()
        members = self.world.members_by_account
        with suppress(Refusal, TrailWentBack), self.world.database.writing() as session:
            standing = find_standing(session, self.world.context)
            if not standing:
                everything = StopScope(kind=StopKind.ALL)
                mara, now = members["U0MARA"], self.world.now
                stopping.stop(
                    session, self.world.context, scope=everything, member=mara, reason="strange", now=now
                )
            for who in ("U0MARA", "U0ADA") if standing else ():
                resuming.resume(
                    session,
                    self.world.context,
                    stop_ids=[each.id for each in standing],
                    member=members[who],
                    members_by_account=members,
                    reason="looked at",
                    now=self.world.now,
                )

    def newest(self, wish: Wish) -> Request | None:
        """Return the newest request for a wish as it is now; None if the database does not have it."""
        if not wish.asked:
            return None
        try:
            return self.world.read(wish.asked[-1])
        except stored.UnknownRequest:
            return None

    def settle(self, request: Request) -> bool:
        """Let Sam try to settle it, then two people by what the portal shows; return whether it has ended."""
        since = self.history.seconds() - self.approved_at.get(request.id, self.history.seconds())
        happened = self.history.paytend.happened(request.reference)
        self.world.now = self.history.now()
        for account in ("U0SAM", "U0ALT") if self.world.context.same_person else ("U0SAM",):
            if self._says(request, self.world.members_by_account[account], happened=not happened):
                self.history.violates("the requester settled")
        if since < CAREFUL or self.history.paytend.is_under_way(request.reference):
            # Hasty people press the button all the same: it must refuse while Paytend said that it is in progress.
            if self.knows_progress(request) and self._says(request, MARA, happened=False):
                self.history.violates("settled as not done while in progress")
            return False
        for who in (MARA, ADA):
            self._says(request, self.world.members_by_account[who.person.account], happened=happened)
        return self.world.read(request).status != Status.UNKNOWN

    def knows_progress(self, request: Request) -> bool:
        """Whether the last clear word of Paytend was that it is in progress."""
        with self.world.database.reading() as session:
            execution = session.get(Execution, request.id)
        return execution is not None and execution.last_said == "in_progress"

    def _says(self, request: Request, who: Member, *, happened: bool) -> bool:
        try:
            self.world.settles(request, who, happened=happened)
        except (Refusal, TrailWentBack):
            return False
        except DBAPIError:
            if not self.history.has_insider:
                self.history.violates("only a guard of the database refused it")
            return False
        return True

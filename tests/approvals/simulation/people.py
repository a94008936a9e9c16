"""Who asks, decides, settles and stops, and what of it counts: kept outside of the database that lies."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import DBAPIError

from approvals.audit.chain import TrailWentBack
from approvals.policy.people import Member, accounts_of, identity_of
from approvals.refusals import Refusal
from approvals.statuses import Status
from approvals.stops import resuming, stopping
from approvals.stops.scope import StopKind, StopScope
from approvals.stops.standing import find_standing
from approvals.tables import Request
from tests.approvals.world import ADA, MARA, MILO, SAM, ApprovalWorld, person, snapshot

ALTER_EGO = person("U0ALT", "manager", name="Sam again")  # Sam's other account
SAME = (("U0SAM", "U0ALT"),)
SAM_TRIES = 0.4
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
        self.has_stopped = False
        self._words: set[tuple[str, str, str]] = set()
        self.decides = self.history.chance.random() < 0.95  # else nobody has time before the calm
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
        for account in self._tries_of_sam():
            if self._try(request, account):
                self.history.violates(f"the requester decided as {account}")
        self._try(request, self.history.chance.choice((MARA, MILO)).person.account)

    def _tries_of_sam(self) -> tuple[str, ...]:
        """With which accounts the requester presses the button now, though it must refuse."""
        if not self.history.happens(SAM_TRIES):
            return ()
        # Who nobody knows to be the same person may press it: that is a matter of the identity map.
        return ("U0SAM", "U0ALT") if self.world.context.same_person else ("U0SAM",)

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
        statuses = self.history.read_statuses()
        for wish in self.wishes:
            if not wish.asked:
                self.ask(wish)
                continue
            for request in wish.asked:
                match statuses.get(request.id):
                    case Status.PENDING if self.decides or self.history.is_calm:
                        self.decide(request)
                    case "to settle" | "contradicted" as seen:
                        self.settle(request, seen=seen)
                    case Status.UNKNOWN if self.history.happens(0.1):
                        self.settle(request, seen="unknown")
            if statuses.get(wish.asked[-1].id) == Status.FAILED:
                self.ask(wish)  # they were told that it did not happen

    def stop(self) -> None:
        """Let Mara stop everything, or two people resume it."""
        self.world.now = self.history.now()
        members = self.world.members_by_account
        with suppress(Refusal, TrailWentBack), self.world.database.writing() as session:
            standing = find_standing(session, self.world.context)
            self.has_stopped = not standing
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

    def settle(self, request: Request, *, seen: str) -> None:
        """Let Sam try to settle it, then two people by what the portal shows."""
        since = self.history.seconds() - self.approved_at.get(request.id, self.history.seconds())
        happened = self.history.paytend.happened(request.reference)
        self.world.now = self.history.now()
        for account in self._tries_of_sam():
            if self._says(request, self.world.members_by_account[account], happened=not happened):
                self.history.violates("the requester settled")
        if since < CAREFUL or self.history.paytend.is_in_progress(request.reference):
            # Hasty people press the button all the same: it must refuse while Paytend said that it is in progress.
            if self.knows_progress(request) and self._says(request, MARA, happened=False):
                self.history.violates("settled as not done while in progress")
            return
        # Each acts alone: the other one may come later, and Paytend may say something else in between.
        for who in (MARA, ADA, MILO):
            # A word stays; only some press the button again.
            word = (request.id, who.person.account, seen)
            if self.history.happens(0.3) or (word in self._words and not self.history.happens(0.1)):
                continue
            if self._says(request, self.world.members_by_account[who.person.account], happened=happened):
                self._words.add(word)

    def miss_words(self) -> None:
        """Notice that the database may have lost words: the message names those that it has."""
        self._words.clear()

    def knows_progress(self, request: Request) -> bool:
        """Whether the last clear word of Paytend was that it is in progress."""
        query = f"SELECT last_said FROM approval_execution WHERE request_id = '{request.id}'"  # noqa: S608 - ours
        return bool(self.history.read(query) == [("in_progress",)])

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

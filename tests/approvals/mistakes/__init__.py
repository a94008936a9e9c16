"""Deliberate mistakes in the money path, each of which the simulation must find."""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend", "sandbox", "storage", "tests")


class Drifted(Exception):
    """The code of a mistake is not in its file once; write the mistake anew for the code of today."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake: in `file`, `right` becomes `wrong`, and in the files of `also`.

    The simulation finds it in the first `seeds` histories.
    """

    name: str
    file: str
    right: str
    wrong: str
    also: tuple[tuple[str, str, str], ...] = ()
    seeds: int = 400

    @property
    def edits(self) -> tuple[tuple[str, str, str], ...]:
        """File, right and wrong of each place."""
        return ((self.file, self.right, self.wrong), *self.also)

    def require_applicable(self) -> None:
        """Check that the code is there exactly once; raises Drifted."""
        for file, right, _ in self.edits:
            count = (ROOT / file).read_text().count(right)
            if count != 1:
                raise Drifted(f"{self.name}: its code is {count} times in {file}, not once")

    def copy_to(self, folder: Path) -> None:
        """Copy the packages to a folder, with the mistake in them."""
        self.require_applicable()
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file, right, wrong in self.edits:
            target = folder / file
            target.write_text(target.read_text().replace(right, wrong))


MISTAKES = (
    Mistake(
        name="refusal means failed",
        file="approvals/actions/answer_evidence.py",
        right='(Said.REFUSED, _ALL, Belief.UNKNOWN, Next.ASK, "It may refuse',
        wrong='(Said.REFUSED, _ALL, Belief.FAILED, Next.ASK, "It may refuse',
    ),
    Mistake(
        name="claim without the MAC",
        file="approvals/execution/execution.py",
        right="    if doubted := _doubt(session, context, request, now=now):\n        return doubted\n",
        wrong="",
        also=(
            (
                "storage/macs.py",
                "return key is not None and hmac.compare_digest(digest.encode(), _digest(key, message).encode())",
                "return True",
            ),
        ),
    ),
    Mistake(
        name="lease by wall clock",
        file="approvals/execution/interrupted_executions.py",
        right="ended = watch.find_ended((lease for _, lease in held), length=context.lease)",
        wrong="ended = set(session.exec(select(Execution.lease).where(col(Execution.lease_until) <= now)).all())",
    ),
    Mistake(
        name="same person compared by id",
        file="approvals/policy/people.py",
        right="return not self.known_ids.isdisjoint(ids)",
        wrong="return self.id in ids",
    ),
    Mistake(
        name="no look before the first send",
        file="approvals/execution/prior_lookup.py",
        right="    if action.question is not Question.REFERENCE or action.lookup is None",
        wrong="    if True or action.lookup is None",
    ),
    Mistake(
        name="settlement while in progress",
        file="approvals/execution/settlement_by_people.py",
        right="        raise StillInProgress\n",
        wrong="        pass\n",
    ),
    Mistake(
        name="put-off forgotten",
        file="approvals/execution/postponements.py",
        right="    request.not_before = now + pause_after(request.put_off)\n",
        wrong="",
    ),
    Mistake(
        name="requester settles",
        file="approvals/execution/settlement_by_people.py",
        right="            requester=(request.requester_id, request.requester_account),\n",
        wrong="            requester=(),\n",
    ),
    Mistake(
        name="lease not checked before the send",
        file="approvals/execution/execution.py",
        right="        if not holds(work) or monotonic() >= work.send_before:\n            raise TooLate\n",
        wrong="        return\n",
    ),
    Mistake(
        name="stop not read inside the claim",
        file="approvals/requests/stopped.py",
        right="    refuse_stopped(session, context, action=request.action, cards=payload.cards)\n",
        wrong="",
    ),
    Mistake(
        name="no answer means failed",
        file="approvals/actions/answer_evidence.py",
        right='(Said.NO_ANSWER, _ALL, Belief.UNKNOWN, Next.ASK, "It was sent, and may',
        wrong='(Said.NO_ANSWER, _ALL, Belief.FAILED, Next.ASK, "It was sent, and may',
    ),
    Mistake(
        name="interrupted executions are forgotten",
        file="approvals/execution/interrupted_executions.py",
        right="if now - since >= length.total_seconds()",
        wrong="if now - since >= length.total_seconds() ** 3",
    ),
    Mistake(
        name="the requester approves",
        file="approvals/requests/decision_validity.py",
        right=(
            "    require_eligible(\n        member,\n"
            "        requester=(state.requester_id, state.requester_account),\n"
        ),
        wrong="    require_eligible(\n        member,\n        requester=(),\n",
    ),
)

"""What `/card apply` does."""

from bot.acts.kinds import Submission, Typed

TYPED: dict[str, Typed] = {}
SUBMISSIONS: dict[str, Submission] = {}

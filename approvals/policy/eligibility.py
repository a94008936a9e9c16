"""Whether a person may decide a request. Pure."""

from approvals.refusals import Refusal


class SelfApproval(Refusal):
    """You asked for this yourself, so somebody else has to decide."""


class ChangedCardholder(Refusal):
    """You changed this cardholder within the last 24 hours, so somebody else has to decide."""

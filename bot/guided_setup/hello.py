"""The first message in the approvals channel."""

from dataclasses import dataclass

from notifier.rendering.facts import TemplateFacts


@dataclass(frozen=True, kw_only=True)
class Hello(TemplateFacts, template="hello"):
    """The facts of the first message: which roles decide here."""

    approvers: str

"""How the Web API says no, and what a person in the workspace cannot do."""

from sandbox.slack.shapes import Json


class SlackRefusal(Exception):
    """A call that Slack answers with `ok: false` and the name of an error."""

    def __init__(self, code: str, **fields: object) -> None:
        """Refuse with Slack's own name for it, and more fields for the answer."""
        super().__init__(code)
        self.code = code
        self.fields = fields

    def as_json(self) -> Json:
        """Return the answer's body."""
        return {"ok": False, "error": self.code, **self.fields}


class Invalid(SlackRefusal):
    """A call with arguments that Slack does not accept; says what is wrong with each."""

    def __init__(self, problems: list[str], *, code: str = "invalid_arguments") -> None:
        """Refuse because of these problems."""
        super().__init__(code, response_metadata={"messages": problems})


class CannotAct(Exception):
    """A person tried what the client would not let them do: not a member, no such button, no modal open."""

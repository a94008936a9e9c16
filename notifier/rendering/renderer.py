"""Rendering notices, cards and views from `<name>.json.j2`: Block Kit JSON with holes.

Every hole is escaped by `finalize`; templates may not glue texts together (`~`, `+`) or repeat them (`*`):
glued markup would be escaped for HTML instead, and a repeated text is a bomb that no sandbox stops.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import ChoiceLoader, PackageLoader, StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifier.rendering.escaping import FILTERS, finalize, unescape_plain
from notifier.rendering.facts import TemplateFacts, make_plain
from notifier.rendering.slack_limits import FALLBACK_TEXT, DoesNotFit, cut, find_left_out, fit_blocks, fit_view
from notifier.rendering.template_limits import check_bounds

SUFFIX = ".json.j2"
_KEPT_FILTERS = (
    *(
        "capitalize",
        "default",
        "first",
        "int",
        "last",
        "length",
        "list",
        "lower",
        "round",
        "sort",
        "title",
        "trim",
    ),
    "upper",
)
# Each makes texts long or reads attributes by their names; the sandbox refuses neither (A24, A25).
_FORBIDDEN_METHODS = frozenset(
    {
        "center",
        "encode",
        "expandtabs",
        "format",
        "format_map",
        "join",
        "ljust",
        "replace",
        "rjust",
        "translate",
        "zfill",
    }
)
_FORBIDDEN = (nodes.Add, nodes.Concat, nodes.Mod, nodes.Mul, nodes.Pow, nodes.ScopedEvalContextModifier)


class RenderFailed(Exception):
    """There is no such template, or it cannot be filled with these facts."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A message as Slack takes it: the fallback text, and blocks (none for plain text).

    `left_out` are the texts, whole, for which Slack's limits leave no room.
    """

    text: str
    blocks: list[dict[str, Any]]
    left_out: tuple[str, ...] = ()


class Renderer:
    """All templates of some packages, compiled once; thread-safe."""

    def __init__(self, folders: Sequence[tuple[str, str]]) -> None:
        """Compile the templates of (package, folder) pairs; raises TemplateError for one that is not allowed."""
        # Values are escaped by finalize; autoescape only marks what is safe, so that macros are escaped once.
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([PackageLoader(package, folder) for package, folder in folders]),
            autoescape=True,
            finalize=finalize,
            undefined=StrictUndefined,  # a misspelt fact must fail, not leave a hole that nobody notices (F28)
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        kept = {name: self._environment.filters[name] for name in _KEPT_FILTERS}
        self._environment.filters = {**kept, **FILTERS}
        # Without `range`, `lipsum` and `cycler`: endless loops, and ways to the interpreter (A24, A25).
        self._environment.globals = {}
        names = [name for name in self._environment.list_templates() if name.endswith(".j2")]
        for name in names:
            self._check(name)
        self._templates = {
            name.removesuffix(SUFFIX): self._environment.get_template(name)
            for name in names
            if name.endswith(SUFFIX)
        }

    @property
    def names(self) -> list[str]:
        """The names of all templates."""
        return sorted(self._templates)

    def message(self, kind: str, facts: TemplateFacts | Mapping[str, Any]) -> Rendered:
        """Return the message of a kind, within Slack's limits; raises RenderFailed."""
        document = self._fill(kind, facts)
        text, blocks = document.get("text"), document.get("blocks")
        if not isinstance(text, str) or not isinstance(blocks, list):
            raise RenderFailed(f"{kind}: a message has text and blocks")
        try:
            fitted = fit_blocks(blocks, surface="message")
        except DoesNotFit as error:
            raise RenderFailed(f"{kind}: {error}") from error
        return Rendered(
            text=cut(text.strip() or kind, FALLBACK_TEXT),
            blocks=fitted,
            left_out=find_left_out(blocks, fitted),
        )

    def view(self, name: str, facts: TemplateFacts | Mapping[str, Any]) -> dict[str, Any]:
        """Return a modal or Home view, within Slack's limits; raises RenderFailed."""
        try:
            return fit_view(self._fill(name, facts))
        except DoesNotFit as error:
            raise RenderFailed(f"{name}: {error}") from error

    def override(
        self, name: str, source: str, *, lists: Mapping[str, int], trials: Sequence[Mapping[str, Any]]
    ) -> None:
        """Let this source take the place of a template, at the start only; ours stays where it raises.

        `lists` are the facts that are lists, with their most items. Raises TemplateError for one that is not
        allowed or may make too much, and RenderFailed for one that fails with a trial.
        """
        self._check_source(name, source)
        check_bounds(self._environment.parse(source, name), name=name, lists=lists)
        ours = self._templates.get(name)
        self._templates[name] = self._environment.from_string(source)
        try:
            for facts in trials:
                self.message(name, facts)
        except RenderFailed:
            del self._templates[name]
            if ours is not None:
                self._templates[name] = ours
            raise

    def _check(self, name: str) -> None:
        loader = self._environment.loader
        self._check_source(name, loader.get_source(self._environment, name)[0] if loader else "")

    def _check_source(self, name: str, source: str) -> None:
        """Refuse a template that glues or repeats texts; unknown filters are refused by compiling."""
        tree = self._environment.parse(source, name)
        for node in tree.find_all(_FORBIDDEN):
            raise TemplateSyntaxError(
                f"{type(node).__name__} is not allowed in a template", node.lineno, name, name
            )
        for call in tree.find_all(nodes.Call):
            called = call.node
            if isinstance(called, nodes.Getitem) or getattr(called, "attr", "") in _FORBIDDEN_METHODS:
                raise TemplateSyntaxError("this call is not allowed in a template", call.lineno, name, name)

    def _fill(self, name: str, facts: TemplateFacts | Mapping[str, Any]) -> dict[str, Any]:
        template = self._templates.get(name)
        if template is None:
            raise RenderFailed(f"{name}: there is no such template")
        try:
            document = json.loads(template.render(make_plain(facts)))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            # The reason may quote a value, so only its type is named.
            raise RenderFailed(f"{name}: {type(error).__name__}") from error
        if not isinstance(document, dict):
            raise RenderFailed(f"{name}: not an object")
        return {key: unescape_plain(value) for key, value in document.items()}

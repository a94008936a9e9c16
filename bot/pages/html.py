"""Makes the pages: plain HTML from templates, escaped, with headers that forbid browsers to load or pass on more.

Style and script are in the page itself, and the policy of its content names their digests: nothing else is loaded
or run, neither from us nor from elsewhere.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, fields
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.http.app import HttpResponse

_SUFFIX = ".html.j2"
# Beside the policy of the content. Pages are for one person and one moment: nobody keeps them or frames them, and
# no other site learns their address.
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class PageFacts:
    """The facts of one template, as a frozen dataclass with its name.

    `script` names a file beside the templates that the page runs.
    """

    template: ClassVar[str]
    script: ClassVar[str]

    def __init_subclass__(cls, *, template: str, script: str = "") -> None:
        """Note the template."""
        cls.template, cls.script = template, script


@dataclass(frozen=True, kw_only=True)
class PageView:
    """A page to be shown, with its status line."""

    facts: PageFacts
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = ()


class PageRenderer:
    """The templates of the pages, compiled once; thread-safe."""

    def __init__(self) -> None:
        """Read the templates, the style and the scripts."""
        loader = PackageLoader("bot.pages", "templates")
        self._environment = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        names = self._environment.list_templates()
        self._templates = {
            name.removesuffix(_SUFFIX): self._environment.get_template(name)
            for name in names
            if name.endswith(_SUFFIX)
        }
        self._files = {
            name: loader.get_source(self._environment, name)[0] for name in names if name.endswith((".css", ".js"))
        }

    def respond(self, view: PageView) -> HttpResponse:
        """Return a page as a response."""
        facts = view.facts
        style, script = self._files["page.css"], self._files[facts.script] if facts.script else ""
        given = {each.name: getattr(facts, each.name) for each in fields(facts)}  # type: ignore[arg-type]  # its subclasses are dataclasses
        # `Markup`: they are ours, and escaping would change what their digests are of.
        text = self._templates[facts.template].render(style=Markup(style), script=Markup(script), **given)  # noqa: S704 - files of ours
        return HttpResponse(
            status=view.status,
            body=text.encode(),
            type="text/html; charset=utf-8",
            headers=(("Content-Security-Policy", _make_policy(style, script)), *_HEADERS, *view.headers),
        )


def _make_policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_name_digest(style)}",
            f"script-src {_name_digest(script) if script else chr(39) + 'none' + chr(39)}",
            "img-src data:",  # the empty icon, without which browsers ask for one
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _name_digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""The web part of our pages: finds the page and the token of a request, refuses in words, and shows.

GET and HEAD change nothing, as whatever previews a link sends them; only a POST from the page itself spends a
token. No cookie is set or read. A token is in the address only: no log, no metric and no other page has it.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from bot.http.app import Allowance, HttpRequest, HttpResponse, is_plain
from bot.pages.html import PageFacts, PageRenderer, PageView
from bot.pages.rates import RateLimit
from bot.pages.tokens import PageGrant, PageTokens, TokenOver, TokenUnknown, digest_token

_PATH = re.compile(r"/([a-z]+)/([A-Za-z0-9_-]{43})")
_METHODS = ("GET", "HEAD", "POST")
# What browsers say of a form that a page of ours sent; older ones say nothing.
_FROM_HERE = frozenset({"", "same-origin", "none"})

_log = logging.getLogger(__name__)


class PageRefusal(StrEnum):
    """Why a page is not shown, as the metric says it."""

    UNKNOWN = "unknown"
    OVER = "over"
    TOO_OFTEN = "too often"
    METHOD = "method"
    OTHER_SITE = "other site"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class ToldPage(PageFacts, template="told"):
    """A few words."""

    title: str
    says: str
    next: str = ""


def tell(status: str, title: str, says: str, next: str = "") -> PageView:  # noqa: A002 - the name of the fact
    """Return a page with a few words."""
    return PageView(facts=ToldPage(title=title, says=says, next=next), status=status)


GONE = "Such a link works once, and only for some minutes."
ASK_AGAIN = "Ask for a new one in Slack, where you got it."
_NO_TOKEN = tell("404 Not Found", "This link does not work", GONE, ASK_AGAIN)
_OVER = tell("410 Gone", "This link is over", GONE, ASK_AGAIN)
_TOO_OFTEN = tell(
    "429 Too Many Requests", "Too many at a time", "You or somebody near you asked very often.", "Wait a minute."
)
_OTHER_METHOD = tell("405 Method Not Allowed", "This does not work", "Open the link as Slack shows it.")
_OTHER_SITE = tell("403 Forbidden", "This does not work", "It was sent from another page than ours.", ASK_AGAIN)
_UNREADABLE = tell("400 Bad Request", "This does not work", "We cannot read what was sent.", ASK_AGAIN)
_DOWN = tell("503 Service Unavailable", "Not now", "Nothing was done.", "Try it again in a minute.")
_BROKEN = tell(
    "500 Internal Server Error", "Something broke", "This is our fault, and it is in our log.", ASK_AGAIN
)
_REFUSED: Mapping[PageRefusal, PageView] = {
    PageRefusal.UNKNOWN: _NO_TOKEN,
    PageRefusal.OVER: _OVER,
    PageRefusal.TOO_OFTEN: replace(_TOO_OFTEN, headers=(("Retry-After", "60"),)),
    PageRefusal.METHOD: replace(_OTHER_METHOD, headers=(("Allow", ", ".join(_METHODS)),)),
    PageRefusal.OTHER_SITE: _OTHER_SITE,
    PageRefusal.UNREADABLE: _UNREADABLE,
}


class NotShown(Exception):
    """The page is not shown; `reason` says why."""

    def __init__(self, reason: PageRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What was sent from a page: the token, which the page spends, what it grants, and the request."""

    token: str
    grant: PageGrant
    request: HttpRequest


@dataclass(frozen=True, kw_only=True)
class Page:
    """A kind of page: `/<purpose>/<token>`.

    `show` makes what GET shows, and changes nothing. `submit` does what POST asks for; it spends the token itself,
    in the transaction of what it does where there is one, and may raise TokenOver. `allowance` is what a POST may
    take, and `late` what is shown when `submit` takes longer than that; the work goes on.
    """

    purpose: str
    show: Callable[[PageGrant], PageView]
    submit: Callable[[Submission], PageView]
    allowance: Allowance
    late: PageView = _DOWN


class PageSite:
    """Answers requests for pages, and says how much a POST may send."""

    def __init__(
        self,
        pages: tuple[Page, ...],
        *,
        tokens: PageTokens,
        renderer: PageRenderer,
        monotonic: Callable[[], float],
        refuse: Callable[[PageRefusal], None] = lambda _reason: None,
    ) -> None:
        """Take the pages; `refuse` counts what is not shown."""
        self._pages = {page.purpose: page for page in pages}
        self._tokens = tokens
        self._renderer = renderer
        self._refuse = refuse
        # One desk of people may share an address; a person needs a handful for a page.
        self._of_address = RateLimit(most=120, seconds=60, monotonic=monotonic)
        self._unknown_of_address = RateLimit(most=20, seconds=60, monotonic=monotonic)
        self._of_token = RateLimit(most=20, seconds=60, monotonic=monotonic)

    def takes(self, path: str) -> bool:
        """Whether a path is one of a page, with whatever behind it."""
        return path[1:].partition("/")[0] in self._pages

    def admit(self, request: HttpRequest) -> Allowance | None:
        """Return what a POST may send, by its head; None where the usual bounds will do.

        Only with a token may somebody send more, or more slowly; also with one that is over, to be told so.
        """
        page, token = self._match(request.path)
        if page is None or request.method != "POST" or not self._of_address.let_pass(request.sender):
            return None
        try:
            self._tokens.find(token, purpose=page.purpose)
        except TokenOver:
            pass
        except (TokenUnknown, SQLAlchemyError):
            return None
        return replace(page.allowance, late=self._renderer.respond(page.late))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the page that a request asks for."""
        try:
            view = self._answer(request)
        except NotShown as error:
            self._refuse(error.reason)
            view = _REFUSED[error.reason]
        except SQLAlchemyError:
            _log.exception("page.no_database")
            view = _DOWN
        except Exception:  # noqa: BLE001 - the edge: the person gets no detail, the log has it, without the path
            _log.exception("page.broken")
            view = _BROKEN
        return self._renderer.respond(view)

    def _match(self, path: str) -> tuple[Page | None, str]:
        found = _PATH.fullmatch(path)
        return (self._pages.get(found.group(1)), found.group(2)) if found else (None, "")

    def _answer(self, request: HttpRequest) -> PageView:
        if not self._of_address.let_pass(request.sender):
            raise NotShown(PageRefusal.TOO_OFTEN)
        page, token = self._match(request.path)
        if page is None:
            raise NotShown(PageRefusal.UNKNOWN)
        if request.method not in _METHODS:
            raise NotShown(PageRefusal.METHOD)
        # By its digest: tokens are not kept for counting either.
        if not self._of_token.let_pass(digest_token(token)):
            raise NotShown(PageRefusal.TOO_OFTEN)
        grant = self._find(request, page, token)
        if request.method != "POST":
            return page.show(grant)
        if request.headers.get("sec-fetch-site", "") not in _FROM_HERE:
            raise NotShown(PageRefusal.OTHER_SITE)
        if not is_plain(request):
            raise NotShown(PageRefusal.UNREADABLE)
        try:
            return page.submit(Submission(token=token, grant=grant, request=request))
        except TokenOver as error:
            raise NotShown(PageRefusal.OVER) from error

    def _find(self, request: HttpRequest, page: Page, token: str) -> PageGrant:
        try:
            return self._tokens.find(token, purpose=page.purpose)
        except TokenOver as error:
            raise NotShown(PageRefusal.OVER) from error
        except TokenUnknown as error:
            is_rare = self._unknown_of_address.let_pass(request.sender)
            raise NotShown(PageRefusal.UNKNOWN if is_rare else PageRefusal.TOO_OFTEN) from error

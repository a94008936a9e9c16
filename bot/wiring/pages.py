"""Composes our own pages: their tokens, the links to them, and what answers them."""

import secrets
from collections.abc import Sequence
from functools import partial

from approvals.context import ApprovalContext
from bot.clock import read_monotonic
from bot.http.refusals import Door
from bot.pages.decide import PageDesk, make_decide_page
from bot.pages.drop import DropPage
from bot.pages.enrol import make_enrol_page
from bot.pages.html import PageRenderer
from bot.pages.links import PageLinks
from bot.pages.site import Page, PageRefusal, PageSite
from bot.pages.tokens import USE, PageTokens
from bot.slack.members import WorkspaceMembers
from bot.wiring.approvals import ApprovalEdge
from bot.wiring.foundation import Foundation
from storage.macs import MacKeys


def make_page_tokens(base: Foundation) -> PageTokens:
    """Return what makes tokens and spends them."""
    settings = base.settings
    return PageTokens(
        database=base.database,
        # The last key, as for the trail: a rotation of the first must not end links.
        macs=MacKeys([*settings.CARDOPS_AUDIT_KEYS, settings.CARDOPS_SECRET_KEYS[-1]], uses=(USE,)),
        now_in=base.clock.now_in,
        random_bytes=secrets.token_bytes,
    )


def make_page_links(base: Foundation, tokens: PageTokens) -> PageLinks | None:
    """Return what makes links; None without a public address, where nobody could open one."""
    url = base.settings.CARDOPS_PUBLIC_URL
    return PageLinks(public_url=url, tokens=tokens) if url else None


def make_drop_page(base: Foundation, tokens: PageTokens, *, approvals: ApprovalEdge) -> DropPage:
    """Return the page on which documents are sent."""
    clients, config = base.clients, base.config
    return DropPage(
        database=base.database,
        tokens=tokens,
        paytend=clients.paytend,
        find_member=WorkspaceMembers(directory=clients.directory, roles=config.roles).find,
        audit_key=approvals.context.audit_key,
        outbox=approvals.context.outbox,
        now_in=base.clock.now_in,
        make_id=base.make_id,
        wake_deliverer=base.loops.delivery.wake,
    )


def make_page_site(base: Foundation, tokens: PageTokens, *, pages: Sequence[Page]) -> PageSite | None:
    """Return what answers the pages; None without a public address."""
    if not base.settings.CARDOPS_PUBLIC_URL:
        return None
    refusals = base.counters.refusals
    refusals.expect(Door.PAGE, PageRefusal)
    return PageSite(
        tuple(pages),
        tokens=tokens,
        renderer=PageRenderer(),
        monotonic=read_monotonic,
        refuse=partial(refusals.add, Door.PAGE),
    )


def make_passkey_pages(base: Foundation, tokens: PageTokens, *, context: ApprovalContext) -> tuple[Page, ...]:
    """Return the pages on which passkeys are enrolled, and decisions proved."""

    def wake() -> None:
        base.loops.delivery.wake()
        base.loops.execution.wake()

    desk = PageDesk(
        database=base.database,
        context=context,
        tokens=tokens,
        find_member=WorkspaceMembers(directory=base.clients.directory, roles=base.config.roles).find,
        now_in=base.clock.now_in,
        wake=wake,
    )
    return (make_decide_page(desk), make_enrol_page(desk))

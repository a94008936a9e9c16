"""Playwright's `expect`, imported by the first test that uses it.

Every process of pytest collects these tests, and few run one; importing Playwright takes longer than importing all
of our packages.
"""

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from playwright.sync_api._generated import LocatorAssertions, PageAssertions


@overload
def expect(actual: "Locator") -> "LocatorAssertions": ...


@overload
def expect(actual: "Page") -> "PageAssertions": ...


def expect(actual: "Locator | Page") -> "LocatorAssertions | PageAssertions":
    """Return what can be expected of a page or of a part of it; each expectation waits until it is met."""
    from playwright import sync_api  # noqa: PLC0415 - see above

    return sync_api.expect(actual)

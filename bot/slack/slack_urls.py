"""Which addresses in a payload belong to Slack: a payload is Slack's word, and still names only hosts of Slack."""

from collections.abc import Collection
from urllib.parse import urlsplit

_LONGEST = 2_048  # characters
_HTTPS = (None, 443)


def belongs_to_slack(url: str, *, hosts: Collection[str], base_url: str) -> bool:
    """Whether a URL is https at one of these hosts, or lies beside the Web API (`SLACK_API_BASE_URL`)."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable():
        return False
    try:
        asked, own = urlsplit(url), urlsplit(base_url)
        place, base = (asked.scheme, asked.hostname, asked.port), (own.scheme, own.hostname, own.port)
    except ValueError:  # not a URL at all
        return False
    if asked.username is not None or asked.password is not None:
        return False
    if asked.scheme == "https" and asked.hostname in hosts and asked.port in _HTTPS:
        return True
    # A Slack of one's own, such as the stand-in, keeps everything beside its methods.
    return place == base

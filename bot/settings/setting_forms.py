"""The forms of single settings: each function returns the value or says in words how it is written. Pure."""

import base64
import binascii
import re
from ipaddress import ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storage.vault import KEY_BYTES

_LOCAL = {"127.0.0.1", "localhost", "::1"}


def check_url(value: str) -> str:
    """Return an address of an HTTP interface; raises ValueError in words."""
    try:
        parts = urlsplit(value)
        _port = parts.port
    except ValueError as error:
        raise ValueError("must be an address such as https://api.example.com or …:8443") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that starts with https://")
    # Anywhere else tokens and personal data would travel in clear (A29).
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ValueError("must be https (http is for this machine only)")
    return value


def check_public_url(value: str) -> str:
    """Return the address at which browsers reach us, without a slash at its end; raises ValueError in words."""
    if not value:
        return value
    address = check_url(value).rstrip("/")
    parts = urlsplit(address)
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an address without a path, such as https://cardops.example.com")
    return address


def check_timezone(value: str) -> str:
    """Return the name of a time zone; raises ValueError in words."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be a time zone such as Europe/Vilnius") from error
    return value


def read_secret_keys(value: object) -> object:
    """Return keys of 32 bytes of their Base64, in their order; raises ValueError in words."""
    if not isinstance(value, str):
        return value
    try:
        keys = tuple(base64.b64decode(part.strip(), validate=True) for part in value.split(","))
    except binascii.Error as error:
        raise ValueError("must be Base64, several keys with commas between them") from error
    if any(len(key) != KEY_BYTES for key in keys):
        raise ValueError(f"each key must have {KEY_BYTES} bytes (make one with: cardops keys new)")
    return keys


def read_signing_seed(value: object) -> object:
    """Return the 32 bytes of a key that signs, of their Base64; raises ValueError in words."""
    keys = read_secret_keys(value)
    if not isinstance(keys, tuple):
        return value
    if len(keys) != 1:
        raise ValueError("must be one key (make one with: cardops keys new --evidence)")
    return keys[0]


def check_listen(value: str) -> str:
    """Return an address to listen on, host:port; raises ValueError in words."""
    if not re.fullmatch(r"\[?[0-9A-Za-z.:_-]+\]?:\d{1,5}", value) or int(value.rpartition(":")[2]) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:3000")
    return value


def check_networks(value: str) -> str:
    """Return addresses or networks with commas between them; raises ValueError in words."""
    for part in filter(None, map(str.strip, value.split(","))):
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError("must be addresses or networks with commas, such as 127.0.0.1, 10.0.0.0/8") from error
    return value

"""What the tests make once in each process, because making it takes longer than most of them."""

import ssl
from functools import cache

from bot.settings import environment
from bot.settings.cardops_yml import Config, parse_config
from bot.wiring.clients import TEMPLATES
from notifier.rendering.renderer import Renderer
from paytend import load_private_key
from sandbox.paytend import Pairs, make_pairs


@cache
def pairs() -> Pairs:
    """The keys of Paytend and of its partner."""
    return make_pairs()


@cache
def renderer() -> Renderer:
    """All templates, compiled, as a running bot has them."""
    return Renderer(TEMPLATES)


@cache
def notifier_renderer() -> Renderer:
    """The notifier's templates and those of its tests, compiled; nothing is to be overridden in it."""
    return Renderer([("notifier", "templates"), ("tests.notifier", "templates")])


@cache
def tls() -> ssl.SSLContext:
    """A context that believes no certificate: everything here is http on this machine."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def config(text: str) -> Config:
    """A parsed cardops.yml."""
    return parse_config(text, name="cardops.yml")


# Settings load each private key twice for a bot, and OpenSSL checks its primes every time.
vars(environment)["load_private_key"] = cache(load_private_key)

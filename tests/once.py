"""What the tests make once in each process, because making it takes longer than most of them."""

import ssl
from functools import cache

from bot.settings.cardops_yml import Config, parse_config
from bot.wiring.clients import TEMPLATES
from notifier.rendering.renderer import Renderer
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
def tls() -> ssl.SSLContext:
    """A context that believes no certificate: everything here is http on this machine."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def config(text: str) -> Config:
    """A parsed cardops.yml."""
    return parse_config(text, name="cardops.yml")

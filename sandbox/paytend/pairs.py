"""The keys around a stand-in. Making them takes longer than most tests, which make them once and hand them in."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The keys of the partner, of Paytend, and of somebody who forges webhooks."""

    partner: RSAPrivateKey = field(repr=False)
    own: RSAPrivateKey = field(repr=False)
    forger: RSAPrivateKey = field(repr=False)


def make_pairs(*, key_size: int = 1024) -> Pairs:
    """Make new keys of that many bits."""
    partner, own, forger = (generate_private_key(public_exponent=65537, key_size=key_size) for _ in range(3))
    return Pairs(partner=partner, own=own, forger=forger)

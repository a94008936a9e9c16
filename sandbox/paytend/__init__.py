"""Paytend's side: a server with all 23 operations, books that balance, webhooks and faults on demand.

`PaytendStandIn` is all that others need; the control calls are in the table of `control.py`, the faults and
modes in `switches.py`, the respCodes in `refusals.py`, the names of the answers' fields in `shown.py`.
"""

from sandbox.paytend.exchanges import PaytendCall
from sandbox.paytend.pairs import Pairs, make_pairs
from sandbox.paytend.standin import PaytendStandIn
from sandbox.paytend.switches import FaultKind

__all__ = ["FaultKind", "Pairs", "PaytendCall", "PaytendStandIn", "make_pairs"]

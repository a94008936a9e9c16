import pytest

from tests.paytend.peer import Peer, make_peer


@pytest.fixture(scope="session")
def peer() -> Peer:
    return make_peer()

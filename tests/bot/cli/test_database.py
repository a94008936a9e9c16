"""`cardops database move`."""

from pathlib import Path

import pytest

from tests.bot.cli.conftest import Operator
from tests.databases import fresh_url


@pytest.mark.postgres
def test_o11_an_operator_moves_to_postgresql_and_the_bot_goes_on_there(small: Operator) -> None:
    small.world().asks()
    for database in small.opened:
        database.close()
    with fresh_url("postgresql", Path()) as url:
        status, said, err = small.types("database", "move", "--to", url)
        assert status == 0, err
        assert "rows moved" in said

        there, _, err = small.types("check", DATABASE_URL=url)
        assert there == 0, err
        assert "database:moved" in small.types("audit", "export", DATABASE_URL=url)[1]
        status, _, err = small.types("check")
        assert status == 2
        assert "was moved to PostgreSQL" in err
        assert small.types("database", "move", "--to", url)[0] == 2


@pytest.mark.parametrize("url", ["sqlite:///other.db", "postgres://x/y", "postgresql+psycopg://u:S3CRET@h:abc/d"])
def test_o11_a_wrong_address_is_told_in_words_and_changes_nothing(small: Operator, url: str) -> None:
    small.world().asks()
    for database in small.opened:
        database.close()

    status, said, err = small.types("database", "move", "--to", url)

    assert status in (1, 2)
    assert "S3CRET" not in said + err
    assert "Traceback" not in err
    assert small.types("check")[0] == 0

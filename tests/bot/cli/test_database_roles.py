"""`cardops database roles`: its SQL works as printed, and the two roles do what each is for."""

import secrets
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from bot.database import schema
from tests.bot.cli.conftest import Operator
from tests.bot.cli.test_role import guards
from tests.databases import SERVER

PASSWORD = "s3cret-of-nobody"


@pytest.fixture
def roles(on_new_postgresql: Operator) -> Iterator[tuple[str, str]]:
    """The names of an owner and a bot's role, which both addresses name; dropped afterwards."""
    mark = secrets.token_hex(4)
    names = (f"cardops_owner_{mark}", f"cardops_bot_{mark}")
    url = make_url(on_new_postgresql.url)
    for setting, name in zip(("DATABASE_OWNER_URL", "DATABASE_URL"), names, strict=True):
        own = url.set(username=name, password=PASSWORD)
        on_new_postgresql.environment[setting] = own.render_as_string(hide_password=False)
    yield names
    with psycopg.connect(f"{SERVER} dbname={url.database}", autocommit=True) as connection:
        for name in names:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                who = sql.Identifier(name)
                connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(who))
                connection.execute(sql.SQL("DROP OWNED BY {}").format(who))
                connection.execute(sql.SQL("DROP ROLE {}").format(who))


def run_sql(operator: Operator, printed: str) -> None:
    plain = make_url(operator.url).set(drivername="postgresql").render_as_string(hide_password=False)
    options = ["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--dbname={plain}"]
    subprocess.run(["psql", *options], input=printed, text=True, check=True, capture_output=True, timeout=20)


@pytest.mark.postgres
@pytest.mark.parametrize("is_migrated", [False, True], ids=["an empty database", "one that a superuser migrated"])
def test_o7_the_sql_works_as_printed_and_both_roles_do_their_part(
    on_new_postgresql: Operator, roles: tuple[str, str], is_migrated: bool
) -> None:
    owner, bot = roles
    if is_migrated:
        schema.migrate(on_new_postgresql.database())
    status, printed, _ = on_new_postgresql.types("database", "roles")
    assert status == 0
    assert PASSWORD not in printed

    for _ in range(2):  # it can be run again
        run_sql(on_new_postgresql, printed)
    run_sql(
        on_new_postgresql, f"ALTER ROLE {owner} PASSWORD '{PASSWORD}'; ALTER ROLE {bot} PASSWORD '{PASSWORD}';"
    )

    assert on_new_postgresql.types("migrate")[0] == 0
    url = (
        make_url(on_new_postgresql.url).set(username=bot, password=PASSWORD).render_as_string(hide_password=False)
    )
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as as_bot:
        assert as_bot.execute("SELECT count(*) FROM audit_event").fetchone() == (0,)
        for statement in ("CREATE TABLE x (a int)", "DROP TABLE audit_event", "DELETE FROM alembic_version"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), as_bot.transaction():
                as_bot.execute(statement.encode())
        own = make_url(on_new_postgresql.url).set(drivername="postgresql", username=owner, password=PASSWORD)
        with psycopg.connect(own.render_as_string(hide_password=False), autocommit=True) as as_owner:
            as_owner.execute("CREATE TABLE later (a int)")
        assert as_bot.execute("SELECT count(*) FROM later").fetchone() == (0,)
    assert guards(on_new_postgresql, url)[0] == "ok"


def test_o7_sqlite_has_no_roles_and_one_role_cannot_be_both(operator: Operator) -> None:
    url = f"postgresql+psycopg://same:{PASSWORD}@127.0.0.1:5432/cardops"
    both = {"DATABASE_URL": url, "DATABASE_OWNER_URL": url}
    status, out, err = operator.types("database", "roles", **both)
    assert (status, out) == (2, "")
    assert "an owner can drop the triggers" in err
    assert PASSWORD not in err

    neither = {"DATABASE_URL": "sqlite:///cardops.db", "DATABASE_OWNER_URL": ""}
    assert operator.types("database", "roles", **neither)[0] == 2


@pytest.mark.postgres
def test_o7_the_command_of_a_backup_has_no_password_in_it(on_postgresql: Operator) -> None:
    url = make_url(on_postgresql.url).update_query_dict({"password": PASSWORD, "prepare_threshold": "5"})
    on_postgresql.environment["DATABASE_URL"] = url.render_as_string(hide_password=False)

    for words in (("backup", "copy.dump"), ("restore", "copy.dump")):
        _, out, err = on_postgresql.types(*words)
        assert PASSWORD not in out + err
        assert "prepare_threshold" not in err


@pytest.mark.postgres
def test_o7_a_restore_that_brought_nothing_is_no_success(on_postgresql: Operator) -> None:
    on_postgresql.database().close()

    status, out, err = on_postgresql.types("restore", "--after-pg-restore")

    assert (status, out) == (1, "")
    assert "There is nothing in this database" in err

"""The real PgBouncer in transaction mode, where it is installed: requests are asked for, approved and executed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from approvals.audit import verification
from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.approvals.world import ApprovalWorld
from tests.databases import fresh_url
from tests.process.world import find_port

pytestmark = [pytest.mark.postgres, pytest.mark.soak]
INI = """[databases]
{name} = host=127.0.0.1 port=5432 dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 3
logfile = {folder}/log
"""


@pytest.fixture
def bouncer(tmp_path: Path) -> Iterator[SqlDatabase]:
    """A new database behind PgBouncer, by the URL that docs/deploying.md asks for."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no pgbouncer")
    with fresh_url("postgresql", tmp_path) as direct, tempfile.TemporaryDirectory() as made:
        folder, url, port = Path(made), make_url(direct), find_port()
        folder.chmod(0o777)  # PgBouncer does not run as root, and writes its log here
        (folder / "users").write_text('"postgres" ""\n')
        (folder / "ini").write_text(INI.format(name=url.database, port=port, folder=folder))
        user = "nobody" if os.geteuid() == 0 else None
        with subprocess.Popen([program, "-q", str(folder / "ini")], user=user) as process:
            try:
                wait_for(port)
                query = {"prepare_threshold": "0"}
                behind = url.set(port=port).update_query_dict(query).render_as_string(hide_password=False)
                database = SqlDatabase(behind)
                yield database
                database.close()
            finally:
                process.terminate()
                process.wait(timeout=20)


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("pgbouncer does not listen")


def test_o10_requests_are_carried_out_through_pgbouncer(bouncer: SqlDatabase) -> None:
    schema.migrate(bouncer)
    schema.require_current(bouncer)
    world = ApprovalWorld(database=bouncer)

    for _ in range(3):
        assert world.executes(world.approved()).status == "executed"
        world.passes(hours=25)

    with bouncer.reading() as session:
        assert verification.verify(session, key=world.context.audit_key).is_intact


def test_o10_what_one_session_sets_does_not_last_in_the_connection_of_another(bouncer: SqlDatabase) -> None:
    """More threads than connections: each transaction counts up under the lock of its row, and none is lost."""
    with bouncer.writing() as session:
        session.connection().execute(text("CREATE TABLE counted (n int)"))
        session.connection().execute(text("INSERT INTO counted VALUES (0)"))

    def count(_: int) -> None:
        with bouncer.writing() as session:
            found = session.connection().execute(text("SELECT n FROM counted FOR UPDATE")).scalar()
            session.connection().execute(text("UPDATE counted SET n = :n"), {"n": int(found or 0) + 1})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(80)))

    with bouncer.reading() as session:
        assert session.connection().execute(text("SELECT n FROM counted")).scalar() == 80

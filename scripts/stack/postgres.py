"""A PostgreSQL server of our own: its data, socket and log in one folder, no TCP port at all."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import machine, process
from .console import say
from .errors import Stop, explain
from .paths import ROOT

# the first that replaces a trigger in place, as the addon does with those that protect the past
OLDEST_MAJOR = 14
SUPERUSER = "odoo"
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")

# For throw-away databases: a crash of the machine may lose them, a crash of the server does not.
DISPOSABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def binaries() -> Path:
    """The folder of the newest PostgreSQL server programs, installed first when there are none."""
    found = _installed()
    if not found:
        say("Installing PostgreSQL (the programs only, no database server is set up)")
        with _no_default_cluster():
            machine.install(["postgresql"], "PostgreSQL")
        found = _installed()
    if not found:
        raise Stop(
            f"No PostgreSQL {OLDEST_MAJOR} or newer after installing it.",
            "Install the PostgreSQL server by hand so that pg_ctl is in PATH, and run again.",
        )
    return found


def _installed() -> Path | None:
    candidates = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if in_path := shutil.which("pg_ctl"):
        candidates.append(Path(in_path).resolve().parent)
    usable = [path for path in candidates if (path / "initdb").exists()]
    newest = max(usable, key=major, default=None)
    return newest if newest and major(newest) >= OLDEST_MAJOR else None


def major(binaries: Path) -> int:
    """The major version of the server programs in a folder."""
    version = process.capture([str(binaries / "postgres"), "--version"])
    found = re.search(r"\b(\d+)", version)
    assert found, version
    return int(found[1])


@contextlib.contextmanager
def _no_default_cluster() -> Iterator[None]:
    """Keep Debian's package from creating and starting a server of its own on port 5432."""
    setting = Path("/etc/postgresql-common/createcluster.conf")
    shipped = Path("/usr/share/postgresql-common/createcluster.conf")
    before = setting.read_text(encoding="utf-8") if setting.exists() else ""
    machine.write_as_root(setting, before + "\ncreate_main_cluster = false\n")
    try:
        yield
    finally:
        machine.write_as_root(setting, before or shipped.read_text(encoding="utf-8"))


class Cluster:
    """One private server.

    Use: `cluster = Cluster(RUN / "test", DISPOSABLE)`, `cluster.start()`, `cluster.sql(...)`,
    `cluster.stop()`. Starting a started server and stopping a stopped one do nothing.
    """

    def __init__(self, home: Path, settings: dict[str, str] | None = None) -> None:
        self.programs = binaries()
        self.user = machine.server_user()
        home.mkdir(parents=True, exist_ok=True)
        self.home = self._reachable(home)
        self.data = self.home / f"data-{major(self.programs)}"
        self.log = self.home / "postgresql.log"
        self.socket = self._socket_folder()
        self.settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
        } | (settings or {})

    def _reachable(self, home: Path) -> Path:
        """A folder for the server: in `home`, unless the user it runs as cannot get there.

        Then it is in /var/lib, and `home` has a link to it.
        """
        folder = home / "postgresql"
        if self.user and not machine.can_enter(self.user, home):
            link, folder = folder, Path("/var/lib") / f"vip-{_short_name(home)}"
            if not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(folder)
        self._make(folder)
        return folder

    def _socket_folder(self) -> Path:
        folder = self.home / "socket"
        if len(str(folder)) > LONGEST_SOCKET_FOLDER:
            folder = Path(tempfile.gettempdir()) / f"vip-{_short_name(self.home)}"
        self._make(folder)
        return folder

    def _make(self, folder: Path) -> None:
        """Create a folder that only the server's user (and root) may enter."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        if folder.stat().st_uid != (self.user.pw_uid if self.user else os.geteuid()):
            raise Stop(
                f"{folder} belongs to somebody else.",
                "Remove it (as its owner or as root), and run the same command again.",
            )
        folder.chmod(0o700)

    def _call(self, program: str, *arguments: str) -> str:
        """Run a server program as the server's user."""
        as_user: dict[str, Any] = {}
        if self.user:
            as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        command = [str(self.programs / program), *arguments]
        return process.capture(command, cwd="/", env=environment, **as_user)

    def running(self) -> bool:
        if not self.data.exists():
            return False
        try:
            self._call("pg_ctl", "status", "-D", str(self.data))
        except process.Failed:
            return False
        return True

    def start(self) -> None:
        """Start the server, creating it first when it does not exist."""
        if self.running():
            return
        try:
            if not self.data.exists():
                self._create()
            options = " ".join(f"-c {name}={value!r}" for name, value in self.settings.items())
            self._call(
                "pg_ctl", "start", "-w", "-t", "120", "-s",
                "-D", str(self.data), "-l", str(self.log), "-o", options,
            )  # fmt: skip
        except process.Failed as failure:
            raise explain(
                "starting the private PostgreSQL",
                failure.output,
                f"See {self.log}; starting afresh: remove {self.home}, and run again.",
            )

    def _create(self) -> None:
        """Create the data folder in one go: a half-made one is never taken for a whole one."""
        unfinished = self.data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._call(
            "initdb", "-D", str(unfinished), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync",
        )  # fmt: skip
        unfinished.rename(self.data)

    def stop(self) -> None:
        if self.running():
            self._call("pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", str(self.data))

    def sql(self, query: str, database: str = "postgres", **values: str) -> list[list[str]]:
        """The rows that `query` gives, every value as text.

        The query refers to `values` as psql's variables: `:'name'` for text, `:"name"` for the name
        of a thing.
        """
        environment = {"PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8", **self.environment()}
        variables = [f"--set={name}={value}" for name, value in values.items()]
        output = process.capture(
            [
                str(self.programs / "psql"), "-XAtq", "--set=ON_ERROR_STOP=1", *variables,
                "-F", "\x1f", "-R", "\x1e", "-d", database, "-f", "-",
            ],
            stdin=query,
            env=environment,
        )  # fmt: skip
        return [row.split("\x1f") for row in output.rstrip("\n").split("\x1e") if row]

    def environment(self) -> dict[str, str]:
        """What tells PostgreSQL's clients, Odoo among them, how to reach the server."""
        return {"PGHOST": str(self.socket), "PGPORT": "5432", "PGUSER": SUPERUSER}

    def note(self, database: str) -> str:
        """What `annotate` wrote, empty when the database does not exist."""
        rows = self.sql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'name'",
            name=database,
        )
        return rows[0][0] if rows else ""

    def annotate(self, database: str, note: str) -> None:
        """Write a note that lives and dies with the database: what it was made from."""
        self.sql("COMMENT ON DATABASE :\"name\" IS :'note'", name=database, note=note)

    def copy(self, source: str, target: str) -> None:
        """Make `target` a copy of `source`, which nobody may be using."""
        self.drop(target)
        self.sql('CREATE DATABASE :"target" TEMPLATE :"source"', source=source, target=target)

    def drop(self, database: str) -> None:
        self.sql('DROP DATABASE IF EXISTS :"name" WITH (FORCE)', name=database)


def _short_name(folder: Path) -> str:
    """A name for a folder outside the checkout that no other checkout shares."""
    return hashlib.sha256(f"{ROOT}\0{folder}".encode()).hexdigest()[:10]

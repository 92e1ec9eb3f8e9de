"""Making Odoo databases: create, install, update, copy, serve. Each knows what it was made from."""

import contextlib
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import process
from .errors import Stop
from .odoo import Odoo, show_progress
from .postgres import Cluster


@dataclass(frozen=True)
class Databases:
    """Odoo and PostgreSQL together, with the folder for files and logs.

    A database and its filestore are always created, copied and dropped together.
    """

    odoo: Odoo
    cluster: Cluster
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return self.odoo.environment(self.cluster) | {"ODOO_DATA_DIR": str(self.folder / "data")}

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def fresh_log(self, name: str) -> Path:
        """A log file that says nothing yet."""
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
        return log

    def filestore(self, database: str) -> Path:
        return self.folder / "data" / "filestore" / database

    def call(self, log: Path, *arguments: str, stdin: str | None = None) -> None:
        """Run one of Odoo's commands to its end, showing which module it is at."""
        process.run(
            self.odoo.command(*arguments), log, show_progress, env=self.environment, stdin=stdin
        )

    def install(self, database: str, addons: Sequence[str], log: Path, *options: str) -> None:
        """Install addons, creating the database when there is none."""
        self.call(
            log, "server", "-d", database, "-i", ",".join(addons), "--stop-after-init",
            "--no-http", "--max-cron-threads", "0", *options,
        )  # fmt: skip

    def update(self, database: str, addons: Sequence[str], log: Path, *options: str) -> None:
        """Install the addons that are new and update the others."""
        self.install(database, addons, log, "-u", ",".join(addons), *options)

    def shell(self, database: str, code: str, log: Path) -> None:
        """Run Python code in Odoo's shell, where `env` is the environment of the superuser."""
        self.call(log, "shell", "-d", database, "--no-http", stdin=code)

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        self.cluster.copy(source, target)
        if self.filestore(source).exists():
            shutil.copytree(self.filestore(source), self.filestore(target))

    def drop(self, database: str) -> None:
        self.cluster.drop(database)
        shutil.rmtree(self.filestore(database), ignore_errors=True)

    @contextlib.contextmanager
    def served(self, database: str, port: int, log: Path, *options: str) -> Iterator["Server"]:
        """Serve a database for the block."""
        command = self.odoo.command(
            "server", "-d", database, "--db-filter", f"^{database}$", "--no-database-list",
            "--http-port", str(port), *options,
        )  # fmt: skip
        log.parent.mkdir(parents=True, exist_ok=True)
        address = f"http://127.0.0.1:{port}"
        with (
            log.open("a", encoding="utf-8") as file,
            # more visitors at once than Odoo has connections (64) wait, instead of being turned away
            process.started(
                command, env=self.environment | {"ODOO_MAX_HTTP_THREADS": "50"}, stdout=file
            ) as odoo,
        ):
            process.wait_until(lambda: odoo.poll() is not None or answers(address), 180)
            if odoo.poll() is not None or not answers(address):
                raise Stop(f"Odoo does not serve {address}.", f"See the last lines of {log}.")
            try:
                yield Server(address, odoo)
            finally:
                process.end_group(odoo)


@dataclass(frozen=True)
class Server:
    """An Odoo that serves a database at an address."""

    address: str
    process: subprocess.Popen[str]


def answers(address: str) -> bool:
    """Whether an Odoo answers at an address."""
    try:
        with urllib.request.urlopen(f"{address}/web/health", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False

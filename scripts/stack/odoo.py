"""Odoo itself: finding or fetching it, the virtual environment it runs in, calling it."""

import csv
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import debian, machine, process
from .console import hint, say
from .errors import Stop, explain
from .paths import ADDONS, ROOT, RUN, SCRIPTS, fingerprint
from .postgres import Cluster

SERIES = 19
FETCHED = RUN / f"odoo-{SERIES}"
REPOSITORY = "https://github.com/odoo/odoo"
BRANCH = f"{SERIES}.0"
PACKAGE = f"odoo-{SERIES}"

# Debian's package links to these packages' files instead of shipping them.
LINKED_PACKAGES = (
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Debian strips this library (blurring the background of a video call); without the file every page
# of the web client fails to load its assets.
STRIPPED_LIBRARY = Path("odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js")

SPACE_FOR_ODOO = 1.7
SPACE_FOR_VENV = 0.8


@dataclass(frozen=True)
class Odoo:
    """An Odoo that can be called: its code and the Python that runs it."""

    home: Path
    python: Path

    def addons_path(self) -> list[Path]:
        """Odoo's addons first, ours last."""
        packaged = self.home / "odoo" / "addons"
        shipped = packaged if (packaged / "web").exists() else self.home / "addons"
        return [shipped, ADDONS]

    def environment(self, cluster: Cluster) -> dict[str, str]:
        """The environment for a call: nothing of the caller's Odoo or Python settings."""
        foreign = ("ODOO_", "PG", "PYTHON", "OPENERP_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return kept | {
            **cluster.environment(),
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.home),
            "PYTHONWARNINGS": "ignore",
            "ODOO_RC": os.devnull,
            "ODOO_ADDONS_PATH": ",".join(map(str, self.addons_path())),
            "ODOO_HTTP_INTERFACE": "127.0.0.1",
        }

    def languages(self) -> set[str]:
        """The codes of the languages Odoo knows."""
        table = self.home / "odoo" / "addons" / "base" / "data" / "res.lang.csv"
        with table.open(encoding="utf-8") as file:
            return {row["code"] for row in csv.DictReader(file)}

    def command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "odoo", *arguments]


def prepare(requirements: Sequence[str] = ("odoo",)) -> Odoo:
    """Odoo's code and its virtual environment, fetched and made when they are not there yet."""
    lock = process.Lock(RUN / "setup.lock")
    with lock.held(patience=1800, say=say):
        home = locate()
        return Odoo(home, make_venv(requirements))


def locate() -> Path:
    """The folder that holds the `odoo` package: $ODOO_HOME, or our own copy of Odoo."""
    if chosen := os.environ.get("ODOO_HOME"):
        return check(Path(chosen).expanduser().resolve())
    if not FETCHED.exists():
        fetch()
    return check(_package_root(FETCHED))


def check(home: Path) -> Path:
    """`home` if it holds Odoo of our series."""
    release = home / "odoo" / "release.py"
    if not release.exists():
        raise Stop(
            f"{home} holds no Odoo (there is no {release.relative_to(home)}).",
            "Set ODOO_HOME to a folder that holds the `odoo` package of Odoo 19, or unset it"
            " to have Odoo fetched.",
        )
    found = re.search(r"^version_info = \((\d+)", release.read_text(encoding="utf-8"), re.M)
    if not found or int(found[1]) != SERIES:
        raise Stop(
            f"{home} holds Odoo {found[1] if found else 'of an unknown version'}, not {SERIES}.",
            f"Set ODOO_HOME to an Odoo {SERIES}, or unset it to have one fetched.",
        )
    return home


def _package_root(tree: Path) -> Path:
    """Where the `odoo` package is in an unpacked Debian package or in a clone."""
    unpacked = tree / "usr" / "lib" / "python3" / "dist-packages"
    return unpacked if unpacked.exists() else tree


def fetch() -> None:
    """Bring Odoo to FETCHED, whole or not at all: Debian's package, otherwise a clone."""
    machine.need_space(SPACE_FOR_ODOO, "Odoo")
    unfinished = FETCHED.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        if not _from_package(unfinished):
            _from_repository(unfinished)
    except process.Failed as failure:
        raise explain(
            "fetching Odoo",
            failure.output,
            f"Set ODOO_HOME to a folder that holds Odoo {SERIES}"
            f" (for example a clone of {REPOSITORY}, branch {BRANCH}), and run again.",
        )
    unfinished.rename(FETCHED)


def _from_package(target: Path) -> bool:
    """Whether the distribution's archive had the package; it is unpacked to `target` then."""
    if not shutil.which("apt-get"):
        return False
    say("Fetching Odoo 19 from the distribution's archive (120 MB)")
    own = debian.Archive("own", debian.own_sources())
    own.update()
    archives = (own, debian.Archive("newest", debian.newest_sources()))
    for archive in archives:
        if archive is not own:
            archive.update()
        if archive.has(PACKAGE):
            say("Unpacking Odoo (1.1 GB)")
            archive.unpack([PACKAGE], target)
            own.unpack([name for name in LINKED_PACKAGES if own.has(name)], target)
            stub = _package_root(target) / STRIPPED_LIBRARY
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.touch()
            return True
    return False


def _from_repository(target: Path) -> None:
    if not shutil.which("git"):
        raise Stop(
            f"The distribution's archive has no {PACKAGE}, and git is missing to clone it.",
            f"Install git, or set ODOO_HOME to a folder that holds Odoo {SERIES}.",
        )
    say("The archive has no such package; cloning Odoo's official repository (slow)")
    process.run(
        ["git", "clone", "--progress", "--depth", "1", "--branch", BRANCH, REPOSITORY, str(target)],
        RUN / "logs" / "clone.log",
        hint,
    )


def make_venv(requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment with the pinned `requirements` sets installed.

    There is one environment for each Python version; a set is installed again when its file or
    this checkout's place changed.
    """
    venv = RUN / f"venv-{sys.version_info.major}.{sys.version_info.minor}"
    python = venv / "bin" / "python"
    if not _made(venv):
        machine.need_space(SPACE_FOR_VENV, "The virtual environment")
        say(f"Creating a virtual environment (Python {sys.version.split()[0]})")
        _create_venv(venv)
    for name in requirements:
        file = SCRIPTS / f"requirements-{name}.txt"
        stamp = venv / f".{name}"
        wanted = fingerprint([file])
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            continue
        say(f"Installing Python packages ({file.name})")
        _install_requirements(python, file)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _made(venv: Path) -> bool:
    """Whether the environment was made whole, for this very place, by a Python that still is."""
    stamp = venv / ".made"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != str(ROOT):
        return False
    return (venv / "bin" / "python").exists()


def _create_venv(venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(venv)]
    log = RUN / "logs" / "venv.log"
    try:
        process.run(command, log)
    except process.Failed:
        # Debian and Ubuntu ship venv's other half in a package of its own.
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        machine.install([f"python{version}-venv"], "Python's venv module")
        try:
            process.run([*command, "--clear"], log)
        except process.Failed as failure:
            raise explain(
                "creating the virtual environment",
                failure.output,
                f"Install the venv module of {sys.executable}, or set PYTHON to another Python.",
            )
    (venv / ".made").write_text(str(ROOT), encoding="utf-8")


def _install_requirements(python: Path, file: Path) -> None:
    def watch(line: str) -> None:
        if line.startswith(("Collecting", "Installing")):
            hint(line)

    try:
        process.run(
            [
                str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile",
                "--no-deps", "--only-binary", ":all:", "-r", str(file),
            ],
            RUN / "logs" / "pip.log",
            watch,
        )  # fmt: skip
    except process.Failed as failure:
        raise explain(
            f"installing {file.name}",
            failure.output,
            f"See {RUN / 'logs' / 'pip.log'}; a package index must be reachable"
            " (pip's configuration, PIP_INDEX_URL).",
        )


def show_progress(line: str) -> None:
    """Tell from a line of Odoo's log which module is being loaded."""
    if found := re.search(r"Loading module (\S+) \((\d+/\d+)\)", line):
        hint(f"module {found[2]}: {found[1]}")

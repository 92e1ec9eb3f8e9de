"""Fetching packages from the machine's own Debian or Ubuntu mirror without installing them.

The mirror's address is read from apt's configuration; apt's own lists and cache stay untouched.
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import process
from .errors import Stop
from .paths import RUN

LOG = RUN / "logs" / "packages.log"
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
)
ROLLING_RELEASES = {"stable", "testing", "unstable", "sid", "devel"}


class Archive:
    """A set of apt sources with state of its own below RUN.

    Use: `archive = Archive("own", sources); archive.update(); archive.unpack(["name"], folder)`.
    """

    def __init__(self, name: str, sources: Sequence[str]) -> None:
        self.sources = sources
        self.folder = RUN / "apt" / name

    def update(self) -> None:
        """Fetch the lists of packages."""
        for folder in ("lists/partial", "archives/partial"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "sources.list").write_text("\n".join(self.sources) + "\n", encoding="utf-8")
        process.run(self._apt("update"), LOG)

    def has(self, package: str) -> bool:
        try:
            process.capture([*self._apt("show", program="apt-cache"), package])
        except process.Failed:
            return False
        return True

    def unpack(self, packages: Iterable[str], target: Path) -> None:
        """Download packages and unpack their files below `target`."""
        downloads = self.folder / "downloads"
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir(parents=True)
        process.run([*self._apt("download"), *packages], LOG, cwd=downloads)
        for package in downloads.glob("*.deb"):
            process.run(["dpkg-deb", "-x", str(package), str(target)], LOG)
        shutil.rmtree(downloads)

    def _apt(self, verb: str, program: str = "apt-get") -> list[str]:
        settings = {
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": "-",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "APT::Update::Error-Mode": "any",
        }
        options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        return [program, *options, verb]


def own_sources() -> list[str]:
    """apt sources of the release that runs here."""
    return [
        f"deb {_options()}{uri} {release} {component}" for uri, release, component in _targets()
    ]


def newest_sources() -> list[str]:
    """apt sources of the distribution's development release, where new packages arrive first."""
    suite = "devel universe" if _os_release().get("ID") == "ubuntu" else "unstable main"
    return [f"deb {_options()}{_targets()[0][0]} {suite}"]


def _options() -> str:
    keyrings = [str(path) for path in KEYRINGS if path.exists()]
    return f"[signed-by={','.join(keyrings)}] " if keyrings else ""


def _targets() -> list[tuple[str, str, str]]:
    """(address, release, component) of the distribution's own archives, the main one first."""
    listing = process.capture(
        [
            "apt-get", "indextargets", "--no-release-info",
            "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
        ]
    )  # fmt: skip
    codename = _os_release().get("VERSION_CODENAME", "")
    found = [
        (uri, release, component)
        for uri, release, component in (line.split() for line in listing.splitlines())
        if release in ROLLING_RELEASES or release.split("-")[0] == codename
    ]
    if not found:
        raise Stop(
            f"apt's configuration names no archive of this release ({codename}).",
            "Set ODOO_HOME to a folder that holds the `odoo` package, or repair apt's sources.",
        )
    return sorted(set(found), key=lambda target: (target[1] != codename, target))


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return {
        name: value.strip('"') for name, _, value in (line.partition("=") for line in lines) if name
    }

"""What this machine has and allows: space, ports, rights, packages of its distribution."""

import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import process
from .errors import Stop, explain
from .paths import RUN

GIB = 1024**3


def need_space(gib: float, purpose: str, folder: Path = RUN) -> None:
    """Stop unless `folder`'s disk has `gib` GiB free."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free / GIB
    if free < gib:
        raise Stop(
            f"{purpose} needs {gib:.1f} GiB in {folder}, {free:.1f} GiB are free.",
            "Free some space, or clone the repository on a larger disk, and run again.",
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need_port(port: int) -> None:
    """Stop unless 127.0.0.1:`port` can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Stop(f"Port {port} is reserved for root.", "Choose another: --port 8070")
        except OSError:
            raise Stop(
                f"Port {port} is taken{_listener(port)}.",
                f"Stop that program or choose another port: --port {port + 1}",
            )


def _listener(port: int) -> str:
    """Who listens, in words to put into a sentence; empty when the system does not tell."""
    try:
        listing = process.capture(["ss", "-Hltnp", f"sport = :{port}"])
    except (OSError, process.Failed):
        return ""
    found = re.search(r'\("([^"]+)",pid=(\d+)', listing)
    return f" by {found[1]} (process {found[2]})" if found else ""


def is_root() -> bool:
    return os.geteuid() == 0


def server_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root, which it refuses; None: it runs as we do."""
    if not is_root():
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    """Whether `user` may pass through `folder` and every folder above it."""
    done = subprocess.run(
        ["test", "-x", str(folder)],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
    )
    return done.returncode == 0


def install(packages: Sequence[str], purpose: str) -> None:
    """Install packages of the distribution, as root or through sudo.

    Package lists are fetched only when the machine does not know the packages yet.
    """
    by_hand = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Stop(
            f"{purpose} is missing and this is no Debian or Ubuntu.",
            f"Install what the packages {', '.join(packages)} are called here, and run again.",
        )
    rights = _rights(by_hand, purpose)
    log = RUN / "logs" / "packages.log"
    settings = ["env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [*rights, *settings, "apt-get", "-y", "-o", "DPkg::Lock::Timeout=300"]
    installing = [*apt, "install", "--no-install-recommends", *packages]
    try:
        process.run(installing, log, own_group=False)
    except process.Failed:
        try:
            process.run([*apt, "update"], log, own_group=False)
            process.run(installing, log, own_group=False)
        except process.Failed as failure:
            raise explain(
                f"installing {', '.join(packages)}",
                failure.output,
                f"Install by hand (sudo {by_hand}; output in {log}), and run again.",
            )


def write_as_root(path: Path, text: str) -> None:
    """Write a small system file, as root or through sudo."""
    rights = _rights(f"writing {path}", str(path))
    subprocess.run([*rights, "mkdir", "-p", str(path.parent)], check=True)
    subprocess.run(
        [*rights, "tee", str(path)], input=text, text=True, check=True, stdout=subprocess.DEVNULL
    )


def _rights(by_hand: str, purpose: str) -> list[str]:
    """What to put before a command that needs root."""
    if is_root():
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "true"]).returncode == 0:
        return ["sudo"]
    raise Stop(
        f"{purpose} is missing and you have no right to install it.",
        f"Ask an administrator for: {by_hand}; then run again.",
    )

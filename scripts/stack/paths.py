"""Where things are. Everything that is fetched or created lives under RUN, which git ignores."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
ADDONS = ROOT / "addons"
RUN = ROOT / ".run"


def own_addons() -> list[str]:
    """The technical names of our addons, each after those it depends on."""
    depends = {
        path.parent.name: manifest(path.parent.name)["depends"]
        for path in sorted(ADDONS.glob("*/__manifest__.py"))
    }
    ordered: list[str] = []

    def add(name: str) -> None:
        for dependency in depends[name]:
            if dependency in depends and dependency not in ordered:
                add(dependency)
        if name not in ordered:
            ordered.append(name)

    for name in depends:
        add(name)
    return ordered


def manifest(addon: str) -> dict[str, Any]:
    """The manifest of one of our addons."""
    values = ast.literal_eval((ADDONS / addon / "__manifest__.py").read_text(encoding="utf-8"))
    return dict(values)


def foreign_dependencies() -> list[str]:
    """Odoo's modules that our addons depend on."""
    own = set(own_addons())
    needed = {name for addon in own for name in manifest(addon)["depends"]}
    return sorted(needed - own)


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash of names and contents: equal exactly when nothing in `paths` changed."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def addon_files(addon: str) -> list[Path]:
    """The files of an addon that an installed database depends on: neither tests nor byte-code."""
    return [
        path
        for path in (ADDONS / addon).rglob("*")
        if path.is_file()
        and not {"__pycache__", ".hypothesis", "tests", "readme"} & set(path.parts)
    ]

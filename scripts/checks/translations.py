"""The committed translations are exactly what the addons need."""

from collections.abc import Sequence
from pathlib import Path

from stack import process
from stack.paths import ADDONS
from stack.workshop import LANGUAGE, Workshop

from . import Result

COMPARISON = Path(__file__).with_name("catalogues.py")


def check(workshop: Workshop, _arguments: Sequence[str]) -> Result:
    """The .pot equals a fresh export; the Chinese catalogue has every term, none empty or fuzzy."""
    database = workshop.copy("installed", "translations")
    try:
        problems = [
            problem for addon in workshop.addons for problem in _check(workshop, database, addon)
        ]
    finally:
        workshop.databases.drop(database)
    return Result(", ".join(workshop.addons), problems)


def _check(workshop: Workshop, database: str, addon: str) -> list[str]:
    folder = ADDONS / addon / "i18n"
    template = folder / f"{addon}.pot"
    catalogue = folder / f"{LANGUAGE}.po"
    missing = [path for path in (template, catalogue) if not path.exists()]
    if missing:
        return [f"{path} is missing" for path in missing]
    exported = workshop.databases.folder / f"{addon}.pot"
    workshop.databases.call(
        workshop.databases.fresh_log(f"export-{addon}"),
        "i18n", "export", "-d", database, "-l", "pot", "-o", str(exported), addon,
    )  # fmt: skip
    comparing = [str(workshop.odoo.python), str(COMPARISON), exported, template, catalogue]
    return process.capture([str(part) for part in comparing]).splitlines()

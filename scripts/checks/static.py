"""What needs no database: linters, types, and patterns of older Odoo versions no linter knows."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from stack import process
from stack.paths import ADDONS, ROOT, own_addons
from stack.workshop import Workshop

from . import Result

TYPED = ("scripts/run.py", "scripts/test.py")

# Everything of pylint-odoo, except names of checks that other linters know, in the comments that
# silence them, and what is asked of the addons of its makers' association: an author, a README.rst
# instead of the manifest's description.
PYLINT_ODOO = (
    "--disable=all",
    "--enable=odoolint",
    "--disable=unknown-option-value,manifest-required-author,missing-readme,manifest-deprecated-key",
)

# Options of Odoo's own test_lint, whose pylint test reads all of Odoo and takes ten minutes.
ODOO_PYLINT = (
    "--rcfile=/dev/null",
    "--disable=all",
    "--enable=used-before-assignment,undefined-variable,eval-used,unreachable,function-redefined,"
    "sql-injection,missing-gettext,gettext-variable,gettext-placeholders,gettext-repr,"
    "raise-unlink-override",
    "--load-plugins=_pylint_path_setup,_odoo_checker_sql_injection,_odoo_checker_gettext,"
    "_odoo_checker_unlink_override",
    # names of checks that other linters know, in the comments that silence them
    "--disable=unknown-option-value",
    "--score=n",
)

# The list of demo customers is read by the code that tells their story, not by the manifest.
OCA_CHECKS = ("--disable=file-not-used",)

# (where, what, instead)
OUTDATED = (
    ("*.py", r"_sql_constraints", "models.Constraint"),
    ("*.xml", r"<tree\b", "<list>"),
    ("*", r"kanban-box", 't-name="card"'),
    ("*", r"view_mode.*\btree\b", "list"),
    ("*", r"\bgroups_id\b", "group_ids"),
    ("*", r"\bnumbercall\b", "nothing: the field is gone"),
    ("*.xml", r"\battrs=", "invisible=, readonly=, required="),
    ("*.py", r"type=[\"']json[\"']", "jsonrpc or json2"),
    ("*.py", r"\bmobile\b.*fields\.|[\"']mobile[\"']", "phone: res.partner has no mobile field"),
    ("*.py", r"\bcr\.commit\(", "nothing: business code never commits"),
)
GENERATED = {"__pycache__", "lib"}


def check(workshop: Workshop, _arguments: Sequence[str]) -> Result:
    """Every tool on everything it understands."""
    problems = [*outdated(ADDONS), *groups_in_categories(ADDONS)]
    tools = list(_tools(workshop))
    for name, command, environment in tools:
        try:
            process.capture(command, cwd=ROOT, env=environment)
        except process.Failed as failure:
            lines = filter(None, failure.output.splitlines())
            problems += [f"{name}: {line}" for line in lines]
    return Result(", ".join([*(name for name, _, _ in tools), "outdated patterns"]), problems)


def _tools(workshop: Workshop) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """(name, command, environment) of every external tool."""
    python = str(workshop.odoo.python)
    environment = workshop.odoo.environment(workshop.cluster)
    addons = [f"addons/{addon}" for addon in own_addons()]
    catalogues = [str(path.relative_to(ROOT)) for path in sorted(ADDONS.glob("*/i18n/*.po"))]
    odoo_checkers = workshop.odoo.addons_path()[0] / "test_lint" / "tests"

    ruff = [python, "-m", "ruff"]
    yield "ruff", [*ruff, "check", "--quiet", "--output-format", "concise", "."], environment
    yield "ruff format", [*ruff, "format", "--check", "--diff", "scripts", "tests"], environment
    yield "mypy", [python, "-m", "mypy", "--strict", *TYPED], environment
    yield "pylint-odoo", [python, "-m", "pylint", *PYLINT_ODOO, *addons], environment
    yield (
        "pylint with Odoo's checkers",
        [python, "-m", "pylint", *ODOO_PYLINT, *addons],
        environment
        | {
            "PYTHONPATH": f"{odoo_checkers}:{environment['PYTHONPATH']}",
            "ADDONS_PATH": environment["ODOO_ADDONS_PATH"].replace(",", ":"),
        },
    )
    programs = workshop.odoo.python.parent
    yield (
        "oca-checks",
        [str(programs / "oca-checks-odoo-module"), *OCA_CHECKS, *addons],
        environment,
    )
    if catalogues:
        yield "oca-checks-po", [str(programs / "oca-checks-po"), *catalogues], environment


def outdated(addons: Path) -> Iterator[str]:
    """Lines that use what Odoo 19 no longer knows, where nothing else would complain."""
    for path in sorted(addons.rglob("*")):
        if path.suffix not in {".py", ".xml", ".js", ".csv"} or GENERATED & set(path.parts):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for where, what, instead in OUTDATED:
            if not path.match(where):
                continue
            for number, line in enumerate(lines, 1):
                if re.search(what, line):
                    yield f"{path.relative_to(addons.parent)}:{number}: {line.strip()} → {instead}"


def groups_in_categories(addons: Path) -> Iterator[str]:
    """Groups that name a category, as before Odoo 19; they name a privilege now."""
    for path in sorted(addons.rglob("*.xml")):
        for record in ElementTree.parse(path).iter("record"):
            fields = {field.get("name") for field in record.iter("field")}
            if record.get("model") == "res.groups" and "category_id" in fields:
                yield f"{path.relative_to(addons.parent)}: {record.get('id')}: category_id → privilege_id"

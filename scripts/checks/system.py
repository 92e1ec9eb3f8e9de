"""The tests in tests/: the whole programme from outside, and the scripts."""

import re
from collections.abc import Sequence

from stack import oddities, process
from stack.paths import ROOT
from stack.workshop import Workshop

from . import Result

# The races of the tests are forced, and Odoo runs the request that lost again.
RETRIED = re.compile(
    r"^.* ERROR \S+ odoo\.sql_db: bad query: .*\nERROR: could not serialize access .*$", re.M
)


def check(workshop: Workshop, arguments: Sequence[str]) -> Result:
    """Run pytest, with the given arguments or on all of tests/."""
    log = workshop.databases.fresh_log("system")
    workshop.databases.fresh_log("system-odoo")
    command = [str(workshop.odoo.python), "-m", "pytest", "-rfEs", *(arguments or ["tests"])]
    problems: list[str] = []
    try:
        process.run(command, log, env=workshop.odoo.environment(workshop.cluster), cwd=ROOT)
    except process.Failed as failure:
        problems.append(f"pytest ended with {failure.code}")
    text = log.read_text(encoding="utf-8")
    problems += [f"Odoo: {line}" for line in _errors_of_odoo(workshop)]
    problems += re.findall(r"^(?:FAILED|ERROR) .*$", text, re.M)
    remarks = re.findall(r"^SKIPPED .*$", text, re.M)
    summary = re.findall(r"^=+ (.*) in [\d.]+s.*=+$", text, re.M)
    return Result(summary[-1] if summary else "no summary", problems, remarks)


def _errors_of_odoo(workshop: Workshop) -> list[str]:
    """What the served Odoo logged as an error; refusing a bad call is a warning, and fine."""
    log = workshop.databases.log("system-odoo")
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    text = RETRIED.sub("", text)
    return [line for line in oddities.in_log(text) if not line.startswith("WARNING")]

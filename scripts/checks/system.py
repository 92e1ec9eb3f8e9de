"""The tests in tests/: the whole programme from outside, and the scripts."""

import re
from collections.abc import Sequence

from stack import process
from stack.paths import ROOT
from stack.workshop import Workshop

from . import Result


def check(workshop: Workshop, arguments: Sequence[str]) -> Result:
    """Run pytest, with the given arguments or on all of tests/."""
    log = workshop.databases.fresh_log("system")
    command = [str(workshop.odoo.python), "-m", "pytest", "-rs", *(arguments or ["tests"])]
    problems: list[str] = []
    try:
        process.run(command, log, env=workshop.odoo.environment(workshop.cluster), cwd=ROOT)
    except process.Failed as failure:
        problems.append(f"pytest ended with {failure.code}")
    text = log.read_text(encoding="utf-8")
    problems += re.findall(r"^(?:FAILED|ERROR) .*$", text, re.M)
    remarks = re.findall(r"^SKIPPED .*$", text, re.M)
    summary = re.findall(r"^=+ (.*) in [\d.]+s.*=+$", text, re.M)
    return Result(summary[-1] if summary else "no summary", problems, remarks)

"""Reading Odoo's log: what is worse than INFO, how many tests ran, which were skipped."""

import re

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (?P<level>[A-Z]+) \S+ (?P<rest>.*)$")
RESULT = re.compile(
    r"odoo\.tests\.result: (?P<failed>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<tests>\d+) tests"
)
SKIPPED = re.compile(r"INFO \S+ odoo\.addons\.\S+: skipped (?P<what>.*)$", re.M)
DOCUTILS = re.compile(r"^<string>:\d+: \((WARNING|ERROR|SEVERE)/\d\)")

# Odoo's own, not ours: the description of one of its modules is no clean reStructuredText, and it
# tells every client of XML-RPC that a later version will not know it.
KNOWN = re.compile(
    r"<string>:38: \(ERROR/3\) Unexpected indentation\."
    r"|<string>:43: \(WARNING/2\) Block quote ends without a blank line; unexpected unindent\."
    r"|.* WARNING \S+ odoo\.addons\.rpc\.controllers\.\S+: The /xmlrpc, .* endpoints are deprecated"
)


def in_log(text: str) -> list[str]:
    """Everything in a log that is worse than INFO, each with the end of its traceback."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if KNOWN.match(line):
            continue
        if match := LINE.match(line):
            inside = match["level"] not in ("INFO", "DEBUG", "RUNBOT")
            if inside:
                found.append(f"{match['level']} {match['rest']}")
        elif DOCUTILS.match(line):
            found.append(line)
        elif inside and re.match(r"^[\w.]+(Error|Exception|Warning|Failed)\b", line):
            found[-1] += f" | {line}"
    return found


def tests_in(text: str) -> int:
    """How many tests a log says were run."""
    return sum(int(match["tests"]) for match in RESULT.finditer(text))


def skipped_in(text: str) -> list[str]:
    return [match["what"] for match in SKIPPED.finditer(text)]

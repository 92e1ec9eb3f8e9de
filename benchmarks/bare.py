"""A file of SQL statements in psql, each answer thrown away."""

import resource
import subprocess
import sys

from .session import SESSION_STATUS, WARM_UP, report, session_work

MARK = f"\\o\nSELECT extract(epoch FROM clock_timestamp());\n{SESSION_STATUS};\n\\o /dev/null\n"


def spent(database: str, file: str) -> dict[str, float]:
    """Seconds of the statements, and of work."""
    commands = f"\\o /dev/null\n{WARM_UP}{MARK}\\i {file}\n{MARK}"
    children = _children()
    answer = subprocess.run(
        ["psql", "-XAtq", "--set=ON_ERROR_STOP=1", database],
        input=commands,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    begin, status_before, end, status_after = filter(None, answer.splitlines())
    return {
        "wall": float(end) - float(begin),
        "work": session_work(status_after) - session_work(status_before) + _children() - children,
    }


def _children() -> float:
    psql = resource.getrusage(resource.RUSAGE_CHILDREN)
    return psql.ru_utime + psql.ru_stime


def main(database: str, file: str) -> None:
    report(**spent(database, file))


if __name__ == "__main__":
    main(*sys.argv[1:])

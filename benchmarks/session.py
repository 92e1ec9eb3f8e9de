"""What the measurements share: an Odoo environment without a server, a clock, memory."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from odoo import api
from odoo.modules.registry import Registry

MANAGER, APPROVER, DESK = "bench_manager", "bench_approver", "bench_desk"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Also read by scripts/bench: the tables everybody reads once before the clock starts, so that nobody
# pays for the first touch of a copied database; and what a session of PostgreSQL has used so far.
WARM_UP = "".join(
    f"SELECT count(t) FROM {table} t;\n"  # noqa: S608
    for table in ("vip_billing_fact", "vip_membership", "vip_service_number", "vip_tier_history")
)
SESSION_STATUS = "SELECT pg_read_file('/proc/self/stat')"


@contextmanager
def environment(database: str) -> Iterator[api.Environment]:
    """The superuser's environment on a registry loaded anew, tables warm; the caller commits."""
    with Registry(database).cursor() as cr:
        cr.execute(WARM_UP)
        cr.commit()
        yield api.Environment(cr, api.SUPERUSER_ID, {})


def as_user(records: Any, login: str) -> Any:
    return records.with_user(records.env["res.users"].search([("login", "=", login)]))


class Clock:
    """Seconds on the wall and of work (this process and its PostgreSQL session) since it was made.

    On a machine that others use too, only the work can be compared.
    """

    def __init__(self, env: api.Environment) -> None:
        self._env = env
        self._wall, self._work = time.perf_counter(), self._worked()

    def _worked(self) -> float:
        self._env.cr.execute(SESSION_STATUS)
        return time.process_time() + session_work(self._env.cr.fetchone()[0])

    def read(self) -> dict[str, float]:
        return {
            "wall": time.perf_counter() - self._wall,
            "work": self._worked() - self._work,
        }


def session_work(status: str) -> float:
    """Seconds of processor time in a /proc/PID/stat.

    >>> session_work("7 (postgres: odoo) S " + " ".join("0" * 10) + " 250 50 0 0") * TICKS_PER_SECOND
    300.0
    """
    fields = status.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This kernel does not tell VmHWM.")


def report(**figures: Any) -> None:
    """Tell ``scripts/bench`` what was measured."""
    print(json.dumps(figures))

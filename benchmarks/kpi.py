"""Month ends of a year of dated records, and pivots over them against the same over the dated records.

Eleven months are computed and closed. The twelfth is computed by us and by the same statements in psql, in
turn and once more than is counted, each time with the tables vacuumed; then it is frozen as well.

The live side is a view with the same statement of each month's facts, begun by the records of the day before
(``kpi_sql.opening_reckoned``), each customer given to one owner or two. PostgreSQL leaves out of it whatever
a pivot does not ask for. Both sides must say the same.
"""

import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from odoo import api
from odoo.tools import SQL

from odoo.addons.vip_retention.models.vip_kpi_report import RATES, SUMS
from odoo.addons.vip_retention.tools import kpi, kpi_sql

from . import bare, year
from .screens import measure
from .session import MANAGER, Clock, as_user, environment, peak_memory_mb, report
from .tiers import recorded

VACUUM = "VACUUM (ANALYZE) vip_kpi_fact, vip_kpi_report, vip_kpi_month"
ASKED = (
    "opening:sum",
    "joined:sum",
    "moved_in:sum",
    "moved_out:sum",
    "churned:sum",
    "left_tier:sum",
    "closing:sum",
    "churn_rate:avg",
    "off_net_rate:avg",
    "coverage_rate:avg",
    "service_rate:avg",
    "spend:sum",
)


def close_year(env: api.Environment):
    """Compute and freeze all but the last month, without looking once more; that one."""
    create = as_user(env["vip.kpi.month"], MANAGER).create
    *earlier, last = [create({"month": day}) for day in year.months(env.company._vip_today())]
    for month in earlier:
        month.action_compute()
        month.sudo().write({"state": "frozen", "frozen_at": month.computed_at, "frozen_by": 1})
        env.cr.commit()
        vacuum(env)
    return last


def vacuum(env: api.Environment) -> None:
    """As autovacuum would have by then; where nobody is in a transaction."""
    env.invalidate_all()
    subprocess.run(
        ["psql", "-XAtq", "--set=ON_ERROR_STOP=1", "-c", VACUUM, env.cr.dbname], check=True
    )


def compute(env: api.Environment, month, repeat: int) -> dict[str, float]:
    """Medians of computing the month again, by us and by the same statements in psql."""
    clock = Clock(env)
    month.action_compute()
    env.cr.commit()
    figures = {f"first_{kind}": value for kind, value in clock.read().items()}
    env.cr.commit()
    sides = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "statements.sql")
        for _turn in range(repeat):
            vacuum(env)
            statements = ["BEGIN ISOLATION LEVEL REPEATABLE READ"]
            clock = Clock(env)
            with recorded(statements):
                month.action_compute()
                env.flush_all()
            env.cr.commit()
            sides["ours"].append(clock.read())
            env.cr.commit()
            file.write_text(";\n".join([*statements, "COMMIT"]) + ";\n", encoding="utf-8")
            vacuum(env)
            sides["bare"].append(bare.spent(env.cr.dbname, str(file)))
    for side, rounds in sides.items():
        for kind in ("wall", "work"):
            figures[f"{side}_{kind}"] = median(one[kind] for one in rounds)
    vacuum(env)
    return figures


def freeze(env: api.Environment, month) -> dict[str, float]:
    """Seconds of what a freeze checks and of the freeze itself."""
    read = {}
    for name, work in (
        ("reconcile", month.sudo()._mismatch),
        ("changed", month.sudo()._changed),
        ("freeze", month.action_freeze),
    ):
        clock = Clock(env)
        assert work() in (None, True)
        read[name] = clock.read()["wall"]
    env.cr.commit()
    return read


# ------------------------------------------------------------
# PIVOTS
# ------------------------------------------------------------


def create_live(env: api.Environment) -> None:
    """The view of the report over the dated records."""
    months = env["vip.kpi.month"].search([], order="month")
    env.cr.execute(
        SQL(
            "CREATE TEMPORARY VIEW live AS %s",
            SQL(" UNION ALL ").join(map(_live_month, months)),
        )
    )


def _live_month(month) -> SQL:
    last = kpi.next_month(month.month) - timedelta(days=1)
    span = kpi_sql.Month(
        month.company_id.id,
        month.month,
        last,
        month._midnight(month.month),
        month._midnight(last + timedelta(days=1)),
    )
    names = ("opening", "moved_in", "moved_out", *kpi_sql.LAST)
    starting = {"opening": SQL("f.opening"), "moved_out": SQL("f.moved_out")}
    return SQL(
        """SELECT %(month)s::date AS month, r.*
             FROM (%(facts)s) f
            CROSS JOIN LATERAL (
                  SELECT f.manager_id, f.team_id, f.tier_id, %(ending)s
                   UNION ALL
                  SELECT f.start_manager_id, f.start_team_id, f.start_tier_id, %(starting)s
                   WHERE f.is_moved) r (manager_id, team_id, tier_id, %(names)s)""",
        month=month.month,
        facts=kpi_sql.facts(span),
        ending=_list(
            [SQL("CASE WHEN f.is_moved THEN 0 ELSE f.opening END"), SQL("f.moved_in"), SQL("0")]
            + [SQL.identifier("f", name) for name in kpi_sql.LAST]
        ),
        starting=_list(starting.get(name, SQL("0")) for name in names),
        names=_list(map(SQL.identifier, names)),
    )


def _list(parts) -> SQL:
    return SQL(", ").join(parts)


def live(env: api.Environment, groupby: list[str], manager=None) -> list[tuple]:
    """What ``ASKED`` is, of the live view."""

    def part(name: str) -> SQL:
        return SQL("(%s)", SUMS[name]) if name in SUMS else SQL.identifier(name)

    def asked(spec: str) -> SQL:
        name, _colon, _function = spec.partition(":")
        if name not in RATES:
            return SQL("sum(%s)", part(name))
        return SQL("sum(%s)::float / nullif(sum(%s), 0)", *map(part, RATES[name]))

    # as our own statement has it
    env.cr.execute("SET LOCAL jit = off")
    return env.execute_query(
        SQL(
            "SELECT %s, %s FROM live WHERE %s GROUP BY %s",
            _list(map(SQL.identifier, groupby)),
            _list(map(asked, ASKED)),
            SQL("manager_id = %s", manager.id) if manager else SQL("TRUE"),
            _list(map(SQL.identifier, groupby)),
        )
    )


def frozen(env: api.Environment, groupby: list[str], manager=None) -> list[tuple]:
    """The same of the report, as a pivot asks for it."""
    rows = as_user(env["vip.kpi.report"], MANAGER).formatted_read_group(
        [("manager_id", "=", manager.id)] if manager else [],
        ["month:month" if name == "month" else name for name in groupby],
        ASKED,
    )
    return [tuple(row.values()) for row in rows]


def compare(env: api.Environment) -> list[dict]:
    """Seconds of each pivot, live and frozen."""
    create_live(env)
    manager = env["res.users"].search([("login", "=", "bench_user_7")])
    found = []
    for name, groupby, terms in (
        ("by month", ["month"], ()),
        ("by month and manager", ["month", "manager_id"], ()),
        ("by month and tier", ["month", "tier_id"], ()),
        ("of one manager, by month and tier", ["month", "tier_id"], (manager,)),
    ):
        start = time.perf_counter()
        rows = live(env, groupby, *terms)
        seconds = time.perf_counter() - start
        figures = measure(env, lambda: frozen(env, groupby, *terms))  # noqa: B023
        _check_equal(name, rows, _plain(env, groupby, terms))
        found.append(
            {"name": name, "live": seconds, "frozen": figures["ms"] / 1000, "groups": len(rows)}
        )
    return found


def _plain(env: api.Environment, groupby: list[str], terms: tuple) -> list[tuple]:
    """The report's groups as the view names them."""
    rows = env["vip.kpi.report"]._read_group(
        [("manager_id", "=", one.id) for one in terms],
        ["month:month" if name == "month" else name for name in groupby],
        ASKED,
    )
    return [
        tuple(value.id or None if hasattr(value, "ids") else value for value in row) for row in rows
    ]


def _check_equal(name: str, one: list[tuple], other: list[tuple]) -> None:
    if sorted(map(_said, one)) != sorted(map(_said, other)):
        raise AssertionError(f"Live and frozen figures differ {name}.")


def _said(row: tuple) -> tuple[str, ...]:
    """Groups and figures so that they compare; nothing below the line is 0 to Odoo."""
    many = len(ASKED)
    return (*map(str, row[:-many]), *(f"{float(part or 0):.6f}" for part in row[-many:]))


def main(database: str, repeat: str = "3") -> None:
    with environment(database) as env:
        before = peak_memory_mb()
        last = close_year(env)
        figures = compute(env, last, int(repeat)) | freeze(env, last)
        figures |= {"grown_mb": peak_memory_mb() - before, "peak_mb": peak_memory_mb()}
        env.cr.execute("SELECT count(*) FROM vip_kpi_fact WHERE month_id = %s", [last.id])
        [figures["customers"]] = env.cr.fetchone()
        figures["report_rows"] = env["vip.kpi.report"].search_count([])
        report(**figures, pivots=compare(env))


if __name__ == "__main__":
    main(*sys.argv[1:])

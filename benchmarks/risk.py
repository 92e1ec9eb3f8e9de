"""Assess the risk of the last customers of the book in a night, the same night again, and the night after.

What ``vip.membership._cron_assess_risk`` does, batch by batch; where the book is bigger, it goes on where it
was interrupted, so that only these are left.
"""

import sys
from datetime import timedelta
from unittest.mock import patch

from odoo import api

from .session import Clock, environment, peak_memory_mb, report

WRITTEN = """
    SELECT sum(pg_stat_get_xact_tuples_inserted(c) + pg_stat_get_xact_tuples_updated(c)
               + pg_stat_get_xact_tuples_deleted(c))::int
      FROM unnest(ARRAY['vip_membership', 'vip_risk_signal']::regclass[]) c
"""
OUTCOME = """
    SELECT count(*) FILTER (WHERE risk_level = 'medium'), count(*) FILTER (WHERE risk_level = 'high'),
           (SELECT count(*) FROM vip_risk_signal WHERE points > 0),
           (SELECT count(*) FROM mail_activity WHERE res_model = 'vip.membership'),
           (SELECT count(*) FROM vip_retention_case WHERE source = 'risk')
      FROM vip_membership
"""


def night(env: api.Environment, after: int) -> dict[str, float]:
    """Seconds, batches and written rows of assessing who has a membership after this one."""
    company, members = env.company, env["vip.membership"]
    company.write({"vip_risk_day": company._vip_today(), "vip_risk_done": after})
    env.flush_all()
    env.cr.commit()
    clock, count, written, batches, going_on = Clock(env), env.cr.sql_log_count, 0, 0, True
    while going_on:
        going_on = members._assess_next(company)
        env.cr.execute(WRITTEN)
        written += env.cr.fetchone()[0]
        batches += 1
        env["ir.cron"]._commit_progress()
    return {
        **clock.read(),
        "written": written,
        "batches": batches,
        "queries": env.cr.sql_log_count - count,
    }


def main(database: str, customers: str) -> None:
    with environment(database) as env:
        before = peak_memory_mb()
        env.cr.execute(
            "SELECT id FROM vip_membership ORDER BY id DESC OFFSET %s LIMIT 1", [customers]
        )
        after = (env.cr.fetchone() or [0])[0]
        first = night(env, after)
        env.cr.execute("ANALYZE vip_membership, vip_risk_signal")
        env.cr.commit()
        again = night(env, after)
        grown_mb = peak_memory_mb() - before
        tomorrow = env.company._vip_today() + timedelta(days=1)
        with patch.object(type(env.company), "_vip_today", lambda company: tomorrow):
            following = night(env, after)
        env.cr.execute(OUTCOME)
        names = ("medium", "high", "signals", "tasks", "cases")
        report(
            **dict(zip(names, env.cr.fetchone(), strict=True)),
            grown_mb=grown_mb,
            peak_mb=peak_memory_mb(),
            **{f"first_{name}": value for name, value in first.items()},
            **{f"again_{name}": value for name, value in again.items()},
            **{f"next_{name}": value for name, value in following.items()},
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Plan a year of care for the whole book, and once more; write the same rows by bare SQL; open My day.

Every customer gets a tier whose plan asks for twenty touches a year.
"""

import sys
import time
from datetime import date

from odoo import api

from .session import MANAGER, Clock, as_user, environment, peak_memory_mb, report

TOUCHES = (12, 4, 4)
# The same rows into the same table with its indexes, without thinking.
BARE = """
    CREATE TEMPORARY TABLE planned AS SELECT * FROM vip_care_touch ORDER BY id;
    TRUNCATE vip_care_touch CASCADE;
"""
BARE_INSERT = "INSERT INTO vip_care_touch SELECT * FROM planned"
# Nobody is contacted twice on one day nor more than three times in one week.
BEYOND_LIMITS = """
    SELECT count(*) FROM (SELECT FROM vip_care_touch GROUP BY partner_id, due_date HAVING count(*) > 1
                          UNION ALL
                          SELECT FROM vip_care_touch
                           GROUP BY partner_id, (due_date - DATE '2001-01-01') / 7 HAVING count(*) > 3) b
"""


def prepare(env: api.Environment) -> None:
    """Put everybody on the diamond plan, and let that have twenty regular touches and no occasions."""
    plan = env.ref("vip_customer.care_plan_diamond")
    plan.step_ids.active = False
    env["vip.care.step"].create(
        [
            {
                "plan_id": plan.id,
                "channel_id": env.ref(f"vip_customer.channel_{code}").id,
                "times": times,
            }
            for code, times in zip(("phone", "visit", "sms"), TOUCHES, strict=True)
        ]
    )
    env.flush_all()
    env.cr.execute("DELETE FROM vip_care_touch")
    env.cr.execute("UPDATE vip_membership SET tier_id = %s", [plan.tier_id.id])
    env.cr.commit()
    env.cr.execute("ANALYZE vip_membership")
    env.invalidate_all()


def bare(env: api.Environment) -> dict[str, float]:
    """Seconds of writing what was planned again."""
    env.cr.execute(BARE)
    clock = Clock(env)
    env.cr.execute(BARE_INSERT)
    env.cr.commit()
    return {f"bare_{kind}": value for kind, value in clock.read().items()}


def my_day(env: api.Environment) -> dict[str, float]:
    """Queries and milliseconds of the manager's screen over the whole book."""
    env.cr.execute("ANALYZE vip_care_touch")
    day = as_user(env["vip.my.day"], MANAGER)
    for _turn in range(2):  # the first fills caches that outlive a request
        env.invalidate_all()
        count, start = env.cr.sql_log_count, time.perf_counter()
        day.load("branch")
    return {
        "my_day_queries": env.cr.sql_log_count - count,
        "my_day_ms": 1000 * (time.perf_counter() - start),
    }


def main(database: str) -> None:
    with environment(database) as env:
        prepare(env)
        company = env["vip.membership"].search([], limit=1).company_id
        before = peak_memory_mb()
        day = date(company._vip_today().year, 1, 1)
        figures = {}
        for turn in ("first", "second"):
            clock = Clock(env)
            written = env["vip.care.touch"]._plan(company, day=day)
            env.cr.commit()
            read = {f"{turn}_{kind}": value for kind, value in clock.read().items()}
            figures |= {f"{turn}_written": written, **read}
        figures["grown_mb"] = peak_memory_mb() - before
        env.cr.execute(BEYOND_LIMITS)
        [figures["beyond_limits"]] = env.cr.fetchone()
        report(**figures, **my_day(env), **bare(env))


if __name__ == "__main__":
    main(*sys.argv[1:])

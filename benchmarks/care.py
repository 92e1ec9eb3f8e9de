"""Plan a year of care for the whole book, and once more: ``twice``.

Every customer gets a tier whose plan asks for twenty touches a year.
"""

import sys
import time
from datetime import date

from odoo import api

from .session import environment, peak_memory_mb, report

TOUCHES = (12, 4, 4)


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


def main(database: str) -> None:
    with environment(database) as env:
        prepare(env)
        company = env["vip.membership"].search([], limit=1).company_id
        before = peak_memory_mb()
        day = date(company._vip_today().year, 1, 1)
        figures = {}
        for turn in ("first", "second"):
            start = time.perf_counter()
            written = env["vip.care.touch"]._plan(company, day=day)
            env.cr.commit()
            figures |= {f"{turn}_written": written, f"{turn}_s": time.perf_counter() - start}
        report(**figures, grown_mb=peak_memory_mb() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])

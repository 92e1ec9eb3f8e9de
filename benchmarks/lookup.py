"""Whose number is calling: the search against one raw look into a unique index, and the whole card as
an agent of the hotline gets it, each call with nothing in the cache."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Any

from odoo import api

from odoo.addons.vip_customer.tools import phone_forms

from .session import DESK, Clock, as_user, environment, report

CALLS = 1000
WARM = 20
RAW = """
    SELECT id FROM vip_service_number
     WHERE company_id = %s AND number_e164 = %s AND state <> 'closed' AND date_to IS NULL
"""


def callers(env: api.Environment) -> list[str]:
    """Numbers of all of the book, drawn without order."""
    env.cr.execute(
        "SELECT number FROM vip_service_number n JOIN vip_membership m USING (partner_id) "
        "WHERE m.tier_id IS NOT NULL"
    )
    numbers = [number for (number,) in env.cr.fetchall()]
    return random.Random(19).choices(numbers, k=CALLS + WARM)


def timed(env: api.Environment, numbers: Sequence[str], **sides: Callable[[str], Any]) -> dict:
    """Milliseconds of each call; the sides in turn, so that all of them meet the same machine."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for number in numbers:
        for side, call in sides.items():
            env.invalidate_all()
            start = time.perf_counter()
            call(number)
            times[side].append(1000 * (time.perf_counter() - start))
    return {side: values[WARM:] for side, values in times.items()}


def main(database: str) -> None:
    with environment(database) as env:
        env["vip.entitlement"]._grant(env.company)
        env.cr.commit()
        env.cr.execute("ANALYZE")
        numbers = callers(env)
        desk = as_user(env["res.partner"], DESK)
        company, cursor = env.company.id, env.cr._obj  # psycopg2's own

        def raw(number: str) -> None:
            cursor.execute(RAW, [company, f"+86{number}"])
            assert cursor.fetchall()

        def search(number: str) -> None:
            assert len(desk._vip_found(phone_forms.read(f"138 {number[3:]}"))) == 1

        def card(number: str) -> None:
            assert desk.vip_lookup(f"+86 {number}")["match"] == "one"

        def unknown(number: str) -> None:
            assert desk.vip_lookup(f"139{number[3:]}")["match"] == "none"

        times = timed(env, numbers, raw=raw, search=search, card=card, unknown=unknown)
        clock = Clock(env)
        timed(env, numbers, card=card)
        work = 1000 * clock.read()["work"] / len(numbers)
        env.invalidate_all()
        before = env.cr.sql_log_count
        card(numbers[0])
        report(
            **{side: median(values) for side, values in times.items()},
            card_work=work,
            card_p99=quantiles(times["card"], n=100)[98],
            raw_p99=quantiles(times["raw"], n=100)[98],
            queries=env.cr.sql_log_count - before,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

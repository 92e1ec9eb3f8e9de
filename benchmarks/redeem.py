"""Redeem in several processes at once, a transaction each: ``ours`` | ``orm``, ``hot`` | ``spread``.

``ours``    the door: the units by one conditional statement, then the line of the ledger
``orm``     read, compare, write, create the line, all by the ORM, and the same quick way to try again
``hot``     everybody from one entitlement
``spread``  from a thousand of them
"""

import logging
import multiprocessing
import random
import sys
import time
from collections.abc import Callable

from psycopg2.errors import SerializationFailure

from odoo import api, sql_db
from odoo.modules.registry import Registry
from odoo.tools import SQL

from .session import environment, report

PROCESSES = 8
SECONDS = 5
ROWS = 1000
PLENTY = 1_000_000


def prepare(env: api.Environment) -> tuple[int, list[int]]:
    """A benefit nobody can use up, and the memberships of a thousand customers who have it."""
    tiers = env["vip.tier"].search([])
    benefit = env["vip.benefit"].create(
        {
            "name": "Benchmark",
            "code": "BENCHMARK",
            "category_id": env["vip.benefit.category"].search([], limit=1).id,
            "unit_value": 0,
            "tier_benefit_ids": [(0, 0, {"tier_id": t.id, "quantity": PLENTY}) for t in tiers],
        }
    )
    members = env["vip.membership"].search([("tier_id", "!=", False)], order="id", limit=ROWS)
    env["vip.entitlement"]._grant(env.company, SQL("m.id = ANY(%s)", members.ids))
    env.cr.commit()
    return benefit.id, members.ids


def ours(env: api.Environment, member, benefit) -> None:
    Redemption = env["vip.redemption"]
    Redemption._taking(lambda: Redemption._redeem(member, benefit, 1))


def by_orm(env: api.Environment, member, benefit) -> None:
    Redemption = env["vip.redemption"]
    today = member.company_id._vip_today()

    def redeem() -> None:
        line = env["vip.entitlement"].search(
            [
                ("partner_id", "=", member.partner_id.id),
                ("benefit_id", "=", benefit.id),
                ("date_from", "<=", today),
                ("date_to", ">=", today),
            ],
            limit=1,
        )
        assert line.remaining >= 1
        line.write({"used": line.used + 1, "remaining": line.remaining - 1})
        Redemption.with_context(mail_create_nolog=True, mail_create_nosubscribe=True).create(
            {
                "date": today,
                "requested_by": env.uid,
                "partner_id": line.partner_id.id,
                "benefit_id": benefit.id,
                "entitlement_id": line.id,
                "tier_id": member.tier_id.id,
                "quantity": 1,
                "unit_value": line.unit_value,
                "value": line.unit_value,
                "state": "approved",
            }
        )
        env.flush_all()

    Redemption._at_once(redeem)


def work(
    database: str,
    redeem: Callable,
    benefit_id: int,
    member_ids: list[int],
    start: multiprocessing.Barrier,
    results: multiprocessing.SimpleQueue,
) -> None:
    """Redeem until the time is over; how often it worked."""
    logging.getLogger("odoo.sql_db").setLevel(logging.CRITICAL)  # losing is what is measured
    done = 0
    registry = Registry(database)
    random.seed()

    def once() -> bool:
        with registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            member = env["vip.membership"].browse(random.choice(member_ids))
            try:
                redeem(env, member, env["vip.benefit"].browse(benefit_id))
                cr.commit()
            except SerializationFailure:
                cr.rollback()
                return False
        return True

    once()
    start.wait()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        done += once()
    results.put(done)


def main(database: str, way: str, where: str) -> None:
    with environment(database) as env:
        benefit_id, member_ids = prepare(env)
    if where == "hot":
        del member_ids[1:]
    sql_db.close_all()  # connections cannot be shared by processes
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(PROCESSES), context.SimpleQueue()
    redeem = ours if way == "ours" else by_orm
    workers = [
        context.Process(
            target=work, args=(database, redeem, benefit_id, member_ids, start, results)
        )
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    done = sum(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    with environment(database) as env:
        env.cr.execute(
            """SELECT (SELECT sum(used) FROM vip_entitlement WHERE benefit_id = %(benefit)s),
                      (SELECT sum(quantity) FROM vip_redemption WHERE benefit_id = %(benefit)s)""",
            {"benefit": benefit_id},
        )
        used, given = env.cr.fetchone()
    assert used == given >= done, f"{used} used, {given} given, {done} done"
    report(rate=done / SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])

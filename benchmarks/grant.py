"""Give every customer of the book what his tier promises: ``ours`` | ``loyalty``.

``ours``     the yearly grant, and once more when there is nothing left to grant
``loyalty``  Odoo's own way to give cards to customers, one card each, for a part of the book
"""

import sys

from odoo import api

from .session import Clock, environment, report


def ours(env: api.Environment) -> None:
    """Grant twice."""
    Entitlement = env["vip.entitlement"]
    clock = Clock(env)
    rows = Entitlement._grant(env.company)
    env.cr.commit()
    spent = clock.read()
    env.cr.execute(
        "ANALYZE vip_entitlement"
    )  # as autovacuum, off here, would before the next night
    env.cr.commit()
    clock = Clock(env)
    again = Entitlement._grant(env.company)
    env.cr.commit()
    repeated = clock.read()
    assert not again, f"granting again wrote {again} rows"
    customers = env["vip.membership"].search_count([("tier_id", "!=", False)])
    report(
        **spent,
        again_wall=repeated["wall"],
        again_work=repeated["work"],
        rows=rows,
        customers=customers,
    )


def loyalty(env: api.Environment, part: int) -> None:
    """The wizard of the menu "Generate Coupons"."""
    program = env["loyalty.program"].create({"name": "Benchmark", "program_type": "coupons"})
    members = env["vip.membership"].search([("tier_id", "!=", False)], order="id", limit=part)
    wizard = env["loyalty.generate.wizard"].create(
        {
            "program_id": program.id,
            "mode": "selected",
            "customer_ids": members.partner_id.ids,
            "points_granted": 1,
        }
    )
    env.cr.commit()
    env.invalidate_all()
    clock = Clock(env)
    cards = wizard.generate_coupons()
    env.cr.commit()
    report(**clock.read(), rows=len(cards), customers=len(members))


def main(database: str, way: str, part: str = "0") -> None:
    with environment(database) as env:
        if way == "ours":
            ours(env)
        else:
            loyalty(env, int(part))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A book of customers as an operator has it when corrected bills make him judge it again.

One service number and twelve monthly bills for each customer, bills stored month by month as they
arrive. 45 % have a tier of this year's policy. The bills of last year, judged on 1 March, move 8 % of
all customers: 3.1 % enter, 2 % rise, 0.9 % fall, 2 % leave.
"""

import sys
from collections.abc import Sequence
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command, api
from odoo.tools import SQL

from .session import APPROVER, DESK, MANAGER, environment

# Of 1000 customers: how many, their tier so far, the bounds of a monthly bill last year.
CLASSES = [
    (28, "diamond", 1750, 4000),
    (4, "diamond", 720, 1600),
    (100, "gold", 720, 1600),
    (10, "gold", 1750, 4000),
    (5, "gold", 320, 640),
    (268, "silver", 320, 640),
    (10, "silver", 720, 1600),
    (20, "silver", 20, 200),
    (31, None, 320, 640),
    (524, None, 20, 200),
]

CUSTOMERS = """
    INSERT INTO res_partner (name, complete_name, ref, type, active, is_company, partner_share,
                             company_id, create_date, write_date)
    SELECT 'Customer ' || i, 'Customer ' || i, 'B' || i, 'contact', TRUE, FALSE, TRUE,
           %(company)s, now(), now()
      FROM generate_series(1, %(customers)s) i;
    INSERT INTO vip_membership (partner_id, company_id, birthday_calendar, joined_on, manager_id,
                                team_id, tier_id, base_tier_id, valid_until, base_valid_until, since,
                                movement, create_date, write_date)
    SELECT p.id, %(company)s, 'solar',
           %(date_from)s::date - 400 - (i * 17 %% 4000)::int,
           (%(managers)s)[1 + (i %% array_length(%(managers)s, 1))::int],
           (%(teams)s)[1 + (i %% array_length(%(teams)s, 1))::int],
           t.id, t.id,
           CASE WHEN t.id IS NOT NULL THEN %(date_to)s::date END,
           CASE WHEN t.id IS NOT NULL THEN %(date_to)s::date END,
           CASE WHEN t.id IS NOT NULL THEN %(date_from)s::date END,
           CASE WHEN t.id IS NOT NULL THEN 'keep' END,
           now(), now()
      FROM res_partner p
      CROSS JOIN LATERAL (SELECT substr(p.ref, 2)::bigint AS i) numbered
      JOIN bench_class c ON i * 7919 %% 1000 BETWEEN c.first AND c.last
      LEFT JOIN vip_tier t ON t.code = c.code
     WHERE p.ref ~ '^B[0-9]+$' ORDER BY p.id;
    UPDATE res_partner p SET vip_membership_id = m.id, commercial_partner_id = p.id
      FROM vip_membership m WHERE m.partner_id = p.id;
    INSERT INTO vip_service_number (partner_id, company_id, number, number_e164, state, activated_on,
                                    is_primary, create_date, write_date)
    SELECT partner_id, company_id, 13800000000 + id, '+86' || 13800000000 + id, 'active', joined_on,
           TRUE, now(), now()
      FROM vip_membership ORDER BY id;
    INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, valid_until, source)
    SELECT partner_id, company_id, tier_id, since, valid_until, 'override'
      FROM vip_membership WHERE tier_id IS NOT NULL ORDER BY id;
    INSERT INTO vip_billing_month (company_id, month, complete)
    SELECT %(company)s, m, TRUE FROM unnest(%(months)s::date[]) m;
    ANALYZE res_partner, vip_membership, vip_service_number;
"""

BILLS = """
    INSERT INTO vip_billing_fact (partner_id, company_id, number_id, month, amount,
                                  arrears_suspensions)
    SELECT n.partner_id, n.company_id, n.id, %(month)s,
           round((c.low + (c.high - c.low) * random())::numeric, 2), (random() < 0.01)::int
      FROM vip_service_number n
      JOIN res_partner p ON p.id = n.partner_id
      JOIN bench_class c ON substr(p.ref, 2)::bigint * 7919 %% 1000 BETWEEN c.first AND c.last
     ORDER BY n.id
"""


def load(env: api.Environment, customers: int, billed: Sequence[date] = ()) -> None:
    """Fill a fresh database; the run that is measured waits in it as a draft.

    :param billed: the months of the bills, else those of last year
    """
    company = env.company
    company.country_id = env.ref("base.cn")  # where the numbers are read
    today = company._vip_today()
    day = date(today.year - (today.month < 3), 3, 1)
    date_from = day + relativedelta(month=2)
    date_to = date_from + relativedelta(years=1, days=-1)
    months = billed or [day + relativedelta(years=-1, month=month) for month in range(1, 13)]
    managers = [_user(env, f"bench_user_{i}", "group_vip_user").id for i in range(50)]
    teams = env["crm.team"].create([{"name": f"Branch {i}"} for i in range(10)])
    _classes(env)
    # Right by construction: no need to check 36 million foreign keys.
    env.cr.execute("SET LOCAL session_replication_role = replica; SELECT setseed(0.19)")
    env.cr.execute(
        CUSTOMERS,
        {
            "company": company.id,
            "customers": customers,
            "date_from": date_from,
            "date_to": date_to,
            "managers": managers,
            "teams": teams.ids,
            "months": list(months),
        },
    )
    for month in months:
        env.cr.execute(BILLS, {"month": month})
    env.cr.execute("DROP TABLE bench_class; SET LOCAL session_replication_role = origin")
    env.invalidate_all()
    _user(env, MANAGER, "group_vip_manager")
    _user(env, APPROVER, "group_vip_manager", "group_vip_approver")
    _user(env, DESK, "group_vip_desk")
    policy = env["vip.tier.policy"].create(
        {
            "name": "Benchmark",
            "date_from": date_from,
            "date_to": date_to,
            **env["vip.tier.policy"]._prepare_preset_values(),
            "downgrade_timing": "immediate",
        }
    )
    policy.action_open()
    env["vip.tier.run"].create({"policy_id": policy.id, "as_of": day})


def _classes(env: api.Environment) -> None:
    env.cr.execute("CREATE TABLE bench_class (first int, last int, code text, low int, high int)")
    first = 0
    for count, *rest in CLASSES:
        env.cr.execute(SQL("INSERT INTO bench_class VALUES %s", (first, first + count - 1, *rest)))
        first += count


def _user(env: api.Environment, login: str, *groups: str):
    links = [Command.link(env.ref(f"vip_customer.{group}").id) for group in groups]
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create({"name": login, "login": login, "group_ids": links})
    )


def main(database: str, customers: str) -> None:
    with environment(database) as env:
        load(env, int(customers))
        env.cr.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])

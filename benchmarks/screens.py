"""Queries and time that opening a screen costs the server, with few rows and with many."""

import sys
import time
from collections.abc import Callable
from statistics import median

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import api

from .session import MANAGER, as_user, environment, report

TIMES = 5


def specification(view: etree._Element, model) -> dict:
    """What the web client asks for to show a view: its fields, those of lists inside it, names."""
    fields = {}
    for node in view.iterfind(".//field[@name]"):
        if next(node.iterancestors("field"), None) is not None:
            continue  # of a list inside
        name = node.get("name")
        comodel = model._fields[name].comodel_name
        if not comodel:
            fields[name] = {}
        elif model._fields[name].type == "many2one":
            fields[name] = {"fields": {"display_name": {}}}
        else:
            inside = [specification(sub, model.env[comodel]) for sub in node]
            fields[name] = {"fields": inside[0]} if inside else {}
    return fields


def measure(env: api.Environment, work: Callable[[], object]) -> dict[str, float]:
    """Queries and median milliseconds of a request with nothing in the cache."""
    queries, times = set(), []
    for turn in range(TIMES + 1):
        env.invalidate_all()
        count, start = env.cr.sql_log_count, time.perf_counter()
        work()
        if turn:  # the first fills caches that outlive a request
            queries.add(env.cr.sql_log_count - count)
            times.append(1000 * (time.perf_counter() - start))
    assert len(queries) == 1, f"the same request took {queries} queries"
    return {"queries": queries.pop(), "ms": median(times)}


def burden(member) -> None:
    """Give a customer twenty more numbers, each with 18 months of bills, and twenty years of tiers."""
    env = member.env
    numbers = env["vip.service.number"].create(
        [
            {"partner_id": member.partner_id.id, "number": f"M{i}", "activated_on": "2020-01-01"}
            for i in range(20)
        ]
    )
    env.cr.execute("SELECT max(month) FROM vip_billing_fact")
    [last] = env.cr.fetchone()
    env["vip.billing.fact"].create(
        [
            {
                "partner_id": member.partner_id.id,
                "number_id": number.id,
                "month": last - relativedelta(months=i),
                "amount": 100,
            }
            for number in numbers
            for i in range(18)
        ]
    )
    env["vip.tier.history"].create(
        [
            {
                "partner_id": member.partner_id.id,
                "company_id": member.company_id.id,
                "tier_id": member.tier_id.id,
                "date_from": f"{year}-02-01",
                "date_to": f"{year + 1}-01-31",
                "source": "override",
            }
            for year in range(1990, 2010)
        ]
    )
    env.flush_all()


def main(database: str) -> None:
    with environment(database) as env:
        Member = as_user(env["vip.membership"], MANAGER)
        light, heavy = env["vip.membership"].search([("tier_id", "!=", False)], limit=2)
        burden(heavy)
        views = Member.get_views([(False, "list"), (False, "kanban"), (False, "form")])["views"]
        spec = {
            kind: specification(etree.fromstring(view["arch"]), Member)
            for kind, view in views.items()
        }

        def page(kind: str, rows: int) -> dict[str, float]:
            domain = [("tier_id", "!=", False)]
            return measure(
                env,
                lambda: Member.web_search_read(domain, spec[kind], limit=rows, count_limit=10001),
            )

        def form(member) -> dict[str, float]:
            return measure(env, lambda: Member.browse(member.id).web_read(spec["form"]))

        report(
            screens=[
                ["customer list, 8 and 80 rows", page("list", 8), page("list", 80)],
                ["customer kanban, 4 and 40 cards", page("kanban", 4), page("kanban", 40)],
                ["VIP page, 12 and 372 bills", form(light), form(heavy)],
            ]
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

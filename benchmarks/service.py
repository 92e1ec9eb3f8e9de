"""20 000 open service requests: the list sorted by urgency, the same list with few, who has to be told.

The requests are those of VIP customers in turn, due from an hour ago to ten days ahead; one in a hundred
is about to be late, one in two hundred late.
"""

import sys

from lxml import etree

from odoo import api, fields

from .screens import measure, specification
from .session import MANAGER, Clock, as_user, environment, report

OPEN, FEW = 20_000, 100
INSERT = """
    INSERT INTO vip_service_request (
           name, partner_id, company_id, tier_id, type_id, user_id, state, severity, opened_at,
           respond_hours, resolve_hours, respond_by, respond_warn_at, resolve_by, resolve_warn_at,
           critical_at, next_due, next_warn, create_uid, write_uid, create_date, write_date)
    SELECT 'B' || i, m.partner_id, m.company_id, m.tier_id, t.id, m.manager_id, 'new', 'normal',
           %(now)s::timestamp - interval '1 hour', 1, 8, d.due, d.due - interval '15 minutes',
           d.due + interval '2 days', d.due + interval '1 day', d.due + interval '3 days',
           d.due, d.due - interval '15 minutes', 1, 1, now(), now()
      FROM generate_series(%(first)s, %(last)s) i
      JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS members
              FROM vip_membership WHERE tier_id IS NOT NULL) m ON m.place = i %% m.members
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM vip_service_type) t
        ON t.place = i %% 8
     CROSS JOIN LATERAL (SELECT %(now)s::timestamp + CASE
               WHEN i %% 200 = 0 THEN interval '-1 hour'
               WHEN i %% 200 = 1 THEN interval '10 minutes'
               ELSE interval '1 hour' + i %% 14000 * interval '1 minute' END AS due) d
"""


def open_requests(env: api.Environment, first: int, last: int) -> None:
    env.cr.execute(INSERT, {"first": first, "last": last, "now": fields.Datetime.now()})
    env.cr.execute("ANALYZE vip_service_request")
    env.cr.commit()
    env.invalidate_all()


def screen(env: api.Environment) -> dict[str, float]:
    """Queries and milliseconds of the manager's list: the first page of the open requests."""
    requests = as_user(env["vip.service.request"], MANAGER)
    view = etree.fromstring(requests.get_views([(False, "list")])["views"]["list"]["arch"])
    fields_spec = specification(view, requests)
    domain = [("state", "in", ("new", "doing"))]
    return measure(env, lambda: requests.web_search_read(domain, fields_spec, limit=80))


def escalate(env: api.Environment) -> dict[str, float]:
    """Seconds, requests and queries of telling who has to know, and of looking once more."""
    requests = env["vip.service.request"]
    figures = {}
    for turn in ("told", "again"):
        clock, count = Clock(env), env.cr.sql_log_count
        told = 0
        while some := requests._escalate(1000):
            told += some
            env.cr.commit()
        env.cr.commit()
        read = {f"{turn}_{kind}": value for kind, value in clock.read().items()}
        figures |= {turn: told, f"{turn}_queries": env.cr.sql_log_count - count, **read}
    return figures


def main(database: str) -> None:
    with environment(database) as env:
        open_requests(env, 1, FEW)
        few = screen(env)
        open_requests(env, FEW + 1, OPEN)
        many = screen(env)
        report(
            open=OPEN,
            few_queries=few["queries"],
            few_ms=few["ms"],
            many_queries=many["queries"],
            many_ms=many["ms"],
            **escalate(env),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""20 000 open retention cases: screens, the ladder of one, the night's watch, deadlines, the daily list.

The cases are those of VIP customers in turn, a tenth of them in watch, and 2 000 of these over: half of
them billed, half with all bills in and none of theirs. One in a hundred of the others is about to be late,
one in two hundred late. The daily list names numbers of customers without a case.
"""

import base64
import csv
import io
import sys

from lxml import etree

from odoo import api, fields

from .screens import measure, specification
from .session import MANAGER, Clock, as_user, environment, report

OPEN, LIST = 20_000, 5_000
CASES = """
    INSERT INTO vip_retention_case (
           name, partner_id, company_id, tier_id, user_id, source, state, reason_id, opened_at, opened_by,
           deadline, warn_at, first_contact_by, told_level, closing_date, value, facts, was_protected,
           accepted_at, watch_from, watch_until, create_uid, write_uid, create_date, write_date)
    SELECT 'C' || i, m.partner_id, m.company_id, m.tier_id, m.manager_id, 'list', s.state, r.id,
           %(now)s::timestamp - interval '50 days', 1,
           CASE WHEN s.state <> 'watch' THEN d.due END,
           CASE WHEN s.state <> 'watch' THEN d.due - interval '15 minutes' END, d.due, 0,
           %(today)s::date + 20 + i %% 30, 6000, '{"months": []}', FALSE,
           CASE WHEN s.state = 'watch' THEN %(now)s::timestamp - interval '49 days' END,
           CASE WHEN s.state = 'watch' THEN %(today)s::date - 49 END,
           CASE WHEN s.state = 'watch' THEN %(last)s::date + CASE WHEN i %% 10 = 9 THEN 0 ELSE 60 END END,
           1, 1, now(), now()
      FROM generate_series(%(first)s, %(until)s) i
      JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place
              FROM vip_membership WHERE tier_id IS NOT NULL AND manager_id IS NOT NULL) m ON m.place = i
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS reasons
              FROM vip_retention_reason WHERE parent_id IS NOT NULL) r ON r.place = i %% r.reasons
     CROSS JOIN LATERAL (SELECT CASE WHEN i %% 10 >= 8 THEN 'watch'
                                     ELSE (ARRAY['new', 'analysed', 'proposed', 'considering'])[1 + i %% 4]
                                END AS state) s
     CROSS JOIN LATERAL (SELECT %(now)s::timestamp + CASE
               WHEN i %% 200 = 0 THEN interval '-1 hour'
               WHEN i %% 200 = 1 THEN interval '10 minutes'
               ELSE interval '1 hour' + i %% 14000 * interval '1 minute' END AS due) d
"""
# Everything that hangs on a case, for those that have none of it yet.
STAKES = """INSERT INTO vip_retention_case_{} (case_id, number_id)
       SELECT c.id, min(n.id) FROM vip_retention_case c JOIN vip_service_number n USING (partner_id)
        WHERE NOT EXISTS (SELECT FROM vip_retention_case_{} r WHERE r.case_id = c.id) GROUP BY 1"""
DEPARTURES = """
    INSERT INTO vip_departure (partner_id, company_id, number_id, kind, requested_on, effective_on, state,
                               source, case_id, create_uid, write_uid, create_date, write_date)
    SELECT c.partner_id, c.company_id, r.number_id, 'scheduled', c.opened_at::date, c.closing_date,
           CASE c.state WHEN 'watch' THEN 'withdrawn' ELSE 'announced' END, 'list', c.id, 1, 1, now(), now()
      FROM vip_retention_case c JOIN vip_retention_case_number_rel r ON r.case_id = c.id
     WHERE c.departure_id IS NULL;
    UPDATE vip_retention_case c SET departure_id = d.id
      FROM vip_departure d WHERE d.case_id = c.id AND c.departure_id IS NULL
"""
PROPOSALS = """
    INSERT INTO vip_retention_proposal (case_id, partner_id, company_id, offer_id, cost, proposed_by,
           proposed_at, valid_until, approval, answer, answered_by, answered_at,
           create_uid, write_uid, create_date, write_date)
    SELECT c.id, c.partner_id, c.company_id, o.id, o.cost, 1, c.opened_at, c.opened_at::date + 60,
           'not_needed', CASE c.state WHEN 'watch' THEN 'accepted' WHEN 'considering' THEN 'considering' END,
           1, c.opened_at, 1, 1, now(), now()
      FROM vip_retention_case c, vip_retention_offer o
     WHERE c.state IN ('proposed', 'considering', 'watch') AND o.code = 'EXPLAIN'
       AND NOT EXISTS (SELECT FROM vip_retention_proposal p WHERE p.case_id = c.id)
"""
LOG = """
    INSERT INTO vip_retention_log (case_id, partner_id, company_id, date, user_id, step)
    SELECT c.id, c.partner_id, c.company_id, c.opened_at, 1, s.step
      FROM vip_retention_case c, unnest(ARRAY['opened', 'reason', 'proposed']) AS s (step)
     WHERE NOT EXISTS (SELECT FROM vip_retention_log l WHERE l.case_id = c.id)
"""
# Of the watches that are over every second one has its bill; the month's bills are all in.
BILLS = """
    INSERT INTO vip_billing_fact (partner_id, company_id, number_id, month, amount, arrears_suspensions)
    SELECT c.partner_id, c.company_id, r.number_id, date_trunc('month', c.watch_until)::date, 300, 0
      FROM vip_retention_case c JOIN vip_retention_case_kept_rel r ON r.case_id = c.id
     WHERE c.watch_until = %(last)s AND c.id %% 2 = 0
    ON CONFLICT DO NOTHING
"""
TABLES = ("case", "case_number_rel", "case_kept_rel", "proposal", "log")


def open_cases(env: api.Environment, first: int, until: int) -> None:
    today = env.company._vip_today()
    last = fields.Date.subtract(today.replace(day=1), days=1)
    values = {
        "first": first,
        "until": until,
        "now": fields.Datetime.now(),
        "today": today,
        "last": last,
    }
    env.cr.execute(CASES, values)
    for name in ("number_rel", "kept_rel"):
        env.cr.execute(STAKES.format(name, name))
    for statement in (DEPARTURES, PROPOSALS, LOG):
        env.cr.execute(statement)
    env.cr.execute("DELETE FROM vip_billing_fact WHERE month = %s", [last.replace(day=1)])
    env.cr.execute(BILLS, {"last": last})
    env["vip.billing.month"]._ensure(env.company, [last.replace(day=1)], complete=True)
    env.flush_all()
    for name in TABLES:
        env.cr.execute(f"ANALYZE vip_retention_{name}")
    env.cr.execute("ANALYZE vip_departure; ANALYZE vip_billing_fact")
    env.cr.commit()
    env.invalidate_all()


def screen(env: api.Environment, kind: str, rows: int) -> dict[str, float]:
    """Queries and milliseconds of a page of so many open cases."""
    cases = as_user(env["vip.retention.case"], MANAGER)
    view = etree.fromstring(cases.get_views([(False, kind)])["views"][kind]["arch"])
    spec = specification(view, cases)
    domain = [("state", "!=", "closed")]
    return measure(env, lambda: cases.web_search_read(domain, spec, limit=rows))


def ladder(env: api.Environment) -> dict[str, float]:
    """Queries and milliseconds of the offers that fit one case."""
    cases = as_user(env["vip.retention.case"], MANAGER)
    wanted = [("state", "=", "analysed"), ("reason_id.code", "=", "T_HIGH")]
    case = cases.search(wanted, limit=1)
    assert case.ladder, "nothing fits"
    return measure(env, lambda: cases.browse(case.id).ladder)


def figures(env: api.Environment) -> dict[str, float]:
    """Queries and milliseconds of the report over all cases by kind of reason."""
    rows = as_user(env["vip.retention.report"], MANAGER)
    wanted = ["requested:sum", "in_watch:sum", "save_rate:avg", "cost_per_save:avg"]
    return measure(env, lambda: rows.formatted_read_group([], ["reason_kind_id"], wanted))


def night(env: api.Environment) -> dict[str, float]:
    """Seconds, cases and queries of judging the watches that are over, and of the night after."""
    return _twice(env, "judged", lambda: env["vip.retention.case"]._judge(env.company, 1000))


def escalate(env: api.Environment) -> dict[str, float]:
    """Seconds, cases and queries of telling who has to know, and of looking once more."""
    return _twice(env, "told", lambda: env["vip.retention.case"]._escalate(500))


def _twice(env, name, work) -> dict[str, float]:
    read = {}
    for turn in (name, f"{name}_again"):
        clock, count, done = Clock(env), env.cr.sql_log_count, 0
        while some := work():
            done += some
            env.cr.commit()
            env.invalidate_all()
        env.cr.commit()
        read |= {turn: done, f"{turn}_queries": env.cr.sql_log_count - count}
        read |= {f"{turn}_{kind}": value for kind, value in clock.read().items()}
    return read


def import_list(env: api.Environment) -> dict[str, float]:
    """Seconds and queries of the daily list, which opens a case for every line."""
    today = env.company._vip_today()
    env.cr.execute(
        """SELECT min(n.number) FROM vip_service_number n JOIN vip_membership m USING (partner_id)
            WHERE m.tier_id IS NOT NULL AND n.state = 'active' AND n.date_to IS NULL
              AND NOT EXISTS (SELECT FROM vip_retention_case c WHERE c.partner_id = m.partner_id)
            GROUP BY m.partner_id ORDER BY m.partner_id LIMIT %s""",
        [LIST],
    )
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["number", "kind", "requested_on", "effective_on"])
    writer.writerows(
        (number, "scheduled", today, fields.Date.add(today, days=20))
        for [number] in env.cr.fetchall()
    )
    content = base64.b64encode(file.getvalue().encode())
    job = env["vip.import"].create(
        {"kind": "departures", "filename": "departures.csv", "file": content}
    )
    env.cr.commit()
    env.invalidate_all()
    before = env["vip.retention.case"].search_count([])
    clock, count = Clock(env), env.cr.sql_log_count
    job.action_run()
    job._cron_run()  # big files are left to the scheduler
    env.cr.commit()
    assert job.state == "done", job.message
    read = {f"listed_{kind}": value for kind, value in clock.read().items()}
    opened = env["vip.retention.case"].search_count([]) - before
    return {"listed": opened, "listed_queries": env.cr.sql_log_count - count, **read}


def main(database: str) -> None:
    with environment(database) as env:
        env.cr.execute(
            "SELECT count(*) FROM vip_membership WHERE tier_id IS NOT NULL AND manager_id IS NOT NULL"
        )
        [[members]] = env.cr.fetchall()
        many = min(OPEN, members - LIST)  # the others are in the daily list
        open_cases(env, 0, many - 1)
        report(
            open=many,
            screens=[
                [kind, screen(env, kind, 8), screen(env, kind, 80)] for kind in ("list", "kanban")
            ],
            ladder=ladder(env),
            figures=figures(env),
            **night(env),
            **escalate(env),
            **import_list(env),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The book with a year of dated records: what a month end counts, and what risk is assessed by.

Every customer has a tier. In the twelve months that are over 8 % join, 8 % go with their numbers, 4 % leave
the tier, 4 % change it, and 12 % are handed over, a third of them twice. Touches come once in one, two or
four months by tier, one request a year for every second customer, two redemptions for everybody; bills are
those of these months, and all else goes on until today. 1.5 % are at high risk: their number is suspended,
and they asked whether it may be ported.
"""

import sys
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api

from . import book
from .session import environment

MONTHS = 12

# Who is who: what happened to him, and on which day. chance() says the same of the same customer.
PEOPLE = """
    CREATE FUNCTION pg_temp.chance(i bigint, seed int) RETURNS int LANGUAGE sql IMMUTABLE
        AS 'SELECT abs(hashint8extended(i, seed) %% 1000)::int';
    CREATE TEMPORARY TABLE person AS
    SELECT q.*, CASE WHEN what = 'joined' THEN day ELSE %(first)s::date - 300 END AS begins,
           CASE WHEN what IN ('gone', 'left', 'changed') THEN day END AS turns,
           CASE WHEN what = 'gone' THEN day END AS gone,
           CASE q.tier_id WHEN %(silver)s THEN %(gold)s ELSE %(silver)s END AS next_tier_id,
           CASE q.tier_id WHEN %(silver)s THEN 4 WHEN %(gold)s THEN 2 ELSE 1 END AS every
      FROM (SELECT m.id AS membership_id, m.partner_id, m.company_id, m.manager_id, m.team_id,
                   n.id AS number_id, b.i,
                   CASE WHEN pg_temp.chance(b.i, 1) < 50 THEN %(diamond)s
                        WHEN pg_temp.chance(b.i, 1) < 250 THEN %(gold)s ELSE %(silver)s END AS tier_id,
                   CASE WHEN pg_temp.chance(b.i, 2) < 80 THEN 'joined'
                        WHEN pg_temp.chance(b.i, 2) < 160 THEN 'gone'
                        WHEN pg_temp.chance(b.i, 2) < 200 THEN 'left'
                        WHEN pg_temp.chance(b.i, 2) < 240 THEN 'changed'
                        WHEN pg_temp.chance(b.i, 2) < 320 THEN 'handed'
                        WHEN pg_temp.chance(b.i, 2) < 360 THEN 'twice' END AS what,
                   %(first)s::date + (b.i * 7919 %% 350)::int AS day
              FROM res_partner p
             CROSS JOIN LATERAL (SELECT substr(p.ref, 2)::bigint AS i) b
              JOIN vip_membership m ON m.partner_id = p.id
              JOIN vip_service_number n ON n.partner_id = p.id
             WHERE p.ref ~ '^B[0-9]+$') q
     ORDER BY partner_id;
    CREATE UNIQUE INDEX ON person (partner_id);
    ANALYZE person
"""

OWNERS = """
    DELETE FROM vip_tier_history;
    INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, date_to, valid_until, source)
    SELECT partner_id, company_id,
           CASE WHEN part = 1 THEN tier_id WHEN what = 'changed' THEN next_tier_id END,
           CASE WHEN part = 1 THEN begins ELSE turns END, CASE WHEN part = 1 THEN turns - 1 END,
           CASE WHEN part = 1 OR what = 'changed' THEN %(today)s::date + 40 + i::int %% 300 END,
           CASE WHEN part = 2 AND what = 'gone' THEN 'closure' ELSE 'run' END
      FROM person, generate_series(1, CASE WHEN turns IS NULL THEN 1 ELSE 2 END) part
     ORDER BY partner_id, part;
    INSERT INTO vip_manager_assignment (partner_id, company_id, manager_id, team_id, date_from, date_to,
                                        create_date, write_date)
    SELECT partner_id, company_id,
           CASE WHEN part = parts THEN manager_id
                ELSE (%(managers)s)[1 + (i + 7 * part) %% array_length(%(managers)s, 1)] END,
           CASE WHEN part = parts THEN team_id
                ELSE (%(teams)s)[1 + (i + 3 * part) %% array_length(%(teams)s, 1)] END,
           CASE WHEN part = 1 THEN begins ELSE day + 9 * (part - 2) END,
           CASE WHEN part < parts THEN day + 9 * (part - 1) - 1 END, now(), now()
      FROM (SELECT *, CASE what WHEN 'handed' THEN 2 WHEN 'twice' THEN 3 ELSE 1 END AS parts
              FROM person) p, generate_series(1, parts) part
     ORDER BY partner_id, part;
    UPDATE vip_service_number n
       SET state = CASE WHEN p.gone IS NOT NULL THEN 'closed'
                        WHEN pg_temp.chance(p.i, 9) < 15 THEN 'suspended' ELSE 'active' END,
           closed_on = p.gone,
           contract_end = CASE WHEN pg_temp.chance(p.i, 4) < 400
                               THEN %(today)s::date + pg_temp.chance(p.i, 5) END
      FROM person p WHERE n.id = p.number_id
"""

DEPARTURES = """
    INSERT INTO vip_departure (partner_id, company_id, number_id, kind, requested_on, effective_on,
                               withdrawn_on, state, source, remark, create_date, write_date)
    SELECT partner_id, company_id, number_id,
           CASE WHEN pg_temp.chance(i, 6) < 600 THEN 'scheduled'
                WHEN pg_temp.chance(i, 6) < 800 THEN 'port_out' ELSE 'arrears' END,
           CASE WHEN s.state = 'announced' THEN %(today)s::date - 10 ELSE day - 20 END,
           CASE WHEN s.state = 'announced' THEN %(today)s::date + 20 ELSE day END,
           CASE WHEN s.state = 'withdrawn' THEN day - 5 END, s.state, 'list',
           CASE WHEN s.state = 'effective' AND pg_temp.chance(i, 7) < 20 THEN 'no_record' END,
           now(), now()
      FROM person
     CROSS JOIN LATERAL (SELECT CASE WHEN gone IS NOT NULL THEN 'effective'
                                     WHEN pg_temp.chance(i, 8) < 5 THEN 'announced'
                                     WHEN pg_temp.chance(i, 8) < 25 THEN 'withdrawn' END AS state) s
     WHERE s.state IS NOT NULL ORDER BY partner_id
"""

# Nothing is billed to who is gone, and half of it to 3 % in the last three months.
BILLS = """
    DELETE FROM vip_billing_fact f USING person p WHERE p.partner_id = f.partner_id AND f.month >= p.gone;
    UPDATE vip_billing_fact f SET amount = round(amount / 2, 2)
      FROM person p
     WHERE p.partner_id = f.partner_id AND f.month >= %(dropping)s AND pg_temp.chance(p.i, 9) < 30
"""

# One of this month for everybody whose turn it is: mostly done, some of them late, some missed or skipped.
TOUCHES = """
    INSERT INTO vip_care_touch (partner_id, company_id, step_id, tier_id, channel_id, purpose, slot,
                                planned_date, due_date, state, done_on, is_occasion)
    SELECT partner_id, company_id, s.id, p.tier_id, s.channel_id, 'update', %(month)s, due, due, t.state,
           CASE WHEN t.state = 'done'
                THEN due + CASE WHEN luck < 700 THEN luck %% 6 ELSE luck %% 20 END END, FALSE
      FROM (SELECT *, pg_temp.chance(i, %(turn)s) AS luck,
                   %(month)s::date + (i * 31 %% 28)::int AS due FROM person) p
      JOIN (SELECT DISTINCT ON (tier_id) a.tier_id, b.id, b.channel_id
              FROM vip_care_plan a JOIN vip_care_step b ON b.plan_id = a.id AND b.active IS TRUE
             WHERE a.active IS TRUE ORDER BY 1, 2) s ON s.tier_id = p.tier_id
     CROSS JOIN LATERAL (SELECT CASE WHEN p.due > %(today)s::date - 20 THEN 'planned'
                                     WHEN luck < 880 THEN 'done' WHEN luck < 960 THEN 'missed'
                                     ELSE 'skipped' END AS state) t
     WHERE (i + %(turn)s) %% every = 0 AND due >= begins AND coalesce(due < turns, TRUE)
     ORDER BY partner_id
"""

CONTACTS = """
    INSERT INTO vip_interaction (partner_id, company_id, channel_id, result_id, user_id, purpose, rating,
                                 is_contact, date, create_date, write_date)
    SELECT t.partner_id, t.company_id, t.channel_id, %(result)s, p.manager_id, 'update',
           CASE WHEN luck < 50 THEN 1 + luck %% 5 END, TRUE, t.done_on + interval '6 hours', now(), now()
      FROM (SELECT *, pg_temp.chance(id, 10) AS luck FROM vip_care_touch WHERE state = 'done') t
      JOIN person p USING (partner_id)
     ORDER BY t.done_on
"""

# Every second customer once a year; who asks in these weeks still waits.
REQUESTS = """
    INSERT INTO vip_service_request (name, partner_id, company_id, tier_id, type_id, subtype_id, user_id,
           state, severity, opened_at, respond_by, resolve_by, next_due, responded_at, resolved_at,
           respond_hours, resolve_hours, create_date, write_date)
    SELECT 'B' || i, partner_id, company_id, tier_id, y.id,
           CASE WHEN y.with_complaint THEN (SELECT min(id) FROM vip_service_subtype) END, manager_id,
           CASE WHEN d.is_open THEN 'doing' ELSE 'closed' END, 'normal', d.at, d.at + interval '1 hour',
           d.due, CASE WHEN d.is_open THEN d.due END, d.at + interval '30 minutes',
           CASE WHEN NOT d.is_open
                THEN d.due + CASE WHEN luck < 930 THEN interval '-3 hours' ELSE interval '9 hours' END END,
           1, 8, now(), now()
      FROM (SELECT *, pg_temp.chance(i, 11) AS luck, %(today)s::date - (i * 37 %% 365)::int AS asked
              FROM person WHERE i %% 2 = 0) p
     CROSS JOIN LATERAL (SELECT asked + interval '2 hours' AS at, asked + interval '3 days' AS due,
                                asked > %(today)s::date - 8 AND luck < 400 AS is_open) d
      JOIN (SELECT id, coalesce(with_complaint, FALSE) AS with_complaint,
                   row_number() OVER (ORDER BY id) - 1 AS place
              FROM vip_service_type) y ON y.place = i / 2 %% 8
     WHERE asked >= begins AND coalesce(asked < turns, TRUE)
     ORDER BY asked;
    INSERT INTO vip_service_pause (request_id, partner_id, company_id, user_id, reason, stops_clock,
                                   date_from, date_to)
    SELECT id, partner_id, company_id, user_id, 'documents', TRUE, opened_at + interval '1 hour',
           CASE WHEN state = 'closed' THEN opened_at + interval '20 hours' END
      FROM vip_service_request WHERE pg_temp.chance(id, 12) < 50;
    INSERT INTO rating_rating (res_model, res_model_id, res_id, rating, consumed, rated_on, create_date,
                               write_date)
    SELECT 'vip.service.request', %(request_model)s, id, 1 + (2 + pg_temp.chance(id, 13)) %% 5, TRUE,
           resolved_at + interval '1 day', now(), now()
      FROM vip_service_request WHERE state = 'closed' AND pg_temp.chance(id, 14) < 300
"""

# Two benefits, one of them for gold and diamond, in this period and in the one before.
BENEFITS = """
    INSERT INTO vip_entitlement (partner_id, company_id, benefit_id, tier_id, quantity, goodwill, granted,
                                 used, remaining, period, when_exhausted, date_from, date_to, unit_value,
                                 is_unlimited)
    SELECT partner_id, company_id, b.id, tier_id, 4, 0, 4, u.used, 4 - u.used, 'year', 'block', y.date_from,
           y.date_from + 364, 30, FALSE
      FROM person p
     CROSS JOIN unnest(%(benefits)s::int[]) WITH ORDINALITY b (id, place)
     CROSS JOIN unnest(%(periods)s::date[]) y (date_from)
     CROSS JOIN LATERAL (SELECT CASE WHEN pg_temp.chance(i, 15) < 250 THEN 0 ELSE 1 + i::int %% 2 END
                                AS used) u
     WHERE (b.place = 1 OR tier_id <> %(silver)s) AND coalesce(turns > y.date_from, TRUE)
     ORDER BY partner_id;
    INSERT INTO vip_redemption (partner_id, company_id, benefit_id, entitlement_id, tier_id, quantity, state,
                                date, unit_value, value, issued_on, delivered_on, create_date, write_date)
    SELECT e.partner_id, e.company_id, e.benefit_id, e.id, e.tier_id, 1, s.state, d.day, 30, 30,
           d.day + interval '3 hours', CASE WHEN s.state = 'delivered' THEN d.day + interval '9 hours' END,
           now(), now()
      FROM vip_entitlement e
     CROSS JOIN generate_series(1, e.used) n
     CROSS JOIN LATERAL (SELECT e.date_from + ((e.partner_id * 13 + n * 101)
                                %% (least(e.date_to, %(today)s::date) - e.date_from))::int AS day) d
     CROSS JOIN LATERAL (SELECT CASE WHEN d.day > %(today)s::date - 30 AND e.partner_id %% 3 = 0
                                     THEN 'issued' ELSE 'delivered' END AS state) s
     ORDER BY d.day
"""

# Whoever goes had a case, and so had whoever took his request back.
CASES = """
    INSERT INTO vip_retention_case (name, partner_id, company_id, tier_id, user_id, departure_id, source,
           state, outcome, reason_id, opened_at, closed_at, value, facts, was_protected, create_date,
           write_date)
    SELECT 'C' || d.id, d.partner_id, d.company_id, p.tier_id, p.manager_id, d.id, 'list',
           CASE d.state WHEN 'announced' THEN 'analysed' ELSE 'closed' END,
           CASE d.state WHEN 'effective' THEN 'refused' WHEN 'withdrawn' THEN 'saved' END, r.id,
           d.requested_on + interval '2 hours',
           CASE WHEN d.state <> 'announced' THEN d.requested_on + interval '15 days' END, 6000,
           '{"months": []}', FALSE, now(), now()
      FROM vip_departure d
      JOIN person p USING (partner_id)
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS reasons
              FROM vip_retention_reason WHERE parent_id IS NOT NULL) r ON r.place = d.id %% r.reasons;
    UPDATE vip_departure d SET case_id = c.id FROM vip_retention_case c WHERE c.departure_id = d.id;
    INSERT INTO vip_retention_proposal (case_id, partner_id, company_id, offer_id, cost, proposed_by,
           proposed_at, approval, answer, answered_at, create_date, write_date)
    SELECT c.id, c.partner_id, c.company_id, o.id, 30, 1, c.opened_at + interval '1 day', 'not_needed',
           CASE c.outcome WHEN 'saved' THEN 'accepted' ELSE 'refused' END, c.opened_at + interval '2 days',
           now(), now()
      FROM vip_retention_case c, (SELECT min(id) AS id FROM vip_retention_offer) o
     WHERE c.state = 'closed'
"""

PROFILES = """
    INSERT INTO vip_vas_use (partner_id, company_id, vas_id, number_id, source, state, taken_up_on,
                             ended_on, create_date, write_date)
    SELECT partner_id, company_id, %(vas)s, number_id, 'demonstration',
           CASE WHEN u.ended_on IS NULL THEN 'taken_up' ELSE 'ended' END, u.taken_up_on, u.ended_on,
           now(), now()
      FROM person
     CROSS JOIN LATERAL (SELECT begins + pg_temp.chance(i, 16) / 3 AS taken_up_on,
                                CASE WHEN pg_temp.chance(i, 17) < 200
                                     THEN begins + 340 + pg_temp.chance(i, 18) / 5 END AS ended_on) u
     WHERE i %% 5 = 0 ORDER BY partner_id;
    INSERT INTO vip_preference (partner_id, company_id, type_id, value, date, create_date, write_date)
    SELECT partner_id, company_id, t.id, 'told', begins + pg_temp.chance(i, 19) / 2, now(), now()
      FROM person
      JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM vip_preference_type
             WHERE active IS TRUE AND code <> 'birthday') t ON (i + t.place) %% 4 = 0
     ORDER BY partner_id;
    INSERT INTO vip_risk_signal (partner_id, company_id, type_id, is_recorded, date, points, colour,
                                 create_uid, write_uid, create_date, write_date)
    SELECT partner_id, company_id, t.id, TRUE, %(today)s::date - pg_temp.chance(i, 20) / 40, 0,
           CASE WHEN t.rule = 'pulse' THEN (ARRAY['red', 'amber', 'green'])[1 + i %% 3] END,
           1, 1, now(), now()
      FROM person
      JOIN vip_risk_signal_type t
        ON t.rule = 'pulse' AND pg_temp.chance(i, 21) < 50
        OR t.rule = 'recorded' AND pg_temp.chance(i, 9) < 20
     WHERE gone IS NULL
"""

MEMBERS = """
    UPDATE vip_membership m
       SET tier_id = t.tier_id, base_tier_id = t.tier_id, valid_until = t.valid_until,
           base_valid_until = t.valid_until, since = t.date_from, movement = NULL,
           joined_on = least(p.begins, m.joined_on), closed_on = p.gone,
           birthday = CASE WHEN p.i %% 3 > 0 THEN DATE '1980-01-01' + (p.i %% 5000)::int END,
           tier_warning = CASE WHEN p.i %% 20 = 0 THEN t.valid_until END,
           last_contact_on = c.last
      FROM person p
      JOIN vip_tier_history t ON t.partner_id = p.partner_id AND t.date_to IS NULL
      LEFT JOIN (SELECT partner_id, max(done_on) AS last FROM vip_care_touch WHERE state = 'done' GROUP BY 1)
           c ON c.partner_id = p.partner_id
     WHERE m.id = p.membership_id
"""


def months(today: date) -> list[date]:
    """The twelve months that are over."""
    running = today.replace(day=1)
    return [running - relativedelta(months=n) for n in range(MONTHS, 0, -1)]


def load(env: api.Environment, customers: int) -> None:
    """Fill a fresh database."""
    company, cr = env.company, env.cr
    today = company._vip_today()
    over = months(today)
    book.load(env, customers, over)
    begun = date(today.year - (today.month < 2), 2, 1)
    tiers = {tier.code: tier.id for tier in env["vip.tier"].search([])}
    benefits = env["vip.benefit"].search([("code", "in", ("CARD", "LOUNGE"))], order="code")
    terms = {
        **{code: tiers[code] for code in ("silver", "gold", "diamond")},
        "first": over[0],
        "dropping": over[-3],
        "today": today,
        "managers": env["res.users"].search([("login", "like", "bench\\_user\\_%")]).ids,
        "teams": env["crm.team"].search([("name", "like", "Branch %")]).ids,
        "benefits": benefits.ids,
        "periods": [begun - relativedelta(years=1), begun],
        "result": env["vip.interaction.result"].search([("counts", "=", "yes")], limit=1).id,
        "request_model": env["ir.model"]._get_id("vip.service.request"),
        "vas": env["vip.vas"].search([("counts_in_kpi", "=", True)], limit=1).id,
    }
    # right by construction, as the book
    cr.execute("SET LOCAL session_replication_role = replica")
    for statements in (PEOPLE, OWNERS, DEPARTURES, BILLS):
        cr.execute(statements, terms)
    for turn, month in enumerate([*over, today.replace(day=1)]):
        cr.execute(TOUCHES, {**terms, "month": month, "turn": 100 + turn})
    for statements in (CONTACTS, REQUESTS, BENEFITS, CASES, PROFILES, MEMBERS):
        cr.execute(statements, terms)
    cr.execute("SET LOCAL session_replication_role = origin")
    env.invalidate_all()


def main(database: str, customers: str) -> None:
    with environment(database) as env:
        load(env, int(customers))
        env.cr.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])

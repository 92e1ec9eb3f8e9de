"""``kpi.fact`` for a whole book of customers, and what was done for them in the month: one statement.

Everything is read from dated records, as it was at the end of the month. What has no dates of its own
(bills, amounts granted) is read as it is known now; a month that is frozen keeps it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from odoo.tools import SQL

from odoo.addons.vip_customer.tools.care_days import LATE_DAYS
from odoo.addons.vip_customer.tools.profile import MONTHS_VALID
from odoo.addons.vip_customer.tools.profile_sql import ASKED

from . import kpi

OWNERS = ("start_manager_id", "start_team_id", "start_tier_id", "manager_id", "team_id", "tier_id")
MARKS = ("is_moved", "happened_on", "is_late", "is_reopened", "is_unrecorded")
# sums that ``kpi.rows`` spreads over the two rows of a customer
SPREAD = ("opening", "moved_in", "moved_out")
# all others belong to who had him last
LAST = (
    "joined",
    "churned_scheduled",
    "churned_port_out",
    "churned_arrears",
    "left_tier",
    "left_closed",
    "closing",
    "numbers_closed",
    "spend",
    "contacts_due",
    "contacts_done",
    "contacts_judged",
    "contacts_on_time",
    "reached",
    "requests_due",
    "requests_on_time",
    "requests_paused",
    "ratings",
    "ratings_good",
    "redemptions",
    "redemption_value",
    "cases_saved",
    "cases_decided",
    "cases_withdrawn",
    "cases_open",
    "cases_at_risk",
    "cases_offered",
    "cases_accepted",
    "cases_cost",
    "vas_users",
    "vas_taken_up",
    "benefit_used",
    "benefit_granted",
    "profile_known",
    "profile_asked",
)
COLUMNS = ("partner_id", *OWNERS, *MARKS, *SPREAD, *LAST)


class Month(NamedTuple):
    """A month of a company: its first and last day, and the UTC moments at which it begins and is over in
    the company's time zone."""

    company_id: int
    first: date
    last: date
    begin: datetime
    over: datetime


def opening_reckoned() -> SQL:
    """The owners at the end of the month before, by the dated records."""
    return SQL(
        """SELECT h.partner_id, a.manager_id, a.team_id, h.tier_id
             FROM span CROSS JOIN vip_tier_history h
             LEFT JOIN vip_manager_assignment a ON a.partner_id = h.partner_id AND %s
            WHERE h.company_id = span.company AND h.tier_id IS NOT NULL AND %s""",
        _covers("a", SQL("span.first - 1")),
        _covers("h", SQL("span.first - 1")),
    )


def opening_copied(month_id: int) -> SQL:
    """The owners whom a frozen month closed with."""
    return SQL(
        """SELECT partner_id, manager_id, team_id, tier_id
             FROM vip_kpi_fact WHERE month_id = %s AND closing = 1""",
        month_id,
    )


class Frozen(NamedTuple):
    """The frozen months before: the first of them, and the one that ends where this month begins."""

    first: date
    last_id: int


def unseen(first: date) -> SQL:
    """``kpi._unseen``: who came and went within frozen months that do not know of him.

    :param first: the first month that was frozen
    """
    return SQL(
        """SELECT DISTINCT ON (h.partner_id) h.partner_id, h.tier_id, h.date_to AS day
             FROM span CROSS JOIN vip_tier_history h
            WHERE h.company_id = span.company AND h.tier_id IS NOT NULL
              AND h.date_to >= h.date_from AND h.date_to BETWEEN %(first)s AND span.first - 1
              AND NOT EXISTS (SELECT FROM starting s WHERE s.partner_id = h.partner_id)
              AND NOT EXISTS (SELECT FROM counted c WHERE c.partner_id = h.partner_id)
              AND NOT EXISTS (
                   SELECT FROM vip_kpi_fact f
                    WHERE f.partner_id = h.partner_id AND f.month < span.first
                      AND f.opening + f.joined > 0
                      AND f.month >= greatest(date_trunc('month', h.date_from)::date, %(first)s))
            ORDER BY h.partner_id, h.date_from DESC""",
        first=first,
    )


NOBODY = SQL("SELECT NULL::int AS partner_id, NULL::int AS tier_id, NULL::date AS day WHERE FALSE")


# What was done for who had a tier once: the month in which it ends is not always one that counts him.
DONE = {
    "requests_due": SQL("coalesce(r.due, 0)"),
    "requests_on_time": SQL("coalesce(r.on_time, 0)"),
    "requests_paused": SQL("coalesce(r.paused, 0)"),
    "ratings": SQL("coalesce(q.ratings, 0)"),
    "ratings_good": SQL("coalesce(q.good, 0)"),
    "cases_saved": SQL("coalesce(c.saved, 0)"),
    "cases_decided": SQL("coalesce(c.decided, 0)"),
    "cases_withdrawn": SQL("coalesce(c.withdrawn, 0)"),
    "cases_open": SQL("coalesce(c.still_open, 0)"),
    "cases_at_risk": SQL("coalesce(c.at_risk, 0)"),
    "cases_offered": SQL("coalesce(o.offered, 0)"),
    "cases_accepted": SQL("coalesce(o.accepted, 0)"),
    "cases_cost": SQL("coalesce(c.cost, 0)"),
}


def facts(month: Month, frozen: Frozen | None = None) -> SQL:
    """A query of ``COLUMNS``: a row for each customer to whom the month is something.

    :param frozen: None where the month before is not frozen: then whom it begins with is worked out
    """
    return SQL(
        """
        -- not materialized: PostgreSQL has to know the days to tell how many rows they find
        WITH span AS NOT MATERIALIZED (
             SELECT %(company)s AS company, %(first)s::date AS first, %(last)s::date AS last,
                    %(begin)s::timestamp AS begin, %(over)s::timestamp AS over),
        starting AS MATERIALIZED (%(opening)s),
        closing AS MATERIALIZED (
             SELECT h.partner_id, h.tier_id, h.date_from
               FROM span CROSS JOIN vip_tier_history h
              WHERE h.company_id = span.company AND h.tier_id IS NOT NULL AND %(h_at_end)s),
        -- counted on some day of the month, not on its last one
        leaving AS MATERIALIZED (
             SELECT DISTINCT ON (h.partner_id) h.partner_id, h.tier_id, h.date_to AS day
               FROM span CROSS JOIN vip_tier_history h
              WHERE h.company_id = span.company AND h.tier_id IS NOT NULL
                AND h.date_to BETWEEN span.first AND span.last - 1 AND h.date_to >= h.date_from
                AND NOT EXISTS (SELECT FROM closing c WHERE c.partner_id = h.partner_id)
              ORDER BY h.partner_id, h.date_from DESC),
        counted AS (
             SELECT partner_id FROM closing UNION ALL SELECT partner_id FROM leaving),
        late AS MATERIALIZED (%(late)s),
        -- who is not counted on the last day: the tier he is judged with, and the day that says by whom;
        -- without a day, with whom he began
        ended AS MATERIALIZED (
             SELECT coalesce(s.partner_id, l.partner_id) AS partner_id,
                    coalesce(l.tier_id, s.tier_id) AS tier_id, l.day,
                    s.manager_id, s.team_id
               FROM starting s
               FULL JOIN (SELECT * FROM leaving UNION ALL SELECT * FROM late) l
                 ON l.partner_id = s.partner_id
              WHERE NOT EXISTS (SELECT FROM closing c
                                 WHERE c.partner_id = coalesce(s.partner_id, l.partner_id))),
        requests AS MATERIALIZED (%(requests)s),
        ratings AS MATERIALIZED (%(ratings)s),
        cases AS MATERIALIZED (%(cases)s),
        offers AS MATERIALIZED (%(offers)s),
        -- had left the tier before: his last number may close now, and what was begun while he had it may end
        gone AS MATERIALIZED (
             SELECT DISTINCT ON (h.partner_id) h.partner_id, h.tier_id, h.date_to AS day
               FROM span
              CROSS JOIN (SELECT d.partner_id, NULL::date AS begun FROM span JOIN vip_departure d
                              ON d.company_id = span.company AND %(departed)s
                           UNION SELECT partner_id, begun FROM requests
                           UNION SELECT partner_id, begun FROM ratings
                           UNION SELECT partner_id, begun FROM cases
                           UNION SELECT partner_id, begun FROM offers) f
               JOIN vip_tier_history h ON h.partner_id = f.partner_id AND h.tier_id IS NOT NULL
                AND h.date_to >= h.date_from AND h.date_to < span.first
                AND coalesce(h.date_to >= f.begun, TRUE)
              WHERE NOT EXISTS (SELECT FROM closing c WHERE c.partner_id = f.partner_id)
                AND NOT EXISTS (SELECT FROM ended e WHERE e.partner_id = f.partner_id)
              ORDER BY h.partner_id, h.date_from DESC),
        lines AS MATERIALIZED (%(lines)s),
        closed AS MATERIALIZED (%(closed)s),
        lost AS MATERIALIZED (%(lost)s),
        people AS MATERIALIZED (
             SELECT c.partner_id, c.tier_id, a.manager_id, a.team_id, TRUE AS is_closing,
                    a.date_from AS assigned_on, c.date_from AS tier_on
               FROM span CROSS JOIN closing c
               LEFT JOIN vip_manager_assignment a
                 ON a.partner_id = c.partner_id AND %(a_at_end)s
              UNION ALL
             SELECT e.partner_id, e.tier_id,
                    CASE WHEN e.day IS NULL THEN e.manager_id ELSE a.manager_id END,
                    CASE WHEN e.day IS NULL THEN e.team_id ELSE a.team_id END, FALSE, NULL, NULL
               FROM ended e
               LEFT JOIN vip_manager_assignment a ON a.partner_id = e.partner_id AND %(a_on_day)s),
        base AS (
             SELECT p.partner_id, s.partner_id IS NOT NULL AS is_opening, p.is_closing,
                    s.manager_id AS start_manager_id, s.team_id AS start_team_id,
                    s.tier_id AS start_tier_id, p.manager_id, p.team_id, p.tier_id,
                    s.partner_id IS NOT NULL
                    AND (s.manager_id, s.team_id, s.tier_id)
                        IS DISTINCT FROM (p.manager_id, p.team_id, p.tier_id) AS is_moved,
                    CASE WHEN NOT p.is_closing THEN l.day
                         WHEN s.partner_id IS NULL
                         THEN (SELECT min(h.date_from) FROM span CROSS JOIN vip_tier_history h
                                WHERE h.partner_id = p.partner_id AND h.tier_id IS NOT NULL
                                  AND h.date_from <= span.last
                                  AND coalesce(h.date_to >= greatest(span.first, h.date_from), TRUE))
                         WHEN (s.manager_id, s.team_id) IS DISTINCT FROM (p.manager_id, p.team_id)
                         THEN p.assigned_on
                         WHEN s.tier_id <> p.tier_id THEN p.tier_on
                    END AS happened_on,
                    l.kind, coalesce(l.is_unrecorded, FALSE) AS is_unrecorded,
                    coalesce(l.left_closed, FALSE) AS left_closed
               FROM people p
               LEFT JOIN starting s ON s.partner_id = p.partner_id
               LEFT JOIN lost l ON l.partner_id = p.partner_id)
        SELECT b.partner_id, b.start_manager_id, b.start_team_id, b.start_tier_id,
               b.manager_id, b.team_id, b.tier_id, b.is_moved, b.happened_on,
               coalesce(b.happened_on < span.first, FALSE) AND %(is_after_frozen)s AS is_late,
               b.is_opening AND b.is_closing AND coalesce(n.reopened, 0) > 0 AS is_reopened,
               b.is_unrecorded,
               b.is_opening::int AS opening, b.is_moved::int AS moved_in, b.is_moved::int AS moved_out,
               (NOT b.is_opening)::int AS joined,
               (b.kind IS NOT NULL AND b.kind <> 'arrears')::int AS churned_scheduled,
               coalesce(b.kind = 'port_out', FALSE)::int AS churned_port_out,
               coalesce(b.kind = 'arrears', FALSE)::int AS churned_arrears,
               (NOT b.is_closing AND b.kind IS NULL)::int AS left_tier,
               b.left_closed::int AS left_closed,
               b.is_closing::int AS closing,
               coalesce(n.closed, 0) AS numbers_closed,
               coalesce(i.spend, 0) AS spend,
               coalesce(t.due, 0) AS contacts_due, coalesce(t.done, 0) AS contacts_done,
               coalesce(t.judged, 0) AS contacts_judged, coalesce(t.on_time, 0) AS contacts_on_time,
               (b.is_closing AND EXISTS (
                   SELECT FROM vip_interaction v
                    WHERE v.partner_id = b.partner_id AND v.is_contact IS TRUE
                      AND v.date < span.over
                      AND v.date >= span.over - make_interval(days => g.longest_interval)))::int
                   AS reached,
               %(requests_done)s,
               coalesce(d.redemptions, 0) AS redemptions, coalesce(d.value, 0) AS redemption_value,
               %(cases_done)s,
               (b.is_closing AND coalesce(u.in_use, 0) > 0)::int AS vas_users,
               coalesce(u.taken_up, 0) AS vas_taken_up,
               CASE WHEN b.is_closing THEN coalesce(e.used, 0) ELSE 0 END AS benefit_used,
               CASE WHEN b.is_closing THEN coalesce(e.granted, 0) ELSE 0 END AS benefit_granted,
               CASE WHEN b.is_closing
                    THEN coalesce(f.known, 0) + CASE WHEN m.birthday IS NULL THEN 0
                                                     ELSE coalesce(w.birthday, 0) END
                    ELSE 0 END AS profile_known,
               CASE WHEN b.is_closing THEN coalesce(w.asked, 0) ELSE 0 END AS profile_asked
          FROM span
         CROSS JOIN base b
          LEFT JOIN vip_membership m ON m.partner_id = b.partner_id
          LEFT JOIN (SELECT tier_id, max(longest_interval) AS longest_interval
                       FROM vip_care_plan WHERE active IS TRUE GROUP BY 1) g ON g.tier_id = b.tier_id
          LEFT JOIN (%(numbers)s) n ON n.partner_id = b.partner_id
          LEFT JOIN (%(bills)s) i ON i.partner_id = b.partner_id
          LEFT JOIN (%(touches)s) t ON t.partner_id = b.partner_id
          LEFT JOIN requests r ON r.partner_id = b.partner_id
          LEFT JOIN ratings q ON q.partner_id = b.partner_id
          LEFT JOIN (%(redemptions)s) d ON d.partner_id = b.partner_id
          LEFT JOIN cases c ON c.partner_id = b.partner_id
          LEFT JOIN offers o ON o.partner_id = b.partner_id
          LEFT JOIN (%(vas)s) u ON u.partner_id = b.partner_id
          LEFT JOIN (%(benefits)s) e ON e.partner_id = b.partner_id
          LEFT JOIN (%(answers)s) f ON f.partner_id = b.partner_id
          LEFT JOIN (SELECT tier_id, sum(weight) AS asked,
                            sum(weight) FILTER (WHERE is_birthday) AS birthday
                       FROM %(asked)s a GROUP BY 1) w ON w.tier_id = b.tier_id
         UNION ALL
        SELECT g.partner_id, NULL, NULL, NULL, a.manager_id, a.team_id, g.tier_id, FALSE,
               CASE WHEN l.left_closed THEN l.day END,
               coalesce(l.left_closed AND l.day < span.first, FALSE) AND %(is_after_frozen)s,
               FALSE, FALSE, %(of_gone)s
          FROM span CROSS JOIN gone g
          LEFT JOIN lost l ON l.partner_id = g.partner_id
          LEFT JOIN requests r ON r.partner_id = g.partner_id
          LEFT JOIN ratings q ON q.partner_id = g.partner_id
          LEFT JOIN cases c ON c.partner_id = g.partner_id
          LEFT JOIN offers o ON o.partner_id = g.partner_id
          LEFT JOIN vip_manager_assignment a ON a.partner_id = g.partner_id AND %(a_on_gone)s
         WHERE l.left_closed
            OR coalesce(r.partner_id, q.partner_id, c.partner_id, o.partner_id) IS NOT NULL
        """,
        **month._asdict(),
        company=month.company_id,
        opening=opening_copied(frozen.last_id) if frozen else opening_reckoned(),
        late=unseen(frozen.first) if frozen else NOBODY,
        is_after_frozen=frozen is not None,
        lines=LINES,
        closed=CLOSED,
        lost=LOST,
        departed=DEPARTED,
        requests_done=_named(name for name in DONE if not name.startswith("cases_")),
        cases_done=_named(name for name in DONE if name.startswith("cases_")),
        of_gone=SQL(", ").join(
            {**DONE, "left_closed": SQL("coalesce(l.left_closed, FALSE)::int")}.get(name, SQL("0"))
            for name in (*SPREAD, *LAST)
        ),
        h_at_end=_covers("h", SQL("span.last")),
        a_at_end=_covers("a", SQL("span.last")),
        a_on_day=_covers("a", SQL("e.day")),
        a_on_gone=_covers("a", SQL("g.day")),
        numbers=NUMBERS,
        bills=BILLS,
        touches=TOUCHES,
        requests=REQUESTS,
        ratings=RATINGS,
        redemptions=REDEMPTIONS,
        cases=CASES,
        offers=OFFERS,
        vas=vas(frozen),
        benefits=BENEFITS,
        answers=ANSWERS,
        asked=ASKED,
    )


def _named(names: Iterable[str]) -> SQL:
    return SQL(", ").join(SQL("%s AS %s", DONE[name], SQL.identifier(name)) for name in names)


def _covers(alias: str, day: SQL) -> SQL:
    """``kpi._row``: this row holds on the day, and was not replaced on the day it began.

    >>> " ".join(_covers("h", SQL("span.last")).code.split())[:33]
    '"h".date_from <= span.last AND co'
    """
    row = SQL.identifier(alias)
    return SQL(
        """%(row)s.date_from <= %(day)s
           AND coalesce(%(row)s.date_to >= greatest(%(day)s, %(row)s.date_from), TRUE)""",
        row=row,
        day=day,
    )


# an effective departure that counts in the month
DEPARTED = SQL(
    """d.state = 'effective' AND d.kind <> 'suspension'
       AND (d.effective_on BETWEEN span.first AND span.last AND d.counts_in IS NULL
            OR d.counts_in = span.first)"""
)
GONE = SQL("d.state = 'effective' AND d.kind <> 'suspension' AND d.effective_on <= span.last")
# ``min`` of a kind takes scheduled before port-out before arrears
KIND = SQL("CASE d.kind WHEN 'scheduled' THEN 1 WHEN 'port_out' THEN 2 ELSE 3 END")
UNRECORDED = SQL("d.remark IS NOT DISTINCT FROM 'no_record'")
# ``kpi._closed``: the numbers of everybody in ``ended`` and ``gone`` as they were at the end of the month,
# with the day on which the last one of a customer was closed or passed on
LINES = SQL(
    """
    SELECT *, bool_or(closed IS NULL AND passed IS NULL) OVER of_customer AS is_open,
           max(least(closed, passed)) OVER of_customer AS day
      FROM (SELECT n.partner_id, coalesce(d.kind, 1) AS kind,
                   coalesce(d.is_unrecorded, TRUE) AS is_unrecorded,
                   CASE WHEN d.day IS NOT NULL THEN d.day
                        WHEN n.state = 'closed' AND n.closed_on <= span.last AND NOT EXISTS (
                             SELECT FROM vip_departure d
                              WHERE d.number_id = n.id AND d.state = 'effective'
                                AND d.kind <> 'suspension')
                        THEN n.closed_on END AS closed,
                   CASE WHEN n.date_to < span.last THEN n.date_to + 1 END AS passed,
                   coalesce(coalesce(n.date_from, n.activated_on) <= span.last,
                            n.create_date < span.over) AS is_known
              FROM span
             CROSS JOIN (SELECT partner_id FROM ended UNION ALL SELECT partner_id FROM gone) e
              JOIN vip_service_number n ON n.partner_id = e.partner_id
              LEFT JOIN LATERAL (
                   SELECT d.effective_on AS day, %(kind)s AS kind, %(unrecorded)s AS is_unrecorded
                     FROM vip_departure d
                    WHERE d.number_id = n.id AND %(gone)s
                      AND coalesce(d.reopened_on > span.last, TRUE)
                    ORDER BY d.effective_on DESC, d.id DESC LIMIT 1) d ON TRUE) n
     WHERE is_known OR closed IS NOT NULL OR passed IS NOT NULL
    WINDOW of_customer AS (PARTITION BY partner_id)
    """,
    gone=GONE,
    kind=KIND,
    unrecorded=UNRECORDED,
)
# ``kpi._closing``: the day on which customers closed their last number, or themselves, and by what
CLOSED = SQL(
    """
    SELECT DISTINCT ON (partner_id) partner_id, day, min(kind) AS kind,
           bool_or(is_unrecorded) AS is_unrecorded
      FROM (SELECT partner_id, day, kind, is_unrecorded FROM lines
             WHERE NOT is_open AND closed = day AND coalesce(closed <= passed, TRUE)
             UNION ALL
            SELECT d.partner_id, d.effective_on, %(kind)s, %(unrecorded)s
              FROM span
             CROSS JOIN (SELECT partner_id FROM ended UNION ALL SELECT partner_id FROM gone) e
              JOIN vip_departure d ON d.partner_id = e.partner_id AND d.number_id IS NULL AND %(gone)s
             WHERE NOT EXISTS (SELECT FROM lines l WHERE l.partner_id = e.partner_id)) c
     GROUP BY 1, 2
     ORDER BY 1, 2 DESC
    """,
    gone=GONE,
    kind=KIND,
    unrecorded=UNRECORDED,
)
# ``kpi._end`` of everybody in ``ended`` and ``gone``: the day, and what kind of departure it was, NULL for
# who left the tier only
LOST = SQL(
    """
    SELECT e.partner_id,
           coalesce(c.day, coalesce(p.last_day, span.first - 1) + 1) AS day,
           (ARRAY['scheduled', 'port_out', 'arrears'])[c.kind] AS kind,
           c.is_unrecorded,
           c.day BETWEEN coalesce(p.last_day, span.first - 1) + 2
                     AND coalesce(p.last_day, span.first - 1) + 1 + %(days_after)s
           AND EXISTS (SELECT FROM vip_departure d
                        WHERE d.partner_id = e.partner_id AND d.effective_on = c.day
                          AND %(departed)s) AS left_closed
      FROM span
     CROSS JOIN (SELECT partner_id FROM ended UNION ALL SELECT partner_id FROM gone) e
     CROSS JOIN LATERAL (
           SELECT max(h.date_to) AS last_day FROM vip_tier_history h
            WHERE h.partner_id = e.partner_id AND h.tier_id IS NOT NULL
              AND h.date_from <= span.last AND coalesce(h.date_to >= h.date_from, TRUE)) p
      LEFT JOIN closed c ON c.partner_id = e.partner_id
    """,
    departed=DEPARTED,
    days_after=kpi.DAYS_AFTER_LEAVING,
)
NUMBERS = SQL(
    """SELECT d.partner_id,
              count(*) FILTER (WHERE d.number_id IS NOT NULL AND NOT d.is_back) AS closed,
              count(*) FILTER (WHERE d.is_back AND d.effective_on BETWEEN d.first AND d.last) AS reopened
         FROM (SELECT d.*, span.first, span.last, coalesce(d.reopened_on <= span.last, FALSE) AS is_back
                 FROM span JOIN vip_departure d ON d.company_id = span.company AND %s) d
        GROUP BY 1""",
    DEPARTED,
)
BILLS = SQL(
    """SELECT f.partner_id, sum(f.amount) AS spend
         FROM span JOIN vip_billing_fact f
           ON f.company_id = span.company AND f.month = span.first
        GROUP BY 1"""
)
# due, done and skipped are of the month, whatever became of them later
TOUCHES = SQL(
    """SELECT t.partner_id, count(*) AS due, count(*) FILTER (WHERE t.is_done) AS done,
              count(*) FILTER (WHERE t.is_done OR t.due_date + %(late)s <= t.last) AS judged,
              count(*) FILTER (WHERE t.is_done AND t.done_on <= t.due_date + %(late)s) AS on_time
         FROM (SELECT t.*, span.last, t.state = 'done' AND t.done_on <= span.last AS is_done
                 FROM span JOIN vip_care_touch t
                   ON t.company_id = span.company
                  AND (t.state <> 'skipped' OR t.skipped_on > span.last)
                  AND t.due_date BETWEEN span.first AND span.last) t
        GROUP BY 1""",
    late=LATE_DAYS,
)
# The time moves when a pause is over, and what is opened again was closed until then: the first pause that
# ended later knows how it was at the end of the month. What was closed then is not paused.
REQUESTS = SQL(
    """SELECT r.partner_id, count(*) FILTER (WHERE NOT r.is_paused) AS due,
              count(*) FILTER (WHERE NOT r.is_paused AND r.resolved_at <= r.resolve_by) AS on_time,
              count(*) FILTER (WHERE r.is_paused) AS paused, min(r.opened_at)::date AS begun
         FROM (SELECT r.partner_id, r.opened_at, coalesce(p.resolve_by, r.resolve_by) AS resolve_by,
                      CASE WHEN p.id IS NULL THEN r.resolved_at
                           WHEN p.reason = 'closed' AND p.date_from < span.over
                           THEN p.date_from END AS resolved_at,
                      coalesce(p.reason <> 'closed' AND p.date_from < span.over, FALSE) AS is_paused,
                      span.begin, span.over
                 FROM span JOIN vip_service_request r
                   ON r.company_id = span.company AND r.state <> 'cancelled'
                  AND r.resolve_by >= span.begin AND r.opened_at < span.over
                 LEFT JOIN LATERAL (
                      SELECT * FROM vip_service_pause p
                       WHERE p.request_id = r.id AND p.stops_clock IS TRUE
                         AND coalesce(p.date_to >= span.over, TRUE)
                       ORDER BY p.date_from, p.id LIMIT 1) p ON TRUE) r
        WHERE r.resolve_by >= r.begin AND r.resolve_by < r.over
        GROUP BY 1"""
)
# an answer to a request is noted on its contact too and counts once
RATINGS = SQL(
    """SELECT r.partner_id, count(*) AS ratings, count(*) FILTER (WHERE r.rating >= 4) AS good,
              min(r.begun)::date AS begun
         FROM (SELECT q.partner_id, r.rating, q.opened_at AS begun
                 FROM span CROSS JOIN rating_rating r
                 JOIN vip_service_request q ON q.id = r.res_id AND q.company_id = span.company
                WHERE r.res_model = 'vip.service.request' AND r.consumed IS TRUE AND r.rating > 0
                  AND r.rated_on >= span.begin AND r.rated_on < span.over
                UNION ALL
               SELECT v.partner_id, v.rating::int, v.date
                 FROM span JOIN vip_interaction v
                   ON v.company_id = span.company AND v.rating IS NOT NULL
                  AND v.date >= span.begin AND v.date < span.over
                  AND v.rating_id IS NULL) r
        GROUP BY 1"""
)
REDEMPTIONS = SQL(
    """SELECT d.partner_id, count(*) FILTER (WHERE d.quantity > 0) AS redemptions, sum(d.value) AS value
         FROM span JOIN vip_redemption d
           ON d.company_id = span.company AND d.state <> 'cancelled'
          AND d.date BETWEEN span.first AND span.last
        GROUP BY 1"""
)
CASES = SQL(
    """SELECT c.partner_id,
              count(*) FILTER (WHERE c.is_asked AND c.is_ended AND c.outcome = 'saved') AS saved,
              count(*) FILTER (WHERE c.is_asked AND c.is_ended AND c.outcome IN
                                    ('saved', 'refused', 'no_answer', 'lost_after_watch')) AS decided,
              count(*) FILTER (WHERE c.is_asked AND c.is_ended AND c.outcome = 'withdrawn') AS withdrawn,
              count(*) FILTER (WHERE c.is_asked AND NOT c.is_ended) AS still_open,
              count(*) FILTER (WHERE c.is_ended AND NOT c.is_asked) AS at_risk,
              coalesce(sum(c.cost) FILTER (WHERE c.is_asked AND c.is_ended), 0) AS cost,
              min(c.opened_at)::date AS begun
         FROM (SELECT c.partner_id, c.outcome, c.opened_at,
                      c.source <> 'risk' OR c.departure_id IS NOT NULL AS is_asked,
                      coalesce(c.closed_at < span.over, FALSE) AS is_ended,
                      (SELECT sum(p.cost) FROM vip_retention_proposal p
                        WHERE p.case_id = c.id AND p.answer = 'accepted') AS cost
                 FROM span JOIN vip_retention_case c
                   ON c.company_id = span.company AND c.opened_at < span.over
                  AND coalesce(c.closed_at >= span.begin, TRUE)) c
        GROUP BY 1"""
)
OFFERS = SQL(
    """SELECT p.partner_id, count(*) AS offered, count(*) FILTER (WHERE p.is_accepted) AS accepted,
              min(c.opened_at)::date AS begun
         FROM (SELECT p.partner_id, p.case_id, max(p.answered_at) AS answered_at,
                      bool_or(p.answer = 'accepted') AS is_accepted
                 FROM span JOIN vip_retention_proposal p
                   ON p.company_id = span.company AND p.answered_at < span.over
                GROUP BY 1, 2) p
         JOIN span ON p.answered_at >= span.begin
         JOIN vip_retention_case c ON c.id = p.case_id
        GROUP BY 1"""
)


def vas(frozen: Frozen | None) -> SQL:
    """What is in use on numbers that are the customer's at the end of the month, and what was taken up in it;
    and in frozen months that do not know of it."""
    return SQL(
        """SELECT u.partner_id,
                  count(*) FILTER (
                      WHERE coalesce(u.ended_on > span.last, TRUE) AND r.number_id IS NULL
                        AND coalesce(n.state <> 'closed' OR n.closed_on > span.last, TRUE)
                        AND coalesce(n.date_to >= span.last, TRUE)) AS in_use,
                  -- what a frozen month has, or an earlier one, is not taken up once more
                  count(*) FILTER (WHERE u.taken_up_on >= span.first
                                     AND coalesce(u.counts_in >= span.first, TRUE)
                                      OR %(late)s) AS taken_up
             FROM span
             JOIN vip_vas_use u ON u.company_id = span.company AND u.taken_up_on <= span.last
             JOIN vip_vas v ON v.id = u.vas_id AND v.counts_in_kpi IS TRUE
             LEFT JOIN vip_service_number n ON n.id = u.number_id
             -- open again since: closed at the end of the month
             LEFT JOIN (SELECT DISTINCT d.number_id FROM span JOIN vip_departure d
                            ON d.company_id = span.company AND d.reopened_on > span.last AND %(gone)s) r
               ON r.number_id = u.number_id
            GROUP BY 1""",
        gone=GONE,
        late=SQL("u.counts_in IS NULL AND u.taken_up_on >= %s", frozen.first)
        if frozen
        else SQL("FALSE"),
    )


BENEFITS = SQL(
    """SELECT e.partner_id, sum(e.granted * e.unit_value) AS granted, sum(d.value) AS used
         FROM span
         JOIN vip_entitlement e
           ON e.company_id = span.company AND e.is_unlimited IS NOT TRUE
          AND e.date_from <= span.last AND coalesce(e.date_to >= span.last, TRUE)
         LEFT JOIN LATERAL (
              SELECT sum(d.value) AS value FROM vip_redemption d
               WHERE d.entitlement_id = e.id AND d.state <> 'cancelled'
                 AND d.date <= span.last) d ON TRUE
        GROUP BY 1"""
)
# the weights known of what is asked of his tier, without the birthday, which is in the membership
ANSWERS = SQL(
    """SELECT c.partner_id, sum(a.weight) AS known
         FROM span
        CROSS JOIN closing c
         JOIN vip_preference p ON p.partner_id = c.partner_id
          -- what was confirmed since was known before
          AND (p.date <= span.last OR p.create_date < span.over)
          AND p.date >= span.last - make_interval(months => %(months)s)
         JOIN %(asked)s a ON a.tier_id = c.tier_id AND a.type_id = p.type_id AND NOT a.is_birthday
        GROUP BY 1""",
    months=MONTHS_VALID,
    asked=ASKED,
)

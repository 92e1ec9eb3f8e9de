"""The rule of ``risk`` for many customers at once, as one statement.

``facts`` gathers what is known of each customer, ``found`` has a row for each signal that counts something
or is unknown, and the rest of the statement brings the signals and the memberships in step with it: changed
rows only, so a second run writes nothing. Who changed is returned. A colour that fades by itself moves
the score and nothing else: what moved last is what happened last.

The limit cuts nothing off: it tells PostgreSQL, which takes the joins of so many sums for a million times
as many rows, how many customers there are.
"""

from datetime import date, datetime
from typing import NamedTuple

from odoo.tools import SQL

from odoo.addons.vip_customer.tools.tier_rules import add_months

from .risk import EARLIER_MONTHS, PULSE, RECENT_MONTHS, RULES, Signal

# The signals of a member: a look into the index for each, whatever PostgreSQL believes of a table that a
# first night has just filled.
SIGNALS = SQL("SELECT * FROM vip_risk_signal WHERE partner_id = m.partner_id OFFSET 0")


class Scope(NamedTuple):
    """Whose risk is assessed, and when.

    :param SQL members: condition on ``m``, the memberships
    :param count: how many they are at most
    :param last_month: the last month whose bills are all in, None where nothing is known
    :param has_gap: of the months compared one was never told of
    """

    company_id: int
    members: SQL
    count: int
    today: date
    now: datetime
    tz: str
    last_month: date | None
    has_gap: bool
    medium: int
    high: int
    uid: int


def renew(signals: list[Signal], scope: Scope) -> SQL:
    """The statement that assesses these customers. A row for each whose assessment changed: id of the
    membership, level before and after."""
    # what is switched off has no window to look into
    kinds = {rule: Signal(0, rule, 0) for rule in RULES} | {s.rule: s for s in signals}
    return SQL(
        """
        WITH member AS MATERIALIZED (
            SELECT m.* FROM vip_membership m WHERE m.company_id = %(company)s AND %(members)s
        ), facts AS MATERIALIZED (%(facts)s),
        standing AS MATERIALIZED (
            SELECT s.id, s.partner_id, s.type_id, s.date, s.points
              FROM member m CROSS JOIN LATERAL (%(signals)s) s WHERE s.is_recorded IS NOT TRUE
        ), found AS MATERIALIZED (
            SELECT f.id AS membership_id, f.partner_id, f.company_id, x.type_id, x.points, x.unknown,
                   coalesce(x.date, o.date, %(today)s) AS date, x.figures
              FROM (SELECT * FROM facts LIMIT %(count)s) f
              CROSS JOIN LATERAL (%(contributions)s) x (type_id, points, unknown, date, figures)
              LEFT JOIN standing o ON o.partner_id = f.partner_id AND o.type_id = x.type_id
             WHERE x.points > 0 OR x.unknown
        ), told AS MATERIALIZED (%(recorded)s),
        gone AS (
            DELETE FROM vip_risk_signal s USING standing o
             WHERE o.id = s.id
               AND NOT EXISTS (SELECT FROM found n WHERE n.points > 0
                                AND n.partner_id = o.partner_id AND n.type_id = o.type_id)
        ), counted AS (
            INSERT INTO vip_risk_signal AS s (partner_id, company_id, type_id, is_recorded, date, points,
                                              figures, create_uid, write_uid, create_date, write_date)
            SELECT partner_id, company_id, type_id, FALSE, date, points, figures,
                   %(uid)s, %(uid)s, %(now)s, %(now)s
              FROM found WHERE points > 0
            ON CONFLICT (partner_id, type_id) WHERE is_recorded IS NOT TRUE DO UPDATE
               SET date = excluded.date, points = excluded.points, figures = excluded.figures,
                   write_uid = excluded.write_uid, write_date = excluded.write_date
             WHERE (s.date, s.points, s.figures)
                   IS DISTINCT FROM (excluded.date, excluded.points, excluded.figures)
        ), retold AS (
            UPDATE vip_risk_signal s SET points = t.points FROM told t
             WHERE t.id = s.id AND s.points <> t.points
        ), judged AS (
            SELECT m.id, n.detail, n.unknown, b.detail AS before, b.settled,
                   CASE WHEN m.closed_on IS NULL THEN least(coalesce(n.score, 0), 100) ELSE 0 END
                   AS score,
                   CASE WHEN m.closed_on IS NOT NULL THEN NULL
                        WHEN n.score >= %(high)s THEN 'high'
                        WHEN n.score >= %(medium)s THEN 'medium' ELSE 'low' END AS level,
                   m.risk_score AS old_score, m.risk_level AS old_level, m.risk_on AS old_on
              FROM member m
              LEFT JOIN (
                   SELECT membership_id, sum(points)::int AS score,
                          jsonb_object_agg(type_id, points) FILTER (WHERE points > 0) AS detail,
                          jsonb_agg(type_id ORDER BY type_id) FILTER (WHERE unknown) AS unknown
                     FROM (SELECT membership_id, type_id, points, unknown FROM found
                           UNION ALL
                           SELECT m.id, t.type_id, t.points, FALSE
                             FROM told t JOIN member m ON m.partner_id = t.partner_id
                            WHERE t.points > 0 AND m.closed_on IS NULL) a
                    GROUP BY 1) n ON n.membership_id = m.id
              LEFT JOIN (
                   SELECT partner_id, jsonb_object_agg(type_id, points) AS detail,
                          jsonb_object_agg(type_id, settled) FILTER (WHERE settled > 0) AS settled
                     FROM (SELECT partner_id, type_id, points, points AS settled FROM standing
                           UNION ALL
                           SELECT partner_id, type_id, was, CASE WHEN fades THEN points ELSE was END
                             FROM told WHERE was > 0) a
                    GROUP BY 1) b ON b.partner_id = m.partner_id
        )
        UPDATE vip_membership u
           SET risk_score = j.score, risk_level = j.level, risk_unknown = j.unknown,
               risk_on = CASE WHEN j.moved THEN %(today)s ELSE u.risk_on END,
               risk_change = CASE WHEN j.moved THEN j.score - coalesce(j.old_score, 0)
                                  ELSE coalesce(u.risk_change, 0) + j.score - u.risk_score END,
               risk_before = CASE WHEN NOT j.moved THEN u.risk_before
                                  WHEN j.old_on IS NULL THEN NULL
                                  ELSE jsonb_build_object('score', j.old_score, 'level', j.old_level,
                                                          'on', j.old_on,
                                                          'points', coalesce(j.before, '{}')) END
          FROM (SELECT *, level IS DISTINCT FROM old_level OR detail IS DISTINCT FROM settled AS moved
                  FROM judged) j
         WHERE u.id = j.id
           AND (j.moved OR u.risk_score <> j.score OR u.risk_unknown IS DISTINCT FROM j.unknown)
        RETURNING u.id, j.old_level, j.level
        """,
        company=scope.company_id,
        members=scope.members,
        facts=_facts(kinds, scope),
        signals=SIGNALS,
        count=scope.count,
        contributions=_contributions(signals, scope),
        recorded=_recorded(signals, scope),
        today=scope.today,
        now=scope.now,
        uid=scope.uid,
        medium=scope.medium,
        high=scope.high,
    )


def _facts(kinds: dict[str, Signal], scope: Scope) -> SQL:
    """One row per customer who has not left the programme, with what the signals ask for."""
    return SQL(
        """
        SELECT m.id, m.partner_id, m.company_id, m.last_contact_on, c.longest_interval,
               date_trunc('month', m.joined_on)::date AS joined_month,
               CASE WHEN m.tier_id IS NOT NULL AND m.tier_warning = m.valid_until
                    THEN m.valid_until END AS warned_until,
               d.*, n.*, b.*, q.*, k.*, r.*, e.*, t.*, g.*
          FROM member m
          LEFT JOIN vip_care_plan c ON c.tier_id = m.tier_id AND c.active IS TRUE
          LEFT JOIN (
               SELECT partner_id AS departing_id, count(*) AS departures,
                      min(requested_on) AS asked_on, min(effective_on) AS leaves_on
                 FROM vip_departure
                WHERE state = 'announced' AND partner_id IN (SELECT partner_id FROM member)
                GROUP BY 1) d ON d.departing_id = m.partner_id
          LEFT JOIN (
               SELECT partner_id AS owner_id, count(*) FILTER (WHERE state = 'suspended') AS suspended,
                      min(contract_end) FILTER (WHERE contract_end >= %(today)s) AS contract_end,
                      count(contract_end) AS contracts
                 FROM vip_service_number
                WHERE state <> 'closed' AND date_to IS NULL
                  AND partner_id IN (SELECT partner_id FROM member)
                GROUP BY 1) n ON n.owner_id = m.partner_id
          LEFT JOIN (%(bills)s) b ON b.billed_id = m.partner_id
          LEFT JOIN (%(requests)s) q ON q.asking_id = m.partner_id
          LEFT JOIN (
               SELECT DISTINCT ON (partner_id) partner_id AS repeating_id, subtype_id AS cause,
                      count(*) AS repeats, max(opened_on) AS repeated_on
                 FROM (SELECT r.partner_id, r.subtype_id, %(opened_on)s AS opened_on
                         FROM vip_service_request r
                         JOIN vip_service_type y ON y.id = r.type_id AND y.with_complaint IS TRUE
                        WHERE r.state <> 'cancelled' AND r.subtype_id IS NOT NULL
                          AND r.partner_id IN (SELECT partner_id FROM member)) a
                WHERE opened_on >= %(repeat_from)s
                GROUP BY 1, 2 ORDER BY 1, 3 DESC, 4 DESC, 2) k ON k.repeating_id = m.partner_id
          LEFT JOIN (
               SELECT DISTINCT ON (partner_id) partner_id AS rating_id, rating::int AS stars,
                      %(rated_on)s AS rated_on
                 FROM (SELECT v.id, v.partner_id, v.rating, coalesce(o.rated_on, v.date) AS rated_at
                         FROM vip_interaction v LEFT JOIN rating_rating o ON o.id = v.rating_id
                        WHERE v.rating IS NOT NULL
                          AND v.partner_id IN (SELECT partner_id FROM member)) a
                ORDER BY partner_id, rated_at DESC, id DESC) r ON r.rating_id = m.partner_id
          LEFT JOIN (
               SELECT partner_id AS entitled_id, min(date_from) AS entitled_from,
                      sum(granted * unit_value) AS granted, sum(used * unit_value) AS used
                 FROM vip_entitlement
                WHERE %(today)s BETWEEN date_from AND date_to AND period = 'year'
                  AND is_unlimited IS NOT TRUE AND granted * unit_value > 0
                  AND 3 * (%(today)s::date - date_from + 1) >= 2 * (date_to - date_from + 1)
                  AND partner_id IN (SELECT partner_id FROM member)
                GROUP BY 1) e ON e.entitled_id = m.partner_id
          LEFT JOIN (
               SELECT partner_id AS missed_id, count(*) AS missed, max(due_date) AS missed_on
                 FROM vip_care_touch
                WHERE state = 'missed' AND due_date >= %(missed_from)s
                  AND partner_id IN (SELECT partner_id FROM member)
                GROUP BY 1) t ON t.missed_id = m.partner_id
          LEFT JOIN (
               SELECT partner_id AS given_id, count(*) AS undelivered, min(issued_day) AS issued_on
                 FROM (SELECT partner_id, %(issued_on)s AS issued_day
                         FROM vip_redemption
                        WHERE state = 'issued' AND partner_id IN (SELECT partner_id FROM member)) a
                WHERE %(today)s::date - issued_day > %(gift_days)s
                GROUP BY 1) g ON g.given_id = m.partner_id
         WHERE m.closed_on IS NULL
        """,
        today=scope.today,
        bills=_bills(kinds, scope),
        requests=_requests(kinds, scope),
        opened_on=_local("r.opened_at", scope),
        repeat_from=kinds["repeat"].first_day(scope.today),
        rated_on=_local("rated_at", scope),
        missed_from=kinds["missed"].first_day(scope.today),
        issued_on=_local("issued_on", scope),
        gift_days=kinds["gift"].threshold,
    )


def _bills(kinds: dict[str, Signal], scope: Scope) -> SQL:
    arrears_from = add_months(kinds["arrears"].first_day(scope.today), 0)
    # without a last month nothing is recent and nothing earlier
    last = scope.last_month or date.min
    middle, first = _compared(last) if scope.last_month else (last, last)
    return SQL(
        """
        SELECT partner_id AS billed_id,
               sum(amount) FILTER (WHERE month > %(middle)s AND month <= %(last)s) AS recent,
               sum(amount) FILTER (WHERE month BETWEEN %(first)s AND %(middle)s) AS earlier,
               count(*) FILTER (WHERE month = %(last)s AND amount > 0) AS last_bills,
               count(*) FILTER (WHERE month BETWEEN %(arrears_from)s AND %(today)s) AS arrears_bills,
               sum(arrears_suspensions)
                   FILTER (WHERE month BETWEEN %(arrears_from)s AND %(today)s) AS arrears,
               max(month) FILTER (WHERE month BETWEEN %(arrears_from)s AND %(today)s
                                    AND arrears_suspensions > 0) AS arrears_on
          FROM vip_billing_fact
         WHERE month BETWEEN %(since)s AND %(today)s
           AND partner_id IN (SELECT partner_id FROM member)
         GROUP BY 1
        """,
        last=last,
        middle=middle,
        first=first,
        arrears_from=arrears_from,
        since=min(first, arrears_from) if scope.last_month else arrears_from,
        today=scope.today,
    )


def _compared(last: date) -> tuple[date, date]:
    """The last month of the earlier ones, and the first.

    >>> [str(month) for month in _compared(date(2026, 2, 1))]
    ['2025-11-01', '2025-06-01']
    """
    middle = add_months(last, -RECENT_MONTHS)
    return middle, add_months(middle, 1 - EARLIER_MONTHS)


def _requests(kinds: dict[str, Signal], scope: Scope) -> SQL:
    return SQL(
        """
        SELECT partner_id AS asking_id,
               count(*) FILTER (WHERE is_open AND is_complaint) AS complaints,
               count(*) FILTER (WHERE is_open AND is_complaint AND is_late) AS late_complaints,
               min(opened_on) FILTER (WHERE is_open AND is_complaint) AS complained_on,
               count(*) FILTER (WHERE is_late AND due_on >= %(late_from)s) AS late,
               max(due_on) FILTER (WHERE is_late AND due_on >= %(late_from)s) AS late_on
          FROM (SELECT r.partner_id, y.with_complaint IS TRUE AS is_complaint,
                       r.state <> 'closed' AS is_open,
                       CASE WHEN r.state = 'closed' THEN r.resolved_at > r.resolve_by
                            ELSE coalesce(p.date_from, %(now)s) >= r.resolve_by END AS is_late,
                       %(opened_on)s AS opened_on, %(due_on)s AS due_on
                  FROM vip_service_request r
                  JOIN vip_service_type y ON y.id = r.type_id
                  LEFT JOIN vip_service_pause p
                    ON p.request_id = r.id AND p.date_to IS NULL AND p.stops_clock IS TRUE
                   AND r.state <> 'closed'
                 WHERE r.state <> 'cancelled' AND r.partner_id IN (SELECT partner_id FROM member)
                   AND (r.state <> 'closed' OR r.resolved_at > r.resolve_by)) a
         GROUP BY 1
        """,
        late_from=kinds["late"].first_day(scope.today),
        now=scope.now,
        opened_on=_local("r.opened_at", scope),
        due_on=_local("r.resolve_by", scope),
    )


def _local(column: str, scope: Scope) -> SQL:
    """The day of a moment on the company's calendar."""
    return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", _column(column), scope.tz)


def _column(name: str) -> SQL:
    table, _dot, column = name.rpartition(".")
    return SQL.identifier(table, column) if table else SQL.identifier(column)


def _contributions(active: list[Signal], scope: Scope) -> SQL:
    """VALUES with a row for each active signal, on the columns of ``_facts``: kind, points, whether nothing
    is known, the day it bears, and the figures behind it."""
    rows = [
        SQL("(%s, (%s)::int, %s, (%s)::date, %s)", signal.id, *_RULES[signal.rule](signal, scope))
        for signal in active
        if signal.rule in RULES
    ]
    # nothing is switched on
    rows = rows or [SQL("(0, 0, FALSE, NULL::date, NULL::jsonb)")]
    return SQL("VALUES %s", SQL(", ").join(rows))


def _figures(**columns: SQL) -> SQL:
    pairs = (part for name, column in columns.items() for part in (SQL("%s::text", name), column))
    return SQL("jsonb_build_object(%s)", SQL(", ").join(pairs))


KNOWN = SQL("FALSE")


def _when(condition: SQL, points: int) -> SQL:
    return SQL("CASE WHEN %s THEN %s ELSE 0 END", condition, points)


def _stepped(full: SQL, less: SQL, signal: Signal) -> SQL:
    return SQL(
        "CASE WHEN %s THEN %s WHEN %s THEN %s ELSE 0 END",
        full,
        signal.points,
        less,
        signal.points_less,
    )


def _leaving(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    figures = _figures(
        count=SQL("f.departures"), requested=SQL("f.asked_on"), effective=SQL("f.leaves_on")
    )
    return _when(SQL("f.departures > 0"), signal.points), KNOWN, SQL("f.asked_on"), figures


def _suspended(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _when(SQL("f.suspended > 0"), signal.points)
    return points, KNOWN, SQL("NULL"), _figures(count=SQL("f.suspended"))


def _drop(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    if not scope.last_month or scope.has_gap:
        return SQL("0"), SQL("TRUE"), SQL("NULL"), SQL("NULL::jsonb")
    middle, first = _compared(scope.last_month)
    unknown = SQL(
        "(coalesce(f.joined_month > %s, FALSE) OR coalesce(f.earlier, 0) <= 0)",
        first,
    )

    def below(threshold: int) -> SQL:
        return SQL(
            "coalesce(f.recent, 0) * %s <= f.earlier * %s",
            EARLIER_MONTHS * 100,
            RECENT_MONTHS * (100 - threshold),
        )

    points = SQL(
        "CASE WHEN %s THEN 0 ELSE %s END",
        unknown,
        _stepped(below(signal.threshold), below(signal.threshold_less), signal),
    )
    figures = _figures(
        recent=SQL("round(coalesce(f.recent, 0) / %s, 2)", RECENT_MONTHS),
        earlier=SQL("round(f.earlier / %s, 2)", EARLIER_MONTHS),
        since=SQL("%s::date", add_months(middle, 1)),
        until=SQL("%s::date", scope.last_month),
    )
    return points, unknown, SQL("%s", scope.last_month), figures


def _zero(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    if not scope.last_month:
        return SQL("0"), SQL("TRUE"), SQL("NULL"), SQL("NULL::jsonb")
    holds = SQL(
        "coalesce(f.joined_month <= %s, TRUE) AND coalesce(f.last_bills, 0) = 0", scope.last_month
    )
    month = SQL("%s::date", scope.last_month)
    return _when(holds, signal.points), KNOWN, month, _figures(month=month)


def _arrears(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _stepped(
        SQL("f.arrears >= %s", signal.threshold),
        SQL("f.arrears >= %s", signal.threshold_less),
        signal,
    )
    unknown = SQL("coalesce(f.arrears_bills, 0) = 0")
    figures = _figures(count=SQL("f.arrears"), last=SQL("f.arrears_on"))
    return points, unknown, SQL("f.arrears_on"), figures


def _complaint(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _stepped(SQL("f.late_complaints > 0"), SQL("f.complaints > 0"), signal)
    figures = _figures(
        count=SQL("f.complaints"), late=SQL("f.late_complaints"), since=SQL("f.complained_on")
    )
    return points, KNOWN, SQL("f.complained_on"), figures


def _repeat(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _when(SQL("f.repeats >= %s", signal.threshold), signal.points)
    figures = _figures(count=SQL("f.repeats"), cause=SQL("f.cause"), last=SQL("f.repeated_on"))
    return points, KNOWN, SQL("f.repeated_on"), figures


def _rating(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    holds = SQL(
        "f.stars <= %s AND f.rated_on >= %s", signal.threshold, signal.first_day(scope.today)
    )
    figures = _figures(stars=SQL("f.stars"))
    return _when(holds, signal.points), SQL("f.stars IS NULL"), SQL("f.rated_on"), figures


def _contract(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    left = SQL("f.contract_end - %s::date", scope.today)
    points = _stepped(
        SQL("%s <= %s", left, signal.threshold),
        SQL("%s <= %s", left, signal.threshold_less),
        signal,
    )
    unknown = SQL("coalesce(f.contracts, 0) = 0")
    return points, unknown, SQL("f.contract_end"), _figures(end=SQL("f.contract_end"))


def _silence(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    holds = SQL(
        "%s::date - f.last_contact_on > %s * f.longest_interval", scope.today, signal.threshold
    )
    unknown = SQL("f.longest_interval IS NOT NULL AND f.last_contact_on IS NULL")
    figures = _figures(last=SQL("f.last_contact_on"), longest=SQL("f.longest_interval"))
    return _when(holds, signal.points), unknown, SQL("f.last_contact_on"), figures


def _unused(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    holds = SQL("f.used * 100 < f.granted * %s", signal.threshold)
    figures = _figures(granted=SQL("f.granted"), used=SQL("f.used"))
    return _when(holds, signal.points), KNOWN, SQL("f.entitled_from"), figures


def _tier(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    holds = SQL("f.warned_until - %s::date BETWEEN 0 AND %s", scope.today, signal.span)
    figures = _figures(until=SQL("f.warned_until"))
    return _when(holds, signal.points), KNOWN, SQL("f.warned_until"), figures


def _missed(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _when(SQL("f.missed >= %s", signal.threshold), signal.points)
    figures = _figures(count=SQL("f.missed"), last=SQL("f.missed_on"))
    return points, KNOWN, SQL("f.missed_on"), figures


def _late(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = SQL("least(coalesce(f.late, 0) * %s, %s)", signal.points_less, signal.points)
    figures = _figures(count=SQL("f.late"), last=SQL("f.late_on"))
    return points, KNOWN, SQL("f.late_on"), figures


def _gift(signal: Signal, scope: Scope) -> tuple[SQL, SQL, SQL, SQL]:
    points = _when(SQL("f.undelivered > 0"), signal.points)
    figures = _figures(count=SQL("f.undelivered"), first=SQL("f.issued_on"))
    return points, KNOWN, SQL("f.issued_on"), figures


_RULES = {
    "leaving": _leaving,
    "suspended": _suspended,
    "drop": _drop,
    "zero": _zero,
    "arrears": _arrears,
    "complaint": _complaint,
    "repeat": _repeat,
    "rating": _rating,
    "contract": _contract,
    "silence": _silence,
    "unused": _unused,
    "tier": _tier,
    "missed": _missed,
    "late": _late,
    "gift": _gift,
}


def _recorded(active: list[Signal], scope: Scope) -> SQL:
    """What people and imports recorded of these customers, each with the points that it has now and ``was``
    before: the latest of its kind counts, older ones and those of switched-off kinds nothing."""
    kinds = [
        SQL(
            "(%s, %s, %s, %s, %s, %s::date)",
            signal.id,
            signal.rule == PULSE,
            signal.points,
            signal.points_less,
            signal.span,
            signal.first_day(scope.today),
        )
        for signal in active
        if signal.rule not in RULES
    ]
    kinds = kinds or [SQL("(0, FALSE, 0, 0, 1, NULL::date)")]
    return SQL(
        """
        SELECT a.id, a.partner_id, a.type_id, a.points AS was,
               a.place = 1 AND y.is_pulse IS TRUE AND a.closed_on IS NULL AND a.points > 0 AS fades,
               CASE WHEN a.place > 1 OR a.closed_on IS NOT NULL OR y.type_id IS NULL THEN 0
                    WHEN y.is_pulse
                    THEN (2 * CASE a.colour WHEN 'red' THEN y.points WHEN 'amber' THEN y.points_less
                                            ELSE 0 END
                            * greatest(y.span - (%(today)s::date - a.date), 0) + y.span)
                         / (2 * y.span)
                    WHEN a.date >= y.first_day THEN y.points
                    ELSE 0 END AS points
          FROM (SELECT s.id, s.partner_id, s.type_id, s.points, s.date, s.colour, m.closed_on,
                       row_number() OVER (PARTITION BY s.partner_id, s.type_id
                                          ORDER BY s.date DESC, s.id DESC) AS place
                  FROM member m CROSS JOIN LATERAL (%(signals)s) s WHERE s.is_recorded IS TRUE) a
          LEFT JOIN (VALUES %(kinds)s) y (type_id, is_pulse, points, points_less, span, first_day)
            ON y.type_id = a.type_id
        """,
        signals=SIGNALS,
        today=scope.today,
        kinds=SQL(", ").join(kinds),
    )

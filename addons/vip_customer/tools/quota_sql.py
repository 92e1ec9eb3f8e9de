"""The rule of ``quota`` for a whole book of customers: two statements that write changed rows only.

They read what the tiers of today promise (``vip_tier_benefit``) and bring the entitlements of the
periods around ``today`` in step. Standing rights and automatic ones without a quantity have nothing to
count and no entitlement. Archived benefits are left as they are.
"""

from datetime import date
from typing import NamedTuple

from odoo.tools import SQL

from .quota import MONTH, ONCE, YEAR


class Periods(NamedTuple):
    """The periods around a day; no year where no policy is in force."""

    today: date
    month: tuple[date, date]
    year: tuple[date, date] | None

    def bounds(self, kind: str) -> tuple[date, date | None] | None:
        """First and last day; what is given once never ends (it begins with the tier, or today).

        >>> month = (date(2026, 3, 1), date(2026, 3, 31))
        >>> Periods(date(2026, 3, 10), month, None).bounds("once")
        (datetime.date(2026, 3, 10), None)
        """
        if kind == ONCE:
            return self.today, None
        return self.month if kind == MONTH else self.year


def _promised(periods: Periods) -> SQL:
    """What each tier promises in the periods: a row per tier and benefit, a few dozen in all.

    Statements join it to the tier of each customer, not to customers with all they are promised: a table
    so small is cheap to look through however wrongly PostgreSQL guesses, as it does of new periods.
    """
    rows = [
        SQL("(%s, %s::date, %s::date)", kind, *bounds)
        for kind in (MONTH, YEAR, ONCE)
        if (bounds := periods.bounds(kind))
    ]
    return SQL(
        """SELECT tb.tier_id, tb.benefit_id, tb.quantity, tb.unit_value, b.when_exhausted, p.kind,
                  p.date_from, p.date_to
             FROM vip_tier_benefit tb
             JOIN vip_benefit b ON b.id = tb.benefit_id AND b.active IS TRUE
                  AND (b.delivery = 'on_request' OR b.delivery = 'automatic' AND tb.quantity > 0)
             JOIN (VALUES %s) p (kind, date_from, date_to) ON p.kind = tb.period""",
        SQL(", ").join(rows),
    )


def insert(company_id: int, periods: Periods, members: SQL) -> SQL:
    """Grant what is promised and has no entitlement yet.

    :param members: condition on ``m``, the memberships
    """
    return SQL(
        """
        WITH promised AS MATERIALIZED (%(promised)s)
        INSERT INTO vip_entitlement (company_id, partner_id, benefit_id, tier_id, period, date_from,
                                     date_to, is_promised, quantity, granted, goodwill, used, remaining,
                                     is_unlimited, when_exhausted, unit_value)
        SELECT m.company_id, m.partner_id, p.benefit_id, p.tier_id, p.kind,
               CASE p.kind WHEN 'once' THEN least(m.since, p.date_from) ELSE p.date_from END,
               p.date_to, TRUE, p.quantity, p.quantity, 0, 0, p.quantity,
               p.quantity = 0, p.when_exhausted, p.unit_value
          FROM vip_membership m
          JOIN promised p ON p.tier_id = m.tier_id
         WHERE m.company_id = %(company)s AND %(members)s
           AND NOT EXISTS (
                SELECT FROM vip_entitlement e
                 WHERE e.partner_id = m.partner_id AND e.benefit_id = p.benefit_id
                   AND e.period = p.kind AND (p.kind = 'once' OR e.date_from = p.date_from))
        ON CONFLICT DO NOTHING
        """,
        company=company_id,
        promised=_promised(periods),
        members=members,
    )


def update(company_id: int, periods: Periods, members: SQL) -> SQL:
    """Bring what was granted in step with what is promised now (``quota.regrant``).

    What is kept on a downgrade is kept of a tier that the customer had in the period: a run of its first
    day takes back what the night before granted for the tier that has just ended.

    :param members: condition on ``m``, the memberships
    """
    year_from = periods.year[0] if periods.year else None
    return SQL(
        """
        WITH promised AS MATERIALIZED (%(promised)s), n AS MATERIALIZED (
            SELECT id, tier_id, is_promised, quantity, unit_value, is_unlimited, when_exhausted,
                   CASE WHEN when_exhausted = 'block' THEN greatest(granted, used)
                        ELSE granted END AS granted
              FROM (SELECT c.*,
                           CASE WHEN is_same_promise THEN old_granted
                                WHEN was_unlimited THEN greatest(target, used)
                                WHEN target >= old_granted THEN target
                                WHEN keep_on_downgrade THEN old_granted
                                ELSE greatest(target, used) END AS granted,
                           CASE WHEN is_same_promise THEN was_unlimited
                                ELSE is_promised AND quantity = 0
                                     OR keep_on_downgrade AND was_unlimited
                                END AS is_unlimited
                      FROM (SELECT o.id, o.used, o.granted AS old_granted,
                                   o.is_unlimited AS was_unlimited,
                                   b.keep_on_downgrade AND EXISTS (
                                       SELECT FROM vip_tier_history h
                                        WHERE h.partner_id = o.partner_id AND h.tier_id = o.tier_id
                                          AND (h.date_from >= o.date_from
                                               OR coalesce(h.date_to >= o.date_from, TRUE))
                                   ) AS keep_on_downgrade,
                                   coalesce(p.tier_id, o.tier_id) AS tier_id,
                                   p.tier_id IS NOT NULL AS is_promised,
                                   coalesce(p.quantity, 0) AS quantity,
                                   coalesce(p.unit_value, o.unit_value) AS unit_value,
                                   coalesce(p.when_exhausted, 'block') AS when_exhausted,
                                   coalesce(p.quantity, 0) + o.goodwill AS target,
                                   p.quantity IS NOT DISTINCT FROM
                                   CASE WHEN o.is_promised THEN o.quantity END
                                       AS is_same_promise
                              FROM vip_entitlement o
                              JOIN vip_benefit b ON b.id = o.benefit_id AND b.active IS TRUE
                              JOIN vip_membership m ON m.partner_id = o.partner_id
                              LEFT JOIN promised p
                                ON p.tier_id = m.tier_id AND p.benefit_id = o.benefit_id
                               AND p.kind = o.period
                             WHERE o.company_id = %(company)s AND %(members)s
                               AND (o.period = 'once'
                                    OR o.period = 'month' AND o.date_from = %(month)s
                                    OR o.period = 'year' AND o.date_from = %(year)s::date)
                               AND (o.tier_id, o.is_promised, o.quantity, o.when_exhausted,
                                    o.unit_value)
                                   IS DISTINCT FROM
                                   (coalesce(p.tier_id, o.tier_id), p.tier_id IS NOT NULL,
                                    coalesce(p.quantity, 0), coalesce(p.when_exhausted, 'block'),
                                    coalesce(p.unit_value, o.unit_value))
                           ) c
                   ) g
        )
        UPDATE vip_entitlement e
           SET tier_id = n.tier_id, is_promised = n.is_promised, quantity = n.quantity,
               granted = n.granted, remaining = n.granted - e.used, is_unlimited = n.is_unlimited,
               when_exhausted = n.when_exhausted, unit_value = n.unit_value
          FROM n
         WHERE n.id = e.id
        """,
        promised=_promised(periods),
        company=company_id,
        members=members,
        month=periods.month[0],
        year=year_from,
    )

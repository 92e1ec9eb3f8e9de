"""``profile`` for a whole book of customers, read only."""

from collections.abc import Iterable
from datetime import date

from odoo.tools import SQL

from .profile import MONTHS_VALID

# What is asked of the customers of each tier, 0 for none: a table of a few dozen rows to join. What is
# asked of no tier in particular is asked of everybody.
ASKED = SQL(
    """(SELECT r.tier_id, k.id AS type_id, k.weight, k.code = 'birthday' AS is_birthday
          FROM vip_preference_type k
          JOIN vip_preference_type_tier_rel r ON r.type_id = k.id
         WHERE k.active IS TRUE
         UNION ALL
        SELECT t.id, k.id, k.weight, k.code = 'birthday'
          FROM vip_preference_type k
          CROSS JOIN (SELECT id FROM vip_tier UNION ALL SELECT 0) t
         WHERE k.active IS TRUE
           AND NOT EXISTS (SELECT FROM vip_preference_type_tier_rel r WHERE r.type_id = k.id))"""
)


def _today(days: Iterable[tuple[int, date]]) -> SQL:
    return SQL(
        "(VALUES %s) d (company_id, today)",
        SQL(", ").join(SQL("(%s, %s::date)", *day) for day in days),
    )


def items(days: Iterable[tuple[int, date]]) -> SQL:
    """A row for each customer with a tier and item that is asked of him: ``membership_id``, ``type_id``,
    ``weight``, ``state``, ``option_id``, ``told_on``.

    :param days: company -> today
    """
    return SQL(
        """SELECT m.id AS membership_id, a.type_id, a.weight, p.option_id, p.date AS told_on,
                  CASE WHEN a.is_birthday
                       THEN CASE WHEN m.birthday IS NULL THEN 'missing' ELSE 'known' END
                       WHEN p.id IS NULL THEN 'missing'
                       WHEN p.date >= d.today - make_interval(months => %(months)s) THEN 'known'
                       ELSE 'outdated' END AS state
             FROM vip_membership m
             JOIN %(days)s ON d.company_id = m.company_id
             JOIN %(asked)s a ON a.tier_id = m.tier_id
             LEFT JOIN vip_preference p ON p.partner_id = m.partner_id AND p.type_id = a.type_id""",
        months=MONTHS_VALID,
        days=_today(days),
        asked=ASKED,
    )


def completeness(days: Iterable[tuple[int, date]], comparison: SQL) -> SQL:
    """The ids of the memberships whose completeness compares so, worked out once: beside other conditions
    PostgreSQL may work it out again for each membership.

    :param days: company -> today
    :param comparison: operator and value, as ``< 50``
    """
    return SQL(
        """WITH found AS MATERIALIZED (
           SELECT m.id FROM vip_membership m
             LEFT JOIN (SELECT tier_id, sum(weight) AS weight,
                               sum(weight) FILTER (WHERE is_birthday) AS birthday
                          FROM %(asked)s a GROUP BY 1) q ON q.tier_id = coalesce(m.tier_id, 0)
             LEFT JOIN (SELECT m.id, sum(a.weight) AS weight
                          FROM vip_preference p
                          JOIN vip_membership m ON m.partner_id = p.partner_id
                          JOIN %(days)s ON d.company_id = m.company_id
                          JOIN %(asked)s a ON a.tier_id = coalesce(m.tier_id, 0)
                               AND a.type_id = p.type_id AND NOT a.is_birthday
                         WHERE p.date >= d.today - make_interval(months => %(months)s)
                         GROUP BY 1) k ON k.id = m.id
            WHERE CASE WHEN coalesce(q.weight, 0) = 0 THEN 100
                       ELSE 100 * (coalesce(k.weight, 0)
                                   + CASE WHEN m.birthday IS NULL THEN 0
                                          ELSE coalesce(q.birthday, 0) END) / q.weight
                  END %(comparison)s)
           SELECT id FROM found""",
        months=MONTHS_VALID,
        days=_today(days),
        asked=ASKED,
        comparison=comparison,
    )

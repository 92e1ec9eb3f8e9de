"""``profile`` for a whole book of customers, read only."""

from collections.abc import Iterable
from datetime import date

from odoo.tools import SQL

from .profile import MONTHS_VALID


def items(days: Iterable[tuple[int, date]], members: SQL) -> SQL:
    """A row for each customer and item that is asked of him: ``membership_id``, ``type_id``, ``weight``,
    ``state``, ``option_id``, ``told_on``.

    What is asked of no tier in particular is asked of everybody, also of who has no tier.

    :param days: company -> today
    :param members: condition on ``m``, the memberships
    """
    return SQL(
        """SELECT m.id AS membership_id, k.id AS type_id, k.weight, p.option_id, p.date AS told_on,
                  CASE WHEN k.code = 'birthday'
                       THEN CASE WHEN m.birthday IS NULL THEN 'missing' ELSE 'known' END
                       WHEN p.id IS NULL THEN 'missing'
                       WHEN p.date >= d.today - make_interval(months => %(months)s) THEN 'known'
                       ELSE 'outdated' END AS state
             FROM vip_membership m
             JOIN (VALUES %(days)s) d (company_id, today) ON d.company_id = m.company_id
             JOIN vip_preference_type k ON k.active IS TRUE
                  AND (NOT EXISTS (SELECT FROM vip_preference_type_tier_rel r WHERE r.type_id = k.id)
                       OR EXISTS (SELECT FROM vip_preference_type_tier_rel r
                                   WHERE r.type_id = k.id AND r.tier_id = m.tier_id))
             LEFT JOIN vip_preference p ON p.partner_id = m.partner_id AND p.type_id = k.id
            WHERE %(members)s""",
        months=MONTHS_VALID,
        days=SQL(", ").join(SQL("(%s, %s::date)", *day) for day in days),
        members=members,
    )


def completeness(days: Iterable[tuple[int, date]], comparison: SQL) -> SQL:
    """The ids of the memberships whose completeness compares so.

    :param comparison: operator and value, as ``< 50``
    """
    return SQL(
        """SELECT m.id FROM vip_membership m
             LEFT JOIN (SELECT i.membership_id, sum(i.weight) AS asked,
                               sum(i.weight) FILTER (WHERE i.state = 'known') AS known
                          FROM (%s) i GROUP BY 1) s ON s.membership_id = m.id
            WHERE CASE WHEN coalesce(s.asked, 0) = 0 THEN 100
                       ELSE 100 * coalesce(s.known, 0) / s.asked END %s""",
        items(days, SQL("TRUE")),
        comparison,
    )

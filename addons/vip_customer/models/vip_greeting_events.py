from odoo import models
from odoo.tools import SQL

from .vip_occasion import MANAGER_NEW, TIER_WARN

# What happened so many days ago is told to nobody any more: runs count from days before they are applied.
TOLD_DAYS = 31
# A warning that could not be given within so many days is not given at all.
WARNED_DAYS = 7


class VipGreeting(models.Model):
    """What happened to customers, told by itself: a tier entered, raised or lowered, about to drop, another
    account manager. Only what is still the case: who fell again meanwhile is not congratulated."""

    _inherit = "vip.greeting"  # pylint: disable=consider-merging-classes-inherited

    def _events(self, occasion, today):
        """The SELECT that ``_due_days`` promises, of one kind of event."""
        source = {TIER_WARN: self._warnings, MANAGER_NEW: self._new_managers}
        rows = source.get(occasion.kind, self._movements)(occasion, today)
        return SQL(
            """SELECT NULL::varchar AS calendar, NULL::int AS month, NULL::int AS day, e.date,
                      extract(year FROM e.date)::int AS year, NULL::date AS born_by, e.date AS slot,
                      e.partner_id, e.days_before
                 FROM (%s) e""",
            rows,
        )

    def _movements(self, occasion, today):
        """Compared with the day before it, whatever happened in between. Whose number only reopened is
        told nothing."""
        return SQL(
            """SELECT h.partner_id, h.date_from AS date, 0 AS days_before
                 FROM vip_tier_history h
                 JOIN vip_tier t ON t.id = h.tier_id
                 LEFT JOIN LATERAL (
                      SELECT b.rank FROM vip_tier_history o JOIN vip_tier b ON b.id = o.tier_id
                       WHERE o.partner_id = h.partner_id AND o.date_from < h.date_from
                         AND o.date_to = h.date_from - 1) b ON TRUE
                WHERE h.company_id = %(company)s AND h.date_to IS NULL AND h.source <> 'closure'
                  AND h.date_from BETWEEN %(today)s::date - %(days)s AND %(today)s
                  AND %(kind)s = CASE WHEN b.rank IS NULL THEN 'welcome'
                                      WHEN t.rank > b.rank THEN 'tier_up'
                                      WHEN t.rank < b.rank THEN 'tier_down' END""",
            company=self.env.company.id,
            today=today,
            days=TOLD_DAYS,
            kind=occasion.kind,
        )

    def _new_managers(self, _occasion, today):
        """Whose first account manager it is has been told so with his welcome."""
        return SQL(
            """SELECT a.partner_id, a.date_from AS date, 0 AS days_before
                 FROM vip_manager_assignment a
                 JOIN vip_manager_assignment o ON o.partner_id = a.partner_id
                      AND o.date_to = a.date_from - 1 AND o.date_from < a.date_from
                      AND o.manager_id <> a.manager_id
                WHERE a.company_id = %(company)s AND coalesce(a.date_to >= %(today)s, TRUE)
                  AND a.date_from BETWEEN %(today)s::date - %(days)s AND %(today)s""",
            company=self.env.company.id,
            today=today,
            days=TOLD_DAYS,
        )

    def _warnings(self, occasion, today):
        """See ``vip.membership._renew_warnings``."""
        return SQL(
            """SELECT m.partner_id, m.valid_until - n.days_before AS date, n.days_before
                 FROM vip_membership m
                 JOIN (SELECT DISTINCT days_before FROM vip_greeting_rule
                        WHERE occasion_id = %(occasion)s AND active) n ON TRUE
                WHERE m.company_id = %(company)s AND m.tier_warning = m.valid_until
                  AND m.valid_until - n.days_before BETWEEN %(today)s::date - %(days)s AND %(today)s""",
            occasion=occasion.id,
            company=self.env.company.id,
            today=today,
            days=WARNED_DAYS,
        )

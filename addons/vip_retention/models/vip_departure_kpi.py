from odoo import api, models
from odoo.tools import SQL

from .vip_departure import EFFECTIVE, LATE, SUSPENSION
from .vip_kpi_month import FROZEN


class VipDeparture(models.Model):
    """Every departure counts in one month: its own, or, where that was frozen before anybody knew, the
    earliest open one (``counts_in``), with its true date, and the remark "late" where it has no other.
    What lies before the first month that was frozen counts in none.

    Freezing a month settles what it has seen. So a departure that was recorded in the same moment, which
    neither of the two saw of the other, is unsettled afterwards, and counts late."""

    _inherit = "vip.departure"  # pylint: disable=consider-merging-classes-inherited

    def _after_effective(self):
        result = super()._after_effective()
        self._count_late()
        return result

    def _count_late(self):
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_departure d
                   SET counts_in = m.open_from, remark = coalesce(d.remark, %(late)s)
                  FROM (SELECT company_id, min(month) AS frozen_from,
                               (max(month) + interval '1 month')::date AS open_from
                          FROM vip_kpi_month WHERE state = %(frozen)s GROUP BY 1) m
                 WHERE d.id = ANY(%(ids)s) AND m.company_id = d.company_id
                   AND d.kind <> 'suspension'
                   AND d.effective_on >= m.frozen_from AND d.effective_on < m.open_from
                """,
                late=LATE,
                frozen=FROZEN,
                ids=self.ids,
            )
        )
        self.invalidate_recordset(["counts_in", "remark"])

    @api.model
    def _count_unsettled(self, month):
        """What no frozen month has seen counts in the earliest open one; run as superuser."""
        self.search(
            [
                ("company_id", "=", month.company_id.id),
                ("state", "=", EFFECTIVE),
                ("kind", "!=", SUSPENSION),
                ("effective_on", "<", month.month),
                ("counts_in", "=", False),
            ]
        )._count_late()

    @api.model
    def _settle(self, month):
        """A month was frozen, and has seen what was effective by its end; run as superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_departure SET counts_in = date_trunc('month', effective_on)::date
                 WHERE company_id = %(company)s AND state = 'effective' AND kind <> 'suspension'
                   AND counts_in IS NULL AND effective_on <= %(last)s
                """,
                company=month.company_id.id,
                last=month._last_day(),
            )
        )
        self.invalidate_model(["counts_in"])

    @api.model
    def _count_again(self, month):
        """A month is open again: what it had is unsettled, and what counted later counts in it now; run as
        superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_departure
                   SET counts_in = CASE WHEN effective_on < %(month)s THEN %(month)s END,
                       remark = CASE WHEN effective_on < %(month)s OR remark <> %(late)s THEN remark END
                 WHERE company_id = %(company)s AND counts_in >= %(month)s
                """,
                month=month.month,
                late=LATE,
                company=month.company_id.id,
            )
        )
        self.invalidate_model(["counts_in", "remark"])

from odoo import api, models
from odoo.tools import SQL

from .vip_departure import LATE
from .vip_kpi_month import FROZEN


class VipDeparture(models.Model):
    """A departure that becomes known after its month was frozen counts in the earliest open month
    (``counts_in``), with its true date, and the remark "late" where it has no other."""

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
                  FROM (SELECT company_id, (max(month) + interval '1 month')::date AS open_from
                          FROM vip_kpi_month WHERE state = %(frozen)s GROUP BY 1) m
                 WHERE d.id = ANY(%(ids)s) AND m.company_id = d.company_id
                   AND d.kind <> 'suspension' AND d.effective_on < m.open_from
                """,
                late=LATE,
                frozen=FROZEN,
                ids=self.ids,
            )
        )
        self.invalidate_recordset(["counts_in", "remark"])

    @api.model
    def _count_again(self, month):
        """A month is open again: what counted later counts in it now; run as superuser."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_departure
                   SET counts_in = CASE WHEN effective_on < %(month)s THEN %(month)s END,
                       remark = CASE WHEN effective_on < %(month)s OR remark <> %(late)s THEN remark END
                 WHERE company_id = %(company)s AND counts_in > %(month)s
                """,
                month=month.month,
                late=LATE,
                company=month.company_id.id,
            )
        )
        self.invalidate_model(["counts_in", "remark"])

from odoo import models

from ..tools import kpi
from .vip_kpi_month import FROZEN, OPEN


class VipTierRun(models.Model):
    """Tiers of a month whose figures are frozen do not change any more."""

    _inherit = "vip.tier.run"

    def _check_applicable(self):
        """Whoever freezes a month in which these tiers count, while the run is applied, meets it: the second
        of both begins again, and sees what the first did."""
        self.env["vip.kpi.month"].sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", OPEN),
                ("month", ">=", self.as_of.replace(day=1)),
            ]
        )._hold()
        return super()._check_applicable()

    def _first_applicable_day(self):
        days = [super()._first_applicable_day()]
        # whoever applies a run may be told which months are frozen
        latest = (
            self.env["vip.kpi.month"]
            .sudo()
            .search([("company_id", "=", self.company_id.id), ("state", "=", FROZEN)], limit=1)
        )
        days.append(latest and kpi.next_month(latest.month))
        return max(filter(None, days), default=None)

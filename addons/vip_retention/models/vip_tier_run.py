from odoo import models

from ..tools import kpi
from .vip_kpi_month import FROZEN


class VipTierRun(models.Model):
    """Tiers of a month whose figures are frozen do not change any more."""

    _inherit = "vip.tier.run"

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

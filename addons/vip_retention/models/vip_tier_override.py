from odoo import api, models

from .vip_retention_proposal import NOT_HELD


class VipTierOverride(models.Model):
    """A tier that was to be kept for somebody who wanted to leave is kept as long as that promise holds."""

    _inherit = "vip.tier.override"

    @api.model
    def _cron_follow_dates(self):
        self.env["vip.retention.proposal"].search(NOT_HELD).override_id._take_back()
        return super()._cron_follow_dates()

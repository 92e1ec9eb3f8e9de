from odoo import api, models
from odoo.tools import SQL


class VipTierHistory(models.Model):
    """Whose own tier changes, by an override or because his numbers closed, is assessed anew at once. What a
    run does to the book waits for the night."""

    _inherit = "vip.tier.history"

    @api.model
    def _after_tier_changes(self):
        result = super()._after_tier_changes()
        rows = self.env.execute_query(
            SQL(
                """SELECT c.membership_id FROM vip_tier_change c
                     LEFT JOIN vip_tier_run r ON r.id = c.run_id
                    WHERE c.source <> 'run' OR r.scope = 'one'"""
            )
        )
        self.env["vip.membership"].browse(row[0] for row in rows)._renew_risk()
        return result

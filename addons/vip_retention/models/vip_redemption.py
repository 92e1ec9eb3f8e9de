from odoo import models

from odoo.addons.vip_customer.models.vip_redemption import DELIVERED


class VipRedemption(models.Model):
    """Who waited for a gift, or used nothing, and has something now, is assessed anew at once."""

    _inherit = "vip.redemption"

    def _advance(self, state, **values):
        result = super()._advance(state, **values)
        if state == DELIVERED:
            # whoever delivers may not write the assessment that follows
            self.sudo().partner_id.vip_membership_id._renew_risk_of("gift", "unused")
        return result

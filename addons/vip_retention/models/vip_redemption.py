from odoo import models

from odoo.addons.vip_customer.models.vip_redemption import CANCELLED, DELIVERED


class VipRedemption(models.Model):
    """Who waited for a gift, or used nothing, and has something now, is assessed anew at once; also who gets
    it no more."""

    _inherit = "vip.redemption"

    def _advance(self, state, **values):
        result = super()._advance(state, **values)
        # whoever delivers may not write the assessment that follows
        members = self.sudo().partner_id.vip_membership_id
        if state == DELIVERED:
            members._renew_risk_of("gift", "unused")
        elif state == CANCELLED:
            members._renew_risk()
        return result

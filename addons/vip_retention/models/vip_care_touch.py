from odoo import models

from odoo.addons.vip_customer.tools.care_days import MISSED


class VipCareTouch(models.Model):
    """Who was missed, and was contacted after all, is assessed anew at once; a contact in time changes
    nothing that counts but the silence."""

    _inherit = "vip.care.touch"

    def _set_done(self, interaction):
        was_missed = self.state == MISSED
        result = super()._set_done(interaction)
        if was_missed:
            self.partner_id.vip_membership_id._renew_risk_of("missed")
        return result

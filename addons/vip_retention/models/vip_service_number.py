from odoo import models


class VipServiceNumber(models.Model):
    """Whose contract ends on another day is assessed anew at once."""

    _inherit = "vip.service.number"

    def write(self, vals):
        result = super().write(vals)
        if "contract_end" in vals:
            # whoever writes numbers may not write the assessment that follows
            self.sudo().partner_id.vip_membership_id._renew_risk()
        return result

from odoo import api, models

# What makes a request open, late or a complaint of some cause.
RISKY = {"state", "type_id", "subtype_id", "resolve_by", "paused"}


class VipServiceRequest(models.Model):
    """Whose request is opened, moved or closed is assessed anew at once."""

    _inherit = "vip.service.request"

    @api.model_create_multi
    def create(self, vals_list):
        requests = super().create(vals_list)
        requests._renew_risk()
        return requests

    def write(self, vals):
        result = super().write(vals)
        if not RISKY.isdisjoint(vals):
            self._renew_risk()
        return result

    def _renew_risk(self):
        # whoever works on a request may not write the assessment that follows
        self.sudo().partner_id.vip_membership_id._renew_risk()

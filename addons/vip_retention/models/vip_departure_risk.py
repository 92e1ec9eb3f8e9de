from odoo import models


class VipDeparture(models.Model):
    """Whoever asks to leave, or takes it back, is assessed anew at once."""

    _inherit = "vip.departure"  # pylint: disable=consider-merging-classes-inherited

    def _after_announced(self):
        result = super()._after_announced()
        self.partner_id.vip_membership_id._renew_risk()
        return result

    def _after_withdrawn(self):
        result = super()._after_withdrawn()
        self.partner_id.vip_membership_id._renew_risk()
        return result

    def _after_effective(self):
        result = super()._after_effective()
        self.partner_id.vip_membership_id._renew_risk()
        return result

from odoo import fields, models


class VipRiskPostpone(models.TransientModel):
    """Puts off what is to be done about a customer's high risk, with a reason."""

    _name = "vip.risk.postpone"
    _description = "Put off high risk"
    _inherit = "vip.guarded.mixin"

    membership_id = fields.Many2one("vip.membership", required=True, string="Customer")
    day = fields.Date(
        required=True, string="Until", help="After today, within 30 days of the rise."
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Put it off.

        :raise AccessError, UserError: as ``vip.membership.postpone_risk``
        """
        self._require_one()
        self.membership_id.postpone_risk(self.day, self.reason)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models

from ..models.vip_membership_protected import NO, RULE, YES


class VipProtect(models.TransientModel):
    """Decides by hand whether customers are protected, with a reason."""

    _name = "vip.protect"
    _description = "Protection by hand"
    _inherit = "vip.guarded.mixin"

    membership_ids = fields.Many2many("vip.membership", required=True, string="Customers")
    choice = fields.Selection(
        [(YES, "Always protected"), (NO, "Never protected"), (RULE, "By the rule")],
        required=True,
        default=YES,
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Decide so.

        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: nobody is chosen, or the reason is missing
        """
        self._require_one()
        self.membership_ids.protect(self.choice, self.reason)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models


class VipRedemptionCorrect(models.TransientModel):
    """Returns units of a delivered redemption by a counter-entry."""

    _name = "vip.redemption.correct"
    _description = "Correct a redemption"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"redemption_id"})

    redemption_id = fields.Many2one("vip.redemption", required=True, readonly=True)
    quantity = fields.Integer(default=1, required=True, string="Units to return")
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Write the counter-entry."""
        self._require_one()
        self.redemption_id.correct(self.quantity, self.reason)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models


class VipTierRunDecide(models.TransientModel):
    """Asks for the tier and the reason of a decision by hand."""

    _name = "vip.tier.run.decide"
    _description = "Decide a tier by hand"
    _inherit = "vip.guarded.mixin"

    line_ids = fields.Many2many("vip.tier.run.line", string="Customers", required=True)
    tier_id = fields.Many2one("vip.tier", help="Leave empty for no tier.")
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Decide the lines."""
        self._require_one()
        self.line_ids._decide(self.tier_id, self.reason)
        return {"type": "ir.actions.act_window_close"}

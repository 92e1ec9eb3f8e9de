from odoo import api, fields, models


class VipCareTouchPostpone(models.TransientModel):
    """Puts a touch off to another day, with a reason."""

    _name = "vip.care.touch.postpone"
    _description = "Postpone a touch"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"touch_id"})

    touch_id = fields.Many2one("vip.care.touch", required=True, ondelete="cascade")
    day = fields.Date(
        compute="_compute_day",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        string="To",
    )
    reason = fields.Char(required=True)

    @api.depends("touch_id")
    def _compute_day(self):
        for dialog in self:
            today = self.env.company._vip_today()
            dialog.day = max(today, dialog.touch_id.due_date or today)

    def action_confirm(self):
        """Put the touch off, see ``vip.care.touch.postpone``."""
        self._require_one()
        self.touch_id.postpone(self.day, self.reason)
        return {"type": "ir.actions.act_window_close"}

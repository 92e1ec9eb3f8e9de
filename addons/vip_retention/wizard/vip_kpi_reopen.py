from odoo import fields, models


class VipKpiReopen(models.TransientModel):
    """Asks for the reason for which a frozen month is opened again."""

    _name = "vip.kpi.reopen"
    _description = "Reopen a month"
    _inherit = "vip.guarded.mixin"

    month_id = fields.Many2one("vip.kpi.month", required=True, string="Month end")
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Reopen it.

        :raise AccessError, UserError: as ``vip.kpi.month.action_reopen``
        """
        self._require_one()
        self.month_id.action_reopen(self.reason)
        return {"type": "ir.actions.act_window_close"}

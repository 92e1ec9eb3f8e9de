from odoo import fields, models


class VipMonthlyReportAnswer(models.TransientModel):
    """Asks what the branch is told when its monthly report is received or sent back."""

    _name = "vip.monthly.report.answer"
    _description = "Receive or send back a monthly report"
    _inherit = "vip.guarded.mixin"

    report_id = fields.Many2one("vip.monthly.report", required=True, string="Monthly report")
    is_open = fields.Boolean(related="report_id.is_open")
    state = fields.Selection(related="report_id.state")
    remark = fields.Text()

    def action_receive(self):
        """Receive it.

        :raise AccessError, UserError: as ``vip.monthly.report.action_receive``
        """
        self._require_one()
        self.report_id.action_receive(self.remark)
        return {"type": "ir.actions.act_window_close"}

    def action_send_back(self):
        """Send it back.

        :raise AccessError, UserError: as ``vip.monthly.report.action_send_back``
        """
        self._require_one()
        self.report_id.action_send_back(self.remark)
        return {"type": "ir.actions.act_window_close"}

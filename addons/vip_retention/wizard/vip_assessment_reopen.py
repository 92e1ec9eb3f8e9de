from odoo import fields, models


class VipAssessmentReopen(models.TransientModel):
    """Asks for the reason for which an assessment goes a step back."""

    _name = "vip.assessment.reopen"
    _description = "Reopen an assessment"
    _inherit = "vip.guarded.mixin"

    assessment_id = fields.Many2one("vip.assessment", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Reopen it.

        :raise AccessError, UserError: as ``vip.assessment.action_reopen``
        """
        self._require_one()
        self.assessment_id.action_reopen(self.reason)
        return {"type": "ir.actions.act_window_close"}

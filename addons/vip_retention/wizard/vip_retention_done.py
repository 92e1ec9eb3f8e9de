from odoo import api, fields, models


class VipRetentionDone(models.TransientModel):
    """Notes that what was promised to a customer is done."""

    _name = "vip.retention.done"
    _description = "What was promised is done"
    _inherit = "vip.guarded.mixin"

    case_id = fields.Many2one("vip.retention.case", required=True, ondelete="cascade")
    proposal_id = fields.Many2one(
        "vip.retention.proposal", compute="_compute_proposal_id", string="Accepted offer"
    )
    done_in = fields.Selection(related="proposal_id.offer_id.done_in")
    benefit_ids = fields.Many2many(related="proposal_id.offer_id.benefit_ids")
    reference = fields.Char(string="Order reference")
    benefit_id = fields.Many2one("vip.benefit", domain="[('id', 'in', benefit_ids)]")

    @api.depends("case_id")
    def _compute_proposal_id(self):
        for wizard in self:
            wizard.proposal_id = wizard.case_id and wizard.case_id._accepted()

    def action_confirm(self):
        """Note it; the watch begins.

        :raise AccessError, UserError: as ``vip.retention.case.done``
        """
        self._require_one()
        self.case_id.done(self.reference, self.benefit_id.id)
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models


class VipRetentionContact(models.TransientModel):
    """Notes a contact with a customer who wants to leave, or the attempt."""

    _name = "vip.retention.contact"
    _description = "Contact in a retention case"
    _inherit = "vip.guarded.mixin"

    case_id = fields.Many2one("vip.retention.case", required=True, ondelete="cascade")
    attempts_left = fields.Char(related="case_id.attempts_left", related_sudo=False)
    channel_id = fields.Many2one(
        "vip.channel",
        required=True,
        default=lambda self: self.env.ref("vip_customer.channel_phone", raise_if_not_found=False),
    )
    result_id = fields.Many2one(
        "vip.interaction.result",
        required=True,
        compute="_compute_result_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    summary = fields.Text()

    @api.depends("channel_id")
    def _compute_result_id(self):
        for wizard in self:
            wizard.result_id = self.env["vip.interaction.result"]._usual(wizard.channel_id)

    def action_confirm(self):
        """Note it on the customer's timeline and in the case.

        :raise AccessError, UserError: as ``vip.retention.case.contact``
        """
        self._require_one()
        self.case_id.contact(self.channel_id.id, self.result_id.id, self.summary)
        return {"type": "ir.actions.act_window_close"}

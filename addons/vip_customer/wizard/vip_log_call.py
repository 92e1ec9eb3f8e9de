from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models.vip_interaction import PURPOSES


class VipLogCall(models.TransientModel):
    """The hotline's quick form: what the customer called about, noted while the next one waits.

    Who answers the hotline may note a call of every customer of his company, and reads no
    interactions: those of an account manager with his customers are not his.
    """

    _name = "vip.log.call"
    _description = "Log a call"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"partner_id"})

    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    channel_id = fields.Many2one(
        "vip.channel", required=True, default=lambda self: self._default_channel_id()
    )
    purpose = fields.Selection(PURPOSES, default="inbound", required=True)
    result_id = fields.Many2one(
        "vip.interaction.result", required=True, default=lambda self: self._default_result_id()
    )
    summary = fields.Text()
    next_step = fields.Char(string="Next step")

    @api.model
    def _default_channel_id(self):
        return self.env.ref("vip_customer.channel_hotline", raise_if_not_found=False)

    @api.model
    def _default_result_id(self):
        return self.env.ref("vip_customer.interaction_result_reached", raise_if_not_found=False)

    def action_confirm(self):
        """Note the call as an interaction of this customer, by the caller, now.

        :raise AccessError: the caller has no role at the desk, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        self._require_one()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        self.partner_id._vip_member()
        # noting is everybody's at the desk, reading the timeline is not
        self.env["vip.interaction"].sudo().create(
            {
                "partner_id": self.partner_id.id,
                "date": fields.Datetime.now(),
                "user_id": self.env.uid,
                "channel_id": self.channel_id.id,
                "purpose": self.purpose,
                "result_id": self.result_id.id,
                "summary": self.summary,
                "next_step": self.next_step,
            }
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The call of %s is noted.", self.partner_id.display_name),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.care_days import DONE


class VipCareTouchDone(models.TransientModel):
    """Notes the contact that fulfils a touch, or the attempt."""

    _name = "vip.care.touch.done"
    _description = "Note the contact"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"touch_id"})

    touch_id = fields.Many2one("vip.care.touch", required=True, ondelete="cascade")
    partner_id = fields.Many2one(related="touch_id.partner_id")
    allowed_channel_ids = fields.Many2many("vip.channel", compute="_compute_allowed_channel_ids")
    channel_id = fields.Many2one(
        "vip.channel",
        compute="_compute_channel_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        domain="[('id', 'in', allowed_channel_ids)]",
    )
    date = fields.Datetime(required=True, default=lambda self: fields.Datetime.now())
    result_id = fields.Many2one(
        "vip.interaction.result",
        compute="_compute_result_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    summary = fields.Text()

    @api.depends("touch_id")
    def _compute_channel_id(self):
        for dialog in self:
            dialog.channel_id = dialog.touch_id.channel_id

    @api.depends("channel_id")
    def _compute_result_id(self):
        for dialog in self:
            dialog.result_id = self.env["vip.interaction.result"]._usual(dialog.channel_id)

    @api.depends("touch_id")
    def _compute_allowed_channel_ids(self):
        for dialog in self:
            dialog.allowed_channel_ids = self.env["vip.channel"].search(
                [("fulfils_ids", "in", dialog.touch_id.channel_id.ids)]
            )

    def action_confirm(self):
        """Note the contact; the touch is done where the contact counts.

        :raise AccessError: the customer is not the caller's
        :raise UserError: the touch is done or skipped, or another channel cannot stand for it
        """
        self._require_one()
        self.touch_id._require_one()
        self.partner_id.vip_membership_id.check_access("write")
        self.touch_id._check_open()
        if self.channel_id not in self.allowed_channel_ids:
            raise UserError(
                self.env._(
                    "“%(channel)s” cannot stand for “%(planned)s”. Choose another channel.",
                    channel=self.channel_id.name,
                    planned=self.touch_id.channel_id.name,
                )
            )
        # whoever looks after the customer notes contacts with him
        touch = self.touch_id.sudo()
        interactions = touch.env["vip.interaction"].with_context(vip_care_touch=touch.id)
        contact = interactions.create(
            {
                "partner_id": self.partner_id.id,
                "date": self.date,
                "channel_id": self.channel_id.id,
                "purpose": self.touch_id.purpose or "courtesy",
                "result_id": self.result_id.id,
                "summary": self.summary,
                "user_id": self.env.uid,
            }
        )
        # however far ahead or long ago: he says that this is it
        if contact.is_contact and touch.state != DONE:
            touch._set_done(contact)
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models


class VipServiceClose(models.TransientModel):
    """Asks for the answer, and closes a service request."""

    _name = "vip.service.close"
    _description = "Close a service request"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"request_id"})

    request_id = fields.Many2one("vip.service.request", required=True, ondelete="cascade")
    with_complaint = fields.Boolean(related="request_id.with_complaint")
    answer = fields.Text(
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
        string="Answer given",
        help="What the customer was told, and what was done.",
    )
    offered = fields.Text(
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
        string="Offered to the customer",
        help="What the customer was offered.",
    )
    channel_id = fields.Many2one(
        "vip.channel",
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
        string="Answered through",
    )
    with_vas = fields.Boolean(related="request_id.with_vas")
    shown_vas_ids = fields.Many2many(
        "vip.vas",
        relation="vip_service_close_shown_rel",
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
        string="Services shown",
    )
    taken_vas_ids = fields.Many2many(
        "vip.vas",
        relation="vip_service_close_taken_rel",
        compute="_compute_answer",
        store=True,
        precompute=True,
        readonly=False,
        string="Of these taken up",
        domain="[('id', 'in', shown_vas_ids)]",
    )
    units = fields.Char(compute="_compute_units")

    @api.depends("request_id")
    def _compute_answer(self):
        for dialog in self:
            dialog.answer = dialog.request_id.answer
            dialog.offered = dialog.request_id.offered
            dialog.channel_id = dialog.request_id.channel_id
            dialog.shown_vas_ids = dialog.request_id.shown_vas_ids
            dialog.taken_vas_ids = dialog.request_id.taken_vas_ids

    @api.depends("request_id")
    def _compute_units(self):
        """What closing takes of a benefit, in words."""
        for dialog in self:
            request = dialog.request_id
            benefit = request.type_id.benefit_id
            dialog.units = False
            if benefit and not request.redemption_id:
                dialog.units = self.env._(
                    "Takes %(units)s of “%(benefit)s”.",
                    units=request._units(),
                    benefit=benefit.name,
                )

    def action_confirm(self):
        """Write the answer down and close the request.

        :raise AccessError, UserError: as ``vip.service.request.action_close``
        """
        self._require_one()
        request = self.request_id
        request._require_one("write")
        request.write(
            {
                "answer": self.answer,
                "offered": self.offered,
                "channel_id": self.channel_id.id,
                "shown_vas_ids": self.shown_vas_ids.ids,
                "taken_vas_ids": self.taken_vas_ids.ids,
            }
        )
        request.action_close()
        return {"type": "ir.actions.act_window_close"}

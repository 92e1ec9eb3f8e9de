from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.vip_redemption import APPROVED


class VipRedeem(models.TransientModel):
    """The front desk's dialog: who is he, what may he have, give it.

    The customer is found by name, customer code or number. The dialog tells only what
    ``vip_entitlements`` tells the caller.
    """

    _name = "vip.redeem"
    _description = "Redeem a benefit"
    _inherit = "vip.guarded.mixin"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", domain="[('vip_tier_id', '!=', False)]"
    )
    tier_id = fields.Many2one(related="partner_id.vip_tier_id")
    tier_color = fields.Integer(related="partner_id.vip_tier_color")
    tier_since = fields.Date(related="partner_id.vip_since")
    manager_id = fields.Many2one(related="partner_id.vip_manager_id")
    offer = fields.Html(compute="_compute_offer", sanitize=False, string="What he may have")
    offered_ids = fields.Many2many("vip.benefit", compute="_compute_offer")
    benefit_id = fields.Many2one("vip.benefit", domain="[('id', 'in', offered_ids)]")
    unit = fields.Char(related="benefit_id.unit")
    remaining = fields.Char(compute="_compute_remaining", string="Left")
    quantity = fields.Integer(default=1)
    date = fields.Date(default=lambda self: self.env.company._vip_today())
    channel_id = fields.Many2one("vip.channel", default=lambda self: self._default_channel_id())
    identity_check = fields.Selection(
        lambda self: self.env["vip.redemption"]._fields["identity_check"].selection,
        string="Identity checked by",
    )
    note = fields.Text()

    @api.model
    def _default_channel_id(self):
        return self.env.ref("vip_customer.channel_hall", raise_if_not_found=False)

    @api.depends("partner_id")
    def _compute_offer(self):
        Benefit = self.env["vip.benefit"]
        for dialog in self:
            told = dialog.partner_id.vip_entitlements() if dialog.partner_id else []
            dialog.offer = dialog.partner_id and self.env["ir.qweb"]._render(
                "vip_customer.entitlement_table", {"lines": dialog._offer_lines(told)}
            )
            codes = [line["code"] for line in told if line["delivery"] == "on_request"]
            dialog.offered_ids = Benefit.search([("code", "in", codes)])

    def _offer_lines(self, told):
        """What ``vip_entitlements`` told, as a person reads it."""
        today = fields.Date.to_string(self.env.company._vip_today())
        return [
            {
                **line,
                "is_standing": line["delivery"] == "standing",
                "is_over": bool(line["date_to"]) and line["date_to"] < today,
                "date_to": fields.Date.to_date(line["date_to"] or None),
            }
            for line in told
        ]

    @api.depends("partner_id", "benefit_id")
    def _compute_remaining(self):
        for dialog in self:
            dialog.remaining = False
            told = dialog.partner_id.vip_entitlements() if dialog.benefit_id else []
            for line in told:
                if line["code"] == dialog.benefit_id.code:
                    dialog.remaining = (
                        self.env._("Unlimited")
                        if line["granted"] is False
                        else self.env._(
                            "%(left)s of %(granted)s",
                            left=line["remaining"],
                            granted=line["granted"],
                        )
                    )

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.benefit_id not in self.offered_ids:
            self.benefit_id = False

    def action_redeem(self):
        """Redeem; what waits for nobody is to be issued and delivered later."""
        redemption, warning = self._redeem()
        return self._say(redemption, warning)

    def action_hand_over(self):
        """Redeem and hand over at once; what waits for approval is only requested."""
        redemption, warning = self._redeem()
        if redemption.state == APPROVED:
            redemption.action_deliver()
        return self._say(redemption, warning)

    def _redeem(self):
        self._require_one()
        if not self.partner_id or not self.benefit_id:
            raise UserError(self.env._("Choose the customer and the benefit first."))
        redemption = self.partner_id._vip_redeem(
            self.benefit_id,
            self.quantity,
            f"vip.redeem,{self.id}",
            date=self.date,
            channel_id=self.channel_id.id,
            identity_check=self.identity_check,
            note=self.note,
        )
        return redemption.with_env(self.env), redemption._warning()

    def _say(self, redemption, warning):
        done = self.env._(
            "%(redemption)s: %(left)s left.",
            redemption=redemption.display_name,
            left=self._left(redemption.sudo().entitlement_id),
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if warning else "success",
                "message": f"{done} {warning or ''}".strip(),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _left(self, line):
        return self.env._("unlimited") if line.is_unlimited else line.remaining

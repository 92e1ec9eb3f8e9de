from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..models.vip_benefit import ON_REQUEST
from ..models.vip_entitlement import EXPIRING_DAYS
from ..models.vip_redemption import APPROVED, ISSUED, REQUESTED
from ..tools import quota


class VipRedeem(models.TransientModel):
    """The front desk's dialog: who is he, what may he have, give it.

    The customer is found by name, customer code or number. The dialog tells only what
    ``vip_entitlements`` tells the caller, and which of the customer's redemptions wait.
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
    offer = fields.Json(compute="_compute_offer", string="What he may have")
    offered_ids = fields.Many2many("vip.benefit", compute="_compute_offer")
    benefit_id = fields.Many2one("vip.benefit", domain="[('id', 'in', offered_ids)]")
    unit = fields.Char(related="benefit_id.unit")
    remaining = fields.Char(compute="_compute_remaining", string="Still left")
    quantity = fields.Integer(default=1)
    date = fields.Date(help="Today where nothing is said.")
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
            codes = [line["code"] for line in told if line["delivery"] == ON_REQUEST]
            offered = Benefit.search([("code", "in", codes)])
            by_code = {benefit.code: benefit for benefit in offered}
            dialog.offered_ids = offered
            dialog.offer = dialog.partner_id and {
                "lines": [
                    self._offer_line(by_code[line["code"]], line)
                    for line in told
                    if line["code"] in by_code
                ],
                "rights": [line["name"] for line in told if line["code"] not in by_code],
                "waiting": dialog._waiting(),
            }

    def _offer_line(self, benefit, told):
        """What ``vip_entitlements`` told of a benefit, as the agent reads it."""
        until = fields.Date.to_date(told["date_to"] or None)
        is_unlimited = told["granted"] is False
        is_left = is_unlimited or told["remaining"] > 0
        # the caller was told of this customer, so of his company too
        company = self.partner_id.sudo().vip_membership_id.company_id
        soon = company._vip_today() + timedelta(days=EXPIRING_DAYS[0])
        return {
            "id": benefit.id,
            "name": told["name"],
            "unit": told["unit"],
            "is_unlimited": is_unlimited,
            "granted": told["granted"],
            "used": told["used"],
            "remaining": told["remaining"],
            "is_left": is_left,
            "is_given": is_left or benefit.when_exhausted != quota.BLOCK,
            "until": format_date(self.env, until) if until else False,
            "is_expiring": bool(until) and not is_unlimited and is_left and until <= soon,
        }

    def _waiting(self):
        """What the customer was promised and does not have yet, a sentence each."""
        redemptions = self.env["vip.redemption"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("state", "in", (REQUESTED, APPROVED, ISSUED)),
            ]
        )
        labels = dict(redemptions._fields["state"]._description_selection(self.env))
        return [
            self.env._(
                "%(benefit)s × %(quantity)s, %(state)s",
                benefit=redemption.benefit_id.name,
                quantity=redemption.quantity,
                state=labels[redemption.state],
            )
            for redemption in redemptions
        ]

    @api.depends("offer", "benefit_id")
    def _compute_remaining(self):
        for dialog in self:
            lines = dialog.offer["lines"] if dialog.offer else []
            of_benefit = [line for line in lines if line["id"] == dialog.benefit_id._origin.id]
            dialog.remaining = dialog._left_text(of_benefit[0]) if of_benefit else False

    def _left_text(self, line):
        if line["is_unlimited"]:
            return self.env._("Unlimited")
        return self.env._(
            "%(left)s of %(granted)s", left=line["remaining"], granted=line["granted"]
        )

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.benefit_id not in self.offered_ids._origin:
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
        redemption = self.env["vip.redemption"]._taking(
            lambda: self.partner_id._vip_redeem(
                self.benefit_id,
                self.quantity,
                f"vip.redeem,{self.id}",
                date=self.date,
                channel_id=self.channel_id.id,
                identity_check=self.identity_check,
                note=self.note,
            )
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

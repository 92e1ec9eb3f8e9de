from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class VipGoodwillGrant(models.TransientModel):
    """Gives a customer goodwill, or withdraws it, with a reason."""

    _name = "vip.goodwill.grant"
    _description = "Goodwill"
    _inherit = "vip.guarded.mixin"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        domain="[('vip_tier_id', '!=', False)]",
    )
    benefit_id = fields.Many2one(
        "vip.benefit", required=True, domain="[('delivery', '!=', 'standing')]"
    )
    quantity = fields.Integer(
        default=1, required=True, help="Units to give; negative to withdraw goodwill given before."
    )
    reason = fields.Text(required=True)

    @api.model
    def _action(self, partner, benefit=None):
        """The action that opens this dialog for a customer, and a benefit where it is known."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Goodwill"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_partner_id": partner.id,
                "default_benefit_id": benefit.id if benefit else False,
            },
        }

    def action_confirm(self):
        """Give or withdraw the goodwill.

        :raise AccessError: the caller is no lead, or may not change the customer
        :raise UserError: naming what stands in the way
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may give goodwill.")
            )
        self._require_one()
        if not self.partner_id.vip_membership_id:
            raise UserError(
                self.env._("“%s” is not in the VIP programme yet.", self.partner_id.display_name)
            )
        self.partner_id.vip_membership_id.check_access("write")
        # entitlements are written by the programme only
        self.env["vip.entitlement"].sudo()._give_goodwill(
            self.partner_id.sudo(), self.benefit_id.sudo(), self.quantity, self.reason
        )
        return {"type": "ir.actions.act_window_close"}

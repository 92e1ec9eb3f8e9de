from odoo import fields, models


class VipNumberOwner(models.TransientModel):
    """Passes a number to another customer on a day."""

    _name = "vip.number.owner"
    _description = "Change the owner of a number"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"number_id"})  # the dialog tells the number and its owner

    number_id = fields.Many2one("vip.service.number", required=True, readonly=True)
    current_partner_id = fields.Many2one(
        related="number_id.partner_id", related_sudo=False, string="Current owner"
    )
    partner_id = fields.Many2one("res.partner", string="New owner", required=True)
    day = fields.Date(
        required=True,
        string="Owner from",
        default=lambda self: self.env.company._vip_today(),
        help="First day of the new owner.",
    )

    def action_confirm(self):
        """Change the owner and open the number of the new one."""
        self._require_one()
        number = self.number_id.change_owner(self.partner_id.id, self.day)
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.service.number",
            "res_id": number,
            "view_mode": "form",
        }

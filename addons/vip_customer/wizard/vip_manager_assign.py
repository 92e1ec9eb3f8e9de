from odoo import fields, models


class VipManagerAssign(models.TransientModel):
    """Gives customers an account manager and a branch, from today or a later day on."""

    _name = "vip.manager.assign"
    _description = "Assign an account manager"
    _inherit = "vip.guarded.mixin"

    membership_ids = fields.Many2many("vip.membership", string="Customers", required=True)
    manager_id = fields.Many2one(
        "res.users",
        string="Account manager",
        domain=lambda self: self.env["vip.handover"]._domain_managers(),
    )
    team_id = fields.Many2one("crm.team", string="Branch")
    day = fields.Date(
        required=True,
        string="From",
        default=lambda self: self.env.company._vip_today(),
        help="Today or later. What was agreed for days after that is replaced.",
    )

    def action_confirm(self):
        """Assign the customers."""
        self._require_one()
        self.membership_ids.assign(self.manager_id.id, self.team_id.id, self.day)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models


class VipHandoverLine(models.TransientModel):
    """One customer of a handover of few, and who gets him."""

    _name = "vip.handover.line"
    _description = "Customer of a handover"

    handover_id = fields.Many2one("vip.handover", required=True, ondelete="cascade")
    membership_id = fields.Many2one("vip.membership", string="Customer", required=True)
    tier_id = fields.Many2one(related="membership_id.tier_id")
    tier_color = fields.Integer(related="tier_id.color")
    current_manager_id = fields.Many2one(related="membership_id.manager_id", string="Until now")
    team_id = fields.Many2one(related="membership_id.team_id")
    manager_id = fields.Many2one(
        "res.users",
        string="Next account manager",
        domain=lambda self: self.env["vip.handover"]._domain_managers(),
    )

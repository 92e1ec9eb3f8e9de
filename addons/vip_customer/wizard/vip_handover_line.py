from odoo import fields, models


class VipHandoverLine(models.TransientModel):
    """One customer of a handover, and who gets him."""

    _name = "vip.handover.line"
    _description = "Customer of a handover"

    handover_id = fields.Many2one("vip.handover", required=True, ondelete="cascade")
    membership_id = fields.Many2one("vip.membership", string="Customer", required=True)
    tier_id = fields.Many2one(related="membership_id.tier_id")
    current_manager_id = fields.Many2one(related="membership_id.manager_id", string="Until now")
    manager_id = fields.Many2one("res.users", string="To", domain="[('share', '=', False)]")
    team_id = fields.Many2one("crm.team", string="Branch")

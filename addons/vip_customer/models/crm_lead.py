from odoo import fields, models


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "vip.guarded.mixin"]
    _guarded_fields = frozenset({"vip_tier_id", "vip_tier_color"})

    vip_tier_id = fields.Many2one(
        related="partner_id.vip_membership_id.tier_id",
        string="VIP tier",
        groups="base.group_user",
    )
    vip_tier_color = fields.Integer(
        related="partner_id.vip_membership_id.tier_id.color", groups="base.group_user"
    )

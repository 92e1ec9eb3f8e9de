from odoo import fields, models


class VipTierBand(models.Model):
    """Points for years with us. Of several bands reached only the highest counts."""

    _name = "vip.tier.band"
    _description = "VIP tenure band"
    _inherit = "vip.tier.policy.part"
    _order = "policy_id, min_months"

    min_months = fields.Integer(
        required=True, string="From months", help="Full months with us, bound included."
    )
    points = fields.Integer(required=True)

    _months_uniq = models.Constraint(
        "UNIQUE (policy_id, min_months)", "A policy has one band per number of months."
    )
    _months_positive = models.Constraint(
        "CHECK (min_months >= 0)", "A band begins at 0 months or later."
    )

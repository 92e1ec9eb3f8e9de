from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    vip_protected_amount = fields.Monetary(
        default=12000,
        string="Protected from, a year",
        help="Who was billed this much in the last 12 full months is protected, whatever his tier. 0: "
        "nobody for that.",
    )

    _vip_protected_amount_positive = models.Constraint(
        "CHECK (vip_protected_amount >= 0)",
        "The amount from which customers are protected cannot be negative.",
    )

from odoo import fields, models


class VipTier(models.Model):
    _inherit = "vip.tier"

    first_contact_hours = fields.Float(
        default=16,
        string="First contact within",
        help="Working hours in which somebody who wants to leave is spoken to.",
    )

    _first_contact_positive = models.Constraint(
        "CHECK (first_contact_hours > 0)", "The first contact needs some time: more than 0 hours."
    )

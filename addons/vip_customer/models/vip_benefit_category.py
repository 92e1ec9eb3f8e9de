from odoo import fields, models


class VipBenefitCategory(models.Model):
    """A group of benefits: dedicated service, travel, care."""

    _name = "vip.benefit.category"
    _description = "Benefit category"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    benefit_ids = fields.One2many("vip.benefit", "category_id", string="Benefits")

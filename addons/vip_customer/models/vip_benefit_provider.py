from odoo import fields, models


class VipBenefitProvider(models.Model):
    """Who delivers a benefit: the hall, the account manager, a partner."""

    _name = "vip.benefit.provider"
    _description = "Deliverer of benefits"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)

from odoo import fields, models


class VipChannel(models.Model):
    """A way in which customers and the company meet: telephone, hall, visit, letter."""

    _name = "vip.channel"
    _description = "Contact channel"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Key for imports and other systems.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another channel has this code already.")

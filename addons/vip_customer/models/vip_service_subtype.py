from odoo import fields, models


class VipServiceSubtype(models.Model):
    """What a request of a service type is about; of a complaint, its cause."""

    _name = "vip.service.subtype"
    _description = "Service sub-type"
    _order = "type_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    type_id = fields.Many2one("vip.service.type", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

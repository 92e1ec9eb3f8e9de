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

    fulfils_ids = fields.Many2many(
        "vip.channel",
        "vip_channel_fulfils_rel",
        "channel_id",
        "touch_channel_id",
        string="May fulfil a touch of",
        help="A visit may stand for a call, a call not for a visit.",
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another channel has this code already.")

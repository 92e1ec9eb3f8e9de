from odoo import fields, models


class VipMembership(models.Model):
    _inherit = "vip.membership"

    # set from a talk too, by agents who do not see the rest of the profile
    customer_type_id = fields.Many2one("vip.customer.type", ondelete="restrict")

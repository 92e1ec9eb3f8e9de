from odoo import fields, models


class VipCustomerType(models.Model):
    """What somebody is like in a talk, and the technique that serves him best.

    For staff only, never printed for a customer; a customer's type belongs to his private profile.
    """

    _name = "vip.customer.type"
    _description = "Customer type"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    technique = fields.Char(required=True, translate=True)
    guidance = fields.Text(required=True, translate=True, string="In one line")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another customer type has this code already.")

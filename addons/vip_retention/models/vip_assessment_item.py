from odoo import fields, models

from .vip_assessment_scheme_part import PARTS


class VipAssessmentItem(models.Model):
    """Something that has to be in place in a branch: it earns its points, half of them where it is partly,
    and none where it is not."""

    _name = "vip.assessment.item"
    _description = "Checklist item"
    _inherit = "vip.assessment.scheme.part"

    name = fields.Char(required=True, translate=True, string="Item")
    part = fields.Selection(PARTS, required=True)
    points = fields.Float(default=2.0, required=True, digits=(16, 1), string="Full points")

    _points_positive = models.Constraint(
        "CHECK (points > 0)", "An item of the checklist has more than zero points."
    )

from odoo import fields, models

from ..empty_figure import EmptyFloat


class VipAssessmentScore(models.AbstractModel):
    """What has a score out of 100, or none yet: then it is in no mean."""

    _name = "vip.assessment.score"
    _description = "Score of an assessment"

    score = EmptyFloat(
        readonly=True, copy=False, digits=(16, 1), aggregator="avg", help="Out of 100."
    )
    is_scored = fields.Boolean(readonly=True, copy=False, string="Has a score")

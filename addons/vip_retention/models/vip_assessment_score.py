from odoo import api, fields, models
from odoo.tools import SQL


class VipAssessmentScore(models.AbstractModel):
    """What has a score out of 100, or none yet: then it is in no mean."""

    _name = "vip.assessment.score"
    _description = "Score of an assessment"

    score = fields.Float(
        readonly=True, copy=False, digits=(16, 1), aggregator="avg", help="Out of 100."
    )
    is_scored = fields.Boolean(readonly=True, copy=False, string="Has a score")

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != "score:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "avg(%s) FILTER (WHERE %s)",
            self._field_to_sql(query.table, "score", query),
            self._field_to_sql(query.table, "is_scored", query),
        )

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..empty_figure import EmptyFloat
from ..tools import assessment
from .vip_assessment_scheme_part import PARTS


class VipAssessmentLine(models.Model):
    """One indicator of a branch in a quarter: what was aimed at, what was reached, and the points for it.

    Written by ``vip.assessment`` only. What it shows was so when the figures were taken: later targets change
    nothing. ``tiers`` holds of each tier with a target its id (0: one target for all), target, floor, what is
    divided by what, and its score.
    """

    _name = "vip.assessment.line"
    _description = "Result of an indicator"
    _inherit = "vip.assessment.score"
    _order = "quarter desc, team_id, sequence, id"
    _rec_name = "indicator_id"

    assessment_id = fields.Many2one(
        "vip.assessment", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="assessment_id.company_id", store=True)
    team_id = fields.Many2one(related="assessment_id.team_id", store=True, string="Branch")
    quarter = fields.Date(related="assessment_id.quarter", store=True)
    state = fields.Selection(related="assessment_id.state", store=True)
    indicator_id = fields.Many2one(
        "vip.assessment.indicator", required=True, readonly=True, ondelete="restrict"
    )
    sequence = fields.Integer(related="indicator_id.sequence", store=True)
    figure = fields.Selection(
        selection=lambda self: self.env["vip.kpi.target"]._selection_figure(), readonly=True
    )
    part = fields.Selection(PARTS, readonly=True, string="Checklist")
    weight = fields.Float(readonly=True, digits=(16, 1), aggregator="avg", string="Weighting")
    counted_weight = fields.Float(
        readonly=True,
        digits=(16, 2),
        aggregator="avg",
        string="Counted weight",
        help="Its weight out of 100. What has no figure leaves its weight to the others.",
    )
    points = fields.Float(readonly=True, digits=(16, 2), aggregator="avg", string="Weighted points")
    # figures
    above = fields.Float(readonly=True, aggregator=None, string="Of these reached")
    below = fields.Float(
        readonly=True, aggregator=None, string="Measured", help="What the figure is a share of."
    )
    tiers = fields.Json(readonly=True)
    target_text = fields.Char(
        compute="_compute_texts",
        string="Target",
        help="Of each tier that has one, the best first. Open the line to see what each tier adds.",
    )
    actual_text = fields.Char(compute="_compute_texts", string="Actual")
    explanation = fields.Text(compute="_compute_texts", string="How it came about")
    # the quarter before
    has_previous = fields.Boolean(compute="_compute_change", string="Had a score before")
    change = EmptyFloat(
        compute="_compute_change",
        digits=(16, 1),
        aggregator=None,
        help="Points out of 100 more or less than in the quarter before, once that is reviewed.",
    )

    _indicator_uniq = models.Constraint(
        "UNIQUE (assessment_id, indicator_id)", "An assessment has one result of an indicator."
    )

    @api.depends("figure", "part", "tiers", "above", "below", "score", "assessment_id.answer_ids")
    @api.depends_context("lang")
    def _compute_texts(self):
        Target = self.env["vip.kpi.target"]
        names = {tier.id: tier.name for tier in self.env["vip.tier"].sudo().search([])}
        for line in self:
            if line.part:
                line._write_checklist_texts()
                continue
            reached = assessment.Group(line.above, line.below).figure
            line.actual_text = (
                Target._written(line.figure, reached)
                if reached is not None
                else self.env._("no figure")
            )
            tiers = line.tiers or []
            aims = [Target._written(line.figure, tier["target"]) for tier in tiers]
            line.target_text = (
                f"{Target._sign(line.figure)} {' / '.join(aims)}"
                if aims
                else self.env._("no target")
            )
            line.explanation = "\n".join(
                line._detail(names.get(tier["tier"], self.env._("All tiers")), tier)
                for tier in tiers
            )

    def _write_checklist_texts(self):
        answers = self.assessment_id.answer_ids.filtered(lambda answer: answer.part == self.part)
        self.target_text = self.env._(
            "%(points)s points", points=sum(answers.mapped("item_points"))
        )
        self.actual_text = self.env._("%(points)s points", points=sum(answers.mapped("points")))
        self.explanation = False

    def _detail(self, name, tier):
        """What a tier contributes, as a sentence."""
        Target = self.env["vip.kpi.target"]
        reached = assessment.Group(tier["above"], tier["below"]).figure
        if reached is None:
            return self.env._("%(tier)s: no figure, left out", tier=name)
        return self.env._(
            "%(tier)s: %(reached)s of %(below)s, aim %(aim)s, no points from %(floor)s: %(score)s",
            tier=name,
            reached=Target._written(self.figure, reached),
            below=round(tier["below"], 1),
            aim=Target._aim(self.figure, tier["target"]),
            floor=Target._written(self.figure, tier["floor"]),
            score=tier["score"],
        )

    @api.depends("score", "is_scored", "quarter", "team_id")
    def _compute_change(self):
        found = self.sudo().search(  # the same branch; that it was reviewed makes it known there
            [
                ("team_id", "in", self.team_id.ids),
                ("company_id", "in", self.company_id.ids),
                (
                    "quarter",
                    "in",
                    [day - relativedelta(months=3) for day in self.mapped("quarter")],
                ),
                ("state", "=", "reviewed"),
                ("is_scored", "=", True),
            ]
        )
        before = {
            (row.company_id.id, row.team_id.id, row.quarter, row.figure, row.part): row.score
            for row in found
        }
        for line in self:
            previous = before.get(
                (
                    line.company_id.id,
                    line.team_id.id,
                    line.quarter and line.quarter - relativedelta(months=3),
                    line.figure,
                    line.part,
                )
            )
            line.has_previous = line.is_scored and previous is not None
            line.change = line.score - previous if line.has_previous else False

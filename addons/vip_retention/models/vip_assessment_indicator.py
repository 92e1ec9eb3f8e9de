from odoo import api, fields, models

from .vip_assessment_scheme_part import PARTS


class VipAssessmentIndicator(models.Model):
    """What a branch earns points with: a month-end figure that has a target, or a part of the checklist.

    With a weight of 0 it is shown for information, and counts nothing.
    """

    _name = "vip.assessment.indicator"
    _description = "Indicator of an assessment"
    _inherit = "vip.assessment.scheme.part"

    figure = fields.Selection(
        selection="_selection_figure", help="A month-end figure, measured by its targets."
    )
    part = fields.Selection(PARTS, string="Checklist", help="The points of these items.")
    weight = fields.Float(
        required=True,
        digits=(16, 1),
        string="Weighting",
        help="In proportion to the others; 0: for information only.",
    )

    _one_of_both = models.Constraint(
        "CHECK (num_nonnulls(figure, part) = 1)",
        "An indicator is either a figure or a part of the checklist: choose one of both.",
    )
    _weight_positive = models.Constraint(
        "CHECK (weight >= 0)",
        "A weight is never below zero: 0 is for information only.",
    )
    _figure_uniq = models.Constraint(
        "UNIQUE (scheme_id, figure)", "This figure is an indicator of the scheme already."
    )
    _part_uniq = models.Constraint(
        "UNIQUE (scheme_id, part)", "This part of the checklist is an indicator already."
    )

    @api.model
    def _selection_figure(self):
        return self.env["vip.kpi.target"]._selection_figure()

    @api.depends("figure", "part")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._selection_figure())
        labels |= dict(self._fields["part"]._description_selection(self.env))
        for indicator in self:
            indicator.display_name = labels.get(indicator.figure or indicator.part)

    @api.constrains("weight")
    def _check_weights(self):
        self.scheme_id._check_weights()

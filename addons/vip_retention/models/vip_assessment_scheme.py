from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class VipAssessmentScheme(models.Model):
    """By what branches are assessed: weighted indicators, and a checklist of what has to be in place.

    Shared by all companies, or one company's own. Weights count in proportion to each other, so that the
    result is out of 100. A scheme by which a branch was assessed explains that result and stays as it is;
    a changed one is a copy.
    """

    _name = "vip.assessment.scheme"
    _description = "Assessment scheme"
    _inherit = "vip.guarded.mixin"
    _order = "sequence, id"
    _scope_fields = frozenset({"company_id"})

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", ondelete="restrict", index=True, help="Empty: every company may use it."
    )
    indicator_ids = fields.One2many(
        "vip.assessment.indicator", "scheme_id", string="Indicators", copy=True
    )
    item_ids = fields.One2many("vip.assessment.item", "scheme_id", string="Checklist", copy=True)
    weight = fields.Float(
        compute="_compute_weight",
        digits=(16, 1),
        string="Sum of the weightings",
    )
    assessment_count = fields.Integer(
        compute="_compute_assessment_count", string="Branches assessed"
    )

    @api.depends("indicator_ids.weight")
    def _compute_weight(self):
        for scheme in self:
            scheme.weight = sum(scheme.indicator_ids.mapped("weight"))

    def _compute_assessment_count(self):
        counts = dict(
            self.env["vip.assessment"]._read_group(
                [("scheme_id", "in", self.ids)], ["scheme_id"], ["__count"]
            )
        )
        for scheme in self:
            scheme.assessment_count = counts.get(scheme._origin, 0)

    @api.constrains("name", "indicator_ids")
    def _check_weights(self):
        for scheme in self:
            if sum(scheme.indicator_ids.mapped("weight")) <= 0:
                raise ValidationError(
                    self.env._(
                        "The weights of “%s” sum to zero, and nobody could earn a point. Give at least one "
                        "indicator a weight.",
                        scheme.name,
                    )
                )

    def _check_complete(self):
        """:raise UserError: nothing has a weight, or a part of the checklist has one, but no items."""
        self._check_weights()
        for scheme in self:
            asked = set(scheme.item_ids.mapped("part"))
            for indicator in scheme.indicator_ids:
                if indicator.part and indicator.weight and indicator.part not in asked:
                    raise UserError(
                        self.env._(
                            "“%(indicator)s” has a weight in “%(scheme)s”, but no item of the checklist asks "
                            "about it. Add one, or take the weight away.",
                            indicator=indicator.display_name,
                            scheme=scheme.name,
                        )
                    )

    def write(self, vals):
        if vals.keys() & {"indicator_ids", "item_ids"}:
            self._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if not default or "name" not in default:
            for scheme, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", scheme.name)
        return vals_list

    def _check_unused(self):
        """:raise UserError: branches were assessed by one of these schemes."""
        # use counts in every company
        used = self.env["vip.assessment"].sudo().search([("scheme_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "“%(scheme)s” explains how %(branch)s was assessed, and stays as it is. Duplicate it and "
                    "change the copy, or archive it.",
                    scheme=used.scheme_id.name,
                    branch=used.display_name,
                )
            )

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, formatLang

from ..tools import assessment
from .vip_kpi_report import RATES

PER_MANAGER = "load_per_manager"
MONEY = "cost_per_save"
# the smaller the better; all others: the larger
AT_MOST = {"churn_rate", "off_net_rate", MONEY, PER_MANAGER}
FIGURES = (*RATES, PER_MANAGER)
# what is a figure as such; all others are shares of a whole
NO_SHARES = {MONEY, PER_MANAGER}


class VipKpiTarget(models.Model):
    """What a month-end figure should be, for a tier or for all at once, and where it earns nothing any more.

    Targets are shared by all companies, or one company's own: where it has any of a figure, they replace the
    shared ones of that figure.

    A figure is aimed at for all tiers at once, or tier by tier; a tier without a target is left out then.
    Shares are written as fractions (0.98 is 98 %), as the month-end report has them.
    """

    _name = "vip.kpi.target"
    _description = "Target of a figure"
    _inherit = "vip.guarded.mixin"
    _order = "sequence, figure, company_id, tier_id"
    _rec_name = "figure"
    _scope_fields = frozenset({"company_id"})

    figure = fields.Selection(selection="_selection_figure", required=True)
    sequence = fields.Integer(default=10)
    tier_id = fields.Many2one(
        "vip.tier", string="Tier", ondelete="cascade", help="Empty: one target for all tiers."
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        index=True,
        help="Empty: for every company that has no target of its own for this figure.",
    )
    target = fields.Float(required=True, digits=(16, 4), help="At or beyond it: 100 points.")
    floor = fields.Float(required=True, digits=(16, 4), help="At or beyond it: no points.")
    is_at_most = fields.Boolean(compute="_compute_is_at_most", string="At most")
    is_share = fields.Boolean(compute="_compute_is_at_most", string="Percentage")
    target_text = fields.Char(compute="_compute_texts", string="Aim")
    floor_text = fields.Char(compute="_compute_texts", string="No points from")

    _figure_uniq = models.UniqueIndex(
        "(figure, COALESCE(tier_id, 0), COALESCE(company_id, 0))",
        "This figure has a target for this tier already.",
    )

    @api.model
    def _selection_figure(self):
        return [(name, self._label(name)) for name in FIGURES]

    @api.model
    def _label(self, figure):
        """How the month-end report calls it."""
        return self.env["vip.kpi.report"]._fields[figure]._description_string(self.env)

    @api.depends("figure")
    def _compute_is_at_most(self):
        for record in self:
            record.is_at_most = record.figure in AT_MOST
            record.is_share = bool(record.figure) and record.figure not in NO_SHARES

    @api.depends("figure", "target", "floor", "company_id")
    @api.depends_context("lang")
    def _compute_texts(self):
        for record in self:
            if not record.figure:
                record.target_text = record.floor_text = False
                continue
            record.target_text = record._aim(record.figure, record.target)
            record.floor_text = record._written(record.figure, record.floor)

    @api.depends("figure", "tier_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._selection_figure())
        for record in self:
            names = (labels.get(record.figure), record.tier_id.name)
            record.display_name = ", ".join(name for name in names if name)

    @api.model
    def _written(self, figure, value):
        """A value of a figure as people read it."""
        if figure == MONEY:
            return format_amount(self.env, value, self.env.company.currency_id)
        if figure == PER_MANAGER:
            return formatLang(self.env, value, digits=1)
        return f"{formatLang(self.env, 100 * value, digits=2)}%"

    @api.model
    def _sign(self, figure):
        return "≤" if figure in AT_MOST else "≥"

    @api.model
    def _aim(self, figure, value):
        written = self._written(figure, value)
        if figure in AT_MOST:
            return self.env._("at most %s", written)
        return self.env._("at least %s", written)

    # ------------------------------------------------------------
    # WHAT IS NO TARGET
    # ------------------------------------------------------------

    @api.constrains("figure", "target", "floor")
    def _check_values(self):
        for record in self:
            goal = assessment.Goal(record.target, record.floor)
            values = {
                "figure": self._label(record.figure),
                "target": self._written(record.figure, record.target),
                "floor": self._written(record.figure, record.floor),
            }
            if record.is_share and not all(0 <= value <= 1 for value in goal):
                raise ValidationError(
                    self.env._(
                        "“%(figure)s” is a share of a whole: its target (%(target)s) and floor (%(floor)s) "
                        "lie between 0%% and 100%%.",
                        **values,
                    )
                )
            if min(goal) < 0:
                raise ValidationError(
                    self.env._(
                        "“%(figure)s” is never below zero: give a target (%(target)s) and a floor "
                        "(%(floor)s) of zero or more.",
                        **values,
                    )
                )
            if not assessment.is_wrong_way(goal, record.is_at_most):
                continue
            if record.is_at_most:
                raise ValidationError(
                    self.env._(
                        "“%(figure)s” should be low: the floor (%(floor)s), where it earns no points, lies "
                        "above the target (%(target)s).",
                        **values,
                    )
                )
            raise ValidationError(
                self.env._(
                    "“%(figure)s” should be high: the floor (%(floor)s), where it earns no points, lies "
                    "below the target (%(target)s).",
                    **values,
                )
            )

    @api.constrains("figure", "tier_id", "company_id")
    def _check_tiers(self):
        for record in self:
            if record.figure == PER_MANAGER and record.tier_id:
                raise ValidationError(
                    self.env._(
                        "“%s” weighs the tiers against each other already. Leave the tier of its target "
                        "empty.",
                        self._label(record.figure),
                    )
                )
            if self.search_count(
                [
                    ("figure", "=", record.figure),
                    ("company_id", "=", record.company_id.id),
                    ("tier_id", "=" if record.tier_id else "!=", False),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "“%s” is aimed at for all tiers at once, or tier by tier, not both. Delete the "
                        "targets of one kind first.",
                        self._label(record.figure),
                    )
                )

    # ------------------------------------------------------------
    # WHAT COUNTS
    # ------------------------------------------------------------

    @api.model
    def _goals(self, company):
        """The targets of a company: figure -> tier id, None for all tiers -> ``assessment.Goal``."""
        shared, own = {}, {}
        domain = Domain("company_id", "in", [False, company.id])
        for record in self.sudo().search(domain):  # of one company, whichever are chosen
            goals = own if record.company_id else shared
            tiers = goals.setdefault(record.figure, {})
            tiers[record.tier_id.id or None] = assessment.Goal(record.target, record.floor)
        return shared | own

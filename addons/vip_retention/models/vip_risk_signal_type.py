from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.risk import DAY, MONTH, PULSE, RECORDED, Signal

# Where two thresholds count differently, whether the full weight needs the higher one.
HIGHER_IS_WORSE = {"drop": True, "arrears": True, "contract": False}
# What else asks for a threshold, and what for a window.
WITH_THRESHOLD = {"repeat", "rating", "silence", "unused", "missed", "gift", *HIGHER_IS_WORSE}
WITH_SPAN = {"arrears", "repeat", "rating", "tier", "missed", "late", PULSE, RECORDED}
WITH_LESS = {"complaint", "late", PULSE, *HIGHER_IS_WORSE}


class VipRiskSignalType(models.Model):
    """One kind of signal that somebody may leave: what it weighs, from when, and for how long.

    ``rule`` says how it is worked out (``tools/risk.py``) and is shipped; of each there is one, which can be
    weighed anew and switched off. Kinds that a company adds are recorded by people and imports, and count
    inside their window. Changes hold from the next assessment on, which is then due at once.
    """

    _name = "vip.risk.signal.type"
    _description = "Risk signal type"
    _inherit = "vip.guarded.mixin"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]
    _guarded_fields = frozenset({"rule"})

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(
        default=True, string="Counts", help="Off: it counts nothing, and nobody is asked about it."
    )
    rule = fields.Selection(
        [
            (RECORDED, "Recorded by people and imports"),
            (PULSE, "Manager's own judgement"),
            ("leaving", "Open departure of one of several numbers"),
            ("suspended", "Number suspended"),
            ("drop", "Spend drop"),
            ("zero", "No bill"),
            ("arrears", "Arrears suspensions"),
            ("complaint", "Open complaint"),
            ("repeat", "Repeated complaint"),
            ("rating", "Low rating"),
            ("contract", "Contract near its end"),
            ("silence", "No contact"),
            ("unused", "Benefits unused"),
            ("tier", "Tier about to drop"),
            ("missed", "Our neglect: missed touches"),
            ("late", "Our neglect: late service"),
            ("gift", "Our neglect: gift not delivered"),
        ],
        default=RECORDED,
        required=True,
        readonly=True,
        copy=False,
    )
    holds_when = fields.Char(translate=True, string="Holds when")
    points = fields.Integer(
        required=True, default=10, string="Weight", help="What it adds to the score, in full."
    )
    points_less = fields.Integer(
        string="Lesser weight", help="What the weaker form adds; of late service, each request."
    )
    threshold = fields.Integer(help="From when it has its full weight.")
    threshold_less = fields.Integer(
        string="Lesser threshold", help="From when it has its lesser weight."
    )
    span = fields.Integer(
        default=30, string="Window", help="How long it counts; the judgement fades over this time."
    )
    span_unit = fields.Selection(
        [(DAY, "Days"), (MONTH, "Months")], default=DAY, required=True, string="Unit of the window"
    )
    with_less = fields.Boolean(compute="_compute_with")
    with_threshold = fields.Boolean(compute="_compute_with")
    with_threshold_less = fields.Boolean(compute="_compute_with")
    with_span = fields.Boolean(compute="_compute_with")

    _code_uniq = models.Constraint("UNIQUE (code)", "Another risk signal has this code already.")
    _rule_uniq = models.UniqueIndex(
        "(rule) WHERE rule <> 'recorded'", "There is one risk signal of each shipped kind."
    )
    _points_range = models.Constraint(
        "CHECK (points BETWEEN 0 AND 100)", "The weight of a signal lies between 0 and 100."
    )
    _points_order = models.Constraint(
        "CHECK (points_less BETWEEN 0 AND points)",
        "The lesser weight of a signal lies between 0 and its full weight.",
    )
    _threshold_positive = models.Constraint(
        "CHECK (threshold >= 0 AND threshold_less >= 0)", "A threshold cannot be negative."
    )

    @api.depends("rule")
    def _compute_with(self):
        for kind in self:
            kind.with_less = kind.rule in WITH_LESS
            kind.with_threshold = kind.rule in WITH_THRESHOLD
            kind.with_threshold_less = kind.rule in HIGHER_IS_WORSE
            kind.with_span = kind.rule in WITH_SPAN

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("active", "points")
    def _check_some_weight(self):
        self._refuse_no_weight(self.search(Domain.TRUE))

    def _refuse_no_weight(self, kinds):
        if not any(kind.points for kind in kinds):
            raise ValidationError(
                self.env._(
                    "The weights of all signals that count sum to zero, so nobody would ever be at risk. "
                    "Leave at least one of them on, with a weight above zero."
                )
            )

    @api.constrains("rule", "threshold", "threshold_less")
    def _check_thresholds(self):
        for kind in self:
            higher = HIGHER_IS_WORSE.get(kind.rule)
            if higher and kind.threshold <= kind.threshold_less:
                raise ValidationError(
                    self.env._(
                        "“%(signal)s” has its full weight from %(full)s and its lesser weight from "
                        "%(less)s: the first must be the higher one.",
                        signal=kind.name,
                        full=kind.threshold,
                        less=kind.threshold_less,
                    )
                )
            if higher is False and kind.threshold >= kind.threshold_less:
                raise ValidationError(
                    self.env._(
                        "“%(signal)s” has its full weight within %(full)s days and its lesser weight within "
                        "%(less)s: the first must be the shorter time.",
                        signal=kind.name,
                        full=kind.threshold,
                        less=kind.threshold_less,
                    )
                )
            if kind.rule in WITH_THRESHOLD and not kind.threshold:
                raise ValidationError(
                    self.env._(
                        "“%s” needs a threshold above zero, or it would hold for everybody. To leave it "
                        "out, switch it off.",
                        kind.name,
                    )
                )
            if kind.rule in ("drop", "unused") and kind.threshold > 100:
                raise ValidationError(
                    self.env._(
                        "The threshold of “%(signal)s” is a share: at most 100 percent, not %(value)s.",
                        signal=kind.name,
                        value=kind.threshold,
                    )
                )

    @api.constrains("rule", "span")
    def _check_span(self):
        for kind in self:
            if kind.rule in WITH_SPAN and not 0 < kind.span <= 3650:
                raise ValidationError(
                    self.env._(
                        "The window of “%(signal)s” is %(span)s; it must be above zero, and ten years at "
                        "most.",
                        signal=kind.name,
                        span=kind.span,
                    )
                )

    @api.constrains("rule", "span_unit")
    def _check_span_unit(self):
        for kind in self:
            if kind.rule in (PULSE, "tier") and kind.span_unit != DAY:
                raise ValidationError(
                    self.env._("The window of “%s” is counted in days.", kind.name)
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        kinds = super().create(vals_list)
        self._assess_anew()
        return kinds

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys() <= {"name", "holds_when", "sequence"}:
            self._assess_anew()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shipped(self):
        for kind in self:
            if kind.rule != RECORDED:
                raise UserError(
                    self.env._(
                        "“%s” is worked out by the programme and cannot be deleted. Switch it off instead.",
                        kind.name,
                    )
                )
        self._refuse_no_weight(self.search(Domain.TRUE) - self)

    def _assess_anew(self):
        """The whole book is assessed again by the scheduled action, soon."""
        # the progress of the night is the programme's
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        self.env["vip.membership"].sudo()._assess_risk_soon(companies)

    # ------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------

    @api.model
    def _signals(self):
        """All that count, for ``tools/risk.py``."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT id, rule, points, coalesce(points_less, 0), coalesce(threshold, 0),
                          coalesce(threshold_less, 0), coalesce(span, 0), span_unit
                     FROM vip_risk_signal_type WHERE active IS TRUE ORDER BY sequence, id"""
            )
        )
        return [Signal(*row) for row in rows]

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_date

from ..tools import tier_rules, tier_sql

DRAFT, IN_FORCE, CLOSED = "draft", "in_force", "closed"
PERCENTILES = (50, 75, 90, 95, 98, 99)
# What the figures of the book depend on: window, score and rules.
FIGURE_FIELDS = (
    "company_id",
    "window",
    "window_months",
    "min_tenure_months",
    "points_per_unit",
    "arrears_penalty",
    "arrears_penalty_max",
    "band_ids.min_months",
    "band_ids.points",
    "rule_ids.tier_id",
    "rule_ids.min_average_spend",
    "rule_ids.min_total_spend",
    "rule_ids.min_score",
    "rule_ids.min_tenure_months",
)


class VipTierPolicy(models.Model):
    """The rule book of one year.

    SPECIFICATION

    Validity: ``date_from`` to ``date_to``, both included, is the time for which the policy grants
    tiers. Several policies may be drafts at once; one is in force per company and day. In force or
    closed, the policy, its rules and its bands cannot be edited: a closed policy is the answer to
    "why was I gold then".

    Window: the months whose bills count. ``calendar_year`` is the last full calendar year before the
    run's date, ``rolling`` the ``window_months`` full months before the month of the run's date. A
    run for new customers looks at the ``new_window_months`` full months before instead, where that is
    not 0.

    Score = floor(total billed in the window x ``points_per_unit``) + points of the highest band
    reached - min(arrears suspensions in the window x ``arrears_penalty``, ``arrears_penalty_max``).
    A negative total gives 0 spend points; the score may be negative.

    Downgrade: whoever earns less than he has goes to what he earned, or one step down
    (``one_step``: the higher of the earned and the next lower active tier), at once or not before the
    tier's validity plus ``grace_days`` has passed (``at_expiry``: he is on hold until then).

    The arithmetic is in ``tools/tier_rules.py`` and, for the whole book, in ``tools/tier_sql.py``.
    """

    _name = "vip.tier.policy"
    _description = "VIP tier policy"
    _inherit = ["mail.thread", "vip.guarded.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _guarded_fields = frozenset({"state"})
    _scope_fields = frozenset({"company_id"})

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [(DRAFT, "Draft"), (IN_FORCE, "In force"), (CLOSED, "Out of force")],
        default=DRAFT,
        required=True,
        readonly=True,
        copy=False,
    )
    # validity
    date_from = fields.Date(
        required=True, string="Valid from", default=lambda self: self._default_date_from()
    )
    date_to = fields.Date(
        required=True,
        string="Valid until",
        default=lambda self: self._default_date_to(),
        help="Last day of the tiers that this policy grants.",
    )
    # window
    window = fields.Selection(
        [
            (tier_rules.CALENDAR_YEAR, "Last calendar year"),
            (tier_rules.ROLLING, "Last months"),
        ],
        default=tier_rules.CALENDAR_YEAR,
        required=True,
        help="Which bills count for the yearly run.",
    )
    window_months = fields.Integer(
        default=12, string="Months", help="How many full months count before the month of the run."
    )
    new_window_months = fields.Integer(
        string="Months for new customers",
        help="A supplementary run looks at so many full months before it, because who joined in March "
        "has no bill in last year's window. 0 = the same window as everybody.",
    )
    min_tenure_months = fields.Integer(
        string="Minimum tenure",
        help="Full months with us that every rule asks besides its own conditions. 0 = not asked.",
    )
    # score
    points_per_unit = fields.Float(
        default=1.0,
        digits=(12, 4),
        required=True,
        help="Points for each unit of money billed.",
        string="Points per unit of money",
    )
    arrears_penalty = fields.Integer(
        help="Points taken off for each arrears suspension in the window.",
        string="Penalty per arrears suspension",
    )
    arrears_penalty_max = fields.Integer(
        string="Penalty at most",
        help="Never more points than this are taken off; at 0 nothing is taken off.",
    )
    band_ids = fields.One2many("vip.tier.band", "policy_id", string="Tenure bands", copy=True)
    # rules
    rule_ids = fields.One2many("vip.tier.rule", "policy_id", string="Rules", copy=True)
    # downgrade
    downgrade_step = fields.Selection(
        [(tier_rules.EARNED, "To the earned tier"), (tier_rules.ONE_STEP, "One step at most")],
        default=tier_rules.EARNED,
        required=True,
        string="How far",
    )
    downgrade_timing = fields.Selection(
        [(tier_rules.IMMEDIATE, "At once"), (tier_rules.AT_EXPIRY, "When the validity is over")],
        default=tier_rules.IMMEDIATE,
        required=True,
        string="When",
    )
    grace_days = fields.Integer(
        help="Days after the end of the validity before a tier may fall.", string="Grace days"
    )
    # runs
    auto_apply = fields.Boolean(
        string="Apply prepared runs by themselves",
        help="Runs prepared by the scheduled actions are approved and applied without a person. "
        "Leave this off unless nobody needs to look at them.",
    )
    run_ids = fields.One2many("vip.tier.run", "policy_id", string="Runs")
    run_count = fields.Integer(compute="_compute_run_count", string="Number of runs")
    # preview
    book_preview = fields.Html(
        compute="_compute_book_preview",
        sanitize=False,
        string="Your book today",
        groups="vip_customer.group_vip_manager,vip_customer.group_vip_auditor",
    )

    _date_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "The policy ends before it begins: “Valid until” must not be before “Valid from”.",
    )
    _numbers_positive = models.Constraint(
        "CHECK (window_months > 0 AND new_window_months >= 0 AND min_tenure_months >= 0 "
        "AND points_per_unit >= 0 AND arrears_penalty >= 0 AND arrears_penalty_max >= 0 "
        "AND grace_days >= 0)",
        "Months, points, penalties and days of a policy cannot be negative, and a window has at least "
        "one month.",
    )
    _in_force_once = models.Constraint(
        "EXCLUDE USING gist (int4range(company_id, company_id, '[]') WITH &&, "
        "daterange(date_from, date_to, '[]') WITH &&) WHERE (state = 'in_force')",
        "Another policy of this company is in force in this time. Close it first, or choose other "
        "dates.",
    )

    # ------------------------------------------------------------
    # DEFAULTS AND COMPUTES
    # ------------------------------------------------------------

    @api.model
    def _default_date_from(self):
        """The day after the company's last policy; this year's 1 February for the first one."""
        company = self.env.company
        last = self.search([("company_id", "=", company.id)], order="date_to desc", limit=1)
        if last:
            return last.date_to + timedelta(days=1)
        today = company._vip_today()
        return date(today.year - (today.month < 2), 2, 1)

    @api.model
    def _default_date_to(self):
        return self._default_date_from() + date_utils.get_timedelta(1, "year") - timedelta(days=1)

    def _compute_run_count(self):
        counts = dict(
            self.env["vip.tier.run"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        for policy in self:
            policy.run_count = counts.get(policy._origin, 0)

    @api.depends("date_to", *FIGURE_FIELDS)
    def _compute_book_preview(self):
        for policy in self:
            policy.book_preview = self.env["ir.qweb"]._render(
                "vip_customer.policy_book_preview", policy._book_preview_values()
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        if vals.keys() - {"state", "auto_apply"}:
            self._check_editable()
        return super().write(vals)

    def copy_data(self, default=None):
        """A copy is next year's draft: the same rules, one year later."""
        vals_list = super().copy_data(default)
        year = date_utils.get_timedelta(1, "year")
        for policy, vals in zip(self, vals_list, strict=True):
            if not default or "date_from" not in default:
                vals["date_from"] = policy.date_from + year
                # 31 January of next year, also after a leap year's February.
                vals["date_to"] = policy.date_to + timedelta(days=1) + year - timedelta(days=1)
            if not default or "name" not in default:
                vals["name"] = self.env._("%s (next)", policy.name)
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for policy in self:
            if policy.state != DRAFT:
                raise UserError(
                    self.env._(
                        "The policy “%s” is or was in force: it explains the tiers it gave and cannot "
                        "be deleted.",
                        policy.name,
                    )
                )

    def _check_editable(self):
        """:raise UserError: naming the first policy that is no draft any more."""
        for policy in self:
            if policy.state != DRAFT:
                raise UserError(
                    self.env._(
                        "The policy “%(policy)s” is %(state)s and cannot be edited: it explains the "
                        "tiers it gave. Duplicate it and change the copy.",
                        policy=policy.name,
                        state=policy._state_label(),
                    )
                )

    def _state_label(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open(self):
        """Put draft policies in force.

        :raise UserError: a policy that is no draft, has no rule, or whose rules contradict the rank of
            their tiers.
        """
        self._require("write")
        for policy in self:
            if policy.state != DRAFT:
                raise UserError(
                    self.env._(
                        "The policy “%(policy)s” is %(state)s; only a draft can be put in force.",
                        policy=policy.name,
                        state=policy._state_label(),
                    )
                )
        self._check_rules()
        self.sudo().write({"state": IN_FORCE})  # guarded: written by this action only
        return True

    def action_close(self):
        """Close policies in force for good.

        :raise UserError: a policy that is not in force.
        """
        self._require("write")
        for policy in self:
            if policy.state != IN_FORCE:
                raise UserError(
                    self.env._(
                        "The policy “%(policy)s” is %(state)s; only a policy in force can be closed.",
                        policy=policy.name,
                        state=policy._state_label(),
                    )
                )
        self.sudo().write({"state": CLOSED})  # guarded: written by this action only
        return True

    def action_fill_preset(self):
        """Fill an empty draft with the preset “mobile operator” of the shipped standard.

        :raise UserError: the draft has rules or bands already; nothing is overwritten.
        """
        self._require_one("write")
        self._check_editable()
        if self.rule_ids or self.band_ids:
            raise UserError(
                self.env._(
                    "“%s” has rules or bands already. Delete them first, or fill a new policy.",
                    self.name,
                )
            )
        self.write(self._prepare_preset_values())
        return True

    def action_view_runs(self):
        """Open the runs of this policy."""
        self._require_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("vip_customer.vip_tier_run_action")
        context = {"default_policy_id": self.id}
        return {**action, "domain": [("policy_id", "=", self.id)], "context": context}

    def action_new_run(self):
        """Open a new run of this policy."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.tier.run",
            "view_mode": "form",
            "context": {"default_policy_id": self.id},
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _in_force(self, company, day):
        """The policy in force for this company and day, or an empty recordset."""
        domain = Domain("company_id", "=", company.id) & Domain("state", "=", IN_FORCE)
        return self.search(
            domain & Domain("date_from", "<=", day) & Domain("date_to", ">=", day), limit=1
        )

    def _check_rules(self):
        """:raise ValidationError: no rules, or a higher tier that is easier to earn than a lower one.

        A rule contradicts the rank of its tier when it asks the same conditions as a rule of a lower
        tier, none with a higher bound and one with a lower bound.
        """
        for policy in self:
            rules = policy._earnable_rules()
            if not rules:
                raise ValidationError(
                    self.env._(
                        "The policy “%s” has no rules, so nobody could earn a tier. Add at least one "
                        "rule of an active tier, or fill in the preset.",
                        policy.name,
                    )
                )
            for lower in rules:
                for higher in rules.filtered(lambda r, low=lower: r.tier_rank > low.tier_rank):
                    if lower._is_undercut_by(higher):
                        raise ValidationError(
                            self.env._(
                                "The rule “%(higher)s” asks the same as “%(lower)s”, but less, although "
                                "its tier is higher. Raise the bounds of the first rule or lower "
                                "those of the second.",
                                higher=higher.display_name,
                                lower=lower.display_name,
                            )
                        )

    def _standard(self):
        """This policy as the plain rule book of ``tools/tier_rules.py``."""
        self.ensure_one()
        tiers = self.env["vip.tier"].search_fetch(Domain.TRUE)
        plain = {tier: tier_rules.Tier(tier.id, tier.rank) for tier in tiers}
        return tier_rules.Standard(
            date_to=self.date_to,
            tiers=tuple(plain.values()),
            rules=tuple(
                tier_rules.Rule(
                    id=rule.id,
                    tier=plain[rule.tier_id._origin],
                    min_average_spend=Decimal(str(rule.min_average_spend)),
                    min_total_spend=Decimal(str(rule.min_total_spend)),
                    min_score=rule.min_score,
                    min_tenure_months=rule.min_tenure_months,
                )
                for rule in self._earnable_rules()
            ),
            bands=tuple(tier_rules.Band(band.min_months, band.points) for band in self.band_ids),
            window=self.window,
            window_months=self.window_months,
            new_window_months=self.new_window_months,
            min_tenure_months=self.min_tenure_months,
            points_per_unit=Decimal(str(self.points_per_unit)),
            arrears_penalty=self.arrears_penalty,
            arrears_penalty_max=self.arrears_penalty_max,
            downgrade_step=self.downgrade_step,
            downgrade_timing=self.downgrade_timing,
            grace_days=self.grace_days,
        )

    def _earnable_rules(self):
        """The rules of active tiers, best tier first: the order in which they are tried."""
        rules = self.rule_ids.filtered("tier_id.active")
        return rules.sorted(lambda rule: (-rule.tier_id.rank, rule.sequence))

    def _preview_day(self):
        """The date the preview judges the book at: today, so that bills not yet in do not distort it."""
        return self.company_id._vip_today()

    def _may_preview(self):
        """The preview reads the book with SQL: never that of a company the user is not in."""
        return self.company_id and self.company_id in self.env.companies

    def _preview_figures(self):
        standard, day = self._standard(), self._preview_day()
        self.env["vip.billing.fact"].flush_model()
        self.env["vip.service.number"].flush_model()
        self.env["vip.membership"].flush_model()
        window = tier_rules.window_of(standard, day)
        return tier_sql.figures(standard, self.company_id.id, day, window)

    def _count_by_rule(self):
        """How many customers of today's book each rule would give its tier, as dict rule -> count.

        Works on unsaved rules too: this is what the manager sees while he edits thresholds.
        """
        self.ensure_one()
        standard = self._standard()
        rules = self._earnable_rules()
        numbered = tuple(replace(rule, id=i) for i, rule in enumerate(standard.rules))
        if not numbered or not self._may_preview():
            return {}
        rows = self.env.execute_query(
            SQL(
                "SELECT %s AS rule, count(*) FROM (%s) f GROUP BY 1",
                tier_sql.earned_rule(replace(standard, rules=numbered)),
                self._preview_figures(),
            )
        )
        return {rules[i]: count for i, count in rows if i is not None}

    def _book_preview_values(self):
        """What the book looks like under this policy's window: size, percentiles of the average spend
        and score of the customers who were billed at all, and customers per tier."""
        self.ensure_one()
        if not (self._may_preview() and self.date_to and self.window_months > 0):
            return {"customers": 0}
        percentiles = [percent / 100 for percent in PERCENTILES]
        [(customers, averages, scores)] = self.env.execute_query(
            SQL(
                """SELECT count(*),
                          percentile_disc(%(percentiles)s) WITHIN GROUP (ORDER BY total / months),
                          percentile_disc(%(percentiles)s) WITHIN GROUP (ORDER BY score)
                     FROM (%(figures)s) f WHERE is_open AND total <> 0""",
                percentiles=percentiles,
                figures=self._preview_figures(),
            )
        )
        by_rule = self._count_by_rule() if customers else {}
        tiers = self.rule_ids.tier_id.sorted("rank", reverse=True)
        window = tier_rules.window_of(self._standard(), self._preview_day())
        return {
            "customers": customers,
            "size": self.env._(
                "%(count)s customers with bills from %(first)s to %(last)s",
                count=customers,
                first=format_date(self.env, window.first, date_format="yyyy-MM"),
                last=format_date(self.env, window.last, date_format="yyyy-MM"),
            ),
            "percentiles": list(zip(PERCENTILES, averages, scores, strict=True))
            if customers
            else [],
            "tiers": [
                (tier.name, sum(count for rule, count in by_rule.items() if rule.tier_id == tier))
                for tier in tiers
            ],
            "currency": self.currency_id,
        }

    @api.model
    def _prepare_preset_values(self):
        """The preset “mobile operator” of the shipped standard, section 1.1. Validity is left alone."""
        silver, gold, diamond = (
            self.env.ref(f"vip_customer.tier_{code}") for code in ("silver", "gold", "diamond")
        )
        spend = [(silver, 300), (gold, 700), (diamond, 1700)]
        rules = [{"tier_id": tier.id, "min_average_spend": bound} for tier, bound in spend]
        rules += [
            {"tier_id": tier.id, "min_score": 12 * bound, "min_tenure_months": 12, "sequence": 20}
            for tier, bound in spend
        ]
        return {
            "window": tier_rules.CALENDAR_YEAR,
            "new_window_months": 6,
            "min_tenure_months": 6,
            "points_per_unit": 1,
            "arrears_penalty": 100,
            "arrears_penalty_max": 500,
            "downgrade_step": tier_rules.ONE_STEP,
            "downgrade_timing": tier_rules.AT_EXPIRY,
            "grace_days": 0,
            "band_ids": [
                Command.create({"min_months": months, "points": points})
                for months, points in ((12, 100), (36, 200), (120, 300))
            ],
            "rule_ids": [Command.create(rule) for rule in rules],
        }

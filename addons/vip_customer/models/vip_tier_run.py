from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_list

from ..tools import tier_rules, tier_sql
from .vip_tier_policy import CLOSED as POLICY_CLOSED
from .vip_tier_policy import DRAFT as POLICY_DRAFT
from .vip_tier_policy import IN_FORCE as POLICY_IN_FORCE

DRAFT, COMPUTED, APPROVED, APPLIED, CANCELLED = (
    "draft",
    "computed",
    "approved",
    "applied",
    "cancelled",
)
ENOUGH_BILLS = 0.95
YEARLY_DAYS_AHEAD = 16


class VipTierRun(models.Model):
    """One assessment of the book: computed, approved, applied.

    SPECIFICATION

    Computing is a dry run: it writes lines of this run and nothing else, and may be done ahead of
    ``as_of`` and under a draft policy. Approving is a right of its own, for somebody who neither
    computed the run nor decided one of its lines. Applying recomputes in its own transaction, locked on
    the policy, and is refused when any line would differ; so facts or tiers that changed since are
    seen, and a run killed at any moment leaves the book as it was or fully applied.

    Applying is refused while the policy is a draft or after it closed, when ``as_of`` is in the
    future or before a customer's latest history row; every refusal names what works.

    Scope: ``all`` customers; ``new`` = those without a tier today, movement ``enter`` only; ``one``.
    """

    _name = "vip.tier.run"
    _description = "VIP tier run"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.guarded.mixin"]
    _order = "as_of desc, id desc"
    _guarded_fields = frozenset(
        {
            "company_id",
            "state",
            "computed_by",
            "computed_at",
            "approved_by",
            "applied_at",
            "incomplete_warning",
            "line_ids",
            "cost_ids",
            "benefit_cost_before",
            "benefit_cost_after",
            *(f"{movement}_count" for movement in ("enter", "up", "keep", "down", "leave", "hold")),
        }
    )

    _scope_fields = frozenset({"policy_id", "partner_id"})

    name = fields.Char(compute="_compute_name", store=True, readonly=False, precompute=True)
    policy_id = fields.Many2one(
        "vip.tier.policy",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('state', '!=', 'closed')]",
        default=lambda self: self._default_policy_id(),
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date(
        compute="_compute_as_of",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        string="Assessed as of",
        help="The day on which the new tiers begin.",
    )
    scope = fields.Selection(
        [
            (tier_rules.ALL, "All customers"),
            (tier_rules.NEW, "Customers without a tier"),
            (tier_rules.ONE, "One customer"),
        ],
        default=tier_rules.ALL,
        required=True,
    )
    partner_id = fields.Many2one("res.partner", string="Customer", index="btree_not_null")
    state = fields.Selection(
        [
            (DRAFT, "Draft"),
            (COMPUTED, "Computed"),
            (APPROVED, "Approved"),
            (APPLIED, "Applied"),
            (CANCELLED, "Cancelled"),
        ],
        default=DRAFT,
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    line_ids = fields.One2many(
        "vip.tier.run.line", "run_id", readonly=True, copy=False, string="Lines"
    )
    # who and when
    computed_by = fields.Many2one("res.users", readonly=True, copy=False, string="Computed by")
    computed_at = fields.Datetime(readonly=True, copy=False, string="Computed at")
    approved_by = fields.Many2one("res.users", readonly=True, copy=False, string="Approved by")
    applied_at = fields.Datetime(readonly=True, copy=False, string="Applied at")
    # outcome
    enter_count = fields.Integer(readonly=True, copy=False, string="Enter")
    up_count = fields.Integer(readonly=True, copy=False, string="Up")
    keep_count = fields.Integer(readonly=True, copy=False, string="Keep")
    down_count = fields.Integer(readonly=True, copy=False, string="Down")
    leave_count = fields.Integer(readonly=True, copy=False, string="Leave")
    hold_count = fields.Integer(readonly=True, copy=False, string="Hold")
    line_count = fields.Integer(compute="_compute_line_count", string="Customers")
    decided_count = fields.Integer(compute="_compute_decided_count", string="Decided by hand")
    tier_table = fields.Html(
        compute="_compute_tier_table", sanitize=False, string="Tiers before and after"
    )
    # benefits: what they are expected to cost in a year
    cost_ids = fields.One2many("vip.tier.run.cost", "run_id", readonly=True, copy=False)
    benefit_cost_before = fields.Monetary(readonly=True, copy=False, string="Cost before")
    benefit_cost_after = fields.Monetary(readonly=True, copy=False, string="Cost after")
    # incomplete bills
    incomplete_warning = fields.Char(readonly=True, copy=False, string="Bills look incomplete")
    accept_incomplete = fields.Boolean(string="Approve although bills are missing", copy=False)

    _one_customer = models.Constraint(
        "CHECK (scope <> 'one' OR partner_id IS NOT NULL)",
        "A run for one customer needs the customer.",
    )

    # ------------------------------------------------------------
    # COMPUTES AND CONSTRAINTS
    # ------------------------------------------------------------

    @api.model
    def _default_policy_id(self):
        company = self.env.company
        return self.env["vip.tier.policy"]._in_force(company, company._vip_today())

    @api.depends("policy_id")
    def _compute_as_of(self):
        """Today, or the first day of a policy that does not cover today."""
        for run in self:
            policy = run.policy_id
            today = (policy.company_id or self.env.company)._vip_today()
            covered = not policy or policy.date_from <= today <= policy.date_to
            run.as_of = today if covered else policy.date_from

    @api.depends("policy_id", "as_of", "scope", "partner_id")
    def _compute_name(self):
        for run in self:
            day = run.as_of.isoformat() if run.as_of else ""
            customer = run.partner_id.display_name if run.scope == tier_rules.ONE else ""
            # stored, so without a word of any language
            run.name = " · ".join(filter(None, (run.policy_id.name, day, customer)))

    @api.depends("name", "scope")
    def _compute_display_name(self):
        for run in self:
            if run.scope == tier_rules.ALL:
                run.display_name = self.env._("%(run)s (all customers)", run=run.name or "")
            elif run.scope == tier_rules.NEW:
                run.display_name = self.env._("%(run)s (supplementary)", run=run.name or "")
            else:
                run.display_name = run.name

    @api.depends(
        *(f"{movement}_count" for movement in ("enter", "up", "keep", "down", "leave", "hold"))
    )
    def _compute_line_count(self):
        for run in self:
            run.line_count = (
                run.enter_count
                + run.up_count
                + run.keep_count
                + run.down_count
                + run.leave_count
                + run.hold_count
            )

    def _compute_decided_count(self):
        counts = dict(
            self.env["vip.tier.run.line"]._read_group(
                [("run_id", "in", self.ids), ("is_decided", "=", True)], ["run_id"], ["__count"]
            )
        )
        for run in self:
            run.decided_count = counts.get(run, 0)

    @api.depends("state", "line_ids.new_tier_id")
    def _compute_tier_table(self):
        for run in self:
            run.tier_table = self.env["ir.qweb"]._render(
                "vip_customer.run_tier_table", run._tier_table_values()
            )

    @api.constrains("policy_id", "as_of")
    def _check_as_of(self):
        for run in self:
            policy = run.policy_id
            if not policy.date_from <= run.as_of <= policy.date_to:
                raise ValidationError(
                    self.env._(
                        "%(day)s is outside the validity of “%(policy)s”, which lasts from %(first)s to "
                        "%(last)s. Choose a day in this time, or another policy.",
                        day=format_date(self.env, run.as_of),
                        policy=policy.name,
                        first=format_date(self.env, policy.date_from),
                        last=format_date(self.env, policy.date_to),
                    )
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        if vals.keys() & {"name", "accept_incomplete"}:
            for run in self:
                run._check_state(DRAFT, COMPUTED)
        if vals.keys() & {"policy_id", "as_of", "scope", "partner_id"}:
            for run in self:
                if run.state != DRAFT:
                    raise UserError(
                        self.env._(
                            "The run “%s” is computed; its policy, day and scope are fixed. Cancel it "
                            "and make a new one.",
                            run.name,
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        for run in self:
            if run.state == APPLIED:
                raise UserError(
                    self.env._("The run “%s” was applied and stays as evidence.", run.name)
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_compute(self):
        """Compute the lines: a dry run that writes nothing outside this run. Decisions made by hand on
        an earlier computation are kept for customers who still have a line.

        :raise UserError: the run is past computing
        :raise ValidationError: the policy has no rules, or contradicting ones
        """
        self._require("write")
        for run in self:
            run._check_state(DRAFT, COMPUTED)
            run.policy_id._check_rules()
            run.sudo()._compute_lines()  # no role writes lines by hand
        return True

    def action_approve(self):
        """Approve computed runs.

        :raise AccessError: the caller is no approver
        :raise UserError: he computed the run or decided one of its lines; it is not computed; bills
            look incomplete and that was not accepted
        """
        if not self.env.user.has_group("vip_customer.group_vip_approver"):
            raise AccessError(
                self.env._("Only an approver of the VIP programme may approve a run.")
            )
        self._require("write")
        for run in self:
            run._check_state(COMPUTED)
            if run.computed_by == self.env.user:
                raise UserError(
                    self.env._(
                        "You computed “%s” yourself; somebody else has to approve it.", run.name
                    )
                )
            if run._lines([("decided_by", "=", self.env.uid)], limit=1):
                raise UserError(
                    self.env._(
                        "You decided a line of “%s” by hand; somebody else has to approve it.",
                        run.name,
                    )
                )
            if run.incomplete_warning and not run.accept_incomplete:
                raise UserError(
                    self.env._(
                        "%(warning)s Load the missing bills and compute again, or tick “Approve "
                        "although bills are missing”.",
                        warning=run.incomplete_warning,
                    )
                )
            # guarded: written by this action only
            run.sudo().write({"state": APPROVED, "approved_by": self.env.uid})
        return True

    def action_apply(self):
        """Apply approved runs, each in one go.

        :raise UserError: naming what stands in the way and what works instead
        """
        self._require("write")
        for run in self:
            run.sudo()._apply()  # history and memberships are written by the programme only
        return True

    def action_cancel(self):
        """Give up runs that are not applied.

        :raise UserError: the run is applied or cancelled already
        """
        self._require("write")
        for run in self:
            run._check_state(DRAFT, COMPUTED, APPROVED)
        self.sudo().write({"state": CANCELLED})  # guarded: written by this action only
        return True

    def action_view_lines(self):
        """Open the lines, of one movement if the context names it."""
        self._require_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_tier_run_line_action"
        )
        domain = Domain("run_id", "=", self.id)
        if movement := self.env.context.get("movement"):
            domain &= Domain("movement", "=", movement)
        return {**action, "domain": list(domain), "context": {}}

    def action_view_costs(self):
        """Open the benefit cost of this run per tier and benefit."""
        self._require_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_tier_run_cost_action"
        )
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}

    def action_compare(self):
        """Open two runs side by side.

        :raise UserError: not exactly two computed runs of one company were chosen
        """
        self._require("read")
        if len(self) != 2 or len(self.company_id) != 1 or not all(run.line_count for run in self):
            raise UserError(
                self.env._("Choose exactly two computed runs of one company to compare them.")
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_tier_run_comparison_action"
        )
        first, second = self.sorted("id")
        return {
            **action,
            "name": self.env._("%(first)s ↔ %(second)s", first=first.name, second=second.name),
            "context": {"vip_run_ids": [first.id, second.id]},
        }

    # ------------------------------------------------------------
    # COMPUTING
    # ------------------------------------------------------------

    def _check_state(self, *states):
        self.ensure_one()
        if self.state in states:
            return
        labels = dict(self._fields["state"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "The run “%(run)s” is %(state)s; this works only while it is %(states)s.",
                run=self.name,
                state=labels[self.state],
                states=format_list(self.env, [labels[state] for state in states], style="or"),
            )
        )

    def _lines(self, domain, limit=None):
        """The lines of this run that match, searched for: ``line_ids`` may be a million records."""
        self.ensure_one()
        own = Domain("run_id", "=", self.id)
        return self.env["vip.tier.run.line"].search(own & Domain(domain), limit=limit)

    def _evaluation(self):
        self.ensure_one()
        self.env.flush_all()
        return tier_sql.evaluation(
            self.policy_id._standard(),
            self.company_id.id,
            self.as_of,
            self.scope,
            self.partner_id.id if self.scope == tier_rules.ONE else None,
        )

    def _compute_lines(self):
        self.ensure_one()
        Line = self.env["vip.tier.run.line"]
        decisions = self._lines([("is_decided", "=", True)])._export_decisions()
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM vip_tier_run_line WHERE run_id = %s", self.id))
        columns = SQL(", ").join(SQL.identifier(name) for name in tier_sql.COLUMNS)
        self.env.cr.execute(
            SQL(
                """INSERT INTO vip_tier_run_line (run_id, company_id, %(columns)s)
                   SELECT %(run)s, %(company)s, %(columns)s FROM (%(evaluation)s) e""",
                columns=columns,
                run=self.id,
                company=self.company_id.id,
                evaluation=self._evaluation(),
            )
        )
        Line.invalidate_model()
        self.invalidate_recordset(["line_ids"])
        Line._restore_decisions(self, decisions)
        self._summarise()
        self.write(
            {
                "state": COMPUTED,
                "computed_by": self.env.uid,
                "computed_at": fields.Datetime.now(),
                "incomplete_warning": self._incomplete_warning(),
                "accept_incomplete": False,
            }
        )

    def _summarise(self):
        """Movements and benefit cost of the lines of these runs as they are now."""
        Line = self.env["vip.tier.run.line"]
        names = [name for name, _label in Line._fields["movement"].selection]
        for run in self:
            counts = dict(Line._read_group([("run_id", "=", run.id)], ["movement"], ["__count"]))
            self.env["vip.tier.run.cost"]._recompute(run)
            run.write(
                {
                    **{f"{name}_count": counts.get(name, 0) for name in names},
                    "benefit_cost_before": sum(run.cost_ids.mapped("cost_before")),
                    "benefit_cost_after": sum(run.cost_ids.mapped("cost_after")),
                }
            )

    def _incomplete_warning(self):
        """The warning for a window whose last month has bills for fewer than 95 % of the customers of
        the month before, or False."""
        window = tier_rules.window_of(self.policy_id._standard(), self.as_of, self.scope)
        before = tier_rules.add_months(window.last, -1)
        counts = dict(
            self.env.execute_query(
                SQL(
                    """SELECT month, count(DISTINCT partner_id) FROM vip_billing_fact
                        WHERE company_id = %s AND month IN %s GROUP BY month""",
                    self.company_id.id,
                    (before, window.last),
                )
            )
        )
        last, previous = counts.get(window.last, 0), counts.get(before, 0)
        if last >= ENOUGH_BILLS * previous:
            return False
        return self.env._(
            "The bills of %(month)s look incomplete: %(last)s of %(previous)s customers.",
            month=format_date(self.env, window.last, date_format="yyyy-MM"),
            last=last,
            previous=previous,
        )

    def _tier_table_values(self):
        """Customers per tier before and after, best tier first."""
        self.ensure_one()
        Line = self.env["vip.tier.run.line"]
        domain = [("run_id", "in", self.ids)]  # a run being typed has no id yet
        before = dict(Line._read_group(domain, ["old_tier_id"], ["__count"]))
        after = dict(Line._read_group(domain, ["new_tier_id"], ["__count"]))
        tiers = self.env["vip.tier"].union(*before, *after).sorted("rank", reverse=True)
        none = self.env["vip.tier"]
        rows = [(tier.name, before.get(tier, 0), after.get(tier, 0)) for tier in tiers]
        rows.append((self.env._("No tier"), before.get(none, 0), after.get(none, 0)))
        return {"rows": rows, "computed": self.state != DRAFT}

    # ------------------------------------------------------------
    # APPLYING
    # ------------------------------------------------------------

    def _apply(self):
        self.ensure_one()
        # First in the transaction: two people applying at once, or applying while the policy is
        # being closed, meet here.
        try:
            self.policy_id.lock_for_update(allow_referencing=True)
            self.lock_for_update(allow_referencing=True)
        except LockError:
            raise UserError(
                self.env._(
                    "Somebody is applying a run of “%s” or changing it just now. Try again in a minute.",
                    self.policy_id.name,
                )
            )
        self.invalidate_recordset()
        self._check_applicable()
        self._check_fresh()
        self._post_lines()
        self.write({"state": APPLIED, "applied_at": fields.Datetime.now()})
        self._warn_held()

    def _check_applicable(self):
        policy = self.policy_id
        if self.state == APPLIED:
            raise UserError(
                self.env._(
                    "The run “%s” is applied already; it cannot be applied twice.", self.name
                )
            )
        self._check_state(APPROVED)
        if policy.state == POLICY_DRAFT:
            raise UserError(
                self.env._(
                    "The policy “%s” is still a draft. Put it in force first, then apply.",
                    policy.name,
                )
            )
        if policy.state == POLICY_CLOSED:
            raise UserError(
                self.env._(
                    "The policy “%s” is closed; its runs cannot be applied any more. Compute a run of "
                    "the policy in force.",
                    policy.name,
                )
            )
        self._check_as_of()  # the dates of a draft may have changed since
        if self.as_of > self.company_id._vip_today():
            raise UserError(
                self.env._(
                    "The tiers of “%(run)s” begin on %(day)s, which is in the future. The first day to "
                    "apply it is %(day)s.",
                    run=self.name,
                    day=format_date(self.env, self.as_of),
                )
            )
        first_day = self._first_applicable_day()
        if first_day and self.as_of < first_day:
            raise UserError(
                self.env._(
                    "Tiers cannot change on %(day)s any more. The first day that works is %(first)s; "
                    "compute a run as of that day.",
                    day=format_date(self.env, self.as_of),
                    first=format_date(self.env, first_day),
                )
            )

    def _first_applicable_day(self):
        """Hook: the first day on which tiers of this company may still change, None for any (frozen
        month-end figures raise it)."""
        return None

    def _check_fresh(self):
        """Refuse a run whose facts, rules or tiers changed since it was computed."""

        def columns(alias, names):
            return SQL(", ").join(SQL.identifier(alias, name) for name in names)

        inputs, outcome = tier_sql.INPUT_COLUMNS, tier_sql.OUTCOME_COLUMNS
        stale = self.env.execute_query(
            SQL(
                """
                SELECT coalesce(e.partner_id, l.partner_id)
                  FROM (%(evaluation)s) e
                  FULL JOIN (SELECT * FROM vip_tier_run_line WHERE run_id = %(run)s) l
                    ON l.membership_id = e.membership_id
                 WHERE (%(new_inputs)s) IS DISTINCT FROM (%(old_inputs)s)
                    OR (l.is_decided IS NOT TRUE
                        AND (%(new_outcome)s) IS DISTINCT FROM (%(old_outcome)s))
                 LIMIT 1
                """,
                evaluation=self._evaluation(),
                run=self.id,
                new_inputs=columns("e", inputs),
                old_inputs=columns("l", inputs),
                new_outcome=columns("e", outcome),
                old_outcome=columns("l", outcome),
            )
        )
        if stale:
            raise UserError(
                self.env._(
                    "Bills, rules or tiers changed since “%(run)s” was computed, for example those of "
                    "“%(customer)s”. Nothing was applied; cancel this run and compute a new one.",
                    run=self.name,
                    customer=self.env["res.partner"].browse(stale[0][0]).display_name,
                )
            )

    def _post_lines(self):
        self.env["vip.tier.history"]._post(
            SQL(
                """
                SELECT membership_id, partner_id, company_id, base_tier_id, base_valid_until,
                       new_tier_id AS tier_id, new_valid_until AS valid_until, movement,
                       %s AS date_from, 'run' AS source, run_id, NULL::int AS override_id,
                       decision_reason AS reason
                  FROM vip_tier_run_line WHERE run_id = %s
                """,
                self.as_of,
                self.id,
            )
        )

    def _warn_held(self):
        """A task for the account manager of every customer whose tier is on hold: it will fall when
        the validity is over. One at a time per customer."""
        activity_type = self.env.ref("vip_customer.mail_activity_type_tier_warning")
        held = self._lines(
            [("movement", "=", tier_rules.HOLD), ("membership_id.manager_id", "!=", False)]
        )
        members = held.membership_id
        warned = self.env["mail.activity"].search(
            [
                ("res_model", "=", members._name),
                ("res_id", "in", members.ids),
                ("activity_type_id", "=", activity_type.id),
            ]
        )
        warned_ids = set(warned.mapped("res_id"))
        model_id = self.env["ir.model"]._get_id(members._name)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": member.id,
                    "activity_type_id": activity_type.id,
                    "user_id": member.manager_id.id,
                    "date_deadline": max(member.valid_until or self.as_of, self.as_of),
                }
                for member in members
                if member.id not in warned_ids
            ]
        )

    # ------------------------------------------------------------
    # SCHEDULED ACTIONS
    # ------------------------------------------------------------

    @api.model
    def _cron_prepare_yearly(self):
        """In the second half of January: a run of all customers for every policy that begins within
        16 days, drafts included. Running it twice prepares nothing twice."""
        for company in self.env["res.company"].search(Domain.TRUE):
            today = company._vip_today()
            policies = self.env["vip.tier.policy"].search(
                [
                    ("company_id", "=", company.id),
                    ("state", "!=", POLICY_CLOSED),
                    ("date_from", ">", today),
                    ("date_from", "<=", today + timedelta(days=YEARLY_DAYS_AHEAD)),
                    ("rule_ids", "!=", False),
                ]
            )
            for policy in policies:
                self._prepare(policy, policy.date_from, tier_rules.ALL)

    @api.model
    def _cron_prepare_monthly(self):
        """On the 10th: a supplementary run, as of today, of the policy in force of every company.
        Running it twice prepares nothing twice."""
        for company in self.env["res.company"].search(Domain.TRUE):
            today = company._vip_today()
            policy = self.env["vip.tier.policy"]._in_force(company, today)
            if policy:
                self._prepare(policy, today, tier_rules.NEW)

    @api.model
    def _prepare(self, policy, as_of, scope):
        domain = Domain("policy_id", "=", policy.id) & Domain("state", "!=", CANCELLED)
        if self.search_count(domain & Domain([("as_of", "=", as_of), ("scope", "=", scope)])):
            return
        run = self.with_context(lang=policy.company_id._vip_lang()).create(
            {"policy_id": policy.id, "as_of": as_of, "scope": scope}
        )
        run._compute_lines()

    @api.model
    def _cron_apply_due(self):
        """Hourly: apply the runs that the scheduled actions prepared for policies that apply by
        themselves, once their day has come.

        Each is computed anew, so that bills and customers since count. One whose bills look incomplete
        waits for a person; one that is refused is cancelled and says why, and stands in nobody's way.
        """
        prepared = self.search(
            [
                ("state", "=", COMPUTED),
                ("computed_by", "=", SUPERUSER_ID),
                ("policy_id.auto_apply", "=", True),
                ("policy_id.state", "=", POLICY_IN_FORCE),
            ]
        )
        for run in prepared:
            run = run.with_context(lang=run.company_id._vip_lang())
            if run.as_of > run.company_id._vip_today() or run._incomplete_warning():
                continue
            try:
                with self.env.cr.savepoint():
                    run._compute_lines()
                    run.write({"state": APPROVED})
                    run._apply()
            except UserError as refusal:
                run.write({"state": CANCELLED})
                run.message_post(
                    body=run.env._("Cancelled, because it could not be applied: %s", refusal)
                )

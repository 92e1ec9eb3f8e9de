from datetime import date, datetime, time, timedelta

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..empty_figure import EmptyFloat
from ..tools import kpi, kpi_sql
from .vip_kpi_report import PER_MANAGER, RATES, SUMS

OPEN, FROZEN = "open", "frozen"
# how many customers a refusal names
NAMED = 5
# before it nobody keeps bills in a computer, and the calendar soon ends
EARLIEST = date(1970, 1, 1)
# what the report says of a group before its rates
REPORTED = (*kpi_sql.SPREAD, *kpi_sql.LAST)
TOTALS = (
    "opening",
    "joined",
    "moved_in",
    "moved_out",
    "churned_scheduled",
    "churned_arrears",
    "churned",
    "left_tier",
    "closing",
    "average",
    "churn_rate",
    "off_net_rate",
)


class VipKpiMonth(models.Model):
    """The end of a month of a company: its figures, and whether people are paid by them.

    SPECIFICATION

    ``open`` -> ``action_compute`` as often as one likes, with the same result while nothing that is dated
    in the month, or before, changes -> ``action_freeze`` -> ``frozen`` -> ``action_reopen`` with a reason.

    The months of a company are a chain: the first one that is ever frozen begins with whom the dated
    records say, every later one with whom the month before closed. So a month is frozen after the month
    before and reopened before it, and no month before the first one is frozen afterwards. What becomes known
    of a frozen month counts in the earliest open one. A month that was never frozen may be deleted, with its
    figures.

    Freezing looks once more: it is refused where customers or groups do not reconcile, and where the records
    changed since the figures were computed.

    Figures of the running month are those of a month that ends as today is.
    """

    _name = "vip.kpi.month"
    _description = "Month end"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.guarded.mixin"]
    _order = "month desc, company_id"
    _rec_name = "month"
    _guarded_fields = frozenset({"state", "computed_at", "frozen_at", "frozen_by", "reminded_on"})
    _scope_fields = frozenset({"company_id"})

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
        index=True,
    )
    month = fields.Date(
        required=True,
        default=lambda self: self._default_month(),
        help="Any day of the month; its first one is kept.",
    )
    state = fields.Selection(
        [(OPEN, "Not frozen"), (FROZEN, "Frozen")],
        default=OPEN,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    computed_at = fields.Datetime(readonly=True, copy=False, string="Computed on")
    frozen_at = fields.Datetime(readonly=True, copy=False, string="Frozen on")
    frozen_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Frozen by"
    )
    reopening_ids = fields.One2many("vip.kpi.reopening", "month_id", string="Reopenings")
    is_provisional = fields.Boolean(
        compute="_compute_is_provisional",
        search="_search_is_provisional",
        string="Provisional",
        help="Bills of the month are still missing.",
    )
    # of the whole company; what moved within it cancels out
    opening = fields.Integer(
        compute="_compute_totals", help="Over several months: customer-months."
    )
    joined = fields.Integer(compute="_compute_totals")
    moved_in = fields.Integer(compute="_compute_totals", string="Moved in")
    moved_out = fields.Integer(compute="_compute_totals", string="Moved out")
    churned_scheduled = fields.Integer(compute="_compute_totals", string="Churned, scheduled")
    churned_arrears = fields.Integer(compute="_compute_totals", string="Churned, arrears")
    churned = fields.Integer(compute="_compute_totals")
    left_tier = fields.Integer(compute="_compute_totals", string="Left tier")
    closing = fields.Integer(
        compute="_compute_totals", help="Over several months: customer-months."
    )
    average = fields.Float(
        compute="_compute_totals",
        digits=(16, 1),
        string="Average customers",
        help="(Opening + closing) ÷ 2. Over several months: customer-months.",
    )
    churn_rate = EmptyFloat(
        compute="_compute_totals", aggregator="avg", string="Churn rate", help="Churned ÷ opening."
    )
    off_net_rate = EmptyFloat(
        compute="_compute_totals",
        aggregator="avg",
        string="Off-net rate",
        help="Churned ÷ average customers.",
    )
    late_count = fields.Integer(compute="_compute_late_count", string="Late facts")

    _month_uniq = models.Constraint(
        "UNIQUE (company_id, month)", "The end of this month is in the list already."
    )
    _protected = models.Constraint(
        "CHECK (month IS NOT NULL)",
        "A frozen month cannot change. Have the month reopened, with a reason.",
    )
    _month_first = models.Constraint(
        "CHECK (extract(day FROM month) = 1)", "A month is written as its first day."
    )

    def init(self):
        """A frozen month opens by its door only, which notes why, and stays in the list: else its facts could
        be changed as those of an open one."""
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION vip_kpi_month_refuse() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    PERFORM FROM vip_kpi_reopening r
                      WHERE r.month_id = OLD.id AND r.frozen_at = OLD.frozen_at
                        AND NEW.state = 'open' AND NEW.computed_at IS NOT DISTINCT FROM OLD.computed_at
                        AND (NEW.id, NEW.month, NEW.company_id) = (OLD.id, OLD.month, OLD.company_id);
                    IF FOUND THEN
                        RETURN NEW;
                    END IF;
                ELSIF TG_OP = 'TRUNCATE' THEN
                    PERFORM FROM vip_kpi_month WHERE state = 'frozen';
                    IF NOT FOUND THEN
                        RETURN NULL;
                    END IF;
                END IF;
                RAISE EXCEPTION '% is protected: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'integrity_constraint_violation',
                      TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_protected';
            END $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER vip_kpi_month_protect_row BEFORE UPDATE ON vip_kpi_month
                FOR EACH ROW WHEN (OLD.state = 'frozen' AND
                    (OLD.id, OLD.state, OLD.month, OLD.company_id, OLD.computed_at, OLD.frozen_at,
                     OLD.frozen_by)
                    IS DISTINCT FROM
                    (NEW.id, NEW.state, NEW.month, NEW.company_id, NEW.computed_at, NEW.frozen_at,
                     NEW.frozen_by))
                EXECUTE FUNCTION vip_kpi_month_refuse();
            CREATE OR REPLACE TRIGGER vip_kpi_month_protect_delete BEFORE DELETE ON vip_kpi_month
                FOR EACH ROW WHEN (OLD.state = 'frozen') EXECUTE FUNCTION vip_kpi_month_refuse();
            CREATE OR REPLACE TRIGGER vip_kpi_month_protect_truncate BEFORE TRUNCATE ON vip_kpi_month
                EXECUTE FUNCTION vip_kpi_month_refuse();
            """
        )

    @api.model
    def _drop_protection(self):
        self.env.cr.execute("DROP FUNCTION IF EXISTS vip_kpi_month_refuse() CASCADE")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.model
    def _default_month(self):
        """The last month that is over, else the one before those listed: later ones come by themselves."""
        company = self.env.company
        last = self._running(company) - relativedelta(months=1)
        known = self.search([("company_id", "=", company.id), ("month", "<=", last)])
        if last not in known.mapped("month"):
            return last
        return known[-1].month - relativedelta(months=1)

    @api.model
    def _running(self, company):
        return company._vip_today().replace(day=1)

    @api.depends("month")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.month and format_date(
                self.env, record.month, date_format="yyyy-MM"
            )

    @api.depends("month", "company_id")
    def _compute_is_provisional(self):
        complete = {
            (row.company_id, row.month)
            # whoever reads the figures may be told whether they wait for bills
            for row in self.env["vip.billing.month"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("month", "in", self.mapped("month")),
                    ("complete", "=", True),
                ]
            )
        }
        for record in self:
            record.is_provisional = (record.company_id, record.month) not in complete

    def _search_is_provisional(self, operator, value):
        if operator != "in":
            return NotImplemented

        def no_bills(_model, alias, _query):
            return SQL(
                """NOT EXISTS (SELECT FROM vip_billing_month b
                                WHERE b.company_id = %s AND b.month = %s AND b.complete)""",
                SQL.identifier(alias, "company_id"),
                SQL.identifier(alias, "month"),
            )

        self.env["vip.billing.month"].flush_model(["company_id", "month", "complete"])
        return Domain.custom(to_sql=no_bills, predicate=lambda record: record.is_provisional)

    def _compute_totals(self):
        rows = self.env["vip.kpi.report"]._read_group(
            [("month_id", "in", self.ids)],
            ["month_id"],
            [f"{name}:{'avg' if name in RATES else 'sum'}" for name in TOTALS],
        )
        totals = {month: figures for month, *figures in rows}
        for record in self:
            # without customers the sums are 0, and the rates no figure
            record.update(dict(zip(TOTALS, totals.get(record, [False] * len(TOTALS)), strict=True)))

    def _compute_late_count(self):
        counts = dict(
            self.env["vip.kpi.fact"]._read_group(
                [("month_id", "in", self.ids), ("is_late", "=", True)], ["month_id"], ["__count"]
            )
        )
        for record in self:
            record.late_count = counts.get(record, 0)

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_first_day(vals) for vals in vals_list])

    def write(self, vals):
        if not self.env.su and vals.keys() & {"month", "company_id"}:
            for record in self:
                if record.computed_at:
                    raise UserError(
                        self.env._(
                            "“%s” has figures and stays the month it is. Add another month instead.",
                            record.display_name,
                        )
                    )
        return super().write(self._with_first_day(vals))

    @api.model
    def _with_first_day(self, vals):
        if not vals.get("month"):
            return vals
        return {**vals, "month": self._given_date(vals["month"]).replace(day=1)}

    def unlink(self):
        # facts and report of a month go with it; what was frozen once is kept below
        self._require("unlink")
        self._lock()
        self._check_never_frozen()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM vip_kpi_report WHERE month_id = ANY(%(ids)s);
                DELETE FROM vip_kpi_fact WHERE month_id = ANY(%(ids)s);
                """,
                ids=self.ids,
            )
        )
        self.env["vip.kpi.fact"].invalidate_model()
        self.env["vip.kpi.report"].invalidate_model()
        return super().unlink()

    def _check_never_frozen(self):
        for record in self:
            if record.state == FROZEN or record.sudo().reopening_ids:
                raise UserError(
                    self.env._(
                        "“%s” was frozen, which is evidence: it cannot be deleted. Have it reopened by an "
                        "approver, and compute it again.",
                        record.display_name,
                    )
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_compute(self):
        """Work out the figures of open months, the earliest first.

        :raise AccessError: the caller is no manager
        :raise UserError: a month is frozen or lies in the future
        """
        self._require("write")
        for record in self.sorted("month"):
            record._lock()
            record._check_open()
            record._check_begun()
            record.sudo()._compute_figures()  # no role writes figures by hand
        return True

    def action_freeze(self):
        """Freeze months, the earliest first: from now on nothing changes their figures.

        :raise AccessError: the caller is no manager
        :raise UserError: it is frozen already, not over, not computed, not next in the chain; something does
            not reconcile, or changed since it was computed
        """
        self._require("write")
        for record in self.sorted("month"):
            record._lock()
            record._check_not_frozen()
            record._check_over()
            record._check_computed()
            record._check_chain()
            record._hold_previous()
            checked = record.sudo()  # the check reads all customers' records
            if mismatch := checked._mismatch() or checked._changed():
                raise UserError(mismatch)
            checked.write(
                {
                    "state": FROZEN,
                    "frozen_at": fields.Datetime.now(),
                    "frozen_by": self.env.uid,
                }
            )
            self.env["vip.departure"].sudo()._settle(checked)
            self.env["vip.vas.use"].sudo()._settle(checked)
            checked._drop_reminders()
        return True

    def action_reopen(self, reason):
        """Open one frozen month again. What it said is kept, to show what becomes different.

        :param str reason: why
        :raise AccessError: the caller is no approver
        :raise UserError: it is not frozen, a later month is, or there is no reason
        """
        self._require_one("write")
        if not self.env.user.has_group("vip_customer.group_vip_approver"):
            raise AccessError(
                self.env._("Only an approver of the VIP programme may reopen a month.")
            )
        self._lock()
        if self.state != FROZEN:
            raise UserError(
                self.env._(
                    "“%s” is not frozen; there is nothing to reopen. Compute it again instead.",
                    self.display_name,
                )
            )
        later = self.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("month", ">", self.month),
                ("state", "=", FROZEN),
            ],
            limit=1,
        )
        if later:
            raise UserError(
                self.env._(
                    "“%(month)s” cannot be reopened while “%(later)s” is frozen, which begins where this "
                    "one closed. Reopen “%(later)s” first.",
                    month=self.display_name,
                    later=later.display_name,
                )
            )
        reason = isinstance(reason, str) and reason.strip()
        if not reason:
            raise UserError(self.env._("Give the reason for reopening “%s”.", self.display_name))
        reopened = self.sudo()  # guarded: this door only
        self.env["vip.kpi.reopening"].sudo()._log(reopened, reason)
        reopened.write({"state": OPEN, "frozen_at": False, "frozen_by": False})
        reopened.flush_recordset()
        self.env["vip.departure"].sudo()._count_again(reopened)
        self.env["vip.vas.use"].sudo()._count_again(reopened)
        return True

    def action_view_report(self):
        """Open the figures of these months by branch, manager and tier."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_retention.vip_kpi_report_action"
        )
        return {**action, "domain": [("month_id", "in", self.ids)], "context": {}}

    def action_view_customers(self):
        """Open the customers of these months."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("vip_retention.vip_kpi_fact_action")
        return {**action, "domain": [("month_id", "in", self.ids)], "context": {}}

    def action_view_late(self):
        """Open the customers who count late in these months."""
        action = self.action_view_customers()
        return {**action, "domain": [*action["domain"], ("is_late", "=", True)]}

    def action_check(self):
        """Say whether a month reconciles, as freezing it asks too, and open the customers for whom it does
        not.

        :raise UserError: it is frozen, or has no figures
        """
        self._require_one()
        self._check_open()
        self._check_computed()
        checked = self.sudo()  # the check reads all customers' records
        mismatch = checked._mismatch()
        action = self.action_view_customers()
        # the rules say whose rows of them are shown
        found = mismatch and checked._unreconciled()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if mismatch else "success",
                "message": mismatch or self.env._("“%s” reconciles.", self.display_name),
                "sticky": bool(mismatch),
                "next": bool(found)
                and {**action, "domain": [*action["domain"], ("partner_id", "in", found)]},
            },
        }

    def action_ask_reason(self):
        """Open the dialog that reopens this month."""
        self._require_one("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reopen the month"),
            "res_model": "vip.kpi.reopen",
            "view_mode": "form",
            "target": "new",
            "context": {"default_month_id": self.id},
        }

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _lock(self):
        """Of two people at once the second waits, and is told what became of the month."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT FROM vip_kpi_month WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
        )
        self.invalidate_recordset()

    def _hold_previous(self):
        """Who reopens the month before while this one is frozen, or the other way round, meets the other: a
        mere lock would let the second see what was before the first."""
        self._previous()._hold()

    def _hold(self):
        self.env.cr.execute(
            SQL("UPDATE vip_kpi_month SET state = state WHERE id = ANY(%s)", self.ids)
        )

    def _check_open(self):
        if self.state == FROZEN:
            raise UserError(
                self.env._(
                    "“%(month)s” was frozen by %(user)s on %(day)s, and its figures stay as they are. Have "
                    "it reopened by an approver, with a reason.",
                    **self._frozen(),
                )
            )

    def _check_not_frozen(self):
        if self.state == FROZEN:
            raise UserError(
                self.env._(
                    "“%(month)s” was frozen already, by %(user)s on %(day)s.", **self._frozen()
                )
            )

    def _frozen(self):
        day = self.company_id._vip_local(self.frozen_at).date()
        return {
            "month": self.display_name,
            "user": self.frozen_by.sudo().name,
            "day": format_date(self.env, day),
        }

    def _check_begun(self):
        if self.month > self._running(self.company_id):
            raise UserError(
                self.env._(
                    "“%(month)s” lies in the future. It can be added and computed from %(day)s on.",
                    month=self.display_name,
                    day=format_date(self.env, self.month),
                )
            )

    @api.constrains("month", "company_id")
    def _check_month(self):
        for record in self:
            record._check_begun()
            if record.month < EARLIEST:
                raise UserError(
                    self.env._(
                        "Nothing is known of “%(month)s”. The first month that can be added is “%(first)s”.",
                        month=record.display_name,
                        first=format_date(self.env, EARLIEST, date_format="yyyy-MM"),
                    )
                )

    def _check_over(self):
        if self.month >= self._running(self.company_id):
            raise UserError(
                self.env._(
                    "“%(month)s” is not over. It can be frozen from %(day)s on.",
                    month=self.display_name,
                    day=format_date(self.env, kpi.next_month(self.month)),
                )
            )

    def _check_computed(self):
        if not self.computed_at:
            raise UserError(
                self.env._(
                    "“%s” has no figures yet. Compute it, look at them, and freeze it then.",
                    self.display_name,
                )
            )

    def _check_chain(self):
        frozen = self._frozen_months()
        if later := frozen.filtered(lambda record: record.month > self.month):
            raise UserError(
                self.env._(
                    "“%(month)s” cannot be frozen any more: the frozen months begin with “%(first)s”, whose "
                    "opening was worked out from the records. Have the frozen months reopened by an "
                    "approver, the latest first, and begin with “%(month)s”.",
                    month=self.display_name,
                    first=later[-1].display_name,
                )
            )
        earlier = self._earlier()
        if earlier and self._previous().state != FROZEN:
            # the earliest one that is missing, or has to go
            first = (
                kpi.next_month(frozen[0].month)
                if frozen
                else min(record.month for record in earlier)
            )
            raise UserError(
                self.env._(
                    "“%(month)s” begins where the month before closed. Freeze “%(earlier)s” first.",
                    month=self.display_name,
                    earlier=format_date(self.env, first, date_format="yyyy-MM"),
                )
            )

    def _frozen_months(self):
        """The frozen months of the company, latest first: one chain without a gap."""
        return self.sudo().search([("company_id", "=", self.company_id.id), ("state", "=", FROZEN)])

    def _earlier(self):
        """The months before that have figures, latest first."""
        return self.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("month", "<", self.month),
                ("computed_at", "!=", False),
            ]
        )

    def _previous(self):
        before = self.month - relativedelta(months=1)
        return self._earlier().filtered(lambda record: record.month == before)

    # ------------------------------------------------------------
    # FIGURES, run as superuser
    # ------------------------------------------------------------

    def _compute_figures(self):
        """Write the facts and the report of this month anew."""
        self.env.flush_all()
        columns = SQL(", ").join(SQL.identifier(name) for name in kpi_sql.COLUMNS)
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM vip_kpi_report WHERE month_id = %(month_id)s;
                DELETE FROM vip_kpi_fact WHERE month_id = %(month_id)s;
                INSERT INTO vip_kpi_fact (month_id, month, company_id, %(columns)s)
                SELECT %(month_id)s, %(month)s, %(company)s, %(columns)s FROM (%(facts)s) f
                """,
                month_id=self.id,
                month=self.month,
                company=self.company_id.id,
                columns=columns,
                facts=self._facts(),
            )
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO vip_kpi_report (month_id, month, company_id, %(columns)s) %(rows)s",
                columns=SQL(", ").join(
                    SQL.identifier(name)
                    for name in (
                        "manager_id",
                        "team_id",
                        "tier_id",
                        *REPORTED,
                        *SUMS,
                        *RATES,
                        *PER_MANAGER,
                    )
                ),
                rows=self._report_rows(),
            )
        )
        self.env["vip.kpi.fact"].invalidate_model()
        self.env["vip.kpi.report"].invalidate_model()
        self.computed_at = fields.Datetime.now()
        self.invalidate_recordset()

    def _facts(self):
        """The query of this month's facts, by the records as they are now."""
        # compiling so long a statement takes PostgreSQL longer than running it
        self.env.cr.execute("SET LOCAL jit = off")
        last = self._last_day()
        month = kpi_sql.Month(
            self.company_id.id,
            self.month,
            last,
            self._midnight(self.month),
            self._midnight(last + timedelta(days=1)),
        )
        previous = self._previous()
        if previous.state != FROZEN:
            return kpi_sql.facts(month)
        self.env["vip.departure"]._count_unsettled(self)
        first = self._frozen_months()[-1].month
        return kpi_sql.facts(month, kpi_sql.Frozen(first, previous.id))

    def _last_day(self):
        return kpi.next_month(self.month) - timedelta(days=1)

    def _midnight(self, day):
        return self._midnight_of(self.company_id, day)

    @api.model
    def _midnight_of(self, company, day):
        """The UTC moment at which a day begins in the company's time zone."""
        zone = pytz.timezone(company._vip_tz())
        local = zone.localize(datetime.combine(day, time.min))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _report_rows(self):
        """The query of this month's report: the facts, each with one or two owners, summed up."""

        def divided(above, below):
            return SQL("%s::float / nullif(%s, 0)", self._part(above), self._part(below))

        def columns(names):
            return SQL(", ").join(SQL.identifier(name) for name in names)

        ending = [
            SQL("CASE WHEN is_moved THEN 0 ELSE opening END AS opening"),
            SQL("moved_in"),
            SQL("0 AS moved_out"),
            columns(kpi_sql.LAST),
        ]
        starting = [
            SQL("opening"),
            SQL("0"),
            SQL("moved_out"),
            SQL(", ").join([SQL("0")] * len(kpi_sql.LAST)),
        ]
        return SQL(
            """
            SELECT %(month_id)s, %(month)s::date, %(company)s, r.*, %(sums)s, %(rates)s
              FROM (SELECT manager_id, team_id, tier_id, %(totals)s
                      FROM (SELECT manager_id, team_id, tier_id, %(ending)s
                              FROM vip_kpi_fact WHERE month_id = %(month_id)s
                             UNION ALL
                            SELECT start_manager_id, start_team_id, start_tier_id, %(starting)s
                              FROM vip_kpi_fact WHERE month_id = %(month_id)s AND is_moved) f
                     GROUP BY 1, 2, 3) r
              JOIN (VALUES %(weights)s) w (id, weight) ON w.id = r.tier_id
            """,
            weights=SQL(", ").join(
                SQL("(%s, %s::numeric)", *weight)
                for weight in [(0, 0), *self.env["vip.tier"]._portfolio_weights().items()]
            ),
            month_id=self.id,
            month=self.month,
            company=self.company_id.id,
            ending=SQL(", ").join(ending),
            starting=SQL(", ").join(starting),
            totals=SQL(", ").join(
                SQL("sum(%(column)s) AS %(column)s", column=SQL.identifier(name))
                for name in REPORTED
            ),
            sums=SQL(", ").join(SUMS.values()),
            rates=SQL(", ").join(
                [divided(*parts) for parts in RATES.values()]
                + [
                    SQL(
                        "CASE WHEN closing > 0 AND manager_id IS NOT NULL THEN %s END",
                        self._part(part),
                    )
                    for part in PER_MANAGER.values()
                ]
            ),
        )

    @api.model
    def _part(self, name):
        return (SUMS.get(name) and SQL("(%s)", SUMS[name])) or SQL.identifier(name)

    # ------------------------------------------------------------
    # WHAT DOES NOT RECONCILE, run as superuser
    # ------------------------------------------------------------

    def _mismatch(self):
        """The sentence that says what does not reconcile, None where everything does."""
        self.env.flush_all()
        if found := self._unreconciled(NAMED + 1):
            return self.env._(
                "“%(month)s” does not reconcile: opening + joined + moved in − churned − left tier − moved "
                "out is not closing, or the opening is not the closing of the month before, for "
                "%(customers)s. Compute it again.",
                month=self.display_name,
                customers=self._names(found),
            )
        if groups := self._unreconciled_groups():
            return self.env._(
                "“%(month)s” does not reconcile: the report says something else than its customers for "
                "%(groups)s. Compute it again.",
                month=self.display_name,
                groups="; ".join(groups),
            )
        return None

    def _unreconciled(self, limit=None):
        """Ids of the customers that do not reconcile."""
        previous = self._previous()
        opening = SQL("FALSE")
        if previous.state == FROZEN:
            opening = SQL("TRUE")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id FROM (
                       SELECT partner_id FROM vip_kpi_fact
                        WHERE month_id = %(month_id)s
                          AND (opening + joined - churned_scheduled - churned_arrears - left_tier
                               <> closing
                               OR moved_in <> moved_out OR moved_in <> is_moved::int
                               OR opening NOT IN (0, 1) OR closing NOT IN (0, 1))
                        UNION
                       SELECT coalesce(f.partner_id, p.partner_id)
                         FROM (SELECT * FROM vip_kpi_fact
                                WHERE month_id = %(month_id)s AND opening = 1) f
                         FULL JOIN (SELECT * FROM vip_kpi_fact
                                     WHERE month_id = %(previous)s AND closing = 1) p
                           ON p.partner_id = f.partner_id
                        WHERE %(copied)s
                          AND (f.partner_id, f.start_manager_id, f.start_team_id, f.start_tier_id)
                              IS DISTINCT FROM
                              (p.partner_id, p.manager_id, p.team_id, p.tier_id)) q
                 ORDER BY 1 LIMIT %(limit)s
                """,
                month_id=self.id,
                previous=previous.id or None,
                copied=opening,
                limit=limit,
            )
        )
        return [partner_id for [partner_id] in rows]

    def _unreconciled_groups(self):
        """Names of rows of the report that are not the sums of their customers, or do not add up."""
        columns = SQL(", ").join(
            SQL.identifier(name) for name in ("manager_id", "team_id", "tier_id", *REPORTED)
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT manager_id, team_id, tier_id
                  FROM ((SELECT %(columns)s FROM (%(rows)s) r
                         EXCEPT ALL
                         SELECT %(columns)s FROM vip_kpi_report WHERE month_id = %(month_id)s)
                        UNION ALL
                        (SELECT %(columns)s FROM vip_kpi_report WHERE month_id = %(month_id)s
                         EXCEPT ALL
                         SELECT %(columns)s FROM (%(rows)s) r)) q
                 LIMIT %(limit)s
                """,
                columns=columns,
                rows=self._report_rows(),
                month_id=self.id,
                limit=NAMED,
            )
        )
        return [
            ", ".join(
                filter(
                    None,
                    (
                        self.env["crm.team"].browse(team).name,
                        self.env["res.users"].browse(manager).name,
                        self.env["vip.tier"].browse(tier).name,
                    ),
                )
            )
            for manager, team, tier in rows
        ]

    def _changed(self):
        """The sentence that names customers whose records changed since the figures were computed, None
        where nothing did."""
        self.env.flush_all()

        def columns(alias):
            return SQL(", ").join(SQL.identifier(alias, name) for name in kpi_sql.COLUMNS)

        rows = self.env.execute_query(
            SQL(
                """
                SELECT coalesce(n.partner_id, f.partner_id)
                  FROM (%(facts)s) n
                  FULL JOIN (SELECT * FROM vip_kpi_fact WHERE month_id = %(month_id)s) f
                    ON f.partner_id = n.partner_id
                 WHERE (%(now)s) IS DISTINCT FROM (%(then)s)
                 ORDER BY 1 LIMIT %(limit)s
                """,
                now=columns("n"),
                then=columns("f"),
                facts=self._facts(),
                month_id=self.id,
                limit=NAMED + 1,
            )
        )
        if not rows:
            return None
        return self.env._(
            "Records of “%(month)s” changed since its figures were computed, for %(customers)s. Compute it "
            "again, look at the figures, and freeze it then.",
            month=self.display_name,
            customers=self._names([partner_id for [partner_id] in rows]),
        )

    def _names(self, partner_ids):
        names = ", ".join(
            self.env._("“%s”", partner.display_name)
            for partner in self.env["res.partner"].browse(partner_ids[:NAMED])
        )
        if len(partner_ids) > NAMED:
            return self.env._("%s and others", names)
        return names

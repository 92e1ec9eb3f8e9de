from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools import kpi
from .vip_kpi_month import FROZEN, OPEN

# days of the following month: managers are reminded, and the month should be frozen
REMIND_DAY, FREEZE_DAY = 3, 5
# Months before the running one that are kept up to date every night while they are open.
KEPT_UP = 3
# Missing months that the night adds, at most.
ADDED = 12
REMINDER = "vip_retention.mail_activity_type_freeze"


class VipKpiMonth(models.Model):
    """The months of a company come by themselves, are computed every night, and ask to be frozen."""

    _inherit = "vip.kpi.month"

    freeze_due = fields.Date(
        compute="_compute_freeze_due",
        string="Freeze due on",
        help="The 5th of the following month; managers are reminded on the 3rd.",
    )
    is_overdue = fields.Boolean(
        compute="_compute_is_overdue", search="_search_is_overdue", string="Freeze overdue"
    )
    reminded_on = fields.Date(readonly=True, copy=False, string="Reminded on")

    @api.depends("month", "company_id")
    def _compute_freeze_due(self):
        running = {company: self._running(company) for company in self.company_id}
        for record in self:
            # one that is being written may lie anywhere
            has_begun = (
                record.month and record.company_id and record.month <= running[record.company_id]
            )
            record.freeze_due = has_begun and kpi.next_month(record.month).replace(day=FREEZE_DAY)

    @api.depends("freeze_due", "state", "company_id")
    def _compute_is_overdue(self):
        today = {company: company._vip_today() for company in self.company_id}
        for record in self:
            record.is_overdue = (
                record.state == OPEN
                and bool(record.freeze_due)
                and record.freeze_due < today[record.company_id]
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "=", OPEN) & Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("month", "<", self._closed_by(company._vip_today(), FREEZE_DAY + 1))
            for company in self.env.companies
        )

    @api.model
    def _closed_by(self, today, day):
        """The first month for which this day of the following month has not come."""
        return (today - timedelta(days=day - 1)).replace(day=1)

    # ------------------------------------------------------------
    # EVERY NIGHT, run as superuser
    # ------------------------------------------------------------

    @api.model
    def _cron_compute(self):
        """Once a day and company: the running month and the last open ones are computed, the months that are
        over ask to be frozen. Hourly, because each company has its own midnight; running it twice does
        nothing twice."""
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search(Domain.TRUE)
        for company in companies:
            self._add_missing(company)
            self._remind(company)
        due = self.union(*(self._due_at_night(company) for company in companies))
        cron._commit_progress(remaining=len(due))
        for record in due:
            # who works on the month just now has newer figures
            if record.try_lock_for_update() and record.state == OPEN:
                record._compute_figures()
            if not cron._commit_progress(1):
                return

    @api.model
    def _add_missing(self, company):
        """The months from the latest in the list to the running one, where somebody is counted."""
        running = self._running(company)
        # a month that lies in the future is none of the chain
        known = self.search([("company_id", "=", company.id), ("month", "<=", running)], limit=1)
        if known.month == running or not self._has_customers(company):
            return
        month = (
            max(kpi.next_month(known.month), running - relativedelta(months=ADDED))
            if known
            else running
        )
        missing = []
        while month <= running:
            missing.append({"company_id": company.id, "month": month})
            month = kpi.next_month(month)
        self.create(missing)

    @api.model
    def _has_customers(self, company):
        return bool(
            self.env.execute_query(
                SQL(
                    """SELECT 1 FROM vip_tier_history
                        WHERE company_id = %s AND tier_id IS NOT NULL LIMIT 1""",
                    company.id,
                )
            )
        )

    @api.model
    def _due_at_night(self, company):
        """Open months that were not computed today, the earliest first."""
        running = self._running(company)
        return self.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", OPEN),
                ("month", "<=", running),
                ("month", ">=", running - relativedelta(months=KEPT_UP)),
                "|",
                ("computed_at", "=", False),
                ("computed_at", "<", self._midnight_of(company, company._vip_today())),
            ],
            order="month",
        )

    @api.model
    def _remind(self, company):
        """Managers are reminded of a month that is over, once, from the 3rd of the following one on."""
        months = self.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", OPEN),
                ("month", "<", self._closed_by(company._vip_today(), REMIND_DAY)),
                ("reminded_on", "=", False),
            ]
        )
        # those before the first frozen one are not frozen any more
        frozen = self.search([("company_id", "=", company.id), ("state", "=", FROZEN)], limit=1)
        months = months.filtered(lambda record: not frozen or record.month > frozen.month)
        if not months:
            return
        kind = self.env.ref(REMINDER)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": record.id,
                    "activity_type_id": kind.id,
                    "summary": record.with_context(lang=user.lang)._reminder(),
                    "date_deadline": record.freeze_due,
                    "user_id": user.id,
                }
                for record in months
                for user in company._vip_managers()
            ]
        )
        months.reminded_on = company._vip_today()

    def _reminder(self):
        return self.env._(
            "Look at the figures of “%(month)s” and freeze them by %(day)s",
            month=self.display_name,
            day=format_date(self.env, self.freeze_due),
        )

    def _drop_reminders(self):
        self.activity_unlink([REMINDER], only_automated=False)

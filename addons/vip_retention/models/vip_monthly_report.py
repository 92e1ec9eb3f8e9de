from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, is_html_empty

# nobody but the superuser
NO_ACCESS = "."
DRAFT, SUBMITTED, RECEIVED = "draft", "submitted", "received"
# what the branch says, as long as the report was not handed up
WRITTEN = {"team_id", "month_id", "responsible_id", "learned", "conclusions", "measures"}
TASKS = [
    "vip_retention.mail_activity_type_monthly_report",
    "vip_retention.mail_activity_type_monthly_report_back",
]


class VipMonthlyReport(models.Model):
    """What a branch hands up of a month: the figures, what was learned about the customers, conclusions.

    SPECIFICATION

    ``draft`` -> ``action_submit`` -> ``submitted`` -> ``action_receive`` -> ``received``;
    ``action_send_back`` with a reason makes it a draft again.

    The figures are those of ``vip.kpi.report``, see ``_figures``. A report may be handed up while its month
    is not frozen, and says so; it is received once the month is frozen, and keeps the figures of that
    moment. A received report stays as it is, unless the month was reopened and says something else now:
    then it can be sent back.

    The lead writes the reports of the branches he leads, a manager those of all; an account manager reads the
    received ones of branches in whose figures he (or whom he stands in for) has a part, and of the other
    account managers only what they are together.
    """

    _name = "vip.monthly.report"
    _description = "Monthly report"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.guarded.mixin"]
    _order = "month desc, team_id, id"
    _check_company_auto = True
    _guarded_fields = frozenset(
        {
            "company_id",
            "month",
            "state",
            "submitted_by",
            "submitted_at",
            "received_by",
            "received_at",
            "remark",
            "figures",
        }
    )
    _scope_fields = frozenset({"team_id", "month_id"})

    team_id = fields.Many2one(
        "crm.team",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
        string="Branch",
    )
    month_id = fields.Many2one(
        "vip.kpi.month",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
        string="Month end",
    )
    month = fields.Date(related="month_id.month", store=True, string="Month")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True, index=True
    )
    responsible_id = fields.Many2one(
        "res.users",
        compute="_compute_responsible_id",
        store=True,
        precompute=True,
        readonly=False,
        ondelete="restrict",
        string="Responsible person",
        help="The lead of the branch; whose conclusions they are.",
    )
    state = fields.Selection(
        [(DRAFT, "Being written"), (SUBMITTED, "Handed up"), (RECEIVED, "Received")],
        default=DRAFT,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    learned = fields.Html(string="What was learned about the customers")
    conclusions = fields.Html(string="Conclusions of the responsible person")
    measures = fields.Html(string="Measures for the next month")
    submitted_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Handed up by"
    )
    submitted_at = fields.Datetime(readonly=True, copy=False, string="Handed up on")
    received_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Receiver"
    )
    received_at = fields.Datetime(readonly=True, copy=False, string="Received on")
    remark = fields.Text(
        readonly=True,
        copy=False,
        help="Of who received the report, or the reason for which it was sent back.",
    )
    # what ``_reckoned`` said when the report was received
    figures = fields.Json(groups=NO_ACCESS, copy=False, string="Figures when received")
    is_provisional = fields.Boolean(related="month_id.is_provisional")
    is_open = fields.Boolean(
        compute="_compute_is_open",
        string="Not frozen yet",
        help="The month is not frozen: its figures may still change.",
    )
    has_changed = fields.Boolean(
        compute="_compute_has_changed",
        compute_sudo=True,
        string="Month changed since",
        help="The month was reopened after the report was received, and says something else now.",
    )
    is_mine = fields.Boolean(
        compute="_compute_is_mine",
        search="_search_is_mine",
        string="With figures of mine",
        help="Or of somebody I stand in for today.",
    )

    _branch_month_uniq = models.Constraint(
        "UNIQUE (team_id, month_id)",
        "This branch has a report of the month already. Open that one.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("month_id")
    def _compute_company_id(self):
        for report in self:
            # also where the month is one that the caller may not read, which he is then told
            report.company_id = report.month_id.sudo().company_id

    @api.depends("team_id")
    def _compute_responsible_id(self):
        for report in self:
            report.responsible_id = report.team_id.user_id

    @api.depends("team_id", "month_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for report in self:
            report.display_name = bool(report.team_id and report.month_id) and self.env._(
                "%(branch)s, %(month)s",
                branch=report.team_id.name,
                month=report.month_id.display_name,
            )

    @api.depends("state", "month_id.state")
    def _compute_is_open(self):
        for report in self:
            report.is_open = report.state != RECEIVED and report.month_id.state != "frozen"

    def _compute_has_changed(self):
        for report in self:
            reopenings = report.month_id.reopening_ids
            was_reopened = report.figures and any(
                reopening.date >= report.received_at for reopening in reopenings
            )
            report.has_changed = bool(was_reopened) and report._differs()

    @api.depends_context("uid")
    def _compute_is_mine(self):
        mine = self.filtered_domain(self._search_is_mine("in", [True]))
        for report in self:
            report.is_mine = report in mine

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        # his own rows: which branches and months they are of
        rows = (
            self.env["vip.kpi.report"]
            .sudo()
            ._read_group(
                [("is_mine", "=", True), ("team_id", "!=", False)],
                ["team_id"],
                ["month_id:array_agg_distinct"],
            )
        )
        return Domain.OR(
            Domain("team_id", "=", team.id) & Domain("month_id", "in", months)
            for team, months in rows
        )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        if not self.env.su and not WRITTEN.isdisjoint(vals):
            self._check_being_written()
        return super().write(vals)

    def _check_being_written(self):
        for report in self:
            if report.state == SUBMITTED:
                raise UserError(
                    self.env._(
                        "“%s” was handed up and stays as it is. Have a manager send it back to change it.",
                        report.display_name,
                    )
                )
            if report.state == RECEIVED:
                raise UserError(
                    self.env._(
                        "“%(report)s” was received by %(user)s on %(day)s and stays as it is. What is to be "
                        "added belongs into the report of the next month.",
                        **report._received(),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handed_up(self):
        for report in self:
            if report.state != DRAFT:
                raise UserError(
                    self.env._(
                        "“%s” was handed up and cannot be deleted. Send it back first.",
                        report.display_name,
                    )
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """Hand up reports that are written.

        :raise AccessError: the caller may not write one of them
        :raise UserError: one was handed up already, has no figures or no conclusions
        """
        self._require("write")
        for report in self:
            report._lock()
            if report.state != DRAFT:
                raise UserError(
                    self.env._(
                        "“%s” was handed up already. Wait until it is received.",
                        report.display_name,
                    )
                )
            if not report.month_id.computed_at:
                raise UserError(
                    self.env._(
                        "“%s” has no figures: its month was not computed yet. Have a manager compute it, "
                        "look at them, and hand it up then.",
                        report.display_name,
                    )
                )
            if is_html_empty(report.conclusions):
                raise UserError(
                    self.env._(
                        "“%s” has no conclusions. Write what the responsible person concludes from the "
                        "figures, and hand it up then.",
                        report.display_name,
                    )
                )
            handed_up = report.sudo()  # guarded: this door only
            handed_up.write(
                {
                    "state": SUBMITTED,
                    "submitted_by": self.env.uid,
                    "submitted_at": fields.Datetime.now(),
                    "remark": False,
                }
            )
            handed_up._task(TASKS[0], report.company_id.sudo()._vip_managers())
        return True

    def action_receive(self, remark=False):
        """Receive reports that were handed up: their figures stay what they are.

        :param str remark: what the branch is told
        :raise AccessError: the caller is no manager
        :raise UserError: one was not handed up, was received already, or its month is not frozen
        """
        self._require("write")
        self._check_manager()
        for report in self:
            report._lock()
            report._check_handed_up()
            if report.month_id.state != "frozen":
                raise UserError(
                    self.env._(
                        "The month of “%s” is not frozen, and its figures may still change. Freeze the month "
                        "first, and receive the report then.",
                        report.display_name,
                    )
                )
            received = report.sudo()  # guarded: this door only
            received.write(
                {
                    "state": RECEIVED,
                    "received_by": self.env.uid,
                    "received_at": fields.Datetime.now(),
                    "remark": self._text(remark),
                    "figures": received._reckoned(),
                }
            )
            received._drop_tasks()
        return True

    def action_send_back(self, reason):
        """Have reports written again.

        :param str reason: why, which the branch is told
        :raise AccessError: the caller is no manager
        :raise UserError: one was not handed up, or was received and its month did not change since; or there
            is no reason
        """
        self._require("write")
        self._check_manager()
        reason = self._text(reason)
        for report in self:
            report._lock()
            if not report.has_changed:
                report._check_handed_up()
            if not reason:
                raise UserError(
                    self.env._(
                        "Say why “%s” is sent back, so that it can be put right.",
                        report.display_name,
                    )
                )
            returned = report.sudo()  # guarded: this door only
            returned.write(
                {
                    "state": DRAFT,
                    "submitted_by": False,
                    "submitted_at": False,
                    "received_by": False,
                    "received_at": False,
                    "remark": reason,
                    "figures": False,
                }
            )
            returned.message_post(body=reason)
            returned._task(TASKS[1], report.responsible_id)
        return True

    def action_answer(self):
        """Open the dialog that receives a report or sends it back."""
        self._require_one("write")
        self._check_manager()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Receive or send back"),
            "res_model": "vip.monthly.report.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_id": self.id},
        }

    def action_view_report(self):
        """Open the figures of these branches and months as pivot, graph and list."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_retention.vip_kpi_report_action"
        )
        return {**action, "domain": list(self._rows_domain()), "context": {}}

    def action_view_lost(self):
        """Open the customers whom these branches lost in these months."""
        self._require("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("vip_retention.vip_kpi_fact_action")
        return {
            **action,
            "name": self.env._("Customers lost"),
            "domain": list(self._lost_domain()),
            "context": {},
        }

    def action_export(self):
        """Download the figures as a workbook, in the language of the caller."""
        self._require_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/vip_retention/monthly_report/{self.id}/workbook",
            "target": "download",
        }

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def _lock(self):
        """Of two people at once the second waits, and is told what became of the report."""
        self.flush_recordset()
        self.env.cr.execute(SQL("SELECT FROM vip_monthly_report WHERE id = %s FOR UPDATE", self.id))
        self.invalidate_recordset()

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme receives or sends back reports.")
            )

    def _check_handed_up(self):
        if self.state == DRAFT:
            raise UserError(
                self.env._(
                    "“%s” is still being written. Wait until the branch hands it up.",
                    self.display_name,
                )
            )
        if self.state == RECEIVED:
            raise UserError(
                self.env._(
                    "“%(report)s” was received already, by %(user)s on %(day)s. Only where its month was "
                    "reopened and says something else now can it be sent back.",
                    **self._received(),
                )
            )

    def _received(self):
        return {
            "report": self.display_name,
            "user": self.received_by.sudo().name,
            "day": self._day_of(self.received_at),
        }

    def _day_of(self, moment):
        """The company's day of a moment, in words: that of the reader may be another."""
        return moment and format_date(self.env, self.company_id.sudo()._vip_local(moment).date())

    @api.model
    def _text(self, value):
        return isinstance(value, str) and value.strip()

    def _drop_tasks(self):
        self.activity_unlink(TASKS)

    def _task(self, kind, users):
        """A task about this report for each of these users, instead of those before; as superuser."""
        self._drop_tasks()
        for user in users:
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                kind, date_deadline=self.company_id._vip_today(), user_id=user.id
            )

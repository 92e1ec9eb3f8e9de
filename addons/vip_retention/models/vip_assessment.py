from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_date

from ..empty_figure import EmptyFloat
from ..tools import assessment

DRAFT, SUBMITTED, REVIEWED = "draft", "submitted", "reviewed"
QUARTER = relativedelta(months=3)
# what an assessment is about
SUBJECT = {"team_id", "quarter", "scheme_id", "company_id"}


class VipAssessment(models.Model):
    """How a branch did in a quarter, out of 100 points.

    SPECIFICATION

    ``draft``: the branch answers the checklist, with evidence -> ``action_submit`` -> ``submitted``: a
    manager answers it too, starting from what the branch said -> ``action_review`` -> ``reviewed``, and
    nothing changes any more. ``action_reopen`` goes one step back, with a reason: a manager gives it back to
    the branch, an approver opens a reviewed one again.

    The reviewer is not who submitted. The review waits until the three months are frozen; until then figures
    may change, and are taken anew with every step and with ``action_refresh``.

    Figures are those of ``vip.kpi.report``, the ratio of the sums of the three months, against the targets of
    the company at that time (``vip_assessment_figures``); the arithmetic is in ``tools/assessment.py``. A
    quarter is its first day.
    """

    _name = "vip.assessment"
    _description = "Assessment of a branch"
    _inherit = ["mail.thread", "vip.assessment.score", "vip.guarded.mixin"]
    _order = "quarter desc, score desc nulls last, team_id"
    _check_company_auto = True
    _guarded_fields = frozenset(
        {
            "state",
            "score",
            "is_scored",
            "submitted_by",
            "submitted_at",
            "reviewed_by",
            "reviewed_at",
            "line_ids",
        }
    )
    _scope_fields = frozenset({"company_id", "team_id", "scheme_id"})

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
        index=True,
    )
    team_id = fields.Many2one(
        "crm.team",
        required=True,
        string="Branch",
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    quarter = fields.Date(
        required=True,
        default=lambda self: self._last_quarter(self.env.company),
        help="Any day of the quarter; its first one is kept.",
    )
    scheme_id = fields.Many2one(
        "vip.assessment.scheme",
        required=True,
        default=lambda self: self._default_scheme(),
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    state = fields.Selection(
        [(DRAFT, "Draft"), (SUBMITTED, "Self-assessed"), (REVIEWED, "Reviewed")],
        default=DRAFT,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    submitted_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Self-assessed by"
    )
    submitted_at = fields.Datetime(readonly=True, copy=False, string="Self-assessed on")
    reviewed_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Reviewed by"
    )
    reviewed_at = fields.Datetime(readonly=True, copy=False, string="Reviewed on")
    line_ids = fields.One2many(
        "vip.assessment.line", "assessment_id", readonly=True, string="Indicators"
    )
    answer_ids = fields.One2many("vip.assessment.answer", "assessment_id", string="Checklist")
    # what is not final
    open_months = fields.Char(compute="_compute_open_months", string="Months not frozen")
    was_reopened = fields.Boolean(
        compute="_compute_was_reopened",
        search="_search_was_reopened",
        string="Month reopened since",
        help="A month of the quarter was reopened after the review. The result stays what it was.",
    )
    # comparison
    rank = fields.Char(
        compute="_compute_rank", help="Among the reviewed branches of the quarter, best first."
    )
    has_previous = fields.Boolean(compute="_compute_change", string="Was assessed before")
    previous_score = EmptyFloat(
        compute="_compute_change", digits=(16, 1), aggregator=None, string="Quarter before"
    )
    change = EmptyFloat(
        compute="_compute_change",
        digits=(16, 1),
        aggregator=None,
        help="Points out of 100 more or less than in the quarter before, once that is reviewed.",
    )

    _quarter_uniq = models.Constraint(
        "UNIQUE (company_id, team_id, quarter)",
        "This branch has an assessment of this quarter already.",
    )
    _quarter_first = models.Constraint(
        "CHECK (extract(day FROM quarter) = 1 AND extract(month FROM quarter) IN (1, 4, 7, 10))",
        "A quarter is written as its first day.",
    )

    # ------------------------------------------------------------
    # DEFAULTS AND COMPUTES
    # ------------------------------------------------------------

    @api.model
    def _last_quarter(self, company):
        """The last quarter that is over."""
        return date_utils.start_of(company._vip_today(), "quarter") - QUARTER

    @api.model
    def _default_scheme(self):
        return self.env["vip.assessment.scheme"].search(
            [("company_id", "in", [False, self.env.company.id])], limit=1
        )

    @api.model
    def _quarter_name(self, quarter):
        return self.env._(
            "%(year)s Q%(quarter)s", year=str(quarter.year), quarter=(quarter.month + 2) // 3
        )

    @api.depends("team_id", "quarter")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for record in self:
            quarter = record.quarter and self._quarter_name(record.quarter)
            record.display_name = ", ".join(filter(None, (record.team_id.name, quarter)))

    @api.depends("quarter", "company_id", "state")
    def _compute_open_months(self):
        waiting = self.filtered(lambda record: record.state != REVIEWED and record.quarter)
        frozen = {
            (month.company_id, month.month)
            # whoever reads the result may be told whether it is final
            for month in self.env["vip.kpi.month"]
            .sudo()
            .search(
                [
                    ("company_id", "in", waiting.company_id.ids),
                    ("month", "in", [month for record in waiting for month in record._months()]),
                    ("state", "=", "frozen"),
                ]
            )
        }
        for record in self:
            record.open_months = ", ".join(
                format_date(self.env, month, date_format="yyyy-MM")
                for month in (record._months() if record in waiting else ())
                if (record.company_id, month) not in frozen
            )

    @api.depends("reviewed_at", "quarter", "company_id")
    def _compute_was_reopened(self):
        rows = self.env.execute_query(
            SQL("SELECT id FROM (%s) r WHERE id = ANY(%s)", self._reopened(), self._origin.ids)
        )
        reopened = {record_id for [record_id] in rows}
        for record in self:
            record.was_reopened = record._origin.id in reopened

    def _search_was_reopened(self, operator, value):
        return Domain("id", "in", self._reopened()) if operator == "in" else NotImplemented

    @api.model
    def _reopened(self):
        """The query of assessments of which a month was opened again after the review; that it was is told to
        whoever reads the result."""
        self.flush_model(["company_id", "quarter", "reviewed_at"])
        return SQL(
            """
            SELECT a.id FROM vip_assessment a
             WHERE EXISTS (SELECT FROM vip_kpi_month m JOIN vip_kpi_reopening r ON r.month_id = m.id
                            WHERE m.company_id = a.company_id AND m.month >= a.quarter
                              AND m.month < a.quarter + interval '3 months' AND r.date > a.reviewed_at)
            """
        )

    def _months(self):
        """The first days of the three months."""
        first = date_utils.start_of(self.quarter, "quarter")
        return [first + relativedelta(months=n) for n in range(3)]

    @api.depends("score", "state", "quarter", "company_id")
    def _compute_rank(self):
        self.env["vip.assessment"].flush_model(["score", "is_scored", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, place, branches
                  FROM (SELECT id, rank() OVER (PARTITION BY company_id, quarter ORDER BY score DESC)
                                   AS place,
                               count(*) OVER (PARTITION BY company_id, quarter) AS branches
                          FROM vip_assessment
                         WHERE state = 'reviewed' AND is_scored
                           AND quarter = ANY(%s) AND company_id = ANY(%s)) r
                 WHERE id = ANY(%s)
                """,
                [day for day in self.mapped("quarter") if day],
                self.company_id.ids,
                self._origin.ids,
            )
        )
        places = {record_id: (place, branches) for record_id, place, branches in rows}
        for record in self:
            record.rank = False
            if record._origin.id in places:
                place, branches = places[record._origin.id]
                record.rank = self.env._("%(place)s of %(count)s", place=place, count=branches)

    @api.depends("score", "is_scored", "quarter", "team_id")
    def _compute_change(self):
        found = (
            self.sudo().search(  # the same branch: whoever reads this quarter's knows that one's
                [
                    ("team_id", "in", self.team_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("quarter", "in", [day - QUARTER for day in self.mapped("quarter") if day]),
                    ("state", "=", REVIEWED),
                    ("is_scored", "=", True),
                ]
            )
        )
        before = {(row.company_id.id, row.team_id.id, row.quarter): row.score for row in found}
        for record in self:
            day = record.quarter and record.quarter - QUARTER
            previous = before.get((record.company_id.id, record.team_id.id, day))
            record.has_previous = record.is_scored and previous is not None
            record.previous_score = previous
            record.change = record.score - previous if record.has_previous else False

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create([self._with_first_day(vals) for vals in vals_list])
        for company, of_company in records.grouped("company_id").items():
            running = date_utils.start_of(company._vip_today(), "quarter")
            for record in of_company:
                record._check_begun(running)
        records.scheme_id._check_complete()
        filled = records.sudo()  # lines and answers are no user's to create
        filled._fill()
        filled._take_figures()
        return records

    def write(self, vals):
        if not self.env.su and vals.keys() & SUBJECT:
            raise UserError(
                self.env._(
                    "“%s” stays the assessment of its branch, quarter and scheme. Delete it while it is a "
                    "draft, and add another one.",
                    self[:1].display_name,
                )
            )
        return super().write(self._with_first_day(vals))

    @api.model
    def _with_first_day(self, vals):
        if not vals.get("quarter"):
            return vals
        day = self._given_date(vals["quarter"])
        return {**vals, "quarter": date_utils.start_of(day, "quarter")}

    def _fill(self):
        """Give new assessments what their scheme asks about."""
        self.env["vip.assessment.line"].create(
            [
                {
                    "assessment_id": record.id,
                    "indicator_id": indicator.id,
                    "figure": indicator.figure,
                    "part": indicator.part,
                    "weight": indicator.weight,
                }
                for record in self
                for indicator in record.scheme_id.indicator_ids
            ]
        )
        self.env["vip.assessment.answer"].create(
            [
                {"assessment_id": record.id, "item_id": item.id}
                for record in self
                for item in record.scheme_id.item_ids
            ]
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        for record in self:
            if record.state != DRAFT:
                raise UserError(
                    self.env._(
                        "“%s” is self-assessed or reviewed and cannot be deleted. Have it reopened, with a "
                        "reason.",
                        record.display_name,
                    )
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def _open(self, company, quarter, scheme):
        """The assessments of all branches of a quarter: those that are there, and new ones for the others. A
        branch has customers today, or figures in the quarter.

        :raise UserError: there is no branch; the quarter lies in the future
        """
        quarter = date_utils.start_of(quarter, "quarter")
        domain = [("company_id", "=", company.id), ("quarter", "=", quarter)]
        found = self.search(domain)
        customers = self.env["vip.membership"].sudo()  # every branch, whoever has its customers
        teams = {
            team for [team] in customers._read_group([("company_id", "=", company.id)], ["team_id"])
        }
        report = self.env["vip.kpi.report"].sudo()
        within = [("month", ">=", quarter), ("month", "<", quarter + QUARTER)]
        teams |= {
            team
            for [team] in report._read_group(
                [("company_id", "=", company.id), *within], ["team_id"]
            )
        }
        missing = [team for team in teams if team and team not in found.team_id]
        if not missing and not found:
            raise UserError(
                self.env._(
                    "No branch of %(company)s has customers in %(quarter)s. Give customers an account "
                    "manager and a branch first.",
                    company=company.name,
                    quarter=self._quarter_name(quarter),
                )
            )
        return found | self.create(
            [
                {
                    "company_id": company.id,
                    "team_id": team.id,
                    "quarter": quarter,
                    "scheme_id": scheme.id,
                }
                for team in sorted(missing, key=lambda team: team.id)
            ]
        )

    def action_refresh(self):
        """Take the figures of the months anew.

        :raise AccessError: the caller neither leads the branch nor is a manager
        :raise UserError: it is reviewed
        """
        self._require("write")
        self._lock()
        self._check_not_reviewed()
        self.sudo()._take_figures()  # results are no user's to write
        return True

    def action_submit(self):
        """Hand the self-assessment in: the reviewer starts from the branch's answers.

        :raise AccessError: the caller neither leads the branch nor is a manager
        :raise UserError: it is no draft; an item has no answer, or one without evidence
        """
        self._require("write")
        self._lock()
        for record in self:
            record._check_draft()
            record._check_answered()
        submitted = self.sudo()  # guarded: this door only
        for answer in submitted.answer_ids:
            answer.write({"review_answer": answer.self_answer, "remark": False})
        submitted.write(
            {
                "state": SUBMITTED,
                "submitted_by": self.env.uid,
                "submitted_at": fields.Datetime.now(),
            }
        )
        submitted._take_figures()
        return True

    def action_review(self):
        """Close the review: from now on the result stays as it is.

        :raise AccessError: the caller is no manager
        :raise UserError: it is not self-assessed, or was reviewed already; the caller submitted it; a month
            is not frozen; an answer differs from the branch's without a remark
        """
        self._require("write")
        self._lock()
        for record in self:
            record._check_reviewer()
            record._check_not_reviewed()
            record._check_submitted()
            record._check_frozen()
            record._check_remarks()
        reviewed = self.sudo()  # guarded: this door only
        reviewed._take_figures()
        reviewed.write(
            {
                "state": REVIEWED,
                "reviewed_by": self.env.uid,
                "reviewed_at": fields.Datetime.now(),
            }
        )
        return True

    def action_reopen(self, reason):
        """Take one assessment a step back: a self-assessed one to the branch, a reviewed one to the review.

        :param str reason: why; it is kept in the log
        :raise AccessError: the caller is no manager; it is reviewed and he is no approver
        :raise UserError: it is a draft, or there is no reason
        """
        self._require_one("write")
        self._lock()
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme may give an assessment back.")
            )
        if self.state == REVIEWED and not self.env.user.has_group(
            "vip_customer.group_vip_approver"
        ):
            raise AccessError(
                self.env._(
                    "Only an approver of the VIP programme may reopen a reviewed assessment."
                )
            )
        if self.state == DRAFT:
            raise UserError(
                self.env._(
                    "“%s” is a draft; there is nothing to reopen. Answer its checklist instead.",
                    self.display_name,
                )
            )
        reason = isinstance(reason, str) and reason.strip()
        if not reason:
            raise UserError(
                self.env._("Give the reason for which “%s” goes a step back.", self.display_name)
            )
        reopened = self.sudo()  # guarded: this door only
        if self.state == REVIEWED:
            message = self.env._("Reopened without a score: %s", reason)
            if self.is_scored:
                message = self.env._(
                    "Reopened with %(score)s points: %(reason)s", score=self.score, reason=reason
                )
            values = {"state": SUBMITTED, "reviewed_by": False, "reviewed_at": False}
        else:
            message = self.env._("Given back to the branch: %(reason)s", reason=reason)
            values = {"state": DRAFT, "submitted_by": False, "submitted_at": False}
            reopened.answer_ids.write({"review_answer": False})
        reopened.write(values)
        reopened._take_figures()
        self.message_post(body=message)
        return True

    def action_ask_reason(self):
        """Open the dialog that takes this assessment a step back."""
        self._require_one("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reopen the assessment"),
            "res_model": "vip.assessment.reopen",
            "view_mode": "form",
            "target": "new",
            "context": {"default_assessment_id": self.id},
        }

    def action_view_figures(self):
        """Open the month-end figures behind this assessment."""
        self._require_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_retention.vip_kpi_report_action"
        )
        return {
            **action,
            "name": self.display_name,
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("team_id", "=", self.team_id.id),
                ("month", "in", [fields.Date.to_string(month) for month in self._months()]),
            ],
            "context": {},
        }

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _lock(self):
        """Of two people at once the second waits, and is told what became of the assessment."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT FROM vip_assessment WHERE id = ANY(%s) ORDER BY id FOR UPDATE", self.ids)
        )
        self.invalidate_recordset()

    def _check_begun(self, running):
        if self.quarter > running:
            raise UserError(
                self.env._(
                    "%(quarter)s lies in the future. Its branches can be assessed from %(day)s on.",
                    quarter=self._quarter_name(self.quarter),
                    day=format_date(self.env, self.quarter),
                )
            )

    def _check_not_reviewed(self):
        for record in self:
            if record.state != REVIEWED:
                continue
            day = record.company_id._vip_local(record.reviewed_at).date()
            raise UserError(
                self.env._(
                    "“%(assessment)s” was reviewed by %(user)s on %(day)s, and stays as it is. Have it "
                    "reopened by an approver, with a reason.",
                    assessment=record.display_name,
                    user=record.reviewed_by.sudo().name,
                    day=format_date(self.env, day),
                )
            )

    def _check_draft(self):
        self._check_not_reviewed()
        if self.state != DRAFT:
            day = self.company_id._vip_local(self.submitted_at).date()
            raise UserError(
                self.env._(
                    "“%(assessment)s” was submitted already, by %(user)s on %(day)s. A manager can give it "
                    "back to the branch.",
                    assessment=self.display_name,
                    user=self.submitted_by.sudo().name,
                    day=format_date(self.env, day),
                )
            )

    def _check_submitted(self):
        if self.state != SUBMITTED:
            raise UserError(
                self.env._(
                    "“%s” is not self-assessed yet. The branch answers the checklist and submits it first.",
                    self.display_name,
                )
            )

    def _check_answered(self):
        for answer in self.answer_ids:
            if not answer.self_answer:
                raise UserError(
                    self.env._(
                        "“%(item)s” has no answer yet in “%(assessment)s”. Answer every item of the "
                        "checklist, then submit it.",
                        item=answer.item_id.name,
                        assessment=self.display_name,
                    )
                )
            if answer.self_answer != assessment.NO and not answer._has_evidence():
                raise UserError(
                    self.env._(
                        "“%(item)s” is answered with “%(answer)s” in “%(assessment)s”, without evidence. "
                        "Write where it can be seen, or add a file.",
                        item=answer.item_id.name,
                        answer=answer._label(answer.self_answer),
                        assessment=self.display_name,
                    )
                )

    def _check_reviewer(self):
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme may review an assessment.")
            )
        if self.state == SUBMITTED and self.submitted_by == self.env.user:
            raise UserError(
                self.env._(
                    "You submitted “%s” yourself. Ask another manager to review it.",
                    self.display_name,
                )
            )

    def _check_frozen(self):
        if self.open_months:
            raise UserError(
                self.env._(
                    "The figures of “%(assessment)s” may still change: %(months)s is not frozen. Freeze it "
                    "first, then close the review.",
                    assessment=self.display_name,
                    months=self.open_months,
                )
            )

    def _check_remarks(self):
        for answer in self.answer_ids:
            if answer.review_answer != answer.self_answer and not (
                answer.remark and answer.remark.strip()
            ):
                raise UserError(
                    self.env._(
                        "The review of “%(item)s” differs from what “%(assessment)s” says of itself. Write "
                        "into the remark why.",
                        item=answer.item_id.name,
                        assessment=self.display_name,
                    )
                )

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools import care_days, care_sql
from ..tools.care_days import A_WEEK, DONE, MISSED, NEAR_DAYS, PLANNED, POSTPONE_DAYS, SKIPPED
from ..tools.greeting_days import DECENT_HOURS
from ..unchecked_many2one import UncheckedMany2one
from .vip_care_step import REGULAR
from .vip_interaction import PURPOSES

# Days beyond the near ones for which holidays and objections are looked at every day.
AHEAD_DAYS = 14
# The year to come is planned from this month on.
PLANNING_MONTH = 12
# Days before and after a year of which the working days are known: what lies on a long holiday moves.
MARGIN_DAYS = 60
BATCH = 1000
# A run that changes the tiers of more customers leaves the planning of their year to the scheduled action.
AT_ONCE = 500


class VipCareTouch(models.Model):
    """One planned contact with one customer.

    SPECIFICATION

    A row for each customer, step and slot: the part of the year, or the day of the occasion. Nothing is
    planned twice. The year is planned set-based (``_plan``), each touch on a working day of the account
    manager, the customers spread over his days (``tools/care_days.py``); a second run writes nothing.
    When a tier or an occasion changes, what is planned from today on and not called for any more is
    taken back, what is called for is added. Days on which the manager does not work are looked at again
    as they come near.

    ``planned`` -> ``done`` by an interaction that fits, ``missed`` when nobody did it within a week,
    ``skipped`` with a reason. A missed touch stays and may still be done late. Seven days before it is
    due it becomes a task of the account manager on the customer's page.
    """

    _name = "vip.care.touch"
    _description = "Touch"
    _inherit = "vip.guarded.mixin"
    _order = "due_date, id"
    _log_access = False
    _rec_name = "partner_id"
    _guarded_fields = frozenset(
        {
            "partner_id",
            "company_id",
            "step_id",
            "tier_id",
            "channel_id",
            "purpose",
            "is_occasion",
            "slot",
            "planned_date",
            "due_date",
            "state",
            "reason",
            "postponed_by",
            "postpone_reason",
            "interaction_id",
            "done_on",
            "activity_id",
            "is_announced",
        }
    )

    partner_id = UncheckedMany2one("res.partner", string="Customer", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    step_id = UncheckedMany2one("vip.care.step", required=True, readonly=True, index=True)
    occasion_id = fields.Many2one(related="step_id.occasion_id")
    tier_id = UncheckedMany2one("vip.tier", required=True, readonly=True)
    tier_color = fields.Integer(related="tier_id.color")
    channel_id = UncheckedMany2one("vip.channel", required=True, readonly=True)
    purpose = fields.Selection(PURPOSES, readonly=True)
    is_occasion = fields.Boolean(readonly=True, string="On an occasion")
    slot = fields.Date(
        required=True,
        readonly=True,
        help="First day of the part of the year, or the day of the occasion.",
    )
    planned_date = fields.Date(required=True, readonly=True, string="Planned for")
    due_date = fields.Date(required=True, readonly=True, string="Due")
    state = fields.Selection(
        [(PLANNED, "Planned"), (DONE, "Done"), (SKIPPED, "Skipped"), (MISSED, "Missed")],
        default=PLANNED,
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("do_not_disturb", "Do not disturb"),
            ("opted_out", "Opted out"),
            ("unreachable", "No way to reach the customer"),
            ("left", "Left the tier"),
        ],
        readonly=True,
        string="Skipped because",
    )
    skipped_on = fields.Date(readonly=True)
    postponed_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    postpone_reason = fields.Char(readonly=True, string="Postponed because")
    interaction_id = fields.Many2one(
        "vip.interaction", readonly=True, ondelete="set null", index="btree_not_null"
    )
    done_on = fields.Date(readonly=True)
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    is_announced = fields.Boolean(readonly=True, string="Became a task")
    contact_hours = fields.Char(
        compute="_compute_contact_hours",
        string="To be contacted",
        help="Hours in which customers may be contacted, on their own clock.",
    )
    # today
    membership_id = fields.Many2one(related="partner_id.vip_membership_id")
    manager_id = fields.Many2one(related="partner_id.vip_membership_id.manager_id")
    team_id = fields.Many2one(related="partner_id.vip_membership_id.team_id")

    _slot_uniq = models.UniqueIndex(
        "(partner_id, step_id, slot)",
        "This touch is planned already.",
    )
    _open_idx = models.Index("(company_id, due_date) WHERE state = 'planned'")
    _due_idx = models.Index("(due_date)")

    @api.depends("partner_id", "channel_id", "due_date")
    def _compute_display_name(self):
        for touch in self:
            touch.display_name = self.env._(
                "%(channel)s, %(customer)s, %(day)s",
                channel=touch.channel_id.name or "",
                customer=touch.partner_id.display_name or "",
                day=format_date(self.env, touch.due_date) if touch.due_date else "",
            )

    @api.depends("partner_id")
    def _compute_contact_hours(self):
        now = fields.Datetime.now()
        hours = self._contact_hours()
        for touch in self:
            company, zone = touch.company_id, touch.partner_id.tz
            touch.contact_hours = hours
            if zone and zone != company._vip_tz():
                touch.contact_hours = self.env._(
                    "%(hours)s; it is %(time)s where the customer is",
                    hours=hours,
                    time=company._vip_local(now, zone).strftime("%H:%M"),
                )

    @api.model
    def _contact_hours(self):
        """The hours in which customers may be contacted, to be read."""
        (opens, noon), (again, closes) = DECENT_HOURS
        return self.env._(
            "%(opens)s–%(noon)s and %(again)s–%(closes)s",
            opens=f"{opens:%H:%M}",
            noon=f"{noon:%H:%M}",
            again=f"{again:%H:%M}",
            closes=f"{closes:%H:%M}",
        )

    # ------------------------------------------------------------
    # PLANNING
    # ------------------------------------------------------------

    @api.model
    def _cron_care(self):
        """Daily: plan what is missing, look after what is near. Running it twice changes nothing.

        What is done is kept stage by stage, so that what stops it costs one stage only. It does not stop
        by itself when Odoo's ten seconds are over: the next run would begin with the first company again
        and never come to the last.
        """
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self.env["vip.membership"]._renew_warnings(company)
            self._plan(company)
            cron._commit_progress()
            self._review(company)
            cron._commit_progress()
            while self._announce(company):
                cron._commit_progress()
            cron._commit_progress(1)

    @api.model
    def _plan(self, company, members=None, day=None):
        """Plan the year of these customers, from a day (today) on; run as superuser.

        Only what changes is written. From December on the next year is planned too.

        :param SQL members: condition on ``m``, the memberships; all of the company without one
        :return: number of touches added or taken back
        :rtype: int
        """
        self.env.flush_all()
        day = day or company._vip_today()
        whole = not members
        members = members or SQL("TRUE")
        written = 0
        for year in range(day.year, day.year + 1 + (day.month >= PLANNING_MONTH)):
            first, last = max(day, date(year, 1, 1)), date(year, 12, 31)
            # a part of the year is always seen whole: its days decide where a customer lies
            self._prepare_days(company, date(year, 1, 1), last, members)
            self._fill_events(company, first, last, members)
            written += self._take_back(care_sql.delete_stale(company.id, first, last, members))
            self._place_regular(company, first, members, whole)
            self.env.cr.execute(care_sql.place_occasions(first))
            written += self._settle(day)
        if written:
            self.invalidate_model()
        return written

    @api.model
    def _place_regular(self, company, first, members, whole):
        """:param bool whole: the whole book is planned. PostgreSQL cannot know how much a year of it is
        and would look for each of two million touches one by one."""
        if whole:
            self.env.cr.execute("SET LOCAL enable_nestloop = off")
        self.env.cr.execute(care_sql.place_regular(company.id, first, members))
        if whole:
            self.env.cr.execute("SET LOCAL enable_nestloop = on")

    @api.model
    def _settle(self, today):
        """Find a day for everything in ``vip_care_place``, so that nobody is contacted twice on one day
        nor too often in one week, and write what is new or has moved.

        :return: number of touches written
        :rtype: int
        """
        cr = self.env.cr
        cr.execute("ANALYZE vip_care_place")
        cr.execute("SELECT FROM vip_care_place LIMIT 1")
        if not cr.rowcount:
            return 0
        cr.execute(care_sql.place_neighbours(today))
        cr.execute(care_sql.place_noted(today))
        turn = 0
        while cr.rowcount or not turn:
            turn += 1
            cr.execute(care_sql.give_way(turn))
        cr.execute(care_sql.INSERT_PLACED)
        written = cr.rowcount
        cr.execute(care_sql.MOVE_PLACED)
        moved = cr.fetchall()
        cr.execute("TRUNCATE vip_care_place")
        if moved:
            self.invalidate_model()
        deadlines = {activity: day for activity, day in moved if activity}
        tasks = self.env["mail.activity"].with_context(mail_activity_quick_update=True)
        moved_tasks = tasks.browse(deadlines).exists()
        for day, group in moved_tasks.grouped(lambda task: deadlines[task.id]).items():
            group.date_deadline = day
        return written + len(moved)

    @api.model
    def _prepare_days(self, company, first, last, members):
        """Fill the temporary tables of ``care_sql`` but the occasions."""
        cr = self.env.cr
        # PostgreSQL compiles what it takes for dear, for seconds, and takes temporary tables for large
        cr.execute("SET LOCAL jit = off")
        self._count_rows()
        cr.execute(care_sql.CREATE)
        margin = timedelta(days=MARGIN_DAYS)
        days = self._working_days(company, first - margin, last + margin, members)
        cr.execute_values(
            "INSERT INTO vip_care_day (worker, day, number) VALUES %s",
            [
                (worker, day, number)
                for worker, working in days.items()
                for number, day in enumerate(working)
            ],
            page_size=5000,
        )
        if len(days) > 1:
            cr.execute_values(
                "INSERT INTO vip_care_worker (manager_id) VALUES %s", [(w,) for w in days if w]
            )
        steps = self.env["vip.care.step"].search([("kind", "=", REGULAR)])
        if times := set(steps.mapped("times")):
            cr.execute_values(
                "INSERT INTO vip_care_slot (times, slot, last) VALUES %s",
                [(n, *slot) for n in times for slot in care_days.slots(last.year, n)],
            )
        cr.execute(care_sql.SPANS)

    @api.model
    def _count_rows(self):
        """Have PostgreSQL count tables that were empty when it last did: it would expect one row and
        compare every touch with every other, for minutes where seconds are enough."""
        tables = (self._table, self.env["vip.membership"]._table)
        for (table,) in self.env.execute_query(
            SQL(
                """SELECT relname FROM pg_class
                    WHERE oid IN (SELECT name::regclass FROM unnest(%s) name)
                      AND relpages > 0 AND reltuples = 0
                    ORDER BY 1""",
                list(tables),
            )
        ):
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    @api.model
    def _take_back(self, statement):
        """Run a statement that returns tasks, and remove these; the number of rows it changed."""
        self.env.cr.execute(statement)
        rows = self.env.cr.fetchall()
        if rows:
            self.invalidate_model()
        activities = self.env["mail.activity"].browse(row[0] for row in rows if row[0])
        activities.exists().with_context(mail_activity_quick_update=True).unlink()
        return len(rows)

    # ------------------------------------------------------------
    # WORKING DAYS
    # ------------------------------------------------------------

    @api.model
    def _working_days(self, company, first, last, members):
        """The working days of the company (key 0), and of the managers of these customers whose days
        are their own: another calendar, or leave. Who has no calendar works as the company does.

        :rtype: dict[int, list[date]]
        """
        calendar = company.resource_calendar_id
        common = self._days_of(calendar, first, last).get(False) or [
            day
            for i in range((last - first).days + 1)
            if (day := first + timedelta(days=i)).isoweekday() < 6
        ]
        found = {0: common}
        resources = self._resources(company, members)
        on_leave = {
            resource
            for (resource,) in self.env["resource.calendar.leaves"]._read_group(
                [
                    ("resource_id", "in", resources.ids),
                    ("date_to", ">=", first),
                    ("date_from", "<=", last),
                ],
                ["resource_id"],
            )
        }
        others = resources.filtered(
            lambda resource: resource in on_leave or (resource.calendar_id or calendar) != calendar
        )
        for own, group in others.grouped(lambda r: r.calendar_id or calendar).items():
            days = self._days_of(own, first, last, group)
            found |= {r.user_id.id: days.get(r.id) or common for r in group if own}
        return found

    @api.model
    def _resources(self, company, members):
        """The resources of the managers of these customers, one each."""
        rows = self.env.execute_query(
            SQL(
                """SELECT min(r.id) FROM resource_resource r
                    WHERE r.active IS TRUE AND coalesce(r.company_id, %(company)s) = %(company)s
                      AND r.user_id IN (SELECT m.manager_id FROM vip_membership m
                                         WHERE m.company_id = %(company)s AND %(members)s)
                    GROUP BY r.user_id""",
                company=company.id,
                members=members,
            )
        )
        return self.env["resource.resource"].browse(row[0] for row in rows)

    @api.model
    def _days_of(self, calendar, first, last, resources=None):
        """The days on which there is work, in order, by the ids of resources (False without any); none
        without a calendar."""
        if not calendar:
            return {}
        tz = calendar.tz or "UTC"
        start = fields.Datetime.context_timestamp(
            self.with_context(tz=tz), fields.Datetime.to_datetime(first)
        ).replace(hour=0)
        intervals = calendar._work_intervals_batch(
            start,
            start + timedelta(days=(last - first).days + 1),
            resources=resources,
            tz=None if resources else start.tzinfo,
        )
        found = {}
        for key in resources.ids if resources else [False]:
            days = {begin.astimezone(start.tzinfo).date() for begin, _end, _meta in intervals[key]}
            found[key] = sorted(day for day in days if first <= day <= last)
        return found

    # ------------------------------------------------------------
    # WHAT IS NEAR
    # ------------------------------------------------------------

    @api.model
    def _look_after(self, company, members=None):
        """Skip what something speaks against, miss what is over, move what fell on a holiday, and make
        tasks of what is near; run as superuser."""
        self._review(company, members)
        while self._announce(company, members):
            pass

    @api.model
    def _review(self, company, members=None):
        """``_look_after`` without the tasks."""
        self.env.flush_all()
        today = company._vip_today()
        last = today + timedelta(days=AHEAD_DAYS)
        scope = members or SQL("TRUE")
        self._take_back(care_sql.follow_objections(company.id, today, last, scope))
        self.env.cr.execute(care_sql.mark_missed(company.id, today, scope))
        self._prepare_days(company, today, last, scope)
        self._move_off(company, today, last, scope)
        self.invalidate_model()

    @api.model
    def _move_off(self, company, today, last, members):
        self.env.cr.execute(care_sql.place_moved(company.id, today, last, members))
        self._settle(today)

    @api.model
    def _announce(self, company, members=None):
        """A task on the customer's page for near touches of who has an active manager.

        :return: whether more may be waiting
        :rtype: bool
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT t.id, m.id, m.manager_id
                     FROM vip_care_touch t
                     JOIN vip_membership m ON m.partner_id = t.partner_id
                     JOIN vip_care_step s ON s.id = t.step_id
                     LEFT JOIN vip_occasion o ON o.id = s.occasion_id
                     JOIN res_users u ON u.id = m.manager_id AND u.active IS TRUE
                    WHERE t.company_id = %(company)s AND %(members)s
                      AND t.state = 'planned' AND t.due_date <= %(near)s
                      AND t.is_announced IS NOT TRUE
                      AND coalesce(o.kind, '') <> 'benefit_end' -- has a task of its own already
                    ORDER BY t.due_date, t.id LIMIT %(limit)s""",
                company=company.id,
                members=members or SQL("TRUE"),
                near=company._vip_today() + timedelta(days=NEAR_DAYS),
                limit=BATCH,
            )
        )
        if rows:
            self._create_tasks(rows)
        return len(rows) == BATCH

    @api.model
    def _create_tasks(self, rows):
        """:param rows: (touch id, membership id, manager id)"""
        model_id = self.env["ir.model"]._get_id("vip.membership")
        activity_type = self.env.ref("vip_customer.mail_activity_type_care")
        touches = self.browse(row[0] for row in rows)
        users = self.env["res.users"].browse({row[2] for row in rows})
        langs = {user.id: user.lang for user in users}
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "res_model_id": model_id,
                        "res_id": member_id,
                        "activity_type_id": activity_type.id,
                        "user_id": user_id,
                        "date_deadline": touch.due_date,
                        "summary": touch.step_id.with_context(lang=langs[user_id]).display_name,
                    }
                    for touch, (_id, member_id, user_id) in zip(touches, rows, strict=True)
                ]
            )
        )
        self.env.cr.execute_values(
            """UPDATE vip_care_touch t SET is_announced = TRUE, activity_id = v.activity
                 FROM (VALUES %s) v (id, activity) WHERE t.id = v.id""",
            [(touch.id, activity.id) for touch, activity in zip(touches, activities, strict=True)],
            page_size=BATCH,
        )
        self.invalidate_model(["is_announced", "activity_id"])

    # ------------------------------------------------------------
    # RE-PLANNING
    # ------------------------------------------------------------

    @api.model
    def _follow_tier_changes(self):
        """Plan anew after tiers changed; run as superuser by ``vip.tier.history``, whose changes are in
        the temporary table ``vip_tier_change``. For many customers the year waits for the scheduled action,
        which comes at once: it takes minutes, for which nobody should hold their entitlements."""
        changed = SQL(
            """m.id IN (SELECT membership_id FROM vip_tier_change
                         WHERE tier_id IS DISTINCT FROM old_tier_id)"""
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT company_id, count(tier_id) FROM vip_tier_change
                    WHERE tier_id IS DISTINCT FROM old_tier_id GROUP BY 1"""
            )
        )
        for company_id, customers in rows:
            company = self.env["res.company"].browse(company_id)
            today = company._vip_today()
            self._let_go(company, today, changed)
            if not customers:
                continue
            if customers <= AT_ONCE:
                self._plan(company, changed)
            else:
                year = today.year
                self._prepare_days(company, date(year, 1, 1), date(year, 12, 31), changed)
                self.env.ref("vip_customer.ir_cron_care")._trigger()
            self._plan_movements(company, today)

    @api.model
    def _let_go(self, company, today, members):
        """Skip and take back what is planned for customers who left."""
        self._take_back(
            SQL(
                """UPDATE vip_care_touch t SET state = 'skipped', reason = 'left', skipped_on = %(today)s
                     FROM vip_membership m
                    WHERE m.partner_id = t.partner_id AND m.company_id = %(company)s
                      AND m.tier_id IS NULL AND %(members)s
                      AND t.state = 'planned' AND t.due_date < %(today)s
                   RETURNING t.activity_id""",
                company=company.id,
                members=members,
                today=today,
            )
        )
        self._take_back(
            SQL(
                """DELETE FROM vip_care_touch t USING vip_membership m
                    WHERE m.partner_id = t.partner_id AND m.company_id = %s AND m.tier_id IS NULL
                      AND %s AND t.state = 'planned'
                   RETURNING t.activity_id""",
                company.id,
                members,
            )
        )

    @api.model
    def _follow_manager_changes(self):
        """Tell customers of their new manager, who works on other days; run as superuser by
        ``vip.manager.assignment``, whose changes are in the temporary table ``vip_manager_change``."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT m.company_id FROM vip_manager_change c
                     JOIN vip_membership m ON m.id = c.membership_id AND m.tier_id IS NOT NULL
                    WHERE c.manager_id IS DISTINCT FROM c.old_manager_id"""
            )
        )
        changed = SQL("m.id IN (SELECT membership_id FROM vip_manager_change)")
        # a task that the old manager put aside is one again for the new one
        self.env.cr.execute(
            """UPDATE vip_care_touch t SET is_announced = FALSE
                 FROM vip_manager_change c
                WHERE c.partner_id = t.partner_id AND c.manager_id IS DISTINCT FROM c.old_manager_id
                  AND t.state = 'planned' AND t.is_announced IS TRUE AND t.activity_id IS NULL"""
        )
        self.invalidate_model(["is_announced"])
        for (company_id,) in rows:
            company = self.env["res.company"].browse(company_id)
            today = company._vip_today()
            last = today + relativedelta(years=1)
            self._prepare_days(company, today, last, changed)
            self._move_off(company, today, last, changed)
            self._plan_new_managers(company, today)

    # ------------------------------------------------------------
    # DONE, POSTPONED
    # ------------------------------------------------------------

    def _set_done(self, interaction):
        """Fulfil this touch by a contact; run as superuser."""
        self.ensure_one()
        self.write(
            {
                "state": DONE,
                "reason": False,
                "interaction_id": interaction.id,
                "done_on": interaction._care_day(),
            }
        )
        self.activity_id.with_context(mail_activity_quick_update=True).unlink()

    def _reopen(self):
        """Undo ``_set_done``: the contact turned out to be none; run as superuser."""
        self.write(
            {"state": PLANNED, "interaction_id": False, "done_on": False, "is_announced": False}
        )

    def action_done(self):
        """Open the dialog that notes the contact which fulfils this touch."""
        self._require_one()
        return self._dialog("vip.care.touch.done", self.env._("Note the contact"))

    def action_postpone(self):
        """Open the dialog that puts this touch off, with a reason."""
        self._require_one()
        return self._dialog("vip.care.touch.postpone", self.env._("Postpone"))

    def action_view_customer(self):
        """Open the customer's page."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.membership",
            "res_id": self.membership_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _dialog(self, model, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_touch_id": self.id},
        }

    def _check_open(self):
        """:raise UserError: there is nothing to do any more"""
        self.ensure_one()
        if self.state == DONE:
            raise UserError(self.env._("The touch “%s” is done already.", self.display_name))
        if self.state == SKIPPED:
            raise UserError(
                self.env._(
                    "The touch “%s” was skipped; nobody is waiting for it.", self.display_name
                )
            )

    def postpone(self, day, reason):
        """Put this touch off, to today or a later day.

        :param day: date or ISO string
        :param str reason: why
        :raise AccessError: the customer is not the caller's
        :raise UserError: it is done, skipped or missed, it was due in a month that is over, the day is over
            or too far, there is no reason, the customer is contacted on that day or three times in that
            week already
        """
        self._require_one()
        self.partner_id.vip_membership_id.check_access("write")
        self._check_open()
        if self.state == MISSED:
            raise UserError(
                self.env._(
                    "The touch “%s” was missed and stays so until it is done late.",
                    self.display_name,
                )
            )
        day = self._given_date(day)
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Postponing needs a reason."))
        today = self.company_id._vip_today()
        # what a month end counts as due stays due
        if self.due_date < today.replace(day=1):
            raise UserError(
                self.env._(
                    "The touch “%(touch)s” was due on %(day)s, in a month that is over. Contact the customer "
                    "now, which counts as late.",
                    touch=self.display_name,
                    day=format_date(self.env, self.due_date),
                )
            )
        if day < today:
            raise UserError(
                self.env._(
                    "%s is over. Choose today or a later day.",
                    format_date(self.env, day),
                )
            )
        latest = self.planned_date + timedelta(days=POSTPONE_DAYS)
        if day > latest:
            raise UserError(
                self.env._(
                    "A touch planned for %(planned)s cannot be put off beyond %(latest)s.",
                    planned=format_date(self.env, self.planned_date),
                    latest=format_date(self.env, latest),
                )
            )
        touch = self.sudo()  # touches are written by the programme only
        touch._check_room(day, latest)
        touch.write(
            {
                "due_date": day,
                "state": PLANNED,
                "postponed_by": self.env.uid,
                "postpone_reason": reason.strip(),
            }
        )
        touch.activity_id.date_deadline = day
        return True

    def _check_room(self, day, latest):
        """Nobody is contacted twice on one day, nor more than ``A_WEEK`` times in one week.

        :raise UserError: naming what is on that day or in that week, and the next day with room
        """
        others = self.search(
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("id", "!=", self.id)
            & (
                Domain("state", "=", PLANNED) & Domain("due_date", ">=", day - timedelta(days=6))
                | Domain("state", "=", DONE) & Domain("done_on", ">=", day - timedelta(days=6))
            )
        )
        settled = [
            (other.step_id.display_name, other.done_on or other.due_date) for other in others
        ]
        settled += self._noted_days({other.done_on for other in others})
        working = self._working_days(
            self.company_id, day, latest + timedelta(days=MARGIN_DAYS), self._is_member()
        )
        days = working.get(self.manager_id.id, working[0])
        [free] = care_days.spread([day], [its_day for _name, its_day in settled], days)
        if free == day:
            return
        same_day = [name for name, its_day in settled if its_day == day]
        values = {
            "customer": self.partner_id.display_name,
            "day": format_date(self.env, day),
            "free": format_date(self.env, free),
            "other": same_day and same_day[0],
            "most": A_WEEK,
        }
        if same_day:
            raise UserError(
                self.env._(
                    "“%(customer)s” is contacted on %(day)s already (%(other)s), and once a day is enough. "
                    "The next day with room is %(free)s.",
                    **values,
                )
            )
        raise UserError(
            self.env._(
                "“%(customer)s” is contacted %(most)s times in the week of %(day)s already, and more is too "
                "much. The next day with room is %(free)s.",
                **values,
            )
        )

    def _noted_days(self, done):
        """What the customer was contacted for this week beyond what is planned, and on which days; run as
        superuser. See ``care_sql.place_noted``.

        :param done: days of touches that are done
        :rtype: list[tuple[str, date]]
        """
        today = self.company_id._vip_today()
        monday = today - timedelta(days=today.weekday())
        contacts = self.env["vip.interaction"].search(
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("date", ">=", fields.Datetime.to_datetime(monday - timedelta(days=1)))
            & Domain("is_contact", "=", True)
            & Domain("user_id", "!=", False)
            & Domain("purpose", "!=", "inbound")
        )
        by_day = {contact._care_day(): contact.display_name for contact in contacts}
        return [(name, day) for day, name in by_day.items() if day >= monday and day not in done]

    def _is_member(self):
        """The condition on ``m`` that it is this touch's membership."""
        return SQL("m.id = %s", self.membership_id.id)

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

PAST, CURRENT, AGREED, REPLACED = "past", "current", "agreed", "replaced"


class VipManagerAssignment(models.Model):
    """Who was responsible for a customer, and in which branch, on any day: the one truth of it.

    SPECIFICATION

    One row per customer and stretch of time; ``date_from`` and ``date_to`` are both included, an empty
    ``date_to`` is the open row, an empty manager says "nobody". Rows never overlap and may begin in the
    future (an agreed handover). A row that is replaced on or before the day it began gets ``date_to`` =
    ``date_from`` - 1 and stays. ``vip.membership.manager_id`` and ``team_id`` are the projection of
    today, renewed when somebody is assigned and hourly.

    The one place that writes rows is ``_post``. They are evidence (``vip.evidence.mixin``): ``date_to``
    is set or shortened, nothing else ever changes.
    """

    _name = "vip.manager.assignment"
    _description = "Manager assignment"
    _order = "date_from desc, id desc"
    _inherit = "vip.evidence.mixin"
    _rec_name = "partner_id"
    _refused_change = SQL(
        """NEW.date_to IS NULL AND OLD.date_to IS NOT NULL OR NEW.date_to > OLD.date_to
        OR (OLD.id, OLD.partner_id, OLD.company_id, OLD.manager_id, OLD.team_id, OLD.date_from)
           IS DISTINCT FROM
           (NEW.id, NEW.partner_id, NEW.company_id, NEW.manager_id, NEW.team_id, NEW.date_from)"""
    )
    _refuse_overlap = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", readonly=True)
    manager_id = fields.Many2one(
        "res.users", string="Account manager", ondelete="restrict", readonly=True, index=True
    )
    team_id = fields.Many2one("crm.team", string="Branch", ondelete="restrict", readonly=True)
    date_from = fields.Date(required=True, readonly=True, string="From")
    date_to = fields.Date(
        readonly=True, string="Until", help="Last day, included. Empty while this is the case."
    )
    state = fields.Selection(
        [(PAST, "Past"), (CURRENT, "Current"), (AGREED, "Agreed"), (REPLACED, "Replaced")],
        compute="_compute_state",
        search="_search_state",
        help="Agreed: begins on a later day. Replaced: something else was decided before it began.",
    )
    on_day = fields.Date(
        compute="_compute_on_day",
        search="_search_on_day",
        string="On the day",
        help="Finds who was responsible on a day.",
    )

    _protected = models.Constraint(
        "CHECK (date_to >= date_from - 1)",
        "Who was responsible is evidence: past assignments are neither changed nor deleted, and never "
        "overlap. Assign the customer anew instead.",
    )
    _open_uniq = models.UniqueIndex(
        "(partner_id) WHERE date_to IS NULL",
        "A customer has one open assignment.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = {company: company._vip_today() for company in self.company_id}
        for assignment in self:
            first, last = assignment.date_from, assignment.date_to
            if last and last < first:
                assignment.state = REPLACED
            elif first > today[assignment.company_id]:
                assignment.state = AGREED
            elif last and last < today[assignment.company_id]:
                assignment.state = PAST
            else:
                assignment.state = CURRENT

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._vip_today()
        domains = {
            PAST: Domain("date_to", "<", today) & self._in_force(),
            CURRENT: self._on(today),
            AGREED: Domain("date_from", ">", today) & self._in_force(),
            REPLACED: ~self._in_force(),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    def _compute_on_day(self):
        self.on_day = False

    def _search_on_day(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(self._on(fields.Date.to_date(day)) for day in value if day)

    def _sentence(self):
        """From when on who is responsible, in a line."""
        self.ensure_one()
        return self.env._(
            "From %(day)s: %(manager)s, %(branch)s",
            day=format_date(self.env, self.date_from),
            manager=self.manager_id.name or self.env._("nobody"),
            branch=self.team_id.name or self.env._("no branch"),
        )

    @api.model
    def _on(self, day):
        """Domain of the assignments of a day."""
        is_open = Domain("date_to", "=", False) | Domain("date_to", ">=", day)
        return Domain("date_from", "<=", day) & is_open & self._in_force()

    @api.model
    def _in_force(self):
        """Domain of the assignments that were not replaced before they began."""
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "coalesce(%(to)s >= %(first)s, TRUE)",
                to=model._field_to_sql(alias, "date_to", query),
                first=model._field_to_sql(alias, "date_from", query),
            )
        )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def _refusal_by_hand(self):
        return self.env._(
            "Assignments are not written by hand: use “Assign manager” on the customer, or hand customers "
            "over."
        )

    def _refusal(self):
        return self.env._(
            "Who was responsible is evidence: past assignments are neither changed nor deleted, and "
            "never overlap. Assign the customer anew instead."
        )

    @api.model_create_multi
    def create(self, vals_list):
        assignments = super().create(vals_list)
        for company, group in assignments.grouped("company_id").items():
            self._project(company, SQL("m.partner_id = ANY(%s)", group.partner_id.ids))
        return assignments

    # ------------------------------------------------------------
    # ASSIGNING
    # ------------------------------------------------------------

    @api.model
    def _post(self, members, manager, team, day):
        """Make a user and a branch responsible for customers from a day on; run as superuser by
        ``vip.membership._assign``, whose callers check that they fit.

        Set-based. Who has this manager and branch from that day on already gets no row, nor who had
        nobody and is to have nobody; what was agreed for later days is replaced. The memberships are
        touched: of two people who assign a customer at once, also for a later day, the second is tried
        again on what the first wrote.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE IF NOT EXISTS vip_assigning (
                    partner_id int, company_id int) ON COMMIT DROP;
                DELETE FROM vip_assigning;
                INSERT INTO vip_assigning
                SELECT m.partner_id, m.company_id FROM vip_membership m
                  LEFT JOIN vip_manager_assignment a
                    ON a.partner_id = m.partner_id AND a.date_to IS NULL
                 WHERE m.id = ANY(%(members)s)
                   AND (coalesce(a.date_from > %(day)s, FALSE)
                        OR (a.manager_id, a.team_id) IS DISTINCT FROM (%(manager)s, %(team)s));

                UPDATE vip_membership m SET write_uid = %(uid)s, write_date = %(now)s
                  FROM vip_assigning n WHERE n.partner_id = m.partner_id;

                UPDATE vip_manager_assignment a
                   SET date_to = greatest(%(day)s, a.date_from) - 1
                  FROM vip_assigning n
                 WHERE n.partner_id = a.partner_id
                   AND coalesce(a.date_to >= greatest(%(day)s, a.date_from), TRUE);

                INSERT INTO vip_manager_assignment (partner_id, company_id, manager_id, team_id,
                                                    date_from, create_uid, write_uid, create_date,
                                                    write_date)
                SELECT partner_id, company_id, %(manager)s, %(team)s, %(day)s, %(uid)s, %(uid)s,
                       %(now)s, %(now)s
                  FROM vip_assigning
                """,
                members=members.ids,
                manager=manager.id or None,
                team=team.id or None,
                day=day,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.env["vip.membership"].invalidate_model(["write_uid", "write_date"])
        self.invalidate_model()

    @api.model
    def _project(self, company, members=None):
        """Bring today's manager and branch of the memberships in step; run as superuser. A second call
        writes nothing.

        :param SQL members: condition on ``m``, the memberships; all of the company without one
        :return: number of memberships changed
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DROP TABLE IF EXISTS vip_manager_change;
                CREATE TEMPORARY TABLE vip_manager_change ON COMMIT DROP AS
                SELECT m.id AS membership_id, m.partner_id, m.team_id AS old_team_id, a.manager_id,
                       a.team_id, coalesce(m.manager_id, (
                           SELECT o.manager_id FROM vip_manager_assignment o
                            WHERE o.partner_id = m.partner_id AND o.manager_id IS NOT NULL
                              AND o.date_from <= %(today)s AND o.id IS DISTINCT FROM a.id
                              AND coalesce(o.date_to >= o.date_from, TRUE)
                            ORDER BY o.date_from DESC, o.id DESC LIMIT 1)) AS old_manager_id
                  FROM vip_membership m
                  LEFT JOIN vip_manager_assignment a
                    ON a.partner_id = m.partner_id AND a.date_from <= %(today)s
                   AND coalesce(a.date_to >= %(today)s, TRUE)
                 WHERE m.company_id = %(company)s AND %(members)s
                   AND (m.manager_id, m.team_id) IS DISTINCT FROM (a.manager_id, a.team_id);

                UPDATE vip_membership m
                   SET manager_id = c.manager_id, team_id = c.team_id, write_uid = %(uid)s,
                       write_date = %(now)s
                  FROM vip_manager_change c WHERE c.membership_id = m.id
                """,
                company=company.id,
                today=company._vip_today(),
                members=members or SQL("TRUE"),
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        changed = self.env.cr.rowcount
        if changed:
            # whose customer a record is hangs on it everywhere
            self.env.invalidate_all(flush=False)
            self._after_manager_changes()
        return changed

    @api.model
    def _after_manager_changes(self):
        """What follows a change of manager, meant to be extended.

        Called inside the transaction as superuser. The changes are in the temporary table
        ``vip_manager_change`` (``membership_id``, ``partner_id``, ``manager_id``, ``team_id``,
        ``old_manager_id``, ``old_team_id``); where nobody was responsible meanwhile the old manager is
        the last one. Open activities and service requests of the old manager go to the new one, and
        touches to the days on which he works.
        """
        for name in self._models_with_activities():
            self._move_activities(name)
        self.env["vip.care.touch"]._follow_manager_changes()
        self.env["vip.service.request"]._follow_manager_changes()

    @api.model
    def _models_with_activities(self):
        """Models whose records belong to a customer and whose activities follow his manager."""
        return ["res.partner", "vip.membership", "vip.redemption", "vip.service.request"]

    @api.model
    def _move_activities(self, name):
        column = "id" if name == "res.partner" else "partner_id"
        rows = self.env.execute_query(
            SQL(
                """SELECT c.manager_id, array_agg(a.id)
                     FROM vip_manager_change c
                     JOIN %(table)s r ON r.%(column)s = c.partner_id
                     JOIN mail_activity a ON a.res_model = %(name)s AND a.res_id = r.id
                      AND a.user_id = c.old_manager_id AND a.active IS TRUE
                    WHERE c.manager_id IS NOT NULL AND c.manager_id <> c.old_manager_id
                    GROUP BY 1""",
                table=SQL.identifier(self.env[name]._table),
                column=SQL.identifier(column),
                name=name,
            )
        )
        for manager_id, activity_ids in rows:
            activities = self.env["mail.activity"].browse(activity_ids)
            activities.with_context(mail_activity_quick_update=True).user_id = manager_id

    @api.model
    def _cron_project(self):
        """Hourly: begin and end assignments whose day has come."""
        for company in self.env["res.company"].search(Domain.TRUE):
            self._project(company)

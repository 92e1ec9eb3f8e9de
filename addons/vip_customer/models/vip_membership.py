import json
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools import greeting_days, tier_rules
from .vip_tier_history import CHANGE_COLUMNS

BILL_MONTHS = 18
MOVEMENTS = [
    (tier_rules.ENTER, "Enter"),
    (tier_rules.UP, "Up"),
    (tier_rules.KEEP, "Keep"),
    (tier_rules.DOWN, "Down"),
    (tier_rules.LEAVE, "Leave"),
    (tier_rules.HOLD, "Hold"),
]


class VipMembership(models.Model):
    """One customer of the programme, with or without a tier: his VIP page.

    SPECIFICATION

    One narrow row per customer, beside the contact. ``tier_id`` and ``valid_until`` are what counts
    today, ``base_tier_id`` and ``base_valid_until`` what runs decided; they differ while an override
    decides, and while the customer has no open number (``closed_on`` is the first day without one).

    A tier never lapses by the calendar: it ends by an applied run, an override or the closing of the
    last number. It comes back with its old validity if a number opens again while that lasts.

    ``joined_on`` is the earliest ``activated_on`` of the customer's numbers, or his own where none of
    them says. Manager and branch are today's responsibility.
    """

    _name = "vip.membership"
    _description = "VIP membership"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.guarded.mixin"]
    _order = "partner_id, id"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id", "card_number"]
    _guarded_fields = frozenset(
        {
            "partner_id",
            "company_id",
            "tier_id",
            "base_tier_id",
            "valid_until",
            "base_valid_until",
            "since",
            "movement",
            "tier_warning",
            "closed_on",
            "card_number",
            "manager_id",
            "team_id",
            "protected",
            "last_contact_on",
        }
    )

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="restrict", readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(related="partner_id.active")
    # tier
    tier_id = fields.Many2one(
        "vip.tier", ondelete="restrict", readonly=True, index=True, copy=False
    )
    tier_color = fields.Integer(related="tier_id.color")
    valid_until = fields.Date(readonly=True, copy=False, string="Valid until")
    since = fields.Date(
        readonly=True,
        copy=False,
        help="The customer has had today's tier without a break since then.",
    )
    movement = fields.Selection(
        MOVEMENTS, string="Last movement", readonly=True, copy=False, index="btree_not_null"
    )
    base_tier_id = fields.Many2one(
        "vip.tier",
        ondelete="restrict",
        readonly=True,
        copy=False,
        help="What the runs decided. An override may put another tier on top.",
        string="Base tier",
    )
    base_valid_until = fields.Date(readonly=True, copy=False, string="Base valid until")
    is_overdue = fields.Boolean(
        compute="_compute_is_overdue",
        search="_search_is_overdue",
        string="Waiting for assessment",
        help="The validity is over and no run has judged the customer since.",
    )
    # programme
    joined_on = fields.Date(
        help="With us since; years with us count for the tier.", string="Joined on"
    )
    closed_on = fields.Date(
        readonly=True,
        copy=False,
        help="First day on which the customer had no open number any more.",
        string="No open number since",
    )
    card_number = fields.Char(
        readonly=True, copy=False, index="btree_not_null", string="Card number"
    )
    protected = fields.Boolean(readonly=True, copy=False)
    # responsibility, indexed with the tier
    manager_id = fields.Many2one("res.users", string="Account manager", readonly=True, copy=False)
    team_id = fields.Many2one("crm.team", string="Branch", readonly=True, copy=False)
    is_mine = fields.Boolean(
        compute="_compute_is_mine",
        search="_search_is_mine",
        string="In my portfolio",
        help="My customers, and those of whom I stand in for today.",
    )
    # private profile
    birthday = fields.Date(
        copy=False,
        help="A lunar birthday is entered as it is spoken: the 15th of the eighth lunar month of 1964 "
        "as 15 August 1964. Is the day not in the calendar, as the 30th of the second month, take the "
        "day before.",
    )
    birthday_calendar = fields.Selection(
        [(greeting_days.SOLAR, "Solar"), (greeting_days.LUNAR, "Lunar")],
        default=greeting_days.SOLAR,
        copy=False,
        string="Birthday calendar",
    )
    next_birthday = fields.Date(
        compute="_compute_next_birthday",
        string="Next birthday",
        help="29 February is kept on 28 February; a lunar birthday in the ordinary month of its number, "
        "the 30th of a short lunar month on the 29th.",
    )
    no_greetings = fields.Boolean(
        copy=False,
        string="No greetings",
        help="The customer wishes no texts, e-mails or cards on birthdays and festivals. Gifts of the "
        "tier remain.",
    )
    preference_ids = fields.One2many("vip.preference", "membership_id", string="Preferences")
    vas_use_ids = fields.One2many("vip.vas.use", "membership_id", string="Value-added services")
    # contact
    phone = fields.Char(related="partner_id.phone", related_sudo=False)
    email = fields.Char(related="partner_id.email", related_sudo=False)
    city = fields.Char(related="partner_id.city", related_sudo=False)
    avatar_128 = fields.Image(related="partner_id.avatar_128", related_sudo=False)
    ref = fields.Char(related="partner_id.ref", string="Customer code", related_sudo=False)
    # what belongs to the customer
    number_ids = fields.One2many(related="partner_id.vip_number_ids", related_sudo=False)
    number_count = fields.Integer(compute="_compute_number_count", string="Numbers")
    history_ids = fields.Many2many("vip.tier.history", compute="_compute_history_ids")
    override_ids = fields.Many2many("vip.tier.override", compute="_compute_override_ids")
    bill_graph = fields.Text(compute="_compute_bill_graph", string="Bills by month")
    explanation = fields.Html(compute="_compute_explanation", sanitize=False)

    _partner_uniq = models.Constraint(
        "UNIQUE (partner_id)", "This customer has a membership already; there is one per customer."
    )
    _manager_tier_idx = models.Index("(manager_id, tier_id)")
    _team_tier_idx = models.Index("(team_id, tier_id)")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("valid_until", "tier_id")
    def _compute_is_overdue(self):
        today = {company: company._vip_today() for company in self.company_id}
        for member in self:
            member.is_overdue = bool(
                member.tier_id
                and member.valid_until
                and member.valid_until < today[member.company_id]
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("tier_id", "!=", False)
            & Domain("valid_until", "<", company._vip_today())
            for company in self.env.companies
        )

    @api.depends("manager_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        Deputy = self.env["vip.manager.deputy"]
        mine = {
            company: {self.env.uid, *Deputy._managers_of(self.env.user, company)}
            for company in self.company_id
        }
        for member in self:
            member.is_mine = member.manager_id.id in mine[member.company_id]

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("manager_id", "=", self.env.uid)
        for company in self.env.companies:
            managers = self.env["vip.manager.deputy"]._managers_of(self.env.user, company)
            if managers:
                domain |= Domain("company_id", "=", company.id) & Domain(
                    "manager_id", "in", managers
                )
        return domain

    @api.depends("birthday", "birthday_calendar")
    def _compute_next_birthday(self):
        months = self.env["vip.lunar.month"]._months()
        for member in self:
            member.next_birthday = member.birthday and greeting_days.next_birthday(
                member.birthday,
                member.birthday_calendar,
                member.company_id._vip_today(),
                months,
            )

    def _compute_number_count(self):
        counts = dict(
            self.env["vip.service.number"]._read_group(
                [("partner_id", "in", self.partner_id.ids)], ["partner_id"], ["__count"]
            )
        )
        for member in self:
            member.number_count = counts.get(member.partner_id, 0)

    def _compute_history_ids(self):
        rows = self.env["vip.tier.history"].search([("partner_id", "in", self.partner_id.ids)])
        by_partner = rows.grouped("partner_id")
        for member in self:
            member.history_ids = by_partner.get(member.partner_id)

    def _compute_override_ids(self):
        overrides = self.env["vip.tier.override"].search(
            [("partner_id", "in", self.partner_id.ids)]
        )
        by_partner = overrides.grouped("partner_id")
        for member in self:
            member.override_ids = by_partner.get(member.partner_id)

    def _compute_bill_graph(self):
        """The last months' bills, all numbers together, as data of Odoo's ``dashboard_graph``."""
        amounts = {
            (partner, month): amount
            for partner, month, amount in self.env["vip.billing.fact"]._read_group(
                [("partner_id", "in", self.partner_id.ids)],
                ["partner_id", "month:month"],
                ["amount:sum"],
            )
        }
        for member in self:
            last = tier_rules.add_months(member.company_id._vip_today(), -1)
            months = [tier_rules.add_months(last, -i) for i in reversed(range(BILL_MONTHS))]
            values = [
                {
                    "label": format_date(self.env, month, date_format="yyyy-MM"),
                    "value": amounts.get((member.partner_id, month), 0),
                    "type": "future",
                }
                for month in months
            ]
            member.bill_graph = json.dumps(
                [
                    {
                        "key": self.env._("Bills"),
                        "values": values,
                        "title": "",
                        "is_sample_data": False,
                    }
                ]
            )

    def _compute_explanation(self):
        for member in self:
            member.explanation = self.env["ir.qweb"]._render(
                "vip_customer.tier_explanation", member._explanation_values()
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            partner = self.env["res.partner"].browse(vals.get("partner_id"))
            vals.setdefault("company_id", (partner.company_id or self.env.company).id)
        members = super().create(vals_list)
        for member in members:
            # guarded: both sides point at each other, written here only
            member.partner_id.sudo().vip_membership_id = member
        return members

    def write(self, vals):
        if "company_id" in vals and any(m.company_id.id != vals["company_id"] for m in self):
            raise UserError(self.env._("The company of a membership cannot change."))
        return super().write(vals)

    @api.constrains("partner_id", "company_id")
    def _check_same_company(self):
        for member in self:
            company = member.partner_id.company_id
            if company and company != member.company_id:
                raise ValidationError(
                    self.env._(
                        "“%(customer)s” belongs to %(company)s; his membership cannot be one of "
                        "%(other)s.",
                        customer=member.partner_id.display_name,
                        company=company.name,
                        other=member.company_id.name,
                    )
                )

    @api.model
    def mail_allowed_qweb_expressions(self):
        """What managers, who are no editors of all templates, may write into the words of greetings."""
        return (
            *super().mail_allowed_qweb_expressions(),
            "object.partner_id.lang",
            "object.company_id.name",
            "object.company_id.email_formatted",
            "object.tier_id.name",
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        # records count also where the user may not see them
        for member in self.sudo():
            partner = member.partner_id
            if (
                member.history_ids
                or member.override_ids
                or partner.vip_number_ids
                or member._has_bills()
                or member._has_lines()
                or member._has_entitlements()
            ):
                raise UserError(
                    self.env._(
                        "The membership of “%s” has numbers, bills, benefits, overrides or a tier history "
                        "and cannot be deleted. To erase a person, anonymise the contact and keep the rows.",
                        partner.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_known(self):
        # as above
        for member in self.sudo():
            domain = [("partner_id", "=", member.partner_id.id)]
            for name in ("vip.preference", "vip.greeting"):
                if self.env[name].sudo().search_count(domain, limit=1):
                    raise UserError(
                        self.env._(
                            "The membership of “%s” has preferences or greetings and cannot be deleted. "
                            "To erase a person, delete the preferences, anonymise the contact and keep "
                            "the rows.",
                            member.partner_id.display_name,
                        )
                    )

    def _has_lines(self):
        domain = [("membership_id", "in", self.ids)]
        return bool(self.env["vip.tier.run.line"].search_count(domain, limit=1))

    def _has_entitlements(self):
        domain = [("partner_id", "in", self.partner_id.ids)]
        return bool(self.env["vip.entitlement"].search_count(domain, limit=1))

    def _has_bills(self):
        domain = [("partner_id", "in", self.partner_id.ids)]
        return bool(self.env["vip.billing.fact"].search_count(domain, limit=1))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_numbers(self):
        """Open the customer's service numbers."""
        return self._action_view("vip_customer.vip_service_number_action")

    def action_view_bills(self):
        """Open the customer's bills."""
        return self._action_view("vip_customer.vip_billing_fact_action")

    def action_view_partner(self):
        """Open the contact."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "view_mode": "form",
        }

    def action_request_override(self):
        """Open a new override for this customer."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Request an override"),
            "res_model": "vip.tier.override",
            "view_mode": "form",
            "target": "new",
            "context": {"default_partner_id": self.partner_id.id},
        }

    def _action_view(self, xml_id):
        self._require_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(xml_id),
            "domain": [("partner_id", "=", self.partner_id.id)],
            "context": {"default_partner_id": self.partner_id.id},
        }

    def action_assign(self):
        """Open the dialog that gives these customers an account manager and a branch."""
        self._require("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Assign an account manager"),
            "res_model": "vip.manager.assign",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_membership_ids": self.ids,
                "default_manager_id": self.manager_id.id if len(self) == 1 else False,
                "default_team_id": self.team_id.id if len(self.team_id) == 1 else False,
            },
        }

    def assign(self, manager_id, team_id, day=None):
        """Make a user responsible for these customers, in a branch, from a day on.

        :param int manager_id: an internal user, or False for nobody
        :param int team_id: a branch of the customers' company or of no company, or False
        :param day: date or ISO string, today or later; today without one
        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: user or branch do not fit the customers' company, the user is archived or has
            not the role of an account manager, or the day is over
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may assign customers.")
            )
        self._require("write")
        manager = self._given("res.users", manager_id)
        team = self._given("crm.team", team_id)
        day = self._given_date(day) if day else None
        if manager and not manager.active:
            raise UserError(
                self.env._(
                    "%s is archived and cannot look after customers. Choose somebody else.",
                    manager.name,
                )
            )
        if manager and not manager.sudo().has_group("vip_customer.group_vip_user"):
            raise UserError(
                self.env._(
                    "%s is no account manager of the VIP programme and would see nothing of the "
                    "customers. Give him the role first, or choose somebody else.",
                    manager.name,
                )
            )
        for company in self.company_id:
            if day and day < company._vip_today():
                raise UserError(
                    self.env._(
                        "Who was responsible before today is settled. Choose today or a later day "
                        "instead of %s.",
                        format_date(self.env, day),
                    )
                )
            # a lead may not read whose companies a colleague is in
            if manager and (manager.share or company not in manager.sudo().company_ids):
                raise UserError(
                    self.env._(
                        "%(user)s is not an internal user of %(company)s and cannot look after its "
                        "customers.",
                        user=manager.name,
                        company=company.name,
                    )
                )
            if team.company_id and team.company_id != company:
                raise UserError(
                    self.env._(
                        "The branch %(branch)s does not belong to %(company)s.",
                        branch=team.name,
                        company=company.name,
                    )
                )
        self.sudo()._assign(manager, team, day)
        return True

    def _responsible(self):
        """Who is to act for this customer: his account manager, else the lead of his branch."""
        self.ensure_one()
        return (self.manager_id | self.team_id.user_id).filtered("active")[:1]

    def _assign(self, manager, team, day=None):
        """Write who is responsible from a day (today) on; run as superuser, by ``assign``, handovers and
        the import, which check that user and branch fit the company."""
        Assignment = self.env["vip.manager.assignment"]
        for company, members in self.grouped("company_id").items():
            Assignment._post(members, manager, team, day or company._vip_today())
            Assignment._project(company, SQL("m.id = ANY(%s)", members.ids))

    # ------------------------------------------------------------
    # JOINING
    # ------------------------------------------------------------

    @api.model
    def _ensure(self, partner_ids, company):
        """Give these contacts a membership where they have none, set-based; run as superuser.

        :param partner_ids: ids of contacts of ``company`` or of no company
        :raise UserError: one of them is a customer of another company's programme
        """
        self.env["res.partner"].flush_model(["vip_membership_id", "company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH added AS (
                    INSERT INTO vip_membership (partner_id, company_id, birthday_calendar,
                                                create_uid, write_uid, create_date, write_date)
                    SELECT p.id, %(company)s, 'solar', %(uid)s, %(uid)s, %(now)s, %(now)s
                      FROM res_partner p
                     WHERE p.id = ANY(%(partners)s) AND p.vip_membership_id IS NULL
                    ON CONFLICT DO NOTHING
                    RETURNING id, partner_id
                ), linked AS (
                    UPDATE res_partner p SET vip_membership_id = a.id
                      FROM added a WHERE p.id = a.partner_id
                    RETURNING p.id
                )
                SELECT (SELECT count(*) FROM linked),
                       (SELECT m.partner_id FROM vip_membership m
                         WHERE m.partner_id = ANY(%(partners)s) AND m.company_id <> %(company)s
                         LIMIT 1),
                       (SELECT p.id FROM res_partner p
                         WHERE p.id = ANY(%(partners)s) AND p.company_id <> %(company)s LIMIT 1)
                """,
                company=company.id,
                partners=list(partner_ids),
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        [(joined, elsewhere, foreign)] = rows
        if elsewhere or foreign:
            partner = self.env["res.partner"].browse(elsewhere or foreign)
            raise UserError(
                self.env._(
                    "“%(customer)s” is a customer of another company, not of %(company)s.",
                    customer=partner.display_name,
                    company=company.name,
                )
            )
        if joined:
            self.env["res.partner"].invalidate_model(["vip_membership_id"])

    # ------------------------------------------------------------
    # CLOSING AND OVERRIDES
    # ------------------------------------------------------------

    @api.model
    def _sync_numbers(self, partner_ids):
        """Bring joining date and closing in step with the numbers of these customers; run as
        superuser after numbers were opened, closed, or passed to another owner.

        Closing begins on the day the last number closed, reopening on the day the new number was
        activated (today for an old one reactivated or none said), neither before the latest history
        row.
        """
        self.env["vip.service.number"].flush_model()
        self.flush_model()
        partner_ids = list(partner_ids)
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_membership m SET joined_on = n.joined_on
                  FROM (SELECT partner_id, min(activated_on) AS joined_on
                          FROM vip_service_number WHERE partner_id = ANY(%s) GROUP BY 1) n
                 WHERE n.partner_id = m.partner_id AND n.joined_on IS DISTINCT FROM m.joined_on
                   AND n.joined_on IS NOT NULL
                """,
                partner_ids,
            )
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id, bool_or(n.is_open), max(least(n.closed_on, n.date_to + 1)),
                       min(n.opened_on) FILTER (WHERE n.is_open AND n.opened_on >= m.closed_on)
                  FROM vip_membership m
                  JOIN (SELECT *, state <> 'closed' AND date_to IS NULL AS is_open,
                               coalesce(date_from, activated_on) AS opened_on
                          FROM vip_service_number) n ON n.partner_id = m.partner_id
                 WHERE m.partner_id = ANY(%s)
                 GROUP BY m.id
                HAVING bool_or(n.is_open) <> (m.closed_on IS NULL)
                """,
                partner_ids,
            )
        )
        self.invalidate_model(["joined_on"])
        members = self.browse(row[0] for row in rows)
        days = {}
        for member, (_id, is_open, closed_on, opened_on) in zip(members, rows, strict=True):
            today = member.company_id._vip_today()
            if is_open:
                days[member] = min(opened_on or today, today)
            else:
                days[member] = closed_on or today
        self._set_closed({m: (d, row[1]) for (m, d), row in zip(days.items(), rows, strict=True)})

    def _close(self, day):
        """End the programme of customers without numbers on ``day``, the first day without a tier;
        run as superuser (a departure of their own became effective)."""
        self._set_closed(dict.fromkeys(self, (day, False)))

    def _reopen(self, day):
        """Undo ``_close`` from ``day`` on; the tier comes back where it is still valid."""
        self._set_closed(dict.fromkeys(self, (day, True)))

    @api.model
    def _set_closed(self, changes):
        """:param changes: dict membership -> (day, whether the customer is open from that day on)"""
        closed = {}  # written together: thousands close in one night
        for member, (day, is_open) in changes.items():
            if is_open and member.base_valid_until and day > member.base_valid_until:
                # Too late: the tier does not come back by itself.
                member.write({"base_tier_id": False, "base_valid_until": False})
            closed.setdefault(False if is_open else day, []).append(member.id)
        for day, member_ids in closed.items():
            self.browse(member_ids).closed_on = day
        days = {member: day for member, (day, _is_open) in changes.items()}
        self._recount(days, "closure")

    @api.model
    def _recount(self, days, source, reason=None):
        """Work out the tier that counts from base, override and closing, and post what changed.

        Run as superuser. The change begins on the given day, or on the day of the latest history row
        where that is later.

        :param days: dict membership -> day
        """
        members = self.browse(member.id for member in days)
        latest = dict(
            self.env["vip.tier.history"]._read_group(
                [("partner_id", "in", members.partner_id.ids), ("date_to", "=", False)],
                ["partner_id"],
                ["date_from:max"],
            )
        )
        days = {
            member: max(day, latest.get(member.partner_id) or date.min)
            for member, day in days.items()
        }
        overrides = self.env["vip.tier.override"]._in_force(members.partner_id, days)
        rows = []
        for member, day in days.items():
            override = overrides.get(member)
            tier_id, valid_until = member._count(override)
            old = member.tier_id
            new = self.env["vip.tier"].browse(tier_id)
            rows.append(
                SQL(
                    """(%s::int, %s::int, %s::int, %s::int, %s::date, %s::int, %s::date, %s, %s::date,
                        %s, NULL::int, %s::int, %s)""",
                    member.id,
                    member.partner_id.id,
                    member.company_id.id,
                    member.base_tier_id.id or None,
                    member.base_valid_until or None,
                    tier_id or None,
                    valid_until or None,
                    None if old == new else tier_rules.movement(old._plain(), new._plain()),
                    day,
                    source,
                    override.id if override and source == "override" else None,
                    reason,
                )
            )
        if not rows:
            return
        History = self.env["vip.tier.history"]
        columns = SQL(", ").join(SQL.identifier(name) for name in CHANGE_COLUMNS)
        History._post(SQL("SELECT * FROM (VALUES %s) v (%s)", SQL(", ").join(rows), columns))

    def _count(self, override):
        """Tier id and validity that count: base and override, nothing for a closed customer."""
        self.ensure_one()
        if self.closed_on:
            return False, False
        tier, valid_until = tier_rules.with_override(
            self.base_tier_id._plain(), self.base_valid_until, override and override._plain()
        )
        return tier and tier.id, valid_until

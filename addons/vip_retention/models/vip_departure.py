from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from odoo.addons.vip_customer.models.vip_service_number import CLOSED
from odoo.addons.vip_customer.tools.phone_forms import masked

SCHEDULED, PORT_OUT, ARREARS, SUSPENSION = "scheduled", "port_out", "arrears", "suspension"
KINDS = [
    (SCHEDULED, "Scheduled cancellation"),
    (PORT_OUT, "Port-out"),
    (ARREARS, "Arrears cancellation"),
    (SUSPENSION, "Suspension on request"),
]
ANNOUNCED, WITHDRAWN, EFFECTIVE = "announced", "withdrawn", "effective"
HOTLINE, HALL, LIST, WORK_RECORD = "hotline", "hall", "list", "work_record"
NO_RECORD, PASSED_ON, LATE = "no_record", "passed_on", "late"
# For so long who asks to leave today is spoken to, before the scheduled action closes his number.
TIME_TO_TALK = timedelta(hours=1)


class VipDeparture(models.Model):
    """A number that leaves: cancelled for a day, ported out, closed for arrears, or suspended on request.

    SPECIFICATION

    ``announced`` -> ``withdrawn`` (the customer took it back) or ``effective`` (it happened). Each is a
    fact with its date. What is recorded stays as it was told; only ``action_withdraw``, ``change_day``
    and ``take_effect`` go on from there, and the scheduled action, under a lock on the row. Nobody deletes
    one.

    It is about one number, or about the customer where the company keeps no numbers of him. Of each there
    is one announced departure at most. Where he has exactly one open number, it is that one.

    On ``effective_on``, the first day without the number, its number closes; the customer without numbers
    leaves the programme that day. A suspension touches no number. It works the other way round too: a
    number that is closed by anybody makes its departure effective on the day it closed, and one without a
    departure on file gets an effective one with the remark "no record". So every closed number has its
    departure. A number that passes to another owner is no departure: what was announced for it is
    withdrawn. A number that is opened again leaves the fact as it was, with the day as ``reopened_on``.

    The desk records departures of every customer of the company, also of numbers that it may not read. What
    a person is told for today stays announced, like any other day to come: the customer is spoken to first,
    and the scheduled action closes the number. What lies in the past is a fact: it is recorded by who may
    write the customer's VIP page, and happens at once. So does what the programme itself (superuser, the
    daily list) records for today.
    """

    _name = "vip.departure"
    _description = "Departure"
    _inherit = ["mail.thread", "vip.customer.record"]
    _order = "effective_on desc, id desc"
    _rec_names_search = ["partner_id"]
    _guarded_fields = frozenset(
        {
            "company_id",
            "state",
            "withdrawn_on",
            "withdrawn_by",
            "remark",
            "reopened_on",
            "counts_in",
            "import_id",
            "talk_until",
        }
    )

    number_id = fields.Many2one(
        "vip.service.number",
        string="Service number",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('partner_id', '=', partner_id), ('state', '!=', 'closed'), ('date_to', '=', False)]",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
        help="Empty for a customer without numbers. Who has only one open number leaves with that one.",
    )
    # the desk sees no numbers: it types what the customer says
    concerned = fields.Char(
        compute="_compute_concerned",
        compute_sudo=True,
        readonly=False,
        string="Number he means",
        help="An open number of the customer, as he says it.",
    )
    kind = fields.Selection(KINDS, required=True, default=SCHEDULED)
    requested_on = fields.Date(
        string="Requested on", default=lambda self: self.env.company._vip_today()
    )
    effective_on = fields.Date(
        string="Effective on",
        tracking=True,
        help="First day without the number. Empty: not known yet.",
    )
    state = fields.Selection(
        [(ANNOUNCED, "Announced"), (WITHDRAWN, "Withdrawn"), (EFFECTIVE, "Effective")],
        default=ANNOUNCED,
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    talk_until = fields.Datetime(
        readonly=True,
        copy=False,
        string="Not before",
        help="He asked for today: until then he is spoken to, and nothing is closed.",
    )
    withdrawn_on = fields.Date(readonly=True, copy=False, string="Withdrawn on")
    withdrawn_by = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict", string="Withdrawn by"
    )
    channel_id = fields.Many2one("vip.channel", ondelete="restrict", string="Received by")
    source = fields.Selection(
        [
            (HOTLINE, "Hotline"),
            (HALL, "Business hall"),
            (LIST, "Daily list"),
            (WORK_RECORD, "Work record"),
        ],
        compute="_compute_source",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="Where it came from. The account manager owns what comes by the list or by a work record.",
    )
    reason_id = fields.Many2one(
        "vip.retention.reason", string="Reason for leaving", ondelete="restrict"
    )
    remark = fields.Selection(
        [
            (NO_RECORD, "No request on record"),
            (PASSED_ON, "Passed to another owner"),
            (LATE, "Recorded late"),
        ],
        readonly=True,
        copy=False,
    )
    reopened_on = fields.Date(
        readonly=True,
        copy=False,
        string="Opened again on",
        help="The number was opened again later.",
    )
    counts_in = fields.Date(
        readonly=True,
        copy=False,
        string="Counts in the month of",
        help="The month end that has it: its own, or a later one where its own was frozen before anybody "
        "knew. Empty while its month is not frozen.",
    )
    import_id = fields.Many2one(
        "vip.import",
        string="From the list",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups="vip_customer.group_vip_manager,vip_customer.group_vip_auditor",
    )
    # today
    tier_id = fields.Many2one(related="partner_id.vip_tier_id", related_sudo=True, string="Tier")
    tier_color = fields.Integer(related="tier_id.color")
    is_protected = fields.Boolean(
        related="partner_id.vip_protected", related_sudo=True, string="Protected customer"
    )
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True, string="Branch")

    _announced_uniq = models.UniqueIndex(
        "(number_id) WHERE state = 'announced' AND number_id IS NOT NULL",
        "A departure of this number is announced already.",
    )
    _announced_plain_uniq = models.UniqueIndex(
        "(partner_id) WHERE state = 'announced' AND number_id IS NULL",
        "A departure of this customer is announced already.",
    )
    _announced_idx = models.Index("(company_id, effective_on) WHERE state = 'announced'")
    _unsettled_idx = models.Index(
        "(company_id, effective_on) WHERE state = 'effective' AND counts_in IS NULL "
        "AND kind <> 'suspension'"
    )
    _dates_in_order = models.Constraint(
        "CHECK (effective_on >= requested_on OR state <> 'announced')",
        "A departure cannot be effective before it was requested.",
    )
    _effective_dated = models.Constraint(
        "CHECK (state <> 'effective' OR effective_on IS NOT NULL)",
        "An effective departure has its day.",
    )

    # ------------------------------------------------------------
    # COMPUTES AND CONSTRAINTS
    # ------------------------------------------------------------

    @api.depends("kind", "partner_id")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for departure in self:
            departure.display_name = bool(departure.partner_id) and self.env._(
                "%(kind)s, %(customer)s",
                kind=labels.get(departure.kind, ""),
                customer=departure.partner_id.display_name,
            )

    @api.depends("number_id")
    def _compute_concerned(self):
        for departure in self:
            number = departure.number_id
            departure.concerned = masked(number.number) if number else False

    @api.depends("channel_id")
    def _compute_source(self):
        for departure in self:
            code = departure.channel_id.code
            departure.source = code if code in (HOTLINE, HALL) else WORK_RECORD

    # ------------------------------------------------------------
    # RECORDING
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Record what customers asked for.

        :raise UserError: it cannot be, see ``_refusal_to_announce``
        :raise AccessError: it lies in the past, and the caller may not write the customer's VIP page
        """
        defaults = self.default_get(
            ["partner_id", "kind", "requested_on", "effective_on", "source"]
        )
        given = [{**defaults, **vals} for vals in vals_list]
        if not self.env.su:
            self._check_source(given)
            self._check_scope(given)
            self._check_customers(given)
        # before anything is written: the indexes would refuse in words of their own
        drafts = self._drafts(given)
        if not self.env.su:
            self._check_past(drafts)
        departures = super().create(
            [{name: vals[name] for name in vals if name != "concerned"} for vals in vals_list]
        )
        # the desk may not read the numbers, and closes them by its customers' word all the same
        recorded = departures.sudo()
        for departure, draft in zip(recorded, drafts, strict=True):
            departure.number_id = draft.number_id
        recorded._announce()
        return departures

    def _check_source(self, vals_list):
        if any(vals.get("source") == LIST for vals in vals_list):
            raise UserError(
                self.env._(
                    "The daily list brings its departures itself: import it. Choose where this one came "
                    "from instead."
                )
            )

    def _check_customers(self, vals_list):
        """Nothing is told of customers of companies that the caller is not in."""
        partner_ids = {vals["partner_id"] for vals in vals_list if vals.get("partner_id")}
        for partner in self.env["res.partner"].browse(partner_ids):
            if partner.sudo().vip_membership_id:  # else he joins, in a company of the caller
                partner._vip_member()

    def _drafts(self, vals_list):
        """What would be recorded, with the number that is meant, as superuser; checked."""
        drafts = [self.sudo().new(vals) for vals in vals_list]
        partner_ids = [draft.partner_id.id for draft in drafts]
        numbers = self.sudo().env["vip.service.number"].search([("partner_id", "in", partner_ids)])
        by_partner = numbers.grouped("partner_id")
        earlier = self.sudo().search([("state", "=", ANNOUNCED), ("partner_id", "in", partner_ids)])
        announced = {(other.partner_id, other.number_id): other for other in earlier}
        for draft, vals in zip(drafts, vals_list, strict=True):
            own = by_partner.get(draft.partner_id, numbers.browse())
            said = self.env["res.partner"]._vip_given_number(vals.get("concerned"))
            if said and not draft.number_id:
                draft.number_id = draft._number_meant(said)
            still_open = own.filtered(lambda number: number._is_open())
            if not draft.number_id and len(still_open) == 1:
                draft.number_id = still_open
            key = draft.partner_id, draft.number_id
            # of the customer as such: that is about all his numbers
            other = announced.get(key) or announced.get((draft.partner_id, own.browse()))
            if refusal := draft._refusal_to_announce(other, own):
                raise UserError(refusal)
            announced[key] = draft
        return drafts

    def _number_meant(self, text):
        found = self.number_id.search(
            Domain("partner_id", "=", self.partner_id.id) & self.number_id._written(text), limit=2
        )
        if len(found) != 1:
            raise UserError(
                self.env._(
                    "“%(number)s” is no open number of “%(customer)s”, or of several of them. Give it in "
                    "full.",
                    number=text,
                    customer=self.partner_id.display_name,
                )
            )
        return found

    def _check_past(self, drafts):
        for draft in drafts:
            day = draft._day()
            if not day or day >= draft.company_id._vip_today():
                continue
            member = draft.partner_id.vip_membership_id.with_env(self.env)
            if not member.has_access("write"):
                raise AccessError(
                    self.env._(
                        "Only who looks after “%(customer)s” records that his request took effect on "
                        "%(day)s, which is over. Enter today or a later day, or tell his account manager "
                        "or the lead of his branch.",
                        customer=draft.partner_id.display_name,
                        day=format_date(self.env, day),
                    )
                )

    def _announce(self):
        """Let what was recorded happen where its day has come; run as superuser."""
        self.flush_recordset()
        today = {company: company._vip_today() for company in self.company_id}
        due = {
            departure.id: day
            for departure in self
            if (day := departure._day()) and day <= today[departure.company_id]
        }
        if not self.env.user._is_superuser():
            asked = self.filtered(lambda one: due.get(one.id) == today[one.company_id])
            asked._leave_time()
            due = {one.id: due[one.id] for one in self - asked if one.id in due}
        self.filtered(
            lambda departure: departure.kind == SUSPENSION or departure.id not in due
        )._after_announced()
        self._take_effect(due)

    def _leave_time(self):
        """A customer asks to leave today: the scheduled action waits until he was spoken to; run as
        superuser."""
        self.talk_until = fields.Datetime.now() + TIME_TO_TALK

    def _day(self):
        """The day on which this happens by itself, None where nobody knows it yet."""
        self.ensure_one()
        return self.effective_on or (self.kind == SUSPENSION and self.requested_on) or None

    def _refusal_to_announce(self, earlier, numbers):
        """Why this departure cannot be, None if nothing is against it.

        :param earlier: an announced departure of the same number, or of the customer as such; or None
        :param numbers: all numbers of the customer
        """
        return (
            self._refusal_of_days()
            or self._refusal_of_number(numbers)
            or self._refusal_of_earlier(earlier)
        )

    def _refusal_of_days(self):
        requested, effective = self.requested_on, self.effective_on
        if requested and requested > self.company_id._vip_today():
            return self.env._(
                "The request of “%(customer)s” cannot have been made on %(day)s, which lies in the future. "
                "Enter the day on which he asked.",
                customer=self.partner_id.display_name,
                day=format_date(self.env, requested),
            )
        if requested and effective and effective < requested:
            return self.env._(
                "“%(customer)s” cannot leave on %(effective)s, before the request of %(requested)s. Correct "
                "one of the two days.",
                customer=self.partner_id.display_name,
                effective=format_date(self.env, effective),
                requested=format_date(self.env, requested),
            )
        return None

    def _refusal_of_number(self, numbers):
        number, customer = self.number_id, self.partner_id.display_name
        if not number:
            return self._refusal_without_number(numbers)
        if number.partner_id != self.partner_id:
            return self.env._("The number is none of “%s”. Choose one of his numbers.", customer)
        if number.date_to:
            return self.env._(
                "The number %(number)s passed from “%(customer)s” to another owner on %(day)s. Record the "
                "departure for who owns it now.",
                number=masked(number.number),
                customer=customer,
                day=format_date(self.env, fields.Date.add(number.date_to, days=1)),
            )
        if number.state == CLOSED:
            return self.env._(
                "The number %(number)s of “%(customer)s” is closed since %(day)s, so it cannot leave once "
                "more. Look at his departures.",
                number=masked(number.number),
                customer=customer,
                day=format_date(self.env, number.closed_on),
            )
        begun = number.date_from or number.activated_on
        if begun and self.effective_on and self.effective_on < begun:
            return self.env._(
                "The number %(number)s is with “%(customer)s” since %(begun)s and cannot leave on "
                "%(effective)s. Correct the day.",
                number=masked(number.number),
                customer=customer,
                begun=format_date(self.env, begun),
                effective=format_date(self.env, self.effective_on),
            )
        return None

    def _refusal_without_number(self, numbers):
        customer = self.partner_id.display_name
        if any(number._is_open() for number in numbers):
            return self.env._(
                "“%s” has several open numbers. Say which one leaves, and record one departure for each.",
                customer,
            )
        if numbers:
            return self.env._("“%s” has no open number any more that could leave.", customer)
        if closed_on := self.partner_id.vip_membership_id.closed_on:
            return self.env._(
                "“%(customer)s” left on %(day)s already. Look at his departures.",
                customer=customer,
                day=format_date(self.env, closed_on),
            )
        return None

    def _refusal_of_earlier(self, earlier):
        if not earlier:
            return None
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return self.env._(
            "A departure of “%(customer)s” is announced already: %(kind)s, requested on %(requested)s, "
            "effective on %(effective)s. Change its day, or let him withdraw it first.",
            customer=self.partner_id.display_name,
            kind=labels[earlier.kind],
            requested=format_date(self.env, earlier.requested_on) or "-",
            effective=format_date(self.env, earlier.effective_on) or "-",
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_withdraw(self):
        """The customer took his request back: withdrawn today.

        :raise AccessError: the caller does not work on departures of the company
        :raise UserError: it is withdrawn or effective already
        """
        departures = self._to_work_on()
        for departure in departures:
            departure._check_open()
        departures._withdraw()
        return True

    def action_call_in(self):
        """Call the account manager in before anything is closed, see ``vip.retention.case.action_dispatch``.

        :raise AccessError: the caller does not work cases of the company
        :raise UserError: there is no talk to which he could be called, or it is over
        """
        self._require_one()
        if not self.case_id:
            raise UserError(
                self.env._(
                    "There is no retention case about the departure of “%s”. Open one by “Wants to leave” "
                    "on his card.",
                    self.partner_id.display_name,
                )
            )
        return self.case_id.action_dispatch()

    def action_day(self):
        """Open the dialog that notes another day, or that it has happened."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Day of the departure"),
            "res_model": "vip.departure.day",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_departure_id": self.id},
        }

    def change_day(self, day):
        """The customer wishes to leave on another day. Only he moves it, and nobody for him: whoever
        calls this has his word. A wish for today stays announced until the scheduled action: see above.

        :param day: date or ISO string, today or later
        :raise AccessError: the caller does not work on departures of the company
        :raise UserError: it is not announced any more, or the day lies in the past
        """
        departures = self._to_work_on()
        day = self._given_date(day)
        for departure in departures:
            departure._check_open()
            departure._check_new_day(day)
        departures.filtered(
            lambda one: day == one.company_id._vip_today() and one.effective_on != day
        )._leave_time()
        before = {departure: departure.effective_on for departure in departures}
        departures.effective_on = day
        departures._after_moved(before)
        return True

    def take_effect(self, day):
        """What was announced happened on this day, which nobody knew before or which was another one.

        :param day: date or ISO string, today or earlier
        :raise AccessError: the caller may not write the customer's VIP page: closing a number is no
            matter of the desk
        :raise UserError: it is not announced any more, or the day does not fit
        """
        departures = self._to_work_on()
        self.partner_id.vip_membership_id.check_access("write")
        day = self._given_date(day)
        for departure in departures:
            departure._check_open()
            departure._check_fact(day)
        departures._take_effect(dict.fromkeys(departures._ids, day))
        return True

    def _to_work_on(self):
        """These departures as superuser and locked, after the caller was checked.

        Two people at once: the second waits for the first, and is told what became of it. There is no
        sentence that sends somebody away because a colleague is at work: the customer is waiting.
        """
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(
                self.env._(
                    "Only the desk, account managers, leads and managers work on departures."
                )
            )
        self._require("read")
        departures = self.sudo()  # facts: written here only
        departures.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT FROM vip_departure WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                self.ids,
            )
        )
        departures.invalidate_recordset()
        return departures

    def _check_open(self):
        if self.state == WITHDRAWN:
            raise UserError(
                self.env._(
                    "The departure of “%(customer)s” was withdrawn on %(day)s.",
                    customer=self.partner_id.display_name,
                    day=format_date(self.env, self.withdrawn_on),
                )
            )
        if self.state == EFFECTIVE:
            raise UserError(
                self.env._(
                    "The departure of “%(customer)s” is effective since %(day)s and stays a fact. Who comes "
                    "back has his number opened again.",
                    customer=self.partner_id.display_name,
                    day=format_date(self.env, self.effective_on),
                )
            )

    def _check_new_day(self, day):
        today = self.company_id._vip_today()
        if day < today:
            raise UserError(
                self.env._(
                    "“%(customer)s” cannot wish to leave on %(day)s, which is over. Choose today or a later "
                    "day.",
                    customer=self.partner_id.display_name,
                    day=format_date(self.env, day),
                )
            )

    def _check_fact(self, day):
        if day > self.company_id._vip_today():
            raise UserError(
                self.env._(
                    "The departure of “%(customer)s” cannot have happened on %(day)s, which lies in the "
                    "future.",
                    customer=self.partner_id.display_name,
                    day=format_date(self.env, day),
                )
            )
        if self.requested_on and day < self.requested_on:
            raise UserError(
                self.env._(
                    "The departure of “%(customer)s” cannot have happened on %(day)s, before the request of "
                    "%(requested)s.",
                    customer=self.partner_id.display_name,
                    day=format_date(self.env, day),
                    requested=format_date(self.env, self.requested_on),
                )
            )

    def action_view_customer(self):
        """Open the customer's VIP page."""
        self._require_one()
        return self.partner_id.action_vip_membership()

    # ------------------------------------------------------------
    # WHAT BECOMES OF IT, run as superuser
    # ------------------------------------------------------------

    def _withdraw(self):
        """The customers stay; of announced departures."""
        for company, departures in self.grouped("company_id").items():
            departures.write(
                {
                    "state": WITHDRAWN,
                    "withdrawn_on": company._vip_today(),
                    "withdrawn_by": self.env.uid,
                }
            )
        self._after_withdrawn()

    @api.model
    def _cron_take_effect(self):
        """Let every announced departure happen whose day has come, a company at a time. Running it twice
        does nothing twice; hourly, because each company has its own midnight."""
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self._take_effect_due(company)
            if not cron._commit_progress(1):
                return

    @api.model
    def _take_effect_due(self, company):
        self.flush_model()
        # what somebody works on just now is looked at an hour later
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, coalesce(effective_on, requested_on) FROM vip_departure
                 WHERE company_id = %(company)s AND state = 'announced'
                   AND (effective_on <= %(today)s
                        OR kind = 'suspension' AND effective_on IS NULL
                           AND requested_on <= %(today)s)
                   AND (talk_until IS NULL OR talk_until <= %(now)s)
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                company=company.id,
                today=company._vip_today(),
                now=fields.Datetime.now(),
            )
        )
        self._take_effect(dict(rows))

    @api.model
    def _take_effect(self, days):
        """Announced departures happen: numbers close, customers without numbers leave the programme.

        Departures whose number closes become effective by that, see ``_follow_numbers``.

        :param days: dict id -> first day without the number, none in the future
        """
        if not days:
            return
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.id, n.id, n.activated_on,
                       d.kind <> 'suspension' AND n.state <> 'closed' AND n.date_to IS NULL
                  FROM vip_departure d LEFT JOIN vip_service_number n ON n.id = d.number_id
                 WHERE d.id = ANY(%s) AND (d.number_id IS NULL OR d.kind = 'suspension'
                                           OR n.state <> 'closed' AND n.date_to IS NULL)
                """,
                list(days),
            )
        )
        closing, others = defaultdict(list), {}
        for departure_id, number_id, activated_on, closes in rows:
            day = days[departure_id]
            if closes:
                # a number cannot close before it was activated, whatever was told since
                closing[max(day, activated_on or day)].append(number_id)
            else:
                others[departure_id] = day
        for day, number_ids in sorted(closing.items()):
            self.env["vip.service.number"].browse(number_ids).write(
                {"state": CLOSED, "closed_on": day}
            )
        happened = self._set_effective(others)
        happened._close_memberships()
        happened._after_effective()

    @api.model
    def _set_effective(self, days):
        """:param days: dict id of an announced departure -> day on which it happened
        :return: the departures"""
        by_day = defaultdict(list)
        for departure_id, day in days.items():
            by_day[day].append(departure_id)
        # by day: a join with the days goes wrong where PostgreSQL does not know yet how many are announced
        for day, departure_ids in by_day.items():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE vip_departure
                       SET state = 'effective', effective_on = %s, write_uid = %s, write_date = %s
                     WHERE id = ANY(%s)
                    """,
                    day,
                    self.env.uid,
                    self.env.cr.now(),
                    departure_ids,
                )
            )
        self.invalidate_model(["state", "effective_on"])
        departures = self.browse(days)
        departures.modified(["state", "effective_on"])  # what is worked out of them follows
        return departures

    def _close_memberships(self):
        """Customers without numbers leave the programme; of effective departures."""
        for day, member_ids in self.env.execute_query(
            SQL(
                """
                SELECT d.effective_on, array_agg(m.id)
                  FROM vip_departure d JOIN vip_membership m ON m.partner_id = d.partner_id
                 WHERE d.id = ANY(%s) AND d.number_id IS NULL AND d.kind <> 'suspension'
                   AND m.closed_on IS NULL
                   -- who was given a number since leaves with that
                   AND NOT EXISTS (SELECT FROM vip_service_number n WHERE n.partner_id = m.partner_id)
                 GROUP BY 1 ORDER BY 1
                """,
                self.ids,
            )
        ):
            self.env["vip.membership"].browse(member_ids)._close(day)

    @api.model
    def _follow_numbers(self, partner_ids=None):
        """Bring departures in step with numbers that were closed, opened again or passed on, by whatever
        door; set-based.

        :param partner_ids: whose numbers; None: everybody's
        """
        self.flush_model()
        whose = SQL("TRUE")
        if partner_ids is not None:
            whose = SQL("n.partner_id = ANY(%s)", list(partner_ids))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT CASE WHEN n.date_to IS NOT NULL THEN 'passed'
                            WHEN d.state = 'announced' THEN 'closed' ELSE 'reopened' END,
                       array_agg(d.id), NULL::int[]
                  FROM vip_service_number n JOIN vip_departure d ON d.number_id = n.id
                 WHERE %(whose)s
                   AND CASE WHEN n.date_to IS NOT NULL THEN d.state = 'announced'
                            WHEN d.kind = 'suspension' THEN FALSE
                            WHEN n.state = 'closed' THEN d.state = 'announced'
                            ELSE d.state = 'effective' AND d.reopened_on IS NULL END
                 GROUP BY 1
                UNION ALL
                SELECT 'unknown', NULL, array_agg(n.id)
                  FROM vip_service_number n
                 WHERE %(whose)s AND n.state = 'closed' AND n.date_to IS NULL
                   AND NOT EXISTS (
                        SELECT FROM vip_departure d
                         WHERE d.number_id = n.id AND d.kind <> 'suspension'
                           AND (d.state = 'announced'
                                OR d.state = 'effective' AND d.reopened_on IS NULL))
                HAVING count(*) > 0
                """,
                whose=whose,
            )
        )
        # effective ones first: a hook may look at the others of the customer
        found = {what: departure_ids or number_ids for what, departure_ids, number_ids in rows}
        if closed := found.get("closed"):
            self._follow_closed(closed)
        if unknown := found.get("unknown"):
            self._record_unknown(unknown)
        if reopened := found.get("reopened"):
            self._follow_reopened(reopened)
        if passed := found.get("passed"):
            self._follow_passed(passed)

    def _follow_closed(self, departure_ids):
        self._set_effective(
            dict(
                self.env.execute_query(
                    SQL(
                        """SELECT d.id, n.closed_on FROM vip_departure d
                             JOIN vip_service_number n ON n.id = d.number_id WHERE d.id = ANY(%s)""",
                        departure_ids,
                    )
                )
            )
        )._after_effective()

    def _record_unknown(self, number_ids):
        """Numbers that closed, and nobody recorded why."""
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO vip_departure (partner_id, company_id, number_id, kind, effective_on, state,
                                           source, remark, create_uid, create_date, write_uid,
                                           write_date)
                SELECT partner_id, company_id, id, 'scheduled', closed_on, 'effective', 'work_record',
                       'no_record', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM vip_service_number WHERE id = ANY(%(numbers)s)
                RETURNING id
                """,
                numbers=number_ids,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.browse(departure_id for [departure_id] in rows)._after_effective()

    def _follow_reopened(self, departure_ids):
        """Open again since the number was activated anew, else since today."""
        departures = self.browse(departure_ids)
        today = {company: company._vip_today() for company in departures.company_id}
        by_day = defaultdict(list)
        for departure in departures:
            activated, now = departure.number_id.activated_on, today[departure.company_id]
            is_anew = activated and departure.effective_on <= activated <= now
            by_day[activated if is_anew else now].append(departure.id)
        for day, ids in by_day.items():
            self.browse(ids).reopened_on = day

    def _follow_passed(self, departure_ids):
        """The numbers have other owners now, so these customers do not leave with them."""
        departures = self.browse(departure_ids)
        for departure in departures:
            departure.write(
                {
                    "state": WITHDRAWN,
                    "withdrawn_on": fields.Date.add(departure.number_id.date_to, days=1),
                    "withdrawn_by": self.env.uid,
                    "remark": PASSED_ON,
                }
            )
        departures._after_withdrawn()

    # ------------------------------------------------------------
    # HOOKS, called as superuser with many at once
    # ------------------------------------------------------------

    def _after_announced(self):
        """Departures were recorded whose day is still to come, and suspensions."""

    def _after_moved(self, days):
        """Announced departures are for another day.

        :param days: dict departure -> the day it was for before
        """

    def _after_withdrawn(self):
        """Announced departures were withdrawn."""

    def _after_effective(self):
        """Departures became effective, or were recorded as effective."""

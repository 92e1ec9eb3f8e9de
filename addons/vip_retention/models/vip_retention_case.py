from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime, format_list

from odoo.addons.vip_customer.tools.phone_forms import masked

from .vip_departure import ANNOUNCED, EFFECTIVE
from .vip_retention_log import MOVING
from .vip_retention_log import REFUSED as FINAL_REFUSAL
from .vip_retention_offer import ACCOUNT_MANAGER, DESK, LEAD, MANAGER
from .vip_retention_proposal import ENDED
from .vip_retention_states import (
    ANALYSED,
    CLOSED,
    NEW,
    OPEN_STATES,
    OUTCOMES,
    REFUSED,
    STATES,
    TALKING,
    WITHDRAWN,
)

HOTLINE, HALL, LIST, WORK_RECORD, RISK = "hotline", "hall", "list", "work_record", "risk"
SOURCES = [
    (HOTLINE, "Hotline"),
    (HALL, "Business hall"),
    (LIST, "Daily list"),
    (WORK_RECORD, "Work record"),
    (RISK, "Risk"),
]
# Nobody but the programme itself reads such a field.
NO_ACCESS = "."
# The agent talks to the customer first; else the account manager has it from the start.
TALKED_TO = (HOTLINE, HALL)
PORT_OUT = "port_out"
# What people write while a case is open. The analysis is added later, also to a closed one.
CONTENT = {"detail", "description", "kept_number_ids"}
# Heard in the talk in which he leaves, and never asked again.
SURVEY = {"likelihood", "survey", "reason_id", "detail", "description"}
BY_HAND = CONTENT | SURVEY | {"analysis", "customer_type_id"}


class VipRetentionCase(models.Model):
    """The work to keep one customer who wants to leave, and the proof of how he was treated.

    SPECIFICATION

    ``new`` -> ``analysed`` (the reason is known) -> ``proposed`` (an offer was put to him) -> his answer:

    - *considering*: the account manager follows up, with a deadline;
    - *accepted*: ``doing`` until what was promised is done, then ``watch``; only a number that is open and
      billed at its end makes it ``saved``, see ``tools/save_rule.py``;
    - *refused*: ``closed`` at once.

    RIGHT TO LEAVE: the final refusal is one click (``action_refuse``) for everybody who works cases, on any
    open case of his company and in every state. It waits for nobody: not for other fields, not for an
    approval, and not for somebody else who works on the case at that moment.

    A case is opened by a request to leave (``vip.departure``), joined by further ones of the same customer
    while he has not decided, or by his risk. No number is in two open cases; a customer without numbers has
    one. The facts of the day are frozen in ``snapshot``. Talks at the hotline and in the hall belong to the
    agent until he dispatches them; what comes by the daily list or the work record belongs to the account
    manager from the start.

    What is at stake is money: shown to who works on the case, and to who may read the customer's VIP page.
    """

    _name = "vip.retention.case"
    _description = "Retention case"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.customer.record"]
    _order = "deadline, closing_date, id desc"
    _rec_names_search = ["name", "partner_id"]
    _guarded_fields = frozenset(
        {
            "name",
            "company_id",
            "state",
            "outcome",
            "user_id",
            "opened_at",
            "opened_by",
            "closed_at",
            "closed_by",
            "tier_id",
            "was_protected",
            "value",
            "facts",
            "departure_ids",
            "closing_date",
            "deadline",
            "warn_at",
            "told_level",
            "first_contact_by",
            "first_contact_at",
            "dispatched_at",
            "dispatched_by",
            "accepted_at",
            "watch_from",
            "watch_until",
            "waits_for_bill",
            "proposal_ids",
            "log_ids",
        }
    )

    name = fields.Char(string="Case number", readonly=True, copy=False, default="")
    partner_id = fields.Many2one(readonly=False)
    tier_id = fields.Many2one("vip.tier", readonly=True, ondelete="restrict", copy=False)
    tier_color = fields.Integer(related="tier_id.color")
    was_protected = fields.Boolean(readonly=True, copy=False, string="Protected customer")
    source = fields.Selection(SOURCES, required=True, default=HOTLINE, index=True)
    state = fields.Selection(
        STATES,
        default=NEW,
        required=True,
        readonly=True,
        copy=False,
        index=True,
        group_expand="_group_expand_state",
    )
    outcome = fields.Selection(
        OUTCOMES,
        readonly=True,
        copy=False,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Worked on by",
        readonly=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        copy=False,
    )
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True)
    # what is at stake
    departure_id = fields.Many2one(
        "vip.departure", string="Request to leave", ondelete="restrict", index="btree_not_null"
    )
    departure_ids = fields.One2many("vip.departure", "case_id", string="Requests to leave")
    number_ids = fields.Many2many(
        "vip.service.number",
        "vip_retention_case_number_rel",
        "case_id",
        "number_id",
        string="Numbers at stake",
        domain="[('partner_id', '=', partner_id)]",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    kept_number_ids = fields.Many2many(
        "vip.service.number",
        "vip_retention_case_kept_rel",
        "case_id",
        "number_id",
        string="Numbers he keeps",
        domain="[('id', 'in', number_ids)]",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    concerned = fields.Char(
        compute="_compute_concerned", compute_sudo=True, string="Numbers concerned"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    value = fields.Monetary(groups=NO_ACCESS, copy=False, string="Billed in a year")
    value_at_stake = fields.Monetary(
        compute="_compute_private",
        compute_sudo=True,
        string="Value at stake",
        help="Billed for these numbers in the last 12 full months before the case was opened.",
    )
    facts = fields.Json(groups=NO_ACCESS, copy=False)
    snapshot = fields.Json(
        compute="_compute_snapshot",
        compute_sudo=True,
        help="The facts of the day on which the case was opened.",
    )
    closing_date = fields.Date(
        compute="_compute_closing_date",
        store=True,
        index=True,
        string="Closing date",
        help="The first day on which one of the numbers is to leave; in a closed case, on which one left. "
        "It is the customer's: nobody here moves it.",
    )
    is_port_out = fields.Boolean(compute="_compute_is_port_out", string="Ports out")
    # the talk
    reason_id = fields.Many2one("vip.retention.reason", ondelete="restrict", index=True, copy=False)
    reason_ask = fields.Char(related="reason_id.asks_detail")
    ends_offers = fields.Boolean(related="reason_id.ends_offers")
    detail = fields.Char(copy=False, string="Which, where")
    description = fields.Text(copy=False, string="In his words")
    likelihood = fields.Selection(
        [("1", "Hardly"), ("2", "Perhaps"), ("3", "Probably"), ("4", "Certainly")],
        copy=False,
        string="Likely to come back",
    )
    survey = fields.Text(
        copy=False,
        string="What would have kept him",
        help="Asked in the talk in which he leaves, if he likes to answer.",
    )
    analysis = fields.Text(
        copy=False, help="What we learn from it; written later, without contacting the customer."
    )
    customer_type_id = fields.Many2one(
        "vip.customer.type",
        compute="_compute_private",
        inverse="_inverse_customer_type_id",
        compute_sudo=True,
        string="Customer type",
    )
    technique = fields.Char(related="customer_type_id.technique")
    guidance = fields.Text(related="customer_type_id.guidance")
    # the clock, see vip_retention_case_clock.py
    opened_at = fields.Datetime(readonly=True, copy=False, string="Opened", index=True)
    opened_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    closed_at = fields.Datetime(readonly=True, copy=False, string="Closed on")
    closed_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    deadline = fields.Datetime(readonly=True, copy=False, index=True)
    warn_at = fields.Datetime(readonly=True, copy=False, string="Warning")
    first_contact_by = fields.Datetime(readonly=True, copy=False, string="First contact by")
    first_contact_at = fields.Datetime(readonly=True, copy=False, string="First contact on")
    dispatched_at = fields.Datetime(readonly=True, copy=False, string="Dispatched on")
    dispatched_by = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    is_overdue = fields.Boolean(
        compute="_compute_is_overdue", search="_search_is_overdue", string="Overdue"
    )
    # offers and the watch
    proposal_ids = fields.One2many("vip.retention.proposal", "case_id", string="Offers made")
    proposal_id = fields.Many2one(
        "vip.retention.proposal", compute="_compute_proposal_id", string="Latest offer"
    )
    accepted_at = fields.Datetime(readonly=True, copy=False, string="Accepted on")
    watch_from = fields.Date(readonly=True, copy=False)
    watch_until = fields.Date(
        readonly=True, copy=False, string="Watch until", index="btree_not_null"
    )
    waits_for_bill = fields.Boolean(readonly=True, copy=False, string="Waiting for the bill")
    log_ids = fields.One2many("vip.retention.log", "case_id", string="Steps")
    proposes_visit = fields.Boolean(
        compute="_compute_private", compute_sudo=True, string="Home visit proposed"
    )

    _number_uniq = models.UniqueIndex(
        "(name) WHERE name <> ''", "Another retention case has this number already."
    )
    _open_partner_idx = models.Index("(partner_id) WHERE state <> 'closed'")
    _open_idx = models.Index("(deadline, closing_date, id DESC) WHERE state <> 'closed'")
    _outcome_set = models.Constraint(
        "CHECK ((state = 'closed') = (outcome IS NOT NULL))",
        "A closed case has an outcome, an open one has none.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = case.name and self.env._(
                "%(number)s, %(customer)s",
                number=case.name,
                customer=case.partner_id.display_name,
            )

    @api.depends("number_ids")
    def _compute_concerned(self):
        for case in self:
            case.concerned = case._masked(case.number_ids)

    @api.depends("state", "departure_ids.kind", "departure_ids.effective_on", "departure_ids.state")
    def _compute_closing_date(self):
        for case in self:
            asked = case.departure_ids
            # a number that left already is no reason to hurry about the others
            leaving = asked._leaving(ANNOUNCED)
            if not leaving and case.state == CLOSED:
                leaving = asked._leaving(EFFECTIVE)
            case.closing_date = leaving._first_day()

    @api.depends("departure_ids.kind", "departure_ids.state")
    def _compute_is_port_out(self):
        for case in self:
            kinds = case.sudo().departure_ids.filtered(lambda one: one.state != WITHDRAWN)
            case.is_port_out = PORT_OUT in kinds.mapped("kind")

    @api.depends("deadline", "state")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for case in self:
            case.is_overdue = bool(case.deadline) and case.deadline <= now

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("deadline", "<=", fields.Datetime.now())

    @api.depends("proposal_ids.answer", "proposal_ids.approval")
    def _compute_proposal_id(self):
        for case in self:
            case.proposal_id = case.sudo().proposal_ids.sorted("id")[-1:].id

    @api.model
    def _group_expand_state(self, states, _domain):
        """Columns for what is still to be done stand also where they are empty."""
        return [
            state
            for state, _label in self._fields["state"].selection
            if state in states or state in OPEN_STATES
        ]

    @api.depends("value", "user_id", "state", "partner_id.vip_membership_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_private(self):
        """What only who works on the case sees, and who may read the customer's VIP page."""
        allowed = self._with_insight()
        top = self._top_tier()
        for case in self:
            shown = case if case in allowed else case.browse()
            case.value_at_stake = shown.value
            case.customer_type_id = shown.partner_id.vip_membership_id.customer_type_id
            case.proposes_visit = bool(shown) and case._is_worth_a_visit(top)

    @api.depends("facts", "user_id", "state", "partner_id.vip_membership_id")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_snapshot(self):
        allowed = self._with_insight()
        names = allowed._names_in_facts()
        for case in self:
            case.snapshot = case in allowed and case._named_facts(names)

    def _top_tier(self):
        return self.env["vip.tier"].sudo().search([], limit=1, order="rank desc")

    def _is_worth_a_visit(self, top):
        """Where the standard proposes a home visit; run as superuser.

        :param top: the highest tier
        """
        return (
            self.was_protected
            or (bool(top) and self.tier_id == top)
            or self.value >= self.company_id.vip_visit_value
        )

    def _with_insight(self):
        """Of these cases those whose private facts the user may see, as superuser."""
        cases = self.sudo()
        mine = cases.filtered(
            lambda case: (
                case.user_id.id == self.env.uid and (case.state != CLOSED or case._in_the_talk())
            )
        )
        members = (cases - mine).partner_id.vip_membership_id.with_env(self.env(su=False))
        if not members.browse().has_access("read"):
            return mine
        readable = members._filtered_access("read").partner_id
        return mine | cases.filtered(lambda case: case.partner_id.id in readable._ids)

    def _inverse_customer_type_id(self):
        for case in self:
            if not case._with_insight():
                raise AccessError(
                    self.env._(
                        "The type of a customer belongs to his private profile: it is set by who works on "
                        "%s, or looks after him.",
                        case.name,
                    )
                )
            # a desk agent who talks to him sees no VIP page
            case.sudo().partner_id.vip_membership_id.customer_type_id = case.customer_type_id

    @api.constrains("number_ids", "state")
    def _check_numbers(self):
        for case in self.sudo():
            if case.number_ids.partner_id - case.partner_id:
                raise ValidationError(
                    self.env._(
                        "The numbers of %(case)s are not all of “%(customer)s”. Choose numbers of his.",
                        case=case.name or self.env._("this case"),
                        customer=case.partner_id.display_name,
                    )
                )
        is_open = self.sudo().filtered(lambda case: case.state != CLOSED)
        others = (
            self.sudo()
            .search(
                Domain("partner_id", "in", is_open.partner_id.ids) & Domain("state", "!=", CLOSED)
            )
            .grouped("partner_id")
        )
        for case in is_open:
            twin = (others[case.partner_id] - case)._with_stake(case.number_ids)[:1]
            if twin:
                raise ValidationError(
                    self.env._(
                        "“%(customer)s” has the open case %(case)s for this already. Go on there.",
                        customer=case.partner_id.display_name,
                        case=twin.name,
                    )
                )

    @api.constrains("kept_number_ids")
    def _check_kept(self):
        for case in self.sudo():
            stake, kept = case.number_ids, case.kept_number_ids
            if kept - stake or (stake and not kept):
                raise ValidationError(
                    self.env._(
                        "He keeps one or more of the numbers of %s. Choose from those; who keeps none "
                        "leaves.",
                        case.name or self.env._("this case"),
                    )
                )

    def _with_stake(self, numbers):
        """Of the cases of one customer those in which one of these numbers is; without numbers, those about
        himself."""
        return self.filtered(
            lambda case: case.number_ids & numbers if numbers else not case.number_ids
        )

    # ------------------------------------------------------------
    # CHANGING
    # ------------------------------------------------------------

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        self.check_access("write")
        for case in self:
            case._check_frozen(vals)
            case._check_dispatched(vals)
        result = super().write(vals)
        if vals.get("reason_id"):
            for case in self:
                case._reason_heard()
        if vals.get("analysis"):
            self.sudo()._log("analysis", vals["analysis"])
        return result

    def _check_frozen(self, vals):
        fixed = {"partner_id", "source", "departure_id", "number_ids"} & vals.keys()
        if fixed and self.name:
            raise UserError(
                self.env._(
                    "Customer, source and numbers of %s are fixed with its facts. What else he wants to "
                    "close is another request to leave, and joins this case.",
                    self.name,
                )
            )
        if "kept_number_ids" in vals and self.state not in TALKING:
            raise UserError(
                self.env._(
                    "Which numbers he keeps was agreed when he accepted in %s; whether he is kept is judged "
                    "by these.",
                    self.name,
                )
            )
        if self.state != CLOSED:
            return
        late = vals.keys() & (CONTENT | SURVEY)
        if late and not (self._in_the_talk() and late <= SURVEY):
            raise UserError(
                self.env._(
                    "%(case)s was closed on %(time)s and stays as it is. Write what we learn from it into "
                    "the analysis.",
                    case=self.name,
                    time=format_datetime(self.env, self.closed_at),
                )
            )

    def _check_dispatched(self, vals):
        """:raise UserError: the case is somebody else's to write; what he says as he finally refuses is
        written down by who he says it to"""
        written = vals.keys() & BY_HAND
        if written and self.state != CLOSED and not (written <= SURVEY and self._in_the_talk()):
            self._check_not_elsewhere()

    def _in_the_talk(self):
        """Whether the user noted the customer's final refusal in this case today: what he says besides is
        still written down."""
        who, when = self.closed_by, self.outcome == REFUSED and self.closed_at
        if self.state != CLOSED and (refusal := self._final_refusals().get(self)):
            who, when = refusal.user_id, refusal.date
        return (
            bool(when)
            and who.id == self.env.uid
            and self.company_id._vip_local(when).date() == self.company_id._vip_today()
        )

    def _reason_heard(self):
        case = self.sudo()
        case._log("reason", ": ".join(filter(None, (case.reason_id.complete_name, case.detail))))
        if case.state == NEW:
            case.state = ANALYSED
        if case.ends_offers and case.state in TALKING:
            case.proposal_ids._end(ENDED)
            case._drop_tasks("approval")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        for case in self:
            raise UserError(
                self.env._(
                    "%s is evidence of how a customer was treated; it is not deleted.", case.name
                )
            )

    # ------------------------------------------------------------
    # WHO MAY WHAT
    # ------------------------------------------------------------

    def _authority(self):
        """What the user may grant in this case: a lead outside his branches is an account manager for his own
        customers, and an account manager outside his portfolio is a desk agent."""
        user = self.env.user
        if user.has_group("vip_customer.group_vip_manager"):
            return MANAGER
        member = self.sudo().partner_id.vip_membership_id
        own = member.with_env(self.env(su=False))
        if not user.has_group("vip_customer.group_vip_user") or not own.has_access("write"):
            return DESK
        leads = member.team_id.user_id == user and user.has_group("vip_customer.group_vip_lead")
        return LEAD if leads else ACCOUNT_MANAGER

    def _lock(self):
        """Nobody else moves these cases now, or contacts their customers: who comes second fails, and is told
        what happened when Odoo tries again. An update, because only that makes him fail where the first one
        left no other trace in the case."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_retention_case c SET partner_id = c.partner_id
                  FROM (SELECT id FROM vip_retention_case WHERE id = ANY(%s)
                         ORDER BY id FOR NO KEY UPDATE) l
                 WHERE l.id = c.id
                """,
                self.ids,
            )
        )

    def _begin_step(self, *states):
        """The cases as superuser, after the caller's rights were checked and nobody else can move them.

        :param states: those in which the step may be taken
        :raise AccessError: the caller does not work cases, or not in this company
        :raise UserError: one of them is in another state, was finally refused, or was dispatched
        """
        self._require("write")
        self._lock()
        refused = self._final_refusals()
        for case in self:
            if case.state not in states or case in refused:
                raise UserError(case._wrong_state_sentence(refused.get(case)))
            case._check_not_elsewhere()
        return self.sudo()

    def _is_elsewhere(self):
        """Whether the case was dispatched to somebody else, and the user is only the desk in it."""
        elsewhere = self.dispatched_at and self.user_id and self.user_id != self.env.user
        return bool(elsewhere) and self._authority() == DESK

    def _check_not_elsewhere(self):
        if self._is_elsewhere():
            raise UserError(
                self.env._(
                    "%(case)s was dispatched to %(user)s on %(time)s, who goes on with it. Tell him what "
                    "the customer said; if he wants to leave for good, use the final refusal.",
                    case=self.name,
                    user=self.user_id.sudo().name,
                    time=format_datetime(self.env, self.dispatched_at),
                )
            )

    def _final_refusals(self):
        """dict case -> log row of the final refusal, of those that were refused; of two people who noted it
        at once the first."""
        rows = (
            self.env["vip.retention.log"]
            .sudo()
            .search([("case_id", "in", self.ids), ("step", "=", FINAL_REFUSAL)], order="id desc")
        )
        return {self.browse(row.case_id.id): row for row in rows}

    def _wrong_state_sentence(self, refusal=None):
        """Why a step cannot be taken: what happened, who did it and when."""
        if refusal:
            return self.env._(
                "The customer's final refusal in %(case)s was noted by %(user)s on %(time)s: no offers and "
                "no contacts any more.",
                case=self.name,
                user=refusal.user_id.name,
                time=format_datetime(self.env, refusal.date),
            )
        if self.state == CLOSED:
            return self.env._(
                "%(case)s was closed by %(user)s on %(time)s: %(outcome)s.",
                case=self.name,
                user=self.closed_by.sudo().name,
                time=format_datetime(self.env, self.closed_at),
                outcome=self._label("outcome"),
            )
        step = self.sudo().log_ids.filtered(lambda row: row.step in MOVING)[-1:]
        return self.env._(
            "%(case)s is in the state “%(state)s” since %(user)s did this on %(time)s: %(step)s.",
            case=self.name,
            state=self._label("state"),
            user=step.user_id.name,
            time=format_datetime(self.env, step.date),
            step=step._label(),
        )

    def _needed(self, model_name, record_id):
        """As ``_given``, and there has to be one.

        :raise UserError: there is none
        """
        record = self._given(model_name, record_id)
        if not record:
            raise UserError(
                self.env._("Something is missing: %s.", self.env["ir.model"]._get(model_name).name)
            )
        return record

    def _masked(self, numbers):
        """Numbers as everybody may read them, False where there are none."""
        shown = [masked(line.number) for line in numbers]
        return format_list(self.env, shown) if shown else False

    def _label(self, name):
        return dict(self._fields[name]._description_selection(self.env)).get(self[name], "")

    def _log(self, step, content=False):
        """Note a step of these cases, by the user; run as superuser.

        :param content: text, or a dict case -> text
        """
        texts = content if isinstance(content, dict) else dict.fromkeys(self, content)
        self.env["vip.retention.log"].create(
            [
                {
                    "case_id": case.id,
                    "partner_id": case.partner_id.id,
                    "company_id": case.company_id.id,
                    "date": fields.Datetime.now(),
                    "user_id": self.env.uid,
                    "step": step,
                    "content": texts.get(case) or False,
                }
                for case in self.union()  # a caller may have named one twice
            ]
        )
        self.invalidate_recordset(["log_ids"])

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """:raise UserError: somebody writes to the customer, who may not be written to any more"""
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        sent, customer = message.sudo(), self.partner_id
        is_reached = customer.id in [row["id"] for row in recipients]
        # what goes to followers because a field changed is no letter, and stops no step
        is_letter = sent.message_type in ("comment", "email_outgoing", "sms")
        if is_reached and (is_letter or customer in sent.partner_ids):
            try:
                self.sudo()._check_message()
            except UserError:
                if not self.env.su:
                    raise
                # planned before; refused, it would hold up what others planned
                return [row for row in recipients if row["id"] != customer.id]
        return recipients

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        # noting a contact follows from having had it
        self.sudo().partner_id.vip_membership_id._note_sent(message.sudo(), recipients, kwargs)
        self.sudo()._count_message(message)
        return recipients

    def _message_post_after_hook(self, message, msg_values):
        # as above
        self.sudo().partner_id.vip_membership_id._note_received(message.sudo())
        return super()._message_post_after_hook(message, msg_values)

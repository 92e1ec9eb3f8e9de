from datetime import date

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, html_escape

from ..tools.greeting_days import START, earliest
from .vip_greeting_rule import CARD, EMAIL, MEDIA, SMS
from .vip_occasion import EVENTS
from .vip_outgoing_file import LABELS, MESSAGES

GIFT = "gift"
QUEUED, SENT, FILED, TASK, SKIPPED, FAILED = (
    "queued",
    "sent",
    "filed",
    "task",
    "skipped",
    "failed",
)
LATE, OPTED_OUT, NO_NUMBER, NUMBER_BLOCKED = "late", "opted_out", "no_number", "number_blocked"
DO_NOT_DISTURB = "do_not_disturb"
NO_EMAIL, EMAIL_BLOCKED, NO_ADDRESS = "no_email", "email_blocked", "no_address"
NOBODY, TEMPLATE, DELIVERY = "nobody", "template", "delivery"
FILE_KINDS = {SMS: MESSAGES, CARD: LABELS}
GIFT_BENEFIT = "FAMILY"
BATCH = 1000


class VipGreeting(models.Model):
    """One greeting of one customer, or one message about what happened to him: what became of it, and why
    where nothing did.

    SPECIFICATION

    Each customer is greeted once a year on an occasion by each medium; the year is the lunar one for
    a lunar birthday. He is told once by each medium of each time his tier or his account manager changed
    (``slot`` is the day of it). Who is due is found in ``vip_greeting_due.py``. A row is written when
    something was decided: handed to Odoo's queue of texts or mails, written into an outgoing file, made
    a task for the account manager, or skipped with a reason. What was decided is not decided again.

    Texts and mails go out at a decent hour of the customer's own time zone, see
    ``tools/greeting_days.py``; after the last one of the day it is too late, nobody is greeted a day
    late. What happened is told at the next decent hour, on a later day too. Cards and gifts are prepared
    some days ahead; what is against one is decided on the day itself.
    Nothing happens on a day of mourning.
    """

    _name = "vip.greeting"
    _description = "Greeting of a VIP customer"
    _inherit = "vip.customer.record"
    _order = "date desc, id desc"

    occasion_id = fields.Many2one("vip.occasion", required=True, ondelete="restrict", index=True)
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="restrict", index=True)
    year = fields.Integer(required=True, aggregator=None)
    medium = fields.Selection([*MEDIA, (GIFT, "Gift")], required=True)
    slot = fields.Date(
        compute="_compute_slot",
        store=True,
        precompute=True,
        required=True,
        readonly=False,
        help="What is told once only: the year, by its first day, or the day on which it happened.",
    )
    date = fields.Date(required=True, help="The day of the occasion.")
    state = fields.Selection(
        [
            (QUEUED, "In the queue"),
            (SENT, "Sent"),
            (FILED, "In a file"),
            (TASK, "Task"),
            (SKIPPED, "Skipped"),
            (FAILED, "Failed"),
        ],
        required=True,
        index=True,
    )
    reason = fields.Selection(
        [
            (LATE, "Too late in the day"),
            (OPTED_OUT, "Wishes no greetings"),
            (DO_NOT_DISTURB, "Do not disturb"),
            (NO_NUMBER, "No telephone number"),
            (NUMBER_BLOCKED, "Number on the blacklist"),
            (NO_EMAIL, "No e-mail address"),
            (EMAIL_BLOCKED, "E-mail address on the blacklist"),
            (NO_ADDRESS, "No postal address"),
            (NOBODY, "Neither account manager nor team lead"),
            (TEMPLATE, "Template cannot be filled in"),
            (DELIVERY, "Not delivered"),
        ],
    )
    detail = fields.Char(help="What the template or the gateway said.")
    address = fields.Char(string="Sent to", help="Telephone number or e-mail address.")
    text = fields.Text()
    not_before = fields.Datetime(string="Not before")
    sms_id = fields.Many2one(
        "sms.sms",
        string="Queued text",
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    mail_id = fields.Many2one(
        "mail.mail",
        string="Queued e-mail",
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    file_id = fields.Many2one(
        "vip.outgoing.file",
        string="Outgoing file",
        ondelete="restrict",
        index="btree_not_null",
        groups="vip_customer.group_vip_manager,vip_customer.group_vip_auditor",
    )

    _once_a_year = models.Constraint(
        "UNIQUE (partner_id, occasion_id, slot, medium)",
        "This customer was greeted on this occasion this year, or told of this, already.",
    )
    _to_follow_idx = models.Index("(id) WHERE state = 'queued'")
    _to_file_idx = models.Index("(company_id) WHERE state = 'filed' AND file_id IS NULL")

    @api.depends("year")
    def _compute_slot(self):
        for greeting in self:
            greeting.slot = greeting.slot or date(greeting.year, 1, 1)

    @api.depends("partner_id", "occasion_id")
    def _compute_display_name(self):
        for greeting in self:
            greeting.display_name = self.env._(
                "%(customer)s, %(occasion)s",
                customer=greeting.partner_id.display_name or "",
                occasion=greeting.occasion_id.name or "",
            )

    # ------------------------------------------------------------
    # SCHEDULED ACTION
    # ------------------------------------------------------------

    @api.model
    def _cron_greet(self):
        """Every half hour: greet who is due, company by company, in batches of one transaction each.
        Running it twice sends nothing twice."""
        cron = self.env["ir.cron"]
        self._follow_queues()
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            now = fields.Datetime.now()
            greetings = self.with_company(company).with_context(lang=company._vip_lang())
            while greetings._greet_batch(now):
                if not cron._commit_progress():
                    return
            greetings._write_files(now)
            if not cron._commit_progress(1):
                return

    def _greet_all(self, now):
        """Greet everybody of the company who is due at this moment, and write the files."""
        self._decide_all(now)
        self._write_files(now)

    def _decide_all(self, now):
        while self._greet_batch(now):
            pass

    def _greet_batch(self, now):
        """Decide about some who are due and hand their greetings out; False when nobody is left."""
        due = self._due(now, BATCH)
        greetings = self.create([self._prepare(row) for row in due])
        rules = self.env["vip.greeting.rule"]
        by_rule = {}
        for greeting, row in zip(greetings, due, strict=True):
            key = rules.browse(row.rule_id), greeting.medium
            by_rule[key] = by_rule.get(key, self) | greeting
        for (rule, medium), group in by_rule.items():
            group.filtered(lambda greeting: greeting.state != SKIPPED)._hand_out(rule, medium)
        if greetings.mail_id:
            # the queue runs once an hour: the decent hours may be over by then
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return bool(due)

    def _prepare(self, row):
        """The record of somebody who is due."""
        state = {CARD: FILED, GIFT: TASK}.get(row.medium, QUEUED)
        if row.medium == SMS and self._by_file():
            state = FILED
        return {
            "partner_id": row.partner_id,
            "occasion_id": row.occasion_id,
            "tier_id": row.tier_id,
            "year": row.year,
            "slot": row.slot,
            "medium": row.medium,
            "date": row.date,
            "state": SKIPPED if row.reason else state,
            "reason": row.reason,
            "address": {SMS: row.number, EMAIL: row.email}.get(row.medium),
            "not_before": row.not_before,
        }

    @api.model
    def _by_file(self):
        """Whether the company's texts go through a gateway of its own."""
        return self.env.company.vip_greeting_gateway == "file"

    # ------------------------------------------------------------
    # HANDING OUT
    # ------------------------------------------------------------

    def _hand_out(self, rule, medium):
        """Hand greetings of one rule to the queue, the file or the person they are for.

        Where a template cannot be filled in for a customer, his greeting fails and nobody else's: each
        is handed out on its own then.
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                {
                    SMS: self._hand_out_texts,
                    EMAIL: self._hand_out_mails,
                    CARD: lambda rule: None,
                    GIFT: self._hand_out_gifts,
                }[medium](rule)
        except (UserError, ValueError) as error:
            if len(self) == 1:
                self.write({"state": FAILED, "reason": TEMPLATE, "detail": str(error)})
                return
            for greeting in self:
                greeting._hand_out(rule, medium)

    def _hand_out_texts(self, rule):
        members = self.partner_id.vip_membership_id
        languages = {member.id: member.partner_id.lang or self.env.lang for member in members}
        texts = rule.sms_template_id._render_field("body", members.ids, res_ids_lang=languages)
        for greeting in self:
            greeting.text = texts[greeting.partner_id.vip_membership_id.id]
        queued = self.filtered(lambda greeting: greeting.state == QUEUED)
        messages = self.env["sms.sms"].create(
            [
                {
                    "number": greeting.address,
                    "body": greeting.text,
                    "partner_id": greeting.partner_id.id,
                }
                for greeting in queued
            ]
        )
        for greeting, message in zip(queued, messages, strict=True):
            greeting.sms_id = message

    def _hand_out_mails(self, rule):
        members = self.partner_id.vip_membership_id
        mails = rule.mail_template_id.send_mail_batch(members.ids)
        by_member = dict(zip(members.ids, mails, strict=True))
        for greeting in self:
            greeting.mail_id = by_member[greeting.partner_id.vip_membership_id.id]

    def _hand_out_gifts(self, _rule):
        """A task on each customer's membership for who looks after him."""
        model_id = self.env["ir.model"]._get_id("vip.membership")
        activity_type = self.env.ref("vip_customer.mail_activity_type_gift")
        wishes, left = self._gift_wishes(), self._gifts_left()
        tasks = []
        for greeting in self:
            member = greeting.partner_id.vip_membership_id
            user = member._responsible()
            note = greeting.with_context(lang=user.lang)._gift_note(
                wishes.get(member.partner_id), left.get(member.partner_id)
            )
            tasks.append(
                {
                    "res_model_id": model_id,
                    "res_id": member.id,
                    "activity_type_id": activity_type.id,
                    "user_id": user.id,
                    "date_deadline": greeting.date,
                    "summary": greeting.occasion_id.with_context(lang=user.lang).name,
                    "note": note,
                }
            )
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(tasks)

    def _gift_wishes(self):
        """:return: dict customer -> what he prefers where gifts are concerned"""
        wishes = self.env["vip.preference"].search(
            [("partner_id", "in", self.partner_id.ids), ("type_id.for_gifts", "=", True)]
        )
        return wishes.grouped("partner_id")

    def _gifts_left(self):
        """:return: dict customer -> what he has of the benefit this period, where it is counted"""
        entitlements = self.env["vip.entitlement"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("benefit_id.code", "=", GIFT_BENEFIT),
                ("is_current", "=", True),
                ("is_unlimited", "=", False),
            ]
        )
        return entitlements.grouped("partner_id")

    def _gift_note(self, wishes, entitlement):
        """What the account manager reads in the task, in the language of the context."""
        self.ensure_one()
        lines = [
            self.env._(
                "A gift for %(customer)s: %(occasion)s on %(day)s.",
                customer=self.partner_id.display_name,
                occasion=self.occasion_id.name,
                day=format_date(self.env, self.date),
            )
        ]
        if entitlement:
            lines.append(
                self.env._(
                    "%(left)s of %(granted)s left in this period.",
                    left=entitlement[0].remaining,
                    granted=entitlement[0].granted,
                )
            )
        for wish in (wishes or self.env["vip.preference"]).with_env(self.env):
            lines.append(
                self.env._("%(type)s: %(value)s", type=wish.type_id.name, value=wish.answer)
            )
        if not wishes:
            lines.append(self.env._("What the customer would like is not known yet: ask."))
        return Markup("<br/>").join(html_escape(line) for line in lines)

    # ------------------------------------------------------------
    # FILES
    # ------------------------------------------------------------

    def _write_files(self, now):
        """Put the company's greetings that wait for a file into one of each kind."""
        day = self.env.company._vip_local(now).date()
        for kind, greetings in self._without_file().items():
            if greetings:
                self.env["vip.outgoing.file"]._create_for(self.env.company, kind, day, greetings)

    def _without_file(self):
        """:return: dict kind of file -> greetings of the company that wait for one"""
        waiting = self.search(
            [
                ("company_id", "=", self.env.company.id),
                ("state", "=", FILED),
                ("file_id", "=", False),
            ]
        )
        by_medium = waiting.grouped("medium")
        return {kind: by_medium.get(medium, self.browse()) for medium, kind in FILE_KINDS.items()}

    def _file_row(self):
        """The cells of this greeting in its outgoing file."""
        self.ensure_one()
        partner = self.partner_id
        if self.medium == CARD:
            street = ", ".join(filter(None, [partner.street, partner.street2]))
            return [partner.name or "", street, partner.city or "", self.occasion_id.name]
        is_event = self.occasion_id.kind in EVENTS
        when = self.slot.strftime("%Y%m%d") if is_event else self.year
        reference = f"{self.occasion_id.code}-{when}-{partner.id}"
        return [self.address, self.text or "", self._not_before_iso(), reference]

    def _not_before_iso(self):
        """The moment in the company's time zone, with its offset."""
        local = self.company_id._vip_local(self.not_before)
        minutes = round((local - self.not_before).total_seconds() / 60)
        sign = "-" if minutes < 0 else "+"
        hours, minutes = divmod(abs(minutes), 60)
        return f"{local.isoformat(timespec='seconds')}{sign}{hours:02}:{minutes:02}"

    # ------------------------------------------------------------
    # WHAT BECAME OF THEM
    # ------------------------------------------------------------

    @api.model
    def _follow_queues(self):
        """Learn what Odoo's queues did with what is in them, and take out what is a day late."""
        queued = self.search([("state", "=", QUEUED)])
        queued._cancel_late()
        queued._follow_texts()
        queued._follow_mails()

    def _cancel_late(self):
        """Take out of the queues what is still there when the customer's day is over."""
        now = fields.Datetime.now()
        late = self.filtered(lambda greeting: greeting._is_over(now))
        late.sms_id.filtered(lambda message: message.state == "outgoing").action_set_canceled()
        late.mail_id.filtered(lambda mail: mail.state == "outgoing").cancel()

    def _is_over(self, now):
        local = self.company_id._vip_local(now, self.partner_id.tz)
        day = self.date
        if self.not_before:
            day = max(day, self.company_id._vip_local(self.not_before, self.partner_id.tz).date())
        return earliest(day, START, local) is None

    def _follow_texts(self):
        reasons = dict(self.env["sms.sms"]._fields["failure_type"]._description_selection(self.env))
        for greeting in self.filtered(lambda greeting: greeting.medium == SMS):
            message = greeting.sms_id
            if message.state in ("error", "canceled"):
                greeting._fail(reasons.get(message.failure_type))
            elif not message or message.state in ("pending", "sent"):
                greeting.state = SENT  # Odoo deletes what was sent

    def _follow_mails(self):
        for greeting in self.filtered(lambda greeting: greeting.medium == EMAIL):
            mail = greeting.mail_id
            if mail.state in ("exception", "cancel"):
                greeting._fail(mail.failure_reason)
            elif not mail or mail.state in ("sent", "received"):
                greeting.state = SENT  # Odoo deletes what was sent

    def _fail(self, detail):
        self.write({"state": FAILED, "reason": DELIVERY, "detail": detail})

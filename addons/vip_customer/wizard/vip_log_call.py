from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.vip_interaction import PURPOSES, RATINGS
from ..models.vip_preference_type import BIRTHDAY
from ..tools.greeting_days import LUNAR, SOLAR


class VipLogCall(models.TransientModel):
    """The one quick dialog that notes a contact: at the hotline, on the VIP page, card or list.

    Who answers the hotline may note a call of every customer of his company, and reads no
    interactions: those of an account manager with his customers are not his.
    """

    _name = "vip.log.call"
    _description = "Log a contact"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"partner_id"})

    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    channel_id = fields.Many2one(
        "vip.channel", required=True, default=lambda self: self._default_channel_id()
    )
    purpose = fields.Selection(PURPOSES, default="inbound", required=True)
    result_id = fields.Many2one(
        "vip.interaction.result", required=True, default=lambda self: self._default_result_id()
    )
    date = fields.Datetime(string="Time of contact", help="Empty: now.")
    summary = fields.Text()
    rating = fields.Selection(RATINGS, help="How satisfied the customer was, from 1 to 5.")
    material = fields.Char(string="Material handed over")
    next_step = fields.Char()
    next_step_date = fields.Date(
        string="Until", help="With a day the next step becomes a task of the account manager."
    )

    # what to ask while we talk, for those who may read the private profile; settled when the dialog
    # opens, so that what a colleague notes meanwhile does not turn the answer into that to something else
    ask_id = fields.Many2one(
        "vip.preference.type",
        compute="_compute_ask_id",
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )
    ask = fields.Char(compute="_compute_ask", string="Item to ask")
    ask_kind = fields.Selection(
        [("text", "Text"), ("choice", "Choice"), ("birthday", "Birthday")], compute="_compute_ask"
    )
    ask_consent = fields.Boolean(compute="_compute_ask")
    answer_option_id = fields.Many2one(
        "vip.preference.option", string="Answer", domain="[('type_id', '=', ask_id)]"
    )
    answer = fields.Char(string="In the customer's words")
    answer_birthday = fields.Date(string="Birthday")
    answer_calendar = fields.Selection(
        [(SOLAR, "Solar"), (LUNAR, "Lunar")], default=SOLAR, string="Birthday calendar"
    )
    answer_consent = fields.Boolean(string="The customer agrees that this is recorded")

    @api.depends("partner_id")
    def _compute_ask_id(self):
        for dialog in self:
            dialog.ask_id = dialog._readable_member().ask_next_id

    @api.depends("ask_id")
    def _compute_ask(self):
        for dialog in self:
            member, kind = dialog._readable_member(), dialog.ask_id
            dialog.ask = member.ask_next if member.ask_next_id == kind else kind.name
            dialog.ask_kind = kind and (BIRTHDAY if kind._is_birthday else kind.kind)
            dialog.ask_consent = kind.consent_needed

    def _readable_member(self):
        """The customer's membership, empty where his profile is closed to the caller."""
        member = self.partner_id.vip_membership_id
        return member if member and member.has_access("write") else member.browse()

    @api.model
    def _default_channel_id(self):
        return self.env.ref("vip_customer.channel_hotline", raise_if_not_found=False)

    @api.model
    def _default_result_id(self):
        return self.env.ref("vip_customer.interaction_result_reached", raise_if_not_found=False)

    def action_confirm(self):
        """Note the contact as an interaction of this customer, by the caller.

        :raise AccessError: the caller has no role at the desk, or not in this customer's company
        :raise UserError: the contact is not in the programme, or the day of the next step is over
        """
        self._require_one()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        member = self.partner_id._vip_member().sudo()  # checked; read and planned for narrowly
        self._check_next_step(member)
        interaction = self._note()
        self._plan_next_step(member)
        self._keep_answer(interaction)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The contact with %s is noted.", self.partner_id.display_name
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _note(self):
        """Note the contact, after the caller was checked; meant to be extended.

        :return: the interaction, as superuser: noting is everybody's at the desk, reading the timeline is not
        """
        return self.env["vip.interaction"].sudo().create(self._prepare_interaction())

    def _prepare_interaction(self):
        return {
            "partner_id": self.partner_id.id,
            "date": self.date or fields.Datetime.now(),
            "user_id": self.env.uid,
            "channel_id": self.channel_id.id,
            "purpose": self.purpose,
            "result_id": self.result_id.id,
            "summary": self.summary,
            "rating": self.rating,
            "material": self.material,
            "next_step": self.next_step,
        }

    def _check_next_step(self, member):
        if self.next_step_date and self.next_step_date < member.company_id._vip_today():
            raise UserError(
                self.env._(
                    "The next step with %s would have been due before today. Choose today or a later "
                    "day, or leave the day empty.",
                    self.partner_id.display_name,
                )
            )

    def _plan_next_step(self, member):
        """:param member: as superuser: who answers the hotline plans for the account manager"""
        if self.next_step_date:
            member.activity_schedule(
                "mail.mail_activity_data_todo",
                self.next_step_date,
                summary=self.next_step or self.env._("Follow up"),
                note=self.summary,
                user_id=(member._responsible() or self.env.user).id,
            )

    def _keep_answer(self, interaction):
        """Write down what the customer answered, as the caller: the profile is closed to most."""
        kind = self.ask_id
        if self.ask_kind == BIRTHDAY:
            if self.answer_birthday:
                self.partner_id.vip_membership_id.write(
                    {"birthday": self.answer_birthday, "birthday_calendar": self.answer_calendar}
                )
        elif kind and (self.answer or self.answer_option_id):
            self.env["vip.preference"]._note(
                self.partner_id,
                kind,
                {
                    "value": self.answer,
                    "option_id": self.answer_option_id.id,
                    "consent": self.answer_consent,
                    "interaction_id": interaction.id,
                },
            )

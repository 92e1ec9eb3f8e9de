from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from .vip_interaction_result import WRITTEN, YES

PURPOSES = [
    ("courtesy", "Courtesy"),
    ("plan_check", "Plan check-up"),
    ("new_service", "New-service introduction"),
    ("satisfaction", "Satisfaction"),
    ("update", "Information update"),
    ("retention", "Retention"),
    ("benefit", "Benefit reminder"),
    ("handover", "Handover introduction"),
    ("inbound", "The customer's own concern"),
]
RATINGS = [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
# What happened, as Odoo saw it: nobody rewrites it where Odoo noted it by itself.
SEEN_BY_ODOO = ("partner_id", "date", "channel_id", "result_id")
WRITTEN_CHANNELS = {"sms", "letter", "email"}


class VipInteraction(models.Model):
    """One contact with a customer, or the attempt: the one timeline over all channels.

    Only some results count as a contact (``is_contact``): an unanswered call never does, what was
    delivered without an answer only for texts, letters and e-mails, and nothing automatic at all.

    Whoever notes a contact stays its author (``user_id``); an account manager corrects his own entries
    only. What Odoo sent, received or held lands here by itself, once: see ``vip_interaction_odoo``. Of
    that people add what came of it (summary, rating, next step) and leave what happened.
    """

    _name = "vip.interaction"
    _description = "Interaction"
    _inherit = "vip.customer.record"
    _order = "date desc, id desc"
    _guarded_fields = frozenset(
        {
            "company_id",
            "is_contact",
            "is_automatic",
            "user_id",
            "message_id",
            "event_id",
            "rating_id",
        }
    )

    date = fields.Datetime(required=True, default=lambda self: fields.Datetime.now(), index=True)
    channel_id = fields.Many2one("vip.channel", required=True, ondelete="restrict", index=True)
    purpose = fields.Selection(PURPOSES, default="courtesy", required=True)
    result_id = fields.Many2one(
        "vip.interaction.result", required=True, ondelete="restrict", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="By",
        default=lambda self: self.env.user,
        readonly=True,
        ondelete="restrict",
        index=True,
        help="Empty where the customer wrote to us.",
    )
    summary = fields.Text()
    rating = fields.Selection(RATINGS, help="How satisfied the customer was, from 1 to 5.")
    material = fields.Char(string="Material handed over")
    next_step = fields.Char()
    is_automatic = fields.Boolean(readonly=True, string="Automatic")
    is_contact = fields.Boolean(
        compute="_compute_is_contact", store=True, precompute=True, string="Counts as a contact"
    )
    membership_id = fields.Many2one(related="partner_id.vip_membership_id", related_sudo=False)
    # where it came from by itself
    message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null")
    event_id = fields.Many2one(
        "calendar.event", readonly=True, ondelete="set null", string="Meeting"
    )
    rating_id = fields.Many2one(
        "rating.rating",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        string="Answer",
        help="The customer's answer to a request, which counts once.",
    )

    _message_uniq = models.UniqueIndex(
        "(message_id) WHERE message_id IS NOT NULL", "This message is noted as a contact already."
    )
    _event_uniq = models.UniqueIndex(
        "(event_id, partner_id) WHERE event_id IS NOT NULL",
        "This meeting with the customer is noted as a contact already.",
    )
    _last_contact_idx = models.Index("(partner_id, date DESC) WHERE is_contact IS TRUE")

    @api.depends("result_id", "channel_id", "is_automatic")
    def _compute_is_contact(self):
        for interaction in self:
            counts = interaction.result_id.counts
            written = interaction.channel_id.code in WRITTEN_CHANNELS
            interaction.is_contact = not interaction.is_automatic and (
                counts == YES or (counts == WRITTEN and written)
            )

    @api.depends("channel_id", "date", "company_id")
    def _compute_display_name(self):
        for interaction in self:
            company = interaction.company_id or self.env.company
            interaction.display_name = self.env._(
                "%(channel)s, %(day)s",
                channel=interaction.channel_id.name or "",
                day=format_date(
                    self.env, interaction.date and company._vip_local(interaction.date)
                ),
            )

    @api.constrains("date")
    def _check_date(self):
        for interaction in self:
            if interaction.date > fields.Datetime.now():
                raise ValidationError(
                    self.env._(
                        "The contact with “%s” is dated in the future. Note it when it has happened; "
                        "plan it as an activity until then.",
                        interaction.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        interactions = super().create(vals_list)
        interactions._members()._touch_last_contact()
        return interactions

    def write(self, vals):
        self._check_seen_by_odoo(vals)
        if {"result_id", "channel_id", "date", "partner_id", "is_automatic"}.isdisjoint(vals):
            return super().write(vals)
        before = self._members()  # the customer whose contact it was may be another
        result = super().write(vals)
        (before | self._members())._touch_last_contact()
        return result

    def unlink(self):
        members = self._members()
        result = super().unlink()
        members._touch_last_contact()
        return result

    def _check_seen_by_odoo(self, vals):
        """:raise UserError: somebody rewrites what Odoo noted by itself"""
        names = [name for name in SEEN_BY_ODOO if name in vals]
        if self.env.su or not names:
            return
        self.check_access("write")
        for interaction in self:
            if interaction.message_id or interaction.event_id:
                raise UserError(
                    self.env._(
                        "Odoo noted “%(contact)s” with %(customer)s by itself, so “%(field)s” stays as it "
                        "is. Correct the summary, the rating or the next step, or log another contact.",
                        contact=interaction.display_name,
                        customer=interaction.partner_id.display_name,
                        field=self._fields[names[0]]._description_string(self.env),
                    )
                )

    def _members(self):
        """The memberships of these customers, also where the caller (the hotline) may not read them."""
        return self.sudo().partner_id.vip_membership_id

from odoo import api, fields, models
from odoo.exceptions import ValidationError

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
WRITTEN_CHANNELS = {"sms", "letter", "email"}


class VipInteraction(models.Model):
    """One contact with a customer, or the attempt: the one timeline over all channels.

    Only some results count as a contact (``is_contact``): an unanswered call never does, what was
    delivered without an answer only for texts, letters and e-mails, and nothing automatic at all.
    """

    _name = "vip.interaction"
    _description = "Interaction"
    _inherit = "vip.customer.record"
    _order = "date desc, id desc"
    _guarded_fields = frozenset({"company_id", "is_contact", "is_automatic"})

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
        ondelete="restrict",
        index=True,
    )
    summary = fields.Text()
    rating = fields.Selection(
        [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")],
        help="How satisfied the customer was, from 1 to 5.",
    )
    material = fields.Char(string="Material handed over")
    next_step = fields.Char(string="Next step")
    is_automatic = fields.Boolean(readonly=True, string="Automatic")
    is_contact = fields.Boolean(
        compute="_compute_is_contact", store=True, precompute=True, string="Counts as a contact"
    )

    @api.depends("result_id", "channel_id", "is_automatic")
    def _compute_is_contact(self):
        for interaction in self:
            counts = interaction.result_id.counts
            written = interaction.channel_id.code in WRITTEN_CHANNELS
            interaction.is_contact = not interaction.is_automatic and (
                counts == YES or (counts == WRITTEN and written)
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

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .vip_occasion import EVENTS, SENT_ON, TIER_WARN

SMS, EMAIL, CARD = "sms", "email", "card"
MEDIA = [(SMS, "Text message"), (EMAIL, "E-mail"), (CARD, "Card by post")]


class VipGreetingRule(models.Model):
    """How customers of one tier are greeted, or told of what happened to them, on one occasion, and with
    which words.

    The words are Odoo's templates on the membership, written in each language and rendered in that of
    the customer. With ``gift`` the account manager gets a task beside.
    """

    _name = "vip.greeting.rule"
    _description = "Greeting rule"
    _order = "occasion_id, tier_id desc, medium desc, id"

    occasion_id = fields.Many2one(
        "vip.occasion",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("is_mourning", "=", False), ("kind", "in", SENT_ON)],
    )
    tier_id = fields.Many2one("vip.tier", required=True, ondelete="cascade", index=True)
    medium = fields.Selection(MEDIA, required=True, default=SMS)
    sms_template_id = fields.Many2one(
        "sms.template",
        string="Text template",
        ondelete="restrict",
        index="btree_not_null",
        domain=[("model", "=", "vip.membership")],
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        string="E-mail template",
        ondelete="restrict",
        index="btree_not_null",
        domain=[("model", "=", "vip.membership")],
    )
    gift = fields.Boolean(
        help="The account manager gets a task a week ahead, with what the customer prefers."
    )
    is_event = fields.Boolean(compute="_compute_is_event")
    date_from = fields.Date(
        required=True,
        default=lambda self: self.env.company._vip_today(),
        string="From",
        help="Who entered or changed the tier, or got another account manager, before that day is not "
        "written to any more.",
    )
    days_before = fields.Integer(
        string="Days before",
        default=0,
        required=True,
        help="Of a tier about to drop: so many days before its validity ends.",
        aggregator=None,
    )
    active = fields.Boolean(default=True)

    _days_in_reach = models.Constraint(
        "CHECK (days_before BETWEEN 0 AND 60)",
        "A tier about to drop is known 60 days before its validity ends: give 0 to 60 days.",
    )
    _rule_uniq = models.Constraint(
        "UNIQUE (occasion_id, tier_id, medium, days_before)",
        "There is a rule for this occasion, tier and medium already, perhaps an archived one.",
    )
    _words_set = models.Constraint(
        "CHECK (CASE medium WHEN 'sms' THEN sms_template_id IS NOT NULL"
        " WHEN 'email' THEN mail_template_id IS NOT NULL ELSE TRUE END)",
        "A text message or an e-mail needs the template with its words.",
    )

    @api.depends("occasion_id", "tier_id", "medium")
    def _compute_display_name(self):
        media = dict(self._fields["medium"]._description_selection(self.env))
        for rule in self:
            rule.display_name = self.env._(
                "%(occasion)s, %(tier)s: %(medium)s",
                occasion=rule.occasion_id.name or "",
                tier=rule.tier_id.name or "",
                medium=media.get(rule.medium, ""),
            )

    @api.depends("occasion_id")
    def _compute_is_event(self):
        for rule in self:
            rule.is_event = rule.occasion_id.kind in EVENTS

    @api.constrains("occasion_id", "days_before")
    def _check_kind(self):
        for rule in self:
            occasion = rule.occasion_id
            if occasion.kind not in SENT_ON:
                raise ValidationError(
                    self.env._(
                        "Nothing is sent by itself on “%s”. Let the care plans foresee a touch, or "
                        "choose another occasion.",
                        occasion.name,
                    )
                )
            if rule.days_before and occasion.kind != TIER_WARN:
                raise ValidationError(
                    self.env._(
                        "“%(occasion)s” is not known %(days)s days before. Leave the days before empty.",
                        occasion=occasion.name,
                        days=rule.days_before,
                    )
                )

    @api.constrains("occasion_id")
    def _check_mourning(self):
        for rule in self:
            if rule.occasion_id.is_mourning:
                raise ValidationError(
                    self.env._(
                        "“%s” is a day of mourning: nobody is greeted on it.",
                        rule.occasion_id.name,
                    )
                )

    @api.constrains("sms_template_id", "mail_template_id")
    def _check_template_model(self):
        for rule in self:
            # which model a template is for is no secret
            for template in (rule.sudo().sms_template_id, rule.sudo().mail_template_id):
                if template and template.model != "vip.membership":
                    raise ValidationError(
                        self.env._(
                            "The template “%s” is not written for VIP memberships. Choose one that "
                            "applies to them.",
                            template.name,
                        )
                    )

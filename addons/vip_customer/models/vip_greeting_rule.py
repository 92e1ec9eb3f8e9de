from odoo import api, fields, models
from odoo.exceptions import ValidationError

SMS, EMAIL, CARD = "sms", "email", "card"
MEDIA = [(SMS, "Text message"), (EMAIL, "E-mail"), (CARD, "Card by post")]


class VipGreetingRule(models.Model):
    """How customers of one tier are greeted on one occasion, and with which words.

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
        domain=[("is_mourning", "=", False)],
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
    active = fields.Boolean(default=True)

    _rule_uniq = models.Constraint(
        "UNIQUE (occasion_id, tier_id, medium)",
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

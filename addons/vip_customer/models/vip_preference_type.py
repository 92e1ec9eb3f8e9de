from odoo import api, fields, models
from odoo.exceptions import UserError

TEXT, CHOICE = "text", "choice"
# The code of the item whose answer is the birthday of the VIP page.
BIRTHDAY = "birthday"


class VipPreferenceType(models.Model):
    """Something the company would like to know of its customers.

    Admins add types as they like: what is answered in words or by choosing (only choices add up to a
    distribution of answers), whether consent is needed, of which tiers it is asked, and its weight in how
    complete a profile is.
    """

    _name = "vip.preference.type"
    _description = "Preference type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [(TEXT, "Text"), (CHOICE, "Choice")],
        default=TEXT,
        required=True,
        string="Answered by",
        help="Answers to choose from can be counted; what does not fit is added in words.",
    )
    option_ids = fields.One2many(
        "vip.preference.option", "type_id", string="Possible answers", copy=True
    )
    tier_ids = fields.Many2many(
        "vip.tier",
        "vip_preference_type_tier_rel",
        "type_id",
        "tier_id",
        string="Asked of",
        help="Empty: of every customer, also of those without a tier.",
    )
    consent_needed = fields.Boolean(
        string="Consent needed", help="It is recorded only with the customer's consent."
    )
    weight = fields.Integer(default=5, help="Its share in how complete a profile is.")
    for_gifts = fields.Boolean(
        string="For gifts", help="It is named in the task for a gift, so that the gift pleases."
    )

    _code_uniq = models.Constraint("UNIQUE (code)", "Another preference type has this code.")
    _weight_positive = models.Constraint("CHECK (weight >= 0)", "A weight cannot be negative.")

    @property
    def _is_birthday(self):
        return self.code == BIRTHDAY

    def _is_asked_of(self, tier):
        """Whether this is asked of customers of a tier, or of none."""
        self.ensure_one()
        return not self.tier_ids or tier in self.tier_ids

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # preferences count also where the user may not see them
        preferences = self.env["vip.preference"].sudo()
        used = preferences.search([("type_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "“%s” is in use and cannot be deleted. Archive it instead.", used.type_id.name
                )
            )

from odoo import api, fields, models
from odoo.exceptions import UserError

BIRTHDAY, FESTIVAL = "birthday", "festival"
# Occasions of care plans, by what happens to the customer.
WELCOME, TIER_UP, TIER_WARN, TIER_DOWN = "welcome", "tier_up", "tier_warn", "tier_down"
ANNIVERSARY, MANAGER_NEW, CONTRACT_END = "anniversary", "manager_new", "contract_end"
BENEFIT_END, YEAR_REVIEW = "benefit_end", "year_review"
# What happens to one customer on a day that nobody knew: texts go out after it, see ``vip.greeting``.
EVENTS = (WELCOME, TIER_UP, TIER_WARN, TIER_DOWN, MANAGER_NEW)
SENT_ON = (BIRTHDAY, FESTIVAL, *EVENTS)


class VipOccasion(models.Model):
    """What customers are greeted on, their birthday or a festival with a table of dates, and what else
    care plans know: a tier raised, a contract about to end.

    On the dates of an occasion of mourning nobody is greeted on anything.
    """

    _name = "vip.occasion"
    _description = "Occasion"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            (BIRTHDAY, "Birthday"),
            (FESTIVAL, "Festival"),
            (WELCOME, "Entered the programme"),
            (TIER_UP, "Tier raised"),
            (TIER_WARN, "Tier about to drop"),
            (TIER_DOWN, "Tier lowered"),
            (ANNIVERSARY, "Years with us"),
            (MANAGER_NEW, "New account manager"),
            (CONTRACT_END, "Contract about to end"),
            (BENEFIT_END, "Benefits about to lapse"),
            (YEAR_REVIEW, "Yearly review"),
        ],
        required=True,
        default=FESTIVAL,
        help="What makes the day: a festival has the dates below, everything else happens to the "
        "customer.",
    )
    is_mourning = fields.Boolean(
        string="Day of mourning", help="Nobody is greeted on its dates, on whatever occasion."
    )
    min_age = fields.Integer(
        string="From age",
        help="Only customers who are that old; 0: everybody. Whose birthday is unknown is left out.",
    )
    date_ids = fields.One2many("vip.occasion.date", "occasion_id", string="Dates")
    rule_ids = fields.One2many("vip.greeting.rule", "occasion_id", string="Greeting rules")
    next_date = fields.Date(compute="_compute_next_date", string="Next date")

    _code_uniq = models.Constraint("UNIQUE (code)", "Another occasion has this code.")
    _birthday_is_glad = models.Constraint(
        "CHECK (kind <> 'birthday' OR is_mourning IS NOT TRUE)",
        "A birthday is no day of mourning.",
    )
    _min_age_positive = models.Constraint(
        "CHECK (min_age >= 0)", "The age from which customers are greeted cannot be negative."
    )

    @api.depends("date_ids.date")
    @api.depends_context("company")
    def _compute_next_date(self):
        today = self.env.company._vip_today()
        for occasion in self:
            days = [day for day in occasion.date_ids.mapped("date") if day and day >= today]
            occasion.next_date = min(days, default=False)

    @api.constrains("is_mourning")
    def _check_mourning(self):
        self.with_context(active_test=False).rule_ids._check_mourning()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_greeted(self):
        # greetings count also where the user may not see them
        greetings = self.env["vip.greeting"].sudo()
        greeted = greetings.search([("occasion_id", "in", self.ids)], limit=1)
        if greeted:
            raise UserError(
                self.env._(
                    "Customers were greeted on “%s”, so it cannot be deleted. Archive it instead.",
                    greeted.occasion_id.name,
                )
            )

    @api.model
    def _mourning_days(self, first, last):
        """The days of mourning between two days, both included."""
        dates = self.env["vip.occasion.date"].search(
            [
                ("occasion_id.is_mourning", "=", True),
                ("occasion_id.active", "=", True),
                ("date", ">=", first),
                ("date", "<=", last),
            ]
        )
        return set(dates.mapped("date"))

from math import isnan, nan

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools import profile, profile_sql

COMPARISONS = {"<": SQL("<"), "<=": SQL("<="), ">": SQL(">"), ">=": SQL(">=")}


class VipMembership(models.Model):
    """How complete the private profile is, and what to ask next: arithmetic in ``tools/profile.py``."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    completeness = fields.Integer(
        compute="_compute_profile",
        search="_search_completeness",
        string="Profile completeness",
        help="Weight of what is known, and told in the last 24 months, in percent of all that is asked of "
        "the customer's tier; of customers without a tier only what is asked of everybody.",
    )
    ask_next_id = fields.Many2one(
        "vip.preference.type", compute="_compute_profile", string="Ask this next"
    )
    ask_next = fields.Char(compute="_compute_profile", string="Ask next")

    @api.depends(
        "tier_id",
        "birthday",
        "preference_ids.date",
        "preference_ids.type_id",
        "preference_ids.value",
    )
    def _compute_profile(self):
        kinds = self.env["vip.preference.type"].search(Domain.TRUE)
        by_id = {kind.id: kind for kind in kinds}
        told = {
            (preference.partner_id, preference.type_id): preference.date
            for preference in self.env["vip.preference"].search_fetch(
                [("partner_id", "in", self.partner_id.ids)], ["partner_id", "type_id", "date"]
            )
        }
        days = {company: company._vip_today() for company in self.company_id}
        for member in self:
            today = days[member.company_id]
            items = [
                profile.Item(
                    kind.id,
                    kind.weight,
                    (member.birthday or None)
                    if kind._is_birthday
                    else told.get((member.partner_id, kind)),
                    kind._is_birthday,
                )
                for kind in kinds
                if kind._is_asked_of(member.tier_id)
            ]
            item = profile.ask_next(items, today)
            member.completeness = profile.completeness(items, today)
            member.ask_next_id = item and by_id[item.id]
            member.ask_next = item and member._ask(by_id[item.id], item.told_on)

    def _ask(self, kind, told_on):
        if not told_on:
            return kind.name
        return self.env._(
            "%(item)s (told on %(day)s)", item=kind.name, day=format_date(self.env, told_on)
        )

    def _search_completeness(self, operator, value):
        if operator == "in":
            comparison = SQL("= ANY(%s)", [self._percent(item) for item in value])
        elif operator in COMPARISONS:
            comparison = SQL("%s %s", COMPARISONS[operator], self._percent(value))
        else:
            return NotImplemented
        self.env["vip.preference"].flush_model()
        self.env["vip.preference.type"].flush_model()
        self.flush_model(["tier_id", "birthday"])
        days = [(company.id, company._vip_today()) for company in self.env.companies]
        return Domain("id", "in", SQL("(%s)", profile_sql.completeness(days, comparison)))

    @api.model
    def _percent(self, value):
        """A value that completeness is compared with, as a caller from outside gives it, for SQL.

        :raise UserError: this is no number
        """
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = nan
        if isnan(number):
            raise UserError(
                self.env._(
                    "Profile completeness is a percentage and cannot be compared with “%s”. Give a number "
                    "from 0 to 100.",
                    value,
                )
            )
        return number

    @api.constrains("birthday")
    def _check_birthday(self):
        for member in self:
            if member.birthday and member.birthday > member.company_id._vip_today():
                raise ValidationError(
                    self.env._(
                        "%(customer)s cannot have been born on %(day)s, which is still to come. Check the "
                        "year of the birthday.",
                        customer=member.partner_id.display_name,
                        day=format_date(self.env, member.birthday),
                    )
                )

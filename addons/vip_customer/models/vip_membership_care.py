from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import tier_sql
from ..tools.care_days import MISSED, NEAR_DAYS, PLANNED
from ..tools.tier_rules import ALL

# Customers are warned from 60 days before the end of their validity on; a week earlier it is planned.
WARNING_DAYS = 60 + NEAR_DAYS
OBJECTIONS = {
    "do_not_disturb",
    "do_not_disturb_from",
    "do_not_disturb_until",
    "no_greetings",
}


class VipMembership(models.Model):
    """The care of a customer: what is planned, and whether he wishes to be contacted at all."""

    _inherit = "vip.membership"

    do_not_disturb = fields.Boolean(
        copy=False,
        string="Do not disturb",
        help="Nobody contacts the customer unasked: what the care plan has for that time is skipped.",
    )
    do_not_disturb_from = fields.Date(
        copy=False, string="Do not disturb from", help="First day. Empty: at once."
    )
    do_not_disturb_until = fields.Date(
        copy=False, string="Do not disturb until", help="Last day, included. Empty: for good."
    )
    tier_warning = fields.Date(
        copy=False,
        readonly=True,
        index="btree_not_null",
        string="Tier about to drop after",
        help="End of the validity, where the bills so far earn less than the tier held.",
    )
    touch_count = fields.Integer(compute="_compute_touch_count", string="Open touches")

    _peace_order = models.Constraint(
        "CHECK (do_not_disturb_from <= do_not_disturb_until)",
        "The time in which the customer is left in peace ends before it begins: “Do not disturb until” "
        "must not be before “Do not disturb from”.",
    )

    def _compute_touch_count(self):
        """Touches that are near or missed."""
        counts = dict(
            self.env["vip.care.touch"]._read_group(
                self._open_touches() & Domain("partner_id", "in", self.partner_id.ids),
                ["partner_id"],
                ["__count"],
            )
        )
        for member in self:
            member.touch_count = counts.get(member.partner_id, 0)

    @api.model
    def _open_touches(self):
        """Domain of the touches that wait to be done now or soon."""
        return Domain("state", "=", MISSED) | (
            Domain("state", "=", PLANNED) & Domain("due_date", "<=", "today +7d")
        )

    def write(self, vals):
        result = super().write(vals)
        if not OBJECTIONS.isdisjoint(vals):
            # touches follow from what the customer wishes; they are no right of their own
            self.sudo()._follow_objections()
        return result

    def _follow_objections(self):
        for company, members in self.grouped("company_id").items():
            self.env["vip.care.touch"]._look_after(company, SQL("m.id = ANY(%s)", members.ids))

    @api.model
    def _renew_warnings(self, company):
        """Note whose tier is about to drop: who would earn less than he has if he were judged the day
        after his validity ends, from ``WARNING_DAYS`` before that. Run nightly as superuser; a second run
        writes nothing.
        """
        self.env.flush_all()
        today = company._vip_today()
        last = today + timedelta(days=WARNING_DAYS)
        self.env.cr.execute(
            SQL(
                """UPDATE vip_membership m SET tier_warning = NULL
                    WHERE m.company_id = %s AND m.tier_warning IS NOT NULL
                      AND (m.tier_id IS NULL OR m.tier_warning <> m.valid_until
                           OR m.valid_until NOT BETWEEN %s AND %s)""",
                company.id,
                today,
                last,
            )
        )
        if policy := self.env["vip.tier.policy"].sudo()._in_force(company, today):
            for valid_until in self._ends_of_validity(company, today, last):
                self._warn(company, policy._standard(), valid_until)
        self.invalidate_model(["tier_warning"])

    @api.model
    def _ends_of_validity(self, company, first, last):
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT valid_until FROM vip_membership
                    WHERE company_id = %s AND tier_id IS NOT NULL AND valid_until BETWEEN %s AND %s""",
                company.id,
                first,
                last,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _warn(self, company, standard, valid_until):
        """Judge those whose validity ends on this day."""
        judged = tier_sql.evaluation(
            standard,
            company.id,
            valid_until + timedelta(days=1),
            ALL,
            members=SQL("m.valid_until = %s", valid_until),
        )
        self.env.cr.execute(
            SQL(
                """UPDATE vip_membership m SET tier_warning = f.warning
                     FROM (SELECT e.membership_id,
                                  CASE WHEN coalesce(earned.rank, 0) < held.rank
                                       THEN e.old_valid_until END AS warning
                             FROM (%(judged)s) e
                             JOIN vip_tier held ON held.id = e.old_tier_id
                             LEFT JOIN vip_tier earned ON earned.id = e.earned_tier_id
                            WHERE e.old_valid_until = %(day)s) f
                    WHERE f.membership_id = m.id AND m.tier_warning IS DISTINCT FROM f.warning""",
                judged=judged,
                day=valid_until,
            )
        )

    def action_view_touches(self):
        """Open the customer's touches."""
        return self._action_view("vip_customer.vip_care_touch_action")

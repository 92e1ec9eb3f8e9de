from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.care_days import MISSED, PLANNED

OBJECTIONS = {"do_not_disturb", "do_not_disturb_until", "no_greetings"}


class VipMembership(models.Model):
    """The care of a customer: what is planned, and whether he wishes to be contacted at all."""

    _inherit = "vip.membership"

    do_not_disturb = fields.Boolean(
        copy=False,
        string="Do not disturb",
        help="Nobody contacts the customer unasked: what the care plan has for that time is skipped.",
    )
    do_not_disturb_until = fields.Date(
        copy=False, string="Do not disturb until", help="Last day, included. Empty: for good."
    )
    touch_count = fields.Integer(compute="_compute_touch_count", string="Open touches")

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

    def action_view_touches(self):
        """Open the customer's touches."""
        return self._action_view("vip_customer.vip_care_touch_action")

from odoo import api, fields, models
from odoo.exceptions import UserError


class VipMembership(models.Model):
    """How the customer left, or means to."""

    _inherit = "vip.membership"

    departure_count = fields.Integer(compute="_compute_departure_count", string="Departures")

    def _compute_departure_count(self):
        counts = dict(
            self.env["vip.departure"]._read_group(
                [("partner_id", "in", self.partner_id.ids)], ["partner_id"], ["__count"]
            )
        )
        for member in self:
            member.departure_count = counts.get(member.partner_id, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_departed(self):
        # departures count also where the user may not see them
        domain = [("partner_id", "in", self.partner_id.ids)]
        if departed := self.env["vip.departure"].sudo().search(domain, limit=1):
            raise UserError(
                self.env._(
                    "“%s” has departures, so the membership cannot be deleted. To erase a person, "
                    "anonymise the contact and keep the rows.",
                    departed.partner_id.display_name,
                )
            )

    def action_view_departures(self):
        """Open the customer's departures."""
        return self._action_view("vip_retention.vip_departure_action_customer")

    @api.model
    def _sync_numbers(self, partner_ids):
        """Departures follow the numbers as well."""
        partner_ids = list(partner_ids)
        result = super()._sync_numbers(partner_ids)
        self.env["vip.departure"]._follow_numbers(partner_ids)
        return result

from odoo import api, fields, models
from odoo.exceptions import UserError

from .vip_service_request import OPEN_STATES


class VipMembership(models.Model):
    """What the customer asked for and still waits for."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    request_count = fields.Integer(compute="_compute_request_count", string="Open requests")

    def _compute_request_count(self):
        counts = dict(
            self.env["vip.service.request"]._read_group(
                [("partner_id", "in", self.partner_id.ids), ("state", "in", OPEN_STATES)],
                ["partner_id"],
                ["__count"],
            )
        )
        for member in self:
            member.request_count = counts.get(member.partner_id, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_asked(self):
        # requests count also where the user may not see them
        domain = [("partner_id", "in", self.partner_id.ids)]
        if asked := self.env["vip.service.request"].sudo().search(domain, limit=1):
            raise UserError(
                self.env._(
                    "“%s” has service requests, so the membership cannot be deleted. To erase a person, "
                    "anonymise the contact and keep the rows.",
                    asked.partner_id.display_name,
                )
            )

    def action_view_requests(self):
        """Open the customer's service requests, the open ones first."""
        return self._action_view("vip_customer.vip_service_request_action_customer")

    def action_new_request(self):
        """Open the dialog in which a service request of this customer is opened."""
        self._require_one()
        return self.partner_id.action_vip_request()

    def _warn_of_requests(self, facts):
        """Requests that are overdue: the caller will ask.

        :param facts: as of ``_card_warnings``
        """
        overdue = facts["overdue_requests"]
        if not overdue:
            return []
        if overdue == 1:
            return [self.env._("A service request is overdue.")]
        return [self.env._("%s service requests are overdue.", overdue)]

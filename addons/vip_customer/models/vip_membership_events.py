from odoo import fields, models


class VipMembership(models.Model):
    """The club events to which a customer was invited."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    invitation_count = fields.Integer(compute="_compute_invitation_count", string="Club events")

    def _compute_invitation_count(self):
        counts = dict(
            self.env["vip.event.invitation"]._read_group(
                [("partner_id", "in", self.partner_id.ids)], ["partner_id"], ["__count"]
            )
        )
        for member in self:
            member.invitation_count = counts.get(member.partner_id, 0)

    def action_view_invitations(self):
        """Open the customer's invitations to club events."""
        return self._action_view("vip_customer.vip_event_invitation_action")

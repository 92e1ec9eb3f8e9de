from odoo import models


class VipMembership(models.Model):
    """Who is told of what is written on a VIP page: of the colleagues who follow it, those who may read
    it on that day."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Odoo makes everybody who ever had an activity here a follower, and sends followers what is
        written: a former account manager, a deputy whose time is over. Who is mentioned by name is told,
        as anywhere in Odoo."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        named = set((msg_vals or {}).get("partner_ids") or message.sudo().partner_ids.ids)
        # another user's rights are asked about, whom the writer may not know
        users = self.env["res.users"].sudo()
        return [
            recipient
            for recipient in recipients
            if not recipient.get("uid")
            or recipient["share"]
            or recipient["id"] in named
            or self._may_be_read_by(users.browse(recipient["uid"]))
        ]

    def _may_be_read_by(self, user):
        """Whether a user may read this page, in any of his companies."""
        mine = self.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        return mine.has_access("read")

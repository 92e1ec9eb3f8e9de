from odoo import models

# Of five; so low a rating is called about.
LOW_RATING = 2
CALLBACK_TYPE = "vip_customer.mail_activity_type_request_callback"


class VipServiceRequest(models.Model):
    """How satisfied the customer was: he is asked by e-mail when a request is closed, unless he does not
    wish to be written to; a low rating becomes a task for the lead of his branch."""

    _inherit = "vip.service.request"  # pylint: disable=consider-merging-classes-inherited

    def _ask_satisfaction(self):
        """Run as superuser."""
        self.ensure_one()
        template = self.env.ref(
            "vip_customer.mail_template_request_rating", raise_if_not_found=False
        )
        if template and self._may_be_asked():
            self.rating_send_request(
                template, lang=self.partner_id.lang or self.company_id._vip_lang(), force_send=False
            )

    def _may_be_asked(self):
        """Whether the customer may be written to."""
        address = self.partner_id.email_normalized
        if not address or self._is_left_in_peace():
            return False
        blocked = self.env["mail.blacklist"].search_count([("email", "=", address)], limit=1)
        return not blocked

    def _is_left_in_peace(self):
        member, today = self.partner_id.vip_membership_id, self.company_id._vip_today()
        return (
            member.do_not_disturb
            and (not member.do_not_disturb_from or member.do_not_disturb_from <= today)
            and (not member.do_not_disturb_until or today <= member.do_not_disturb_until)
        )

    def _follow_rating(self, rating):
        """The customer rated this request; run as superuser."""
        value = round(rating.rating)
        if self.interaction_id and value:
            self.interaction_id.write({"rating": str(value), "rating_id": rating.id})
        if 0 < value <= LOW_RATING and not self.activity_search([CALLBACK_TYPE]):
            member = self.partner_id.vip_membership_id
            lead = member.team_id.user_id.filtered("active")
            user = lead or self.company_id.vip_escalation_id or member._responsible()
            self._schedule_tasks([(CALLBACK_TYPE, self.id, user.id)] if user else [])

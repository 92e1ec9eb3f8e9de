from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..tools.care_days import DONE

# Of a long message the timeline shows the beginning.
SUMMARY_LENGTH = 300


class VipInteraction(models.Model):
    """What Odoo sent, received or held lands in the timeline by itself, once each, run as superuser:

    - e-mails and texts that a colleague sent to the customer from his contact or VIP page, and what he
      answers; no internal notes, no mailings, nothing that the programme sends by itself
    - meetings of the calendar with him once they are over (``calendar.event``)
    - calls and meetings that were planned as activities on the VIP page, when somebody marks them done
      (``mail.activity``)
    """

    _inherit = "vip.interaction"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _note_message(self, member, message, channel):
        """Note a message once.

        :param channel: ``email`` or ``sms``
        """
        if self.search_count([("message_id", "=", message.id)], limit=1):
            return
        received = message.author_id == member.partner_id
        author = self._person(message.author_id)
        if not received and not author:
            return  # written by the system
        text = " ".join(html2plaintext(message.body or "").split())
        subject = message.subject if channel == "email" else False
        self.create(
            {
                "partner_id": member.partner_id.id,
                # a sender's clock may be fast
                "date": min(message.date, fields.Datetime.now()),
                "channel_id": self.env.ref(f"vip_customer.channel_{channel}").id,
                "purpose": "inbound" if received else "courtesy",
                "result_id": self._result("replied" if received else "delivered").id,
                "user_id": False if received else author.id,
                "summary": "\n".join(filter(None, (subject, text[:SUMMARY_LENGTH]))),
                "message_id": message.id,
            }
        )

    @api.model
    def _note_meeting(self, member, event, summary=None, user=None):
        """Note a meeting with a customer once, as a visit, or as a call where it was held on screen.

        :param summary: what came of it; without one the meeting's name, where it is not private
        :param user: who says so, the organiser without one
        """
        noted = self.search(
            [("event_id", "=", event.id), ("partner_id", "=", member.partner_id.id)], limit=1
        )
        if noted:
            if summary:
                noted.summary = summary
            return noted
        on_screen = bool(event.videocall_location)
        name = event.name if event.privacy != "private" else False
        return self.create(
            {
                "partner_id": member.partner_id.id,
                "date": min(event.start, fields.Datetime.now()),
                "channel_id": self.env.ref(
                    f"vip_customer.channel_{'phone' if on_screen else 'visit'}"
                ).id,
                "result_id": self._result("reached" if on_screen else "met").id,
                "user_id": (user or event.user_id).id,
                "summary": summary or name,
                "event_id": event.id,
            }
        )

    @api.model
    def _note_activity(self, member, channel, summary, touch):
        """Note what was planned as an activity and is done, by the caller, now.

        :param touch: the touch of the care plan that it was, if any: it is done by this, however far ahead
        """
        interaction = self.with_context(vip_care_touch=touch.id).create(
            {
                "partner_id": member.partner_id.id,
                "date": fields.Datetime.now(),
                "channel_id": channel.id,
                "purpose": touch.purpose or "courtesy",
                "result_id": self.env["vip.interaction.result"]._usual(channel).id,
                "user_id": self.env.uid,
                "summary": summary,
            }
        )
        if touch and touch.state != DONE:
            touch._set_done(interaction)
        return interaction

    @api.model
    def _person(self, partner):
        """The active internal user that this contact is, none for the system."""
        return partner.user_ids.filtered(lambda user: user.active and not user.share)[:1]

    @api.model
    def _result(self, code):
        return self.env.ref(f"vip_customer.interaction_result_{code}")

from odoo import models
from odoo.tools import html2plaintext

MEMBERSHIP = "vip.membership"
# A planned call or meeting by the category of its type, and the channel that it is of.
CHANNEL_OF = {"phonecall": "phone", "meeting": "visit"}


class MailActivity(models.Model):
    """A call or a meeting planned on a VIP page, a touch of the care plan above all, is a contact once
    somebody marks it done: noted once, and the touch is fulfilled.

    A call that no touch belongs to is one only where feedback says what came of it. Without a word it may
    be off the list because nobody answered or nobody called, and nothing is noted: an attempt is logged
    with its result by “Log contact”. Whoever marks a touch or a meeting done says that it took place.
    """

    _inherit = "mail.activity"

    def _to_store_defaults(self, target):
        """The chatter names what has no summary by its display name, which Odoo does not send it."""
        return [*super()._to_store_defaults(target), "display_name"]

    def _action_done(self, feedback=False, attachment_ids=None):
        planned = self._vip_planned()
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        summary = html2plaintext(feedback).strip() if feedback else False
        for activity, touch, channel in planned:
            activity._vip_note(touch, channel, summary)
        return result

    def _vip_planned(self):
        """:return: (activity, touch, channel) of those that are contacts with customers"""
        # what is done already was noted; two windows may both say so
        ours = self.filtered(lambda activity: activity.res_model == MEMBERSHIP and activity.active)
        if not ours or self.env.user._is_superuser():
            return []
        # who marks it done had an activity of it; touches are written by the programme only
        touches = self.env["vip.care.touch"].sudo().search([("activity_id", "in", ours.ids)])
        of_activity = touches.grouped("activity_id")
        care = self.env.ref("vip_customer.mail_activity_type_care")
        planned = []
        for activity in ours:
            touch = of_activity.get(activity.sudo(), touches.browse())[:1]
            if touch.membership_id.id != activity.res_id:
                touch = touches.browse()  # somebody moved the activity to another customer
            code = CHANNEL_OF.get(activity.activity_category)
            if activity.activity_type_id == care:
                code = code or "phone"
            channel = touch.channel_id
            if not channel and code:
                channel = self.env.ref(f"vip_customer.channel_{code}").sudo()
            if channel:
                planned.append((activity, touch, channel))
        return planned

    def _vip_note(self, touch, channel, summary):
        self.ensure_one()
        # as in ``_vip_planned``
        activity = self.sudo()
        member = self.env[MEMBERSHIP].sudo().browse(activity.res_id).exists()
        if not member:
            return
        interactions = self.env["vip.interaction"].sudo()
        touch.activity_id = False  # it is done and stays; a touch that is done deletes its own
        if event := activity.calendar_event_id:
            interactions._note_meeting(member, event, summary, self.env.user)
        elif touch or summary or channel.code != CHANNEL_OF["phonecall"]:
            interactions._note_activity(member, channel, summary or activity.summary, touch)

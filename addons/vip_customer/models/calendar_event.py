from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Meetings that ended longer ago than that before anybody looked are not noted any more.
LOOK_BACK = timedelta(days=7)
BATCH = 200


class CalendarEvent(models.Model):
    """Meetings with customers of the programme are contacts once they are over."""

    _inherit = "calendar.event"

    vip_is_noted = fields.Boolean(
        copy=False,
        readonly=True,
        groups="base.group_system",
        export_string_translation=False,
        help="The contacts with customers that this meeting was are in their timelines.",
    )

    @api.model
    def _cron_note_meetings(self):
        """Note the meetings with customers that are over, every one once."""
        cron = self.env["ir.cron"]
        rows = self._ended_meetings()
        events = self.browse(dict.fromkeys(row[0] for row in rows))
        cron._commit_progress(remaining=len(events))
        partners = {}
        for event_id, member_id in rows:
            partners.setdefault(event_id, []).append(member_id)
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            for event in batch:
                for member in self.env["vip.membership"].browse(partners[event.id]):
                    self.env["vip.interaction"]._note_meeting(member, event)
            batch.vip_is_noted = True
            if not cron._commit_progress(len(batch)):
                break

    @api.model
    def _ended_meetings(self):
        """:return: (event id, membership id) of meetings that a colleague held with a customer who did not
        decline, and that are over"""
        now = fields.Datetime.now()
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """SELECT e.id, m.id
                     FROM calendar_event e
                     JOIN calendar_event_res_partner_rel r ON r.calendar_event_id = e.id
                     JOIN vip_membership m ON m.partner_id = r.res_partner_id
                     JOIN res_users u ON u.id = e.user_id AND u.active IS TRUE AND u.share IS NOT TRUE
                    WHERE e.stop <= %(now)s AND e.stop > %(first)s
                      AND e.active IS TRUE AND e.vip_is_noted IS NOT TRUE
                      AND u.partner_id <> m.partner_id
                      AND NOT EXISTS (SELECT FROM calendar_attendee a
                                       WHERE a.event_id = e.id AND a.partner_id = m.partner_id
                                         AND a.state = 'declined')
                    ORDER BY e.stop, e.id""",
                now=now,
                first=now - LOOK_BACK,
            )
        )

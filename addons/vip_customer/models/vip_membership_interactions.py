from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Interactions that the VIP page shows; its button has the rest.
SHOWN = 20


class VipMembership(models.Model):
    """The contacts with a customer: the latest, and how long ago the last one was that counts."""

    _inherit = "vip.membership"

    last_contact_on = fields.Date(
        readonly=True,
        copy=False,
        index=True,
        string="Last contact",
        help="Day of the last contact that counts: somebody talked to the customer, met him or heard from "
        "him. Unanswered calls and automatic greetings never do.",
    )
    days_since_contact = fields.Integer(
        compute="_compute_days_since_contact",
        search="_search_days_since_contact",
        string="Days since the last contact",
    )
    interaction_ids = fields.Many2many("vip.interaction", compute="_compute_interaction_ids")
    interaction_count = fields.Integer(compute="_compute_interaction_count", string="Interactions")

    def _touch_last_contact(self):
        """Work out ``last_contact_on`` after contacts with these customers were noted, changed or deleted;
        run as superuser. Not a computed field: a book of a million would be worked out on an update."""
        self.env["vip.interaction"].flush_model(["partner_id", "date", "is_contact"])
        for company, members in self.grouped("company_id").items():
            self.env.cr.execute(
                SQL(
                    """UPDATE vip_membership m SET last_contact_on = l.day
                         FROM (SELECT m.id, (max(i.date) AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS day
                                 FROM vip_membership m
                                 LEFT JOIN vip_interaction i
                                   ON i.partner_id = m.partner_id AND i.is_contact IS TRUE
                                WHERE m.id = ANY(%s) GROUP BY 1) l
                        WHERE l.id = m.id AND m.last_contact_on IS DISTINCT FROM l.day""",
                    company._vip_tz(),
                    members.ids,
                )
            )
        self.invalidate_recordset(["last_contact_on"])

    @api.depends("last_contact_on")
    def _compute_days_since_contact(self):
        """0 where there was none, as on the day itself: who needs to know asks ``last_contact_on``."""
        for member in self:
            last = member.last_contact_on
            member.days_since_contact = last and (member.company_id._vip_today() - last).days

    def _search_days_since_contact(self, operator, value):
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        if operator not in mirrored:
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "last_contact_on", mirrored[operator], company._vip_today() - timedelta(days=value)
            )
            for company in self.env.companies
        )

    def _compute_interaction_ids(self):
        found = self.env["vip.interaction"].search([("partner_id", "in", self.partner_id.ids)])
        by_partner = found.grouped("partner_id")
        for member in self:
            member.interaction_ids = by_partner.get(member.partner_id, found.browse())[:SHOWN]

    def _compute_interaction_count(self):
        counts = dict(
            self.env["vip.interaction"]._read_group(
                [("partner_id", "in", self.partner_id.ids)], ["partner_id"], ["__count"]
            )
        )
        for member in self:
            member.interaction_count = counts.get(member.partner_id, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contacted(self):
        # contacts count also where the user may not see them
        interactions = self.env["vip.interaction"].sudo()
        for member in self.sudo():
            domain = [("partner_id", "=", member.partner_id.id)]
            if interactions.search_count(domain, limit=1):
                raise UserError(
                    self.env._(
                        "Contacts with “%s” are noted, so the membership cannot be deleted. To erase a "
                        "person, anonymise the contact and keep the rows.",
                        member.partner_id.display_name,
                    )
                )

    def action_view_interactions(self):
        """Open the whole timeline of the customer."""
        return self._action_view("vip_customer.vip_interaction_action")

    def action_log_contact(self):
        """Open the quick dialog that notes a contact with this customer: a call, unless he says other."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log contact"),
            "res_model": "vip.log.call",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_channel_id": self.env.ref("vip_customer.channel_phone").id,
                "default_purpose": "courtesy",
            },
        }

    # ------------------------------------------------------------
    # MESSAGES
    # ------------------------------------------------------------

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        # noting a contact follows from having had it
        self.sudo()._note_sent(message.sudo(), recipients, kwargs)
        return recipients

    def _message_post_after_hook(self, message, msg_values):
        # as above
        self.sudo()._note_received(message.sudo())
        return super()._message_post_after_hook(message, msg_values)

    def _note_sent(self, message, recipients, parameters):
        """Note an e-mail or a text to one of these customers; run as superuser after it was sent.

        :param recipients: as of ``_notify_thread``
        :param parameters: those of ``_notify_thread``
        """
        if not self or self._is_notification_scheduled(parameters.get("scheduled_date")):
            return
        if message.message_type == "sms":
            channel, numbers = "sms", parameters.get("sms_numbers")
        elif message.message_type in ("comment", "email") and not message.subtype_id.internal:
            channel, numbers = "email", ()
        else:
            return
        reached = {row["id"] for row in recipients or () if row["notif"] == channel}
        for member in self:
            partner = member.partner_id
            address = partner.phone if channel == "sms" else partner.email_normalized
            is_reached = partner.id in reached and address
            if member._has_number(numbers) if numbers else is_reached:
                self.env["vip.interaction"]._note_message(member, message, channel)

    def _has_number(self, numbers):
        """Whether one of these numbers, as somebody typed them, is the customer's."""
        partner = self.partner_id
        own = {partner.phone_sanitized, *partner.vip_number_ids.mapped("number_e164")} - {False}
        return any(partner._phone_format(number=number) in own for number in numbers if number)

    def _note_received(self, message):
        """Note an e-mail from one of these customers; run as superuser."""
        if message.message_type == "email":
            for member in self.filtered(lambda m: m.partner_id == message.author_id):
                self.env["vip.interaction"]._note_message(member, message, "email")

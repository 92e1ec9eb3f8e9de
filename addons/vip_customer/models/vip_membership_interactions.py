from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Interactions that the VIP page shows; its button has the rest.
SHOWN = 20


class VipMembership(models.Model):
    """The contacts with a customer: the latest, and whether the last one that counts was too long ago."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    last_contact_on = fields.Date(
        readonly=True,
        copy=False,
        index=True,
        string="Last contact",
        help="Day of the last contact that counts: somebody talked to the customer, met him or heard from "
        "him. Unanswered calls and automatic greetings never do.",
    )
    is_neglected = fields.Boolean(
        compute="_compute_is_neglected",
        search="_search_is_neglected",
        string="Not contacted for too long",
        help="The last contact that counts, or where there was none the day since which the customer has "
        "had his tier, is longer ago than the care plan of the tier allows.",
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

    @api.depends("last_contact_on", "tier_id", "since")
    def _compute_is_neglected(self):
        plans = self.env["vip.care.plan"].search([("tier_id", "in", self.tier_id.ids)])
        longest = {plan.tier_id: plan.longest_interval for plan in plans}
        today = {company: company._vip_today() for company in self.company_id}
        for member in self:
            last = member.last_contact_on or member.since
            member.is_neglected = bool(
                last
                and member.tier_id in longest
                and (today[member.company_id] - last).days > longest[member.tier_id]
            )

    def _search_is_neglected(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["vip.care.plan"].flush_model(["tier_id", "active", "longest_interval"])
        self.flush_model(["company_id", "tier_id", "since", "last_contact_on"])
        days = SQL(", ").join(
            SQL("(%s, %s::date)", company.id, company._vip_today())
            for company in self.env.companies
        )
        return Domain(
            "id",
            "in",
            SQL(
                """(SELECT m.id FROM vip_membership m
                      JOIN vip_care_plan p ON p.tier_id = m.tier_id AND p.active IS TRUE
                      JOIN (VALUES %s) d (company_id, today) ON d.company_id = m.company_id
                     WHERE d.today - coalesce(m.last_contact_on, m.since) > p.longest_interval)""",
                days,
            ),
        )

    def _compute_interaction_ids(self):
        for member, contacts in self._latest_contacts(SHOWN).items():
            member.interaction_ids = contacts

    def _latest_contacts(self, limit, domain=Domain.TRUE):
        """The latest interactions of each customer that the user may read.

        :param limit: how many of each at most
        :return: dict membership -> interactions, the latest first
        """
        Interaction = self.env["vip.interaction"]
        query = Interaction._search(domain & Domain("partner_id", "in", self.partner_id.ids))
        partner = Interaction._field_to_sql(query.table, "partner_id")
        latest = query.select(
            Interaction._field_to_sql(query.table, "id"),
            SQL(
                "row_number() OVER (PARTITION BY %s ORDER BY %s) AS place",
                partner,
                Interaction._order_to_sql(Interaction._order, query),
            ),
        )
        rows = self.env.execute_query(
            SQL("SELECT id FROM (%s) l WHERE place <= %s ORDER BY place", latest, limit)
        )
        found = Interaction.browse(row[0] for row in rows).grouped("partner_id")
        return {member: found.get(member.partner_id, Interaction) for member in self}

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

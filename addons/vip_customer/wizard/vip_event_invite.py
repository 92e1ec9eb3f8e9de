from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.vip_event_invitation import INVITATION, MEDIA, SMS
from .vip_event_invite_line import REASONS

AUTO = "auto"
# A customer is not asked again so soon.
QUIET_DAYS = 30


class VipEventInvite(models.TransientModel):
    """Invite customers to a club event: choose whom, look who is invited and who is not and why, send.

    Only customers whom the caller may see are found: all of the company for a manager, the branches he
    leads for a lead. What was shown is judged once more when they are invited: whoever does not wish to
    be disturbed since then is not.
    """

    _name = "vip.event.invite"
    _description = "Invite to a club event"
    _inherit = "vip.guarded.mixin"
    _scope_fields = frozenset({"event_id"})

    event_id = fields.Many2one(
        "event.event",
        string="Club event",
        required=True,
        ondelete="cascade",
        domain="[('vip_is_club', '=', True), ('date_begin', '>', 'now'), ('kanban_state', '!=', 'cancel')]",
    )
    # whom
    tier_ids = fields.Many2many(
        "vip.tier",
        "vip_event_invite_tier_rel",
        string="Tiers",
        help="Empty: all tiers that have seats at the event.",
    )
    team_ids = fields.Many2many("crm.team", "vip_event_invite_team_rel", string="Branches")
    manager_ids = fields.Many2many(
        "res.users", "vip_event_invite_user_rel", string="Account managers"
    )
    preference_type_id = fields.Many2one("vip.preference.type", string="Preference")
    preference_option_ids = fields.Many2many(
        "vip.preference.option",
        "vip_event_invite_option_rel",
        string="Answered",
        domain="[('type_id', '=', preference_type_id)]",
    )
    preference_text = fields.Char(string="Answer contains")
    partner_ids = fields.Many2many(
        "res.partner",
        "vip_event_invite_partner_rel",
        string="Only these customers",
        domain="[('vip_membership_id', '!=', False)]",
    )
    quiet_days = fields.Integer(
        default=QUIET_DAYS,
        string="Not invited in the last days",
        help="Who was invited to another club event within so many days is left out. 0: nobody is.",
    )
    medium = fields.Selection(
        [(AUTO, "E-mail, else text, else call"), *MEDIA],
        default=AUTO,
        required=True,
        string="Invite by",
    )
    # who
    is_shown = fields.Boolean(readonly=True, export_string_translation=False)
    line_ids = fields.One2many("vip.event.invite.line", "wizard_id", string="Customers")
    chosen_count = fields.Integer(compute="_compute_counts", string="To be invited")
    left_out_count = fields.Integer(compute="_compute_counts", string="Left out")
    summary = fields.Html(compute="_compute_counts", sanitize=False)

    @api.depends("line_ids.is_chosen", "line_ids.reason", "event_id")
    def _compute_counts(self):
        labels = dict(
            self.env["vip.event.invite.line"]._fields["reason"]._description_selection(self.env)
        )
        for dialog in self:
            chosen = dialog.line_ids.filtered(lambda line: line.is_chosen and not line.reason)
            left_out = dialog.line_ids.filtered("reason").grouped("reason")
            dialog.chosen_count = len(chosen)
            dialog.left_out_count = len(dialog.line_ids) - len(chosen)
            by_tier = chosen.grouped("tier_id")
            dialog.summary = self.env["ir.qweb"]._render(
                "vip_customer.event_invite_summary",
                {
                    "seats": [
                        (line.tier_id.name, len(by_tier.get(line.tier_id, ())), line.left)
                        for line in dialog.event_id.vip_seat_ids
                    ],
                    "reasons": [
                        (labels[reason], len(left_out[reason]))
                        for reason, _label in REASONS
                        if reason in left_out
                    ],
                },
            )

    @api.onchange("preference_type_id")
    def _onchange_preference_type_id(self):
        self.preference_option_ids = False

    def action_preview(self):
        """Show who would be invited, and who not and why.

        :raise AccessError: the caller is no lead
        :raise UserError: nobody can be invited to this event
        """
        self._check_may_invite()
        self._check_event()
        self.line_ids.unlink()
        self._insert_lines()
        self.is_shown = True
        return self._reopen()

    def action_back(self):
        """Choose again."""
        self._require_one()
        self.is_shown = False
        return self._reopen()

    def action_invite(self):
        """Invite who is chosen, and let them know.

        :raise AccessError: the caller is no lead
        :raise UserError: nobody can be invited to this event, or nobody is chosen
        """
        self._check_may_invite()
        self._check_event()
        partners = self.line_ids.filtered("is_chosen").partner_id
        rows = [row for row in self._judge(partners) if not row["reason"]] if partners else []
        if not rows:
            raise UserError(
                self.env._("Nobody is to be invited. Choose at least one customer of the list.")
            )
        # invitations are the programme's to write; the customers were found with the caller's rights
        invitations = self.env["vip.event.invitation"].sudo()
        invitations = invitations.with_context(tracking_disable=True, mail_create_nosubscribe=True)
        invited = invitations.create([self._prepare_invitation(row) for row in rows])
        invited._tell(INVITATION)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s customers are invited to “%(event)s”.",
                    count=len(invited),
                    event=self.event_id.name,
                ),
                "next": self._action_of_event(),
            },
        }

    def _action_of_event(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_event_invitation_action"
        )
        action["domain"] = [("event_id", "=", self.event_id.id)]
        action["views"] = [(False, "list"), (False, "kanban"), (False, "form")]
        return action

    def _prepare_invitation(self, row):
        return {
            "event_id": self.event_id.id,
            "partner_id": row["partner_id"],
            "tier_id": row["tier_id"],
            "medium": row["medium"],
            "address": row["address"],
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invite to a club event"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_may_invite(self):
        self._require_one()
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may invite customers.")
            )

    def _check_event(self):
        event = self.event_id
        if not event.vip_is_club:
            raise UserError(self.env._("“%s” is no club event. Mark it as one first.", event.name))
        if event._vip_is_cancelled():
            raise UserError(
                self.env._("“%s” is cancelled, so nobody is invited to it.", event.name)
            )
        if event._vip_deadline() < fields.Datetime.now():
            raise UserError(
                self.env._(
                    "The time for answers to “%s” is over. Move it before you invite more customers.",
                    event.name,
                )
            )
        if not event.vip_seat_ids:
            raise UserError(
                self.env._(
                    "“%s” has no seats for any tier yet. Add the tiers that are invited and their seats.",
                    event.name,
                )
            )
        if self.medium == SMS and event.company_id.vip_greeting_gateway == "file":
            raise UserError(
                self.env._(
                    "Texts of %s go through a gateway of its own, which knows no invitations. Invite by "
                    "e-mail or call.",
                    event.company_id.name,
                )
            )

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    def _chosen_members(self):
        """Domain of the memberships that the choice is about."""
        event = self.event_id
        domain = Domain("company_id", "=", event.company_id.id)
        tiers = self.tier_ids or (not self.partner_ids and event.vip_seat_ids.tier_id)
        if tiers:
            domain &= Domain("tier_id", "in", tiers.ids)
        if self.team_ids:
            domain &= Domain("team_id", "in", self.team_ids.ids)
        if self.manager_ids:
            domain &= Domain("manager_id", "in", self.manager_ids.ids)
        if self.partner_ids:
            domain &= Domain("partner_id", "in", self.partner_ids.ids)
        if self.preference_type_id:
            told = Domain("type_id", "=", self.preference_type_id.id)
            if self.preference_option_ids:
                told &= Domain("option_id", "in", self.preference_option_ids.ids)
            if self.preference_text:
                told &= Domain("value", "ilike", self.preference_text)
            domain &= Domain("preference_ids", "any", told)
        return domain

    def _insert_lines(self):
        """Write the preview, in one statement."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """INSERT INTO vip_event_invite_line (
                          wizard_id, partner_id, tier_id, team_id, manager_id, medium, reason, is_chosen,
                          create_uid, write_uid, create_date, write_date)
                   SELECT %(wizard)s, partner_id, tier_id, team_id, manager_id, medium, reason,
                          reason IS NULL, %(uid)s, %(uid)s, %(now)s, %(now)s
                     FROM (%(judged)s) j""",
                wizard=self.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
                judged=self._judged(self._chosen_members()),
            )
        )
        self.invalidate_recordset(["line_ids"])

    def _judge(self, partners):
        """What is to be done about these customers now, as rows."""
        self.env.flush_all()
        chosen = self._chosen_members() & Domain("partner_id", "in", partners.ids)
        return self.env.execute_query_dict(self._judged(chosen))

    def _judged(self, domain):
        """One query for everybody: the customer, by what he is told and where, or why not.

        :param domain: of memberships; of these only what the caller may read
        """
        # who is archived is told as one
        members = self.env["vip.membership"].with_context(active_test=False)._search(domain)
        event = self.event_id
        return SQL(
            """
            SELECT j.*,
                   CASE WHEN j.objection IS NOT NULL THEN j.objection
                        WHEN j.medium = 'email' AND j.email IS NULL THEN 'no_email'
                        WHEN j.medium = 'email' AND j.email_blocked THEN 'email_blocked'
                        WHEN j.medium = 'sms' AND j.number IS NULL THEN 'no_number'
                        WHEN j.medium = 'sms' AND j.number_blocked THEN 'number_blocked'
                        WHEN j.medium = 'call' AND NOT j.is_cared_for THEN 'nobody' END AS reason,
                   CASE j.medium WHEN 'email' THEN j.email WHEN 'sms' THEN j.number END AS address
              FROM (SELECT m.partner_id, m.tier_id, m.team_id, m.manager_id, p.name,
                           p.email_normalized AS email, n.number, o.*,
                           CASE WHEN %(medium)s <> 'auto' THEN %(medium)s
                                WHEN p.email_normalized IS NOT NULL AND NOT o.email_blocked THEN 'email'
                                WHEN n.number IS NOT NULL AND NOT o.number_blocked AND NOT %(by_file)s
                                THEN 'sms' ELSE 'call' END AS medium,
                           CASE WHEN EXISTS (SELECT FROM vip_event_invitation i
                                              WHERE i.event_id = %(event)s
                                                AND i.partner_id = m.partner_id) THEN 'invited'
                                WHEN p.active IS NOT TRUE THEN 'archived'
                                WHEN NOT EXISTS (SELECT FROM vip_event_seat s
                                                  WHERE s.event_id = %(event)s
                                                    AND s.tier_id = m.tier_id) THEN 'not_eligible'
                                WHEN m.do_not_disturb IS TRUE
                                     AND coalesce(m.do_not_disturb_from <= %(today)s, TRUE)
                                     AND coalesce(m.do_not_disturb_until >= %(today)s, TRUE)
                                THEN 'do_not_disturb'
                                WHEN %(days)s > 0
                                     AND EXISTS (SELECT FROM vip_event_invitation i
                                              WHERE i.partner_id = m.partner_id
                                                AND i.create_date
                                                    > %(now)s - %(days)s * interval '1 day')
                                THEN 'recent' END AS objection
                      FROM vip_membership m
                      JOIN res_partner p ON p.id = m.partner_id
                      LEFT JOIN crm_team t ON t.id = m.team_id
                      CROSS JOIN LATERAL (
                           SELECT coalesce(
                                      (SELECT s.number_e164 FROM vip_service_number s
                                        WHERE s.partner_id = m.partner_id AND s.state <> 'closed'
                                          AND s.date_to IS NULL AND s.number_e164 IS NOT NULL
                                        ORDER BY s.is_primary DESC NULLS LAST, s.id LIMIT 1),
                                      p.phone_sanitized) AS number) n
                      CROSS JOIN LATERAL (
                           SELECT EXISTS (SELECT FROM mail_blacklist b WHERE b.active
                                             AND b.email = p.email_normalized) AS email_blocked,
                                  EXISTS (SELECT FROM phone_blacklist b WHERE b.active
                                             AND b.number = n.number) AS number_blocked,
                                  EXISTS (SELECT FROM res_users u WHERE u.active
                                             AND u.id IN (m.manager_id, t.user_id)) AS is_cared_for) o
                     WHERE m.id IN %(members)s) j
             ORDER BY j.name, j.partner_id
            """,
            medium=self.medium,
            by_file=event.company_id.vip_greeting_gateway == "file",
            event=event.id,
            today=event.company_id._vip_today(),
            now=fields.Datetime.now(),
            days=max(self.quiet_days, 0),
            members=members.subselect(),
        )

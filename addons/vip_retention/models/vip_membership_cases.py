from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .vip_departure import ANNOUNCED
from .vip_retention_log import REFUSED
from .vip_retention_states import CLOSED, TALKING


class VipMembership(models.Model):
    """What is told of a customer who wants to leave, wherever he is looked at."""

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

    # set from a talk too, by agents who do not see the rest of the profile
    customer_type_id = fields.Many2one("vip.customer.type", ondelete="restrict")
    case_count = fields.Integer(compute="_compute_open_case", string="Open cases")
    open_case_id = fields.Many2one(
        "vip.retention.case", compute="_compute_open_case", string="Retention case"
    )
    asked_to_leave = fields.Boolean(
        compute="_compute_open_case", search="_search_asked_to_leave", string="Asked to leave"
    )
    leaving = fields.Char(compute="_compute_leaving", string="Wants to leave")
    has_decided = fields.Boolean(
        compute="_compute_has_decided",
        search="_search_has_decided",
        string="Has decided to leave",
        help="He finally refused, and what he asked for has not happened yet.",
    )

    def _compute_open_case(self):
        cases = self.env["vip.retention.case"].search(
            [("partner_id", "in", self.partner_id.ids), ("state", "!=", CLOSED)]
        )
        of_partner = cases.grouped("partner_id")
        for member in self:
            mine = of_partner.get(member.partner_id, cases.browse())
            talks = mine.filtered(lambda case: case.state in TALKING)
            member.case_count = len(mine)
            member.open_case_id = (talks or mine)[:1]
            member.asked_to_leave = bool(talks)

    @api.depends("open_case_id", "asked_to_leave")
    def _compute_leaving(self):
        for member in self:
            asked = member.asked_to_leave
            member.leaving = member.open_case_id._leaving_sentence() if asked else False

    def _search_asked_to_leave(self, operator, value):
        if operator != "in":
            return NotImplemented
        cases = self.env["vip.retention.case"]._search([("state", "in", TALKING)])
        return Domain("partner_id", "in", cases.subselect("partner_id"))

    def _compute_has_decided(self):
        decided = self.search([("id", "in", self.ids), ("has_decided", "=", True)])
        for member in self:
            member.has_decided = member in decided

    def _search_has_decided(self, operator, value):
        if operator != "in":
            return NotImplemented
        # whoever may read the customer is told, whoever worked on the case
        cases = (
            self.env["vip.retention.case"]
            .sudo()
            ._search([("log_ids.step", "=", REFUSED), ("departure_ids.state", "=", ANNOUNCED)])
        )
        return Domain("partner_id", "in", cases.subselect("partner_id"))

    # ------------------------------------------------------------
    # BUTTONS
    # ------------------------------------------------------------

    def action_leave(self):
        """Open the dialog in which it is noted that this customer wants to leave."""
        self._require_one()
        return self.partner_id.action_vip_leave()

    def action_open_case(self):
        """Open this customer's open retention case.

        :raise UserError: he has none
        """
        self._require_one()
        return self.partner_id.action_vip_case()

    def action_view_cases(self):
        """Open all retention cases of this customer."""
        return self._action_view("vip_retention.vip_retention_case_action_customer")

    # ------------------------------------------------------------
    # THE CARD
    # ------------------------------------------------------------

    def _card_facts(self, found):
        """With ``open_cases``; of the cases in which he has not decided ``closings`` (how many numbers are to
        leave), ``closing_on`` (the first of them), ``suspensions`` and ``suspended_from``; and ``decided``
        (cases that he refused for good while a number has not left yet), in one statement."""
        facts = super()._card_facts(found)
        [row] = self.env.execute_query_dict(
            SQL(
                """
                SELECT count(*) FILTER (WHERE c.state <> 'closed') AS open_cases,
                       sum(a.closings) AS closings, min(c.closing_date) FILTER (WHERE a.closings > 0)
                           AS closing_on,
                       sum(a.suspensions) AS suspensions, min(a.suspended_from) AS suspended_from,
                       count(*) FILTER (WHERE l.refused AND (
                           c.state <> 'closed' OR EXISTS (
                               SELECT FROM vip_departure d
                                WHERE d.case_id = c.id AND d.state = 'announced'))) AS decided
                  FROM vip_retention_case c
                 CROSS JOIN LATERAL (
                       SELECT EXISTS (SELECT FROM vip_retention_log l
                                       WHERE l.case_id = c.id AND l.step = 'refused') AS refused) l
                 CROSS JOIN LATERAL (
                       SELECT count(*) FILTER (WHERE d.kind <> 'suspension') AS closings,
                              count(*) FILTER (WHERE d.kind = 'suspension') AS suspensions,
                              min(coalesce(d.effective_on, d.requested_on))
                                  FILTER (WHERE d.kind = 'suspension') AS suspended_from
                         FROM vip_departure d
                        WHERE d.case_id = c.id AND c.state IN %(talking)s AND NOT l.refused
                          AND (d.state = 'announced' OR d.kind = 'suspension' AND d.state = 'effective')
                       ) a
                 WHERE c.partner_id = %(partner)s
                """,
                partner=facts["partner_id"],
                talking=TALKING,
            )
        )
        return {**facts, **row}

    def _open_case_count(self, facts):
        return facts["open_cases"]

    def _card_warnings(self, facts, entitlements):
        return [*self._warn_of_leaving(facts), *super()._card_warnings(facts, entitlements)]

    def _warn_of_leaving(self, facts):
        """That he asked to leave, or has decided to: the first thing to know.

        :param facts: as of ``_card_warnings``
        """
        if facts["closings"]:
            return [self._closing_sentence(facts["closing_on"])]
        if facts["suspensions"]:
            return [self.env["vip.departure"]._suspension_sentence(facts["suspended_from"])]
        if facts["decided"]:
            return [
                self.env._(
                    "Has decided to leave: no offers any more, only help to settle what is left."
                )
            ]
        return []

    def _closing_sentence(self, day):
        if not day:
            return self.env._("Asked to close a number, without naming a day.")
        return self.env._("Asked to close a number on %s.", format_date(self.env, day))

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .vip_departure import ANNOUNCED
from .vip_retention_case import PORT_OUT
from .vip_retention_states import CLOSED, WITHDRAWN


class VipRetentionCase(models.Model):
    """What the talk screen says and asks besides."""

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    asked_for = fields.Char(
        compute="_compute_asked_for", compute_sudo=True, string="What he asks for"
    )
    was_refused = fields.Boolean(
        compute="_compute_was_refused",
        string="Finally refused",
        help="Finally refused; the case closes in a moment.",
    )
    lost_tier = fields.Boolean(
        compute="_compute_lost_tier",
        string="Tier lost since",
        compute_sudo=True,
        help="His tier is lower than at the opening.",
    )
    takes_words = fields.Boolean(
        compute="_compute_takes_words",
        string="Words welcome",
        help="What the customer says may still be written down.",
    )
    number_count = fields.Integer(
        compute="_compute_number_count", compute_sudo=True, string="Count of numbers"
    )
    is_port_out = fields.Boolean(search="_search_is_port_out")

    @api.depends("departure_ids.kind", "departure_ids.effective_on", "departure_ids.state")
    def _compute_asked_for(self):
        labels = dict(self.env["vip.departure"]._fields["kind"]._description_selection(self.env))
        for case in self:
            asked = case.departure_ids.filtered(lambda one: one.state != WITHDRAWN)
            case.asked_for = "; ".join(
                ", ".join(
                    filter(
                        None,
                        (
                            labels[one.kind],
                            one.concerned,
                            one.effective_on and format_date(self.env, one.effective_on),
                        ),
                    )
                )
                for one in asked
            )

    @api.depends("state", "log_ids.step")
    def _compute_was_refused(self):
        refused = self._final_refusals()
        for case in self:
            case.was_refused = case.state != CLOSED and case in refused

    @api.depends("tier_id", "partner_id.vip_membership_id.tier_id")
    def _compute_lost_tier(self):
        for case in self:
            today = case.partner_id.vip_membership_id.tier_id
            case.lost_tier = case.tier_id.rank > today.rank

    @api.depends("state", "outcome", "closed_by", "closed_at", "user_id", "dispatched_at")
    @api.depends_context("uid")
    def _compute_takes_words(self):
        for case in self:
            is_ours = case.state != CLOSED and not case._is_elsewhere()
            case.takes_words = is_ours or case._in_the_talk()

    @api.depends("number_ids")
    def _compute_number_count(self):
        for case in self:
            case.number_count = len(case.number_ids)

    def _search_is_port_out(self, operator, value):
        if operator != "in":
            return NotImplemented
        # who works cases needs no right to the requests themselves
        asked = (
            self.env["vip.departure"]
            .sudo()
            ._search(Domain("kind", "=", PORT_OUT) & Domain("state", "!=", WITHDRAWN))
        )
        return Domain("id", "in", asked.subselect("case_id"))

    def _leaving_sentence(self):
        """The banner on the customer's page."""
        terms = {"asked": self._asked_sentence(), "case": self.name}
        if not self.user_id:
            return self.env._("%(asked)s Nobody works on %(case)s yet.", **terms)
        return self.env._(
            "%(asked)s %(case)s is with %(user)s.", user=self.user_id.sudo().name, **terms
        )

    def _asked_sentence(self):
        """What the customer asked for, if for anything."""
        # who sees the case is told, whether or not he may read the requests
        asked = self.sudo().departure_ids
        if asked._leaving(ANNOUNCED):
            if not self.closing_date:
                return self.env._("Asked to leave, day unknown.")
            return self.env._("Asked to leave on %s.", format_date(self.env, self.closing_date))
        if suspending := asked._suspending():
            return suspending._suspension_sentence(suspending._first_day())
        return self.env._("At risk of leaving.")

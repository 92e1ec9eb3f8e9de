from datetime import timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ..tools.risk import HIGH
from .vip_retention_offer import LEAD, MANAGER
from .vip_retention_proposal import WAITING
from .vip_retention_states import DOING, TALKING

# Whose risk rose so many days ago at most is shown.
RISK_DAYS = 7


class VipMyDay(models.AbstractModel):
    """Customers who want to leave, those who may, and offers that wait for a lead."""

    _inherit = "vip.my.day"

    def _blocks(self, scope):
        blocks = [self._leaving_block(scope), self._risk_block(scope), *super()._blocks(scope)]
        if self.env.user.has_group("vip_customer.group_vip_lead"):
            blocks.insert(0, self._approval_block(scope))
        return blocks

    def _leaving_block(self, scope):
        domain = self._scope_domain(scope, "partner_id.vip_membership_id.")
        domain &= Domain("state", "in", (*TALKING, DOING))
        return self._block(
            "leaving",
            self.env._("Customers who want to leave"),
            "fa-hand-paper-o",
            "vip.retention.case",
            domain,
            "deadline, id",
            lambda case: {
                "text": self._leaving_text(case),
                "is_late": case.is_overdue,
                "buttons": [("open", self.env._("Open"))],
            },
        )

    def _leaving_text(self, case):
        phrases = [case.name, case._label("state")]
        if case.deadline:
            time = format_datetime(
                self.env, case.deadline, tz=self.env.company._vip_tz(), dt_format="short"
            )
            phrases.append(
                self.env._("overdue since %s", time)
                if case.is_overdue
                else self.env._("due %s", time)
            )
        if case.closing_date:
            phrases.append(self.env._("leaves on %s", format_date(self.env, case.closing_date)))
        # who sees the case is told, whether or not he may read the requests
        elif day := case.sudo().departure_ids._suspending()._first_day():
            phrases.append(self.env._("suspension from %s", format_date(self.env, day)))
        return " · ".join(phrases)

    def _risk_block(self, scope):
        """Those at high risk whose score rose these days and whom somebody should call: who is spoken to
        already has his case above, and who decided, was put off or wishes so is left in peace."""
        today = self.env.company._vip_today()
        domain = self._scope_domain(scope) & Domain("risk_level", "=", HIGH)
        domain &= Domain("risk_change", ">", 0)
        domain &= Domain("risk_on", ">=", today - timedelta(days=RISK_DAYS))
        domain &= Domain("risk_postponed_until", "=", False) | Domain(
            "risk_postponed_until", "<=", today
        )
        domain &= Domain("tier_id", "!=", False) & Domain("do_not_disturb", "=", False)
        domain &= Domain("asked_to_leave", "=", False) & Domain("has_decided", "=", False)
        block = self._block(
            "risk",
            self.env._("At risk"),
            "fa-heartbeat",
            "vip.membership",
            domain,
            "risk_score desc, risk_on desc, id",
            lambda member: {
                "text": self._risk_text(member),
                "date": member.risk_on,
                "buttons": [
                    self._log_button(member.partner_id, "retention"),
                    ("action_postpone_risk", self.env._("Put off")),
                ],
            },
        )
        view = self.env.ref("vip_retention.vip_membership_view_list_risk")
        block["action"]["views"][0][0] = view.id
        return block

    def _risk_text(self, member):
        score = self.env._(
            "Risk %(score)s, %(change)+d", score=member.risk_score, change=member.risk_change
        )
        return " · ".join(filter(None, (score, member.risk_moved)))

    def _approval_block(self, scope):
        """What the user may decide: a lead what leads decide, a manager everything."""
        domain = self._scope_domain(scope, "partner_id.vip_membership_id.")
        domain &= Domain("approval", "=", WAITING)
        is_manager = self.env.user.has_group("vip_customer.group_vip_manager")
        domain &= Domain("approval_level", "in", (LEAD, MANAGER) if is_manager else (LEAD,))
        approve, reject = self.env._("Approve"), self.env._("Do not approve")
        buttons = [("action_approve", approve), ("action_reject", reject)]
        return self._block(
            "approvals",
            self.env._("Offers to approve"),
            "fa-check-square-o",
            "vip.retention.proposal",
            domain,
            "approve_by, id",
            lambda proposal: {
                "text": self._approval_text(proposal),
                "date": proposal.approve_by,
                "buttons": buttons,
            },
        )

    def _approval_text(self, proposal):
        return self.env._(
            "%(offer)s, proposed by %(user)s, decide by",
            offer=proposal.offer_id.name,
            user=proposal.proposed_by.name,
        )

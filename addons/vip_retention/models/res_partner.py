from odoo import models
from odoo.exceptions import AccessError, UserError

from .vip_retention_case import HALL, HOTLINE, WORK_RECORD
from .vip_retention_states import CLOSED, TALKING


class ResPartner(models.Model):
    """From a customer to the talk about his leaving."""

    _inherit = "res.partner"

    def action_vip_leave(self):
        """Open the dialog in which it is noted that this customer wants to leave. The number that calls
        (``vip_caller_number`` in the context) is the one he means, until he says otherwise.

        :raise AccessError: the caller does not work cases, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        member = self._vip_member()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        context = {"default_partner_id": self.id, "default_source": self._vip_leave_source()}
        if self._vip_calling_number(member):
            context["default_concerned"] = self.env.context["vip_caller_number"]
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "vip_retention.vip_retention_open_action"
            ),
            "context": context,
        }

    def action_vip_note_signal(self):
        """Open the dialog in which it is noted what this customer let on: that he asked whether his number
        may be ported, at first.

        :raise AccessError: the caller does not work at the desk, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        self._vip_member()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        asked = self.env.ref("vip_retention.risk_port_query", raise_if_not_found=False)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note a warning sign"),
            "res_model": "vip.risk.signal",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.id,
                "default_type_id": bool(asked) and asked.active and asked.id,
            },
        }

    def _vip_leave_source(self):
        """Where he says it: on the telephone, to his account manager, else in the hall."""
        if self.env.context.get("vip_caller_panel"):
            return HOTLINE
        is_manager = self.env.user.has_group("vip_customer.group_vip_user")
        return WORK_RECORD if is_manager else HALL

    def vip_explain_risk(self):
        """How likely this customer is to leave, and why.

        :return: ``score`` (0 to 100), ``level`` (``low``, ``medium``, ``high``; False where nobody assesses
            him: not yet, or he has left), ``since`` (the day it moved last), ``before`` (``score``,
            ``level``, ``since``, or False), ``contributions`` (list of ``code``, ``name``, ``points``,
            ``text``, ``date``, ``colour``, ``figures``), ``moved`` (list of ``code``, ``name``, ``before``,
            ``after``), ``unknown`` (list of ``code``, ``name``: nothing is known, so it counts nothing),
            ``postponed_until``. Dates are ISO strings, a missing value is False. Who may not read the
            customer's VIP page gets no figures, amounts and notes.
        :rtype: dict
        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise MissingError: no such customer
        :raise UserError: the contact is not in the programme
        """
        member = self._vip_member()
        return member.sudo()._explain_risk(private=member.has_access("read"))

    def action_vip_case(self):
        """Open this customer's open retention case, that in which he has not decided first.

        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise UserError: the contact is not in the programme, or has no open case
        """
        self._vip_member()
        case = self._vip_open_case()
        if not case:
            raise UserError(
                self.env._("“%s” has no open retention case any more.", self.display_name)
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "vip.retention.case",
            "res_id": case.id,
            "views": [(False, "form")],
        }

    def _vip_open_case(self):
        """The open case, an empty one where there is none."""
        cases = self.env["vip.retention.case"].search(
            [("partner_id", "=", self.id), ("state", "!=", CLOSED)]
        )
        return (cases.filtered(lambda case: case.state in TALKING) or cases)[:1]

    def _vip_panel_actions(self):
        case = self._vip_open_case()
        actions = super()._vip_panel_actions()
        if case:
            actions.append(
                {
                    "method": "action_vip_case",
                    "label": self.env._("Go on with %s", case.name),
                    "icon": "fa-hand-paper-o",
                }
            )
        actions.append(
            {
                "method": "action_vip_leave",
                "label": self.env._("Wants to leave"),
                "icon": "fa-sign-out",
            }
        )
        actions.append(
            {
                "method": "action_vip_note_signal",
                "label": self.env._("Note a warning sign"),
                "icon": "fa-bell-o",
            }
        )
        return actions

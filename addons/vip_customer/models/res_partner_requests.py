from odoo import models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class ResPartner(models.Model):
    """What a customer asks for, from the hotline and from his pages."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    def action_vip_request(self):
        """Open the dialog in which a service request of this customer is opened. The number that calls
        (``vip_caller_number`` in the context) is the one that it is about.

        :raise AccessError: the caller has no role at the desk, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        member = self._vip_member()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        context = {"default_partner_id": self.id}
        number = self._vip_calling_number(member)
        if self.env.context.get("vip_caller_panel"):
            context["default_channel_id"] = self.env.ref("vip_customer.channel_hotline").id
        if number and number.has_access("read"):
            context["default_number_id"] = number.id
        elif number:  # who sees no numbers sees what he typed himself
            context["default_concerned"] = self.env.context["vip_caller_number"]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New service request"),
            "res_model": "vip.service.request",
            "view_mode": "form",
            "views": [(self.env.ref("vip_customer.vip_service_request_view_form_new").id, "form")],
            "target": "new",
            "context": context,
        }

    def _vip_calling_number(self, member):
        """The number in the context where it is one of this customer's, an empty one else.

        :param member: his membership
        """
        numbers = member.env["vip.service.number"]
        text = self.env.context.get("vip_caller_number")
        if not isinstance(text, str) or not text:
            return numbers
        # the desk sees no numbers, it may only find whose one is
        domain = numbers._written(text) & Domain("partner_id", "=", self.id)
        found = numbers.sudo().search(domain, limit=2).with_env(self.env)
        return found if len(found) == 1 else numbers

    def action_vip_requests(self):
        """Open this customer's service requests.

        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        self._vip_member()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_service_request_action_customer"
        )
        return {**action, "domain": [("partner_id", "=", self.id)]}

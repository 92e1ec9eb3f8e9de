from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.plain_text import is_text
from .vip_benefit import AUTOMATIC


class ResPartner(models.Model):
    """What a customer may have: the doors for desk, hotline, and other systems."""

    _inherit = "res.partner"

    def vip_entitlements(self):
        """What this customer's tier promises today, what he used and has left.

        :return: a dict per benefit: ``code``, ``name``, ``granted``, ``used``, ``remaining``,
            ``date_from``, ``date_to`` (ISO), ``delivery``; ``unit``. Of standing and unlimited benefits
            ``granted`` and ``remaining`` are False. Empty for a customer without a tier.
        :rtype: list
        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise MissingError: no such customer
        :raise UserError: the contact is not in the programme
        """
        # a desk agent sees no entitlements, only this answer
        return self._vip_member().sudo()._entitlements()

    def vip_redeem(self, benefit_code, quantity=1, origin=None):
        """Give this customer units of a benefit.

        :param str benefit_code: as in ``vip_entitlements``
        :param int quantity: whole units
        :param str origin: key of the request, at most 64 characters; one used for this customer and
            benefit before returns the same redemption and gives nothing
        :return: ``redemption_id``, ``remaining`` (False if unlimited), ``warning`` (a sentence or False)
        :rtype: dict
        :raise AccessError: the caller has no role at the desk, not in this customer's company, or the
            benefit is automatic and the customer not his own
        :raise MissingError: no such customer
        :raise UserError: naming what stands in the way and what is left
        """
        redemption = self.env["vip.redemption"]._taking(
            lambda: self._vip_redeem_code(benefit_code, quantity, origin)
        )
        line = redemption.entitlement_id
        return {
            "redemption_id": redemption.id,
            "remaining": False if line.is_unlimited else line.remaining,
            "warning": redemption._warning(),
        }

    def _vip_redeem_code(self, benefit_code, quantity, origin):
        member = self._vip_redeeming_member()  # whoever may not redeem is told of no codes
        return self._vip_give(member, self._vip_benefit(benefit_code), quantity, origin)

    def _vip_redeem(self, benefit, quantity, origin=None, **details):
        """Give this customer units, with the caller's rights: the door for dialogs and other models.

        :param details: as of ``vip.redemption._redeem``
        :return: the redemption, as superuser
        :raise AccessError, UserError: as ``vip_redeem``
        """
        return self._vip_give(self._vip_redeeming_member(), benefit, quantity, origin, **details)

    def _vip_give(self, member, benefit, quantity, origin, **details):
        if benefit.delivery == AUTOMATIC and not member.has_access("write"):
            raise AccessError(
                self.env._(
                    "“%(benefit)s” is not on request; only the account manager of “%(customer)s” gives "
                    "it.",
                    benefit=benefit.name,
                    customer=self.display_name,
                )
            )
        # the ledger is written by the programme only
        return (
            self.env["vip.redemption"]
            .sudo()
            ._redeem(member.sudo(), benefit.sudo(), quantity, origin, **details)
        )

    def _vip_redeeming_member(self):
        """The membership of a customer for whom the caller may redeem."""
        member = self._vip_member()
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        return member

    @api.model
    def _vip_benefit(self, code):
        """The benefit with this code, an archived one too.

        :raise UserError: there is none
        """
        benefit = self.env["vip.benefit"].sudo().with_context(active_test=False)
        benefit = benefit.search([("code", "=", code)], limit=1) if is_text(code) else benefit
        if not benefit:
            raise UserError(self.env._("There is no benefit with the code “%s”.", code))
        return benefit.with_env(self.env)

    def action_vip_redeem(self):
        """Open the dialog in which this customer redeems a benefit.

        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        self._vip_member()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Redeem a benefit"),
            "res_model": "vip.redeem",
            "view_mode": "form",
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    @api.depends("ref")
    @api.depends_context("vip_find_number")
    def _compute_display_name(self):
        """At the desk two customers of one name are told apart by their code."""
        result = super()._compute_display_name()
        if self.env.context.get("vip_find_number"):
            for partner in self.filtered("ref"):
                partner.display_name = f"{partner.display_name} · {partner.ref}"
        return result

    @api.model
    def _search_display_name(self, operator, value):
        """At the desk a customer is found by his number too, however it is written."""
        domain = super()._search_display_name(operator, value)
        if (
            self.env.context.get("vip_find_number")
            and operator == "ilike"
            and value
            and self.env.user.has_group("vip_customer.group_vip_desk")
        ):
            # the desk sees no numbers, it may only find whose one is
            numbers = self.env["vip.service.number"].sudo()
            found = numbers.search(numbers._written(value), limit=20)
            domain = Domain(domain) | Domain("id", "in", found.partner_id.ids)
        return domain

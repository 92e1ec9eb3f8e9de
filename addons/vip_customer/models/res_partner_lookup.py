from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, ormcache

from ..tools import phone_forms
from ..tools.phone_forms import Problem
from .res_partner import VIP_GROUPS

NONE, ONE, MANY = "none", "one", "many"
# Who shares a number is a family, not a crowd: no more are told.
MOST_CANDIDATES = 10


class Found(NamedTuple):
    """A customer to whom a number leads."""

    partner_id: int
    membership_id: int
    number_id: int | None = None  # the service number, None where the contact's phone led to him
    contact_id: int | None = None  # whose phone it is, where that is not the customer himself


class ResPartner(models.Model):
    """Who is calling: the doors for telephone systems and for the caller panel."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    # Odoo keeps the international form of a contact's phone without an index: a million contacts would
    # be read for each call.
    _vip_phone_idx = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")

    # ------------------------------------------------------------
    # DOORS
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    def vip_lookup(self, number):
        """Whose number this is, and how he is to be served.

        Any written form finds the same customer. It is tried as a telephone number (E.164), then as
        the key of a service number, then as a contact's phone, in all companies of the caller. A
        contact answers with his own membership, else with his commercial partner's, and a warning says
        so. Closed numbers and those that passed to another owner lead to nobody.

        :param number: text; a whole number is read as its digits
        :return: always all keys: ``match`` (``none``, ``one``, ``many``), ``customer`` {``id``,
            ``name``}, ``candidates`` (of ``many``: list of {``id``, ``name``, ``tier``}), ``number``
            (masked), ``tier`` {``code``, ``name``, ``since``, ``valid_until``}, ``queue_priority``,
            ``direct_to_agent``, ``seat_group``, ``manager`` {``name``, ``phone``, ``on_duty``}: his
            deputy where he has one today, ``entitlements`` as of ``vip_entitlements``, ``requests``,
            ``cases`` (how many are open), ``risk`` (level), ``protected``, ``warnings`` (sentences).
            Dates are ISO strings, a missing value is False. An unreadable number is ``none`` with a
            warning.
        :rtype: dict
        :raise AccessError: the caller has no VIP role
        :raise UserError: what was given is no text
        """
        return self._vip_answer(number)[0]

    @api.readonly
    def vip_card(self):
        """The answer of ``vip_lookup`` about a customer who is known already: one of its
        ``candidates``.

        :rtype: dict
        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise MissingError: no such customer
        :raise UserError: the contact is not in the programme
        """
        # a desk agent sees no VIP pages, only this answer
        member = self._vip_member().sudo()
        return member._card(Found(self.id, member.id))

    @api.model
    @api.readonly
    def vip_panel(self, number=False, partner_id=False):
        """What the caller panel shows: the card, the line to read aloud, and what the caller may do.

        :param number: as of ``vip_lookup``
        :param partner_id: a candidate of an earlier answer, instead of the number
        :return: ``card``, ``line`` (phrases), ``color`` of the tier, ``membership_id`` (False where
            the caller may not open the VIP page), ``may_act`` (redeem, log the call), ``actions`` (what
            else may be done)
        :rtype: dict
        :raise AccessError, MissingError, UserError: as ``vip_lookup`` and ``vip_card``
        """
        if partner_id:
            partner = self.browse([partner_id])
            card, member = partner.vip_card(), partner.sudo().vip_membership_id
        else:
            card, member = self._vip_answer(number)
        own = member.with_env(self.env)
        may_act = self.env.user.has_group("vip_customer.group_vip_desk")
        partner = self.browse(member.partner_id.id)
        return {
            "card": card,
            "line": member._spoken(card) if member else [],
            "color": member.tier_id.color,
            "membership_id": bool(member) and own.has_access("read") and member.id,
            "may_act": may_act,
            "actions": partner._vip_panel_actions() if partner and may_act else [],
        }

    def _vip_panel_actions(self):
        """Buttons of the caller panel besides its own, meant to be extended: a list of dicts ``method`` (of
        this model, on the customer), ``label``, ``icon``."""
        return []

    def action_vip_log_call(self):
        """Open the quick form that notes this customer's call.

        :raise AccessError: the caller has no VIP role, or not in this customer's company
        :raise UserError: the contact is not in the programme
        """
        self._vip_member()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log this call"),
            "res_model": "vip.log.call",
            "view_mode": "form",
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    # ------------------------------------------------------------
    # SEARCH
    # ------------------------------------------------------------

    @api.model
    def _vip_answer(self, number):
        """The answer of ``vip_lookup``, and the membership of the one who was found, as superuser."""
        if not any(self.env.user.has_group(group) for group in VIP_GROUPS):
            raise AccessError(self.env._("This needs a role in the VIP programme."))
        Member = self.env["vip.membership"].sudo()  # a desk agent is told only this answer
        reading = phone_forms.read(self._vip_given_number(number))
        answer = Member._empty_card(phone_forms.masked(reading.key) or False)
        found = self._vip_found(reading)
        if not found and reading.problem:
            return {**answer, "number": False, "warnings": [self._vip_problem(reading)]}, Member
        if not found:
            return answer, Member
        if len(found) > 1:
            partners = self.sudo().browse(one.partner_id for one in found)
            candidates = partners._vip_candidates()
            return {**answer, "match": MANY, "candidates": candidates}, Member
        member = Member.browse(found[0].membership_id)
        return member._card(found[0], answer["number"]), member

    @api.model
    def _vip_given_number(self, number):
        """The text that a caller from outside gives as a number; nothing at all is an empty one."""
        if number is None or number is False:
            return ""
        if type(number) is int:
            return str(number)
        if not isinstance(number, str):
            raise UserError(self.env._("“%s” is no number. Give it as text.", number))
        return number

    @api.model
    def _vip_problem(self, reading):
        match reading.problem:
            case Problem.EMPTY:
                return self.env._("No number was given.")
            case Problem.SHORT:
                return self.env._("“%s” is too short for a telephone number.", reading.key)
            case Problem.LONG:
                return self.env._("This is too long for a telephone number.")
        return self.env._("This is no telephone number: it has letters or other characters in it.")

    @api.model
    def _vip_found(self, reading):
        """The customers to whom a number leads, a list of ``Found``; run after checking the caller.

        The first way that leads to anybody counts. SQL, because a caller waits: each way is one look
        into an index.
        """
        if reading.problem and not reading.is_account:
            return []
        self.env.flush_all()
        company_ids = tuple(self.env.user._get_company_ids())
        forms = self._vip_international(reading, company_ids)
        return (
            (forms and self._vip_owners(SQL("(n.company_id, n.number_e164) IN %s", tuple(forms))))
            or self._vip_owners(
                SQL("n.company_id IN %s AND n.number = %s", company_ids, reading.key)
            )
            or (forms and self._vip_called(company_ids, {form for _company, form in forms}))
            or []
        )

    @api.model
    def _vip_international(self, reading, company_ids):
        """Pairs of a company's id and the number as its country reads it."""
        if reading.problem:
            return []
        countries = self._vip_countries(company_ids)
        forms = {
            country: phone_forms.international(reading.key, country)
            for country in {country for _company, country in countries}
        }
        return [(company, forms[country]) for company, country in countries if forms[country]]

    @api.model
    @ormcache("company_ids")
    def _vip_countries(self, company_ids):
        """Pairs of a company's id and its country's code: the same for all calls."""
        return self.env.execute_query(
            SQL(
                """SELECT c.id, k.code FROM res_company c JOIN res_partner p ON p.id = c.partner_id
                     LEFT JOIN res_country k ON k.id = p.country_id WHERE c.id IN %s""",
                company_ids,
            )
        )

    @api.constrains("country_id")
    def _forget_vip_countries(self):
        # whoever moves a company's contact to another country; he need not see the company
        companies = self.env["res.company"].sudo()
        if companies.search_count([("partner_id", "in", self.ids)], limit=1):
            self.env.registry.clear_cache()

    @api.model
    def _vip_owners(self, condition):
        """Who has an open service number.

        :param SQL condition: on ``n``, the numbers
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT n.partner_id, m.id, n.id FROM vip_service_number n
                     JOIN vip_membership m ON m.partner_id = n.partner_id
                    WHERE %s AND n.state <> 'closed' AND n.date_to IS NULL
                    ORDER BY n.id LIMIT %s""",
                condition,
                MOST_CANDIDATES,
            )
        )
        return list({row[0]: Found(*row) for row in reversed(rows)}.values())[::-1]

    @api.model
    def _vip_called(self, company_ids, forms):
        """Whose contact has a phone, himself or for his commercial partner."""
        rows = self.env.execute_query(
            SQL(
                """SELECT m.partner_id, m.id, p.id
                     FROM res_partner p
                     JOIN res_partner c ON c.id = p.commercial_partner_id
                     JOIN vip_membership m
                       ON m.id = coalesce(p.vip_membership_id, c.vip_membership_id)
                    WHERE p.phone_sanitized IN %s AND m.company_id IN %s
                    ORDER BY m.partner_id <> p.id, p.id LIMIT %s""",
                tuple(forms),
                company_ids,
                MOST_CANDIDATES,
            )
        )
        found = {}
        for partner_id, member_id, contact_id in rows:
            other = contact_id if contact_id != partner_id else None
            found.setdefault(partner_id, Found(partner_id, member_id, contact_id=other))
        return list(found.values())

    def _vip_candidates(self):
        """Enough to ask who is calling; run as superuser."""
        return [
            {
                "id": partner.id,
                "name": partner.name or False,
                "tier": partner.vip_tier_id.name or False,
            }
            for partner in self
        ]

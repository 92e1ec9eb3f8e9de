from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.phone_validation.tools import phone_validation

from ..tools.number_key import number_key
from ..tools.phone_forms import masked

ACTIVE, SUSPENDED, CANCELLING, CLOSED = "active", "suspended", "cancelling", "closed"
STATES = [
    (ACTIVE, "Active"),
    (SUSPENDED, "Suspended"),
    (CANCELLING, "Cancelling"),
    (CLOSED, "Closed"),
]
# up to so many digits somebody may give only the last ones
TAIL_LENGTH = 6


class VipServiceNumber(models.Model):
    """One line (SIM, contract, account) of one customer.

    SPECIFICATION

    ``number`` is the key as typed, without spaces, dashes and brackets and in half-width characters;
    ``number_e164`` is the international form where it is a telephone number. Both are unique per
    company among open numbers. A number is open while it is active, suspended or cancelling and has
    not passed to another owner.

    A change of owner is dated and is no departure: one row per owner, ``date_from`` to ``date_to``,
    both included; bills stay with the owner of their month. When the last open number of a customer
    closes or passes on, his tier ends by itself, see ``vip.membership._sync_numbers``.
    """

    _name = "vip.service.number"
    _description = "Service number"
    _inherit = "vip.customer.record"
    _order = "partner_id, is_primary desc, id"
    _rec_name = "number"
    _rec_names_search = ["number", "number_e164", "partner_id"]
    _guarded_fields = frozenset({"company_id", "number_e164", "date_from", "date_to"})

    number = fields.Char(required=True)
    number_e164 = fields.Char(
        compute="_compute_number_e164", store=True, string="International number"
    )
    state = fields.Selection(STATES, default=ACTIVE, required=True)
    activated_on = fields.Date(string="Activated on")
    closed_on = fields.Date(help="First day on which the number is closed.", string="Closed on")
    date_from = fields.Date(readonly=True, string="Owner from")
    date_to = fields.Date(readonly=True, string="Owner until", help="Last day of this owner.")
    is_primary = fields.Boolean(string="Primary number")
    plan = fields.Char()
    contract_end = fields.Date(string="Contract end")
    backup_sim = fields.Boolean(string="Backup SIM")

    _number_open_uniq = models.UniqueIndex(
        "(company_id, number) WHERE state <> 'closed' AND date_to IS NULL",
        "This number is open already: it belongs to another customer, or is listed twice. Close it "
        "there or record a change of owner.",
    )
    _e164_open_uniq = models.UniqueIndex(
        "(company_id, number_e164) WHERE number_e164 IS NOT NULL AND state <> 'closed' "
        "AND date_to IS NULL",
        "This telephone number is open already, perhaps written in another way.",
    )
    _number_idx = models.Index("(number)")
    _e164_idx = models.Index("(number_e164) WHERE number_e164 IS NOT NULL")
    _primary_uniq = models.UniqueIndex(
        "(partner_id) WHERE is_primary IS TRUE AND state <> 'closed' AND date_to IS NULL",
        "A customer has one primary number.",
    )
    _closed_on_set = models.Constraint(
        "CHECK (state <> 'closed' OR closed_on IS NOT NULL)",
        "A closed number needs its closing date.",
    )
    _owner_dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A number's owner cannot end before he begins."
    )

    # ------------------------------------------------------------
    # COMPUTES AND CONSTRAINTS
    # ------------------------------------------------------------

    @api.depends("number", "company_id")
    def _compute_number_e164(self):
        for line in self:
            country = line.company_id.country_id
            line.number_e164 = self._to_e164(line.number, country)

    @api.depends("number")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_display_name(self):
        """The number is masked for who may not read it: Odoo shows the names of what a record refers to
        whoever reads that record, at the desk for example."""
        readable = self.sudo(False)._filtered_access("read")
        for line in self:
            name = line.number or ""
            line.display_name = name if line.id in readable._ids else masked(name)

    @api.constrains("closed_on", "activated_on", "state")
    def _check_dates(self):
        for line in self:
            if line.closed_on and line.activated_on and line.closed_on < line.activated_on:
                raise ValidationError(
                    self.env._(
                        "The number %(number)s cannot be closed on %(closed)s, before it was activated "
                        "on %(activated)s.",
                        number=line.number,
                        closed=format_date(self.env, line.closed_on),
                        activated=format_date(self.env, line.activated_on),
                    )
                )
            if line.state == CLOSED and line.closed_on > line.company_id._vip_today():
                raise ValidationError(
                    self.env._(
                        "The number %(number)s cannot be closed already with a closing date in the "
                        "future (%(closed)s). Set it to “Cancelling” until then.",
                        number=line.number,
                        closed=format_date(self.env, line.closed_on),
                    )
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["number"] = number_key(vals.get("number"))
            if vals.get("state") == CLOSED and not vals.get("closed_on"):
                vals["closed_on"] = self.env.company._vip_today()
        numbers = super().create(vals_list)
        # the tier follows the numbers; that is no right of the one who enters them
        self.env["vip.membership"].sudo()._sync_numbers(numbers.partner_id.ids)
        return numbers

    def write(self, vals):
        if "number" in vals:
            vals = {**vals, "number": number_key(vals["number"])}
        if "partner_id" in vals and any(line.partner_id.id != vals["partner_id"] for line in self):
            raise UserError(
                self.env._(
                    "A number changes hands on a day: use “Change of owner”, which keeps the bills with "
                    "the owner of their month."
                )
            )
        if vals.get("state") and vals["state"] != CLOSED and "closed_on" not in vals:
            vals = {**vals, "closed_on": False}
        if vals.get("state") == CLOSED and not vals.get("closed_on"):
            for company, lines in self.grouped("company_id").items():
                undated = lines.filtered(lambda line: not line.closed_on)
                super(VipServiceNumber, undated).write({"closed_on": company._vip_today()})
        result = super().write(vals)
        if vals.keys() & {"state", "closed_on", "activated_on", "date_from", "date_to"}:
            # as in ``create``
            self.env["vip.membership"].sudo()._sync_numbers(self.partner_id.ids)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # bills count also where the user may not see them
        facts = self.env["vip.billing.fact"].sudo().search([("number_id", "in", self.ids)], limit=1)
        if facts:
            raise UserError(
                self.env._(
                    "The number %s has bills and cannot be deleted. Close it instead.",
                    facts.number_id.number,
                )
            )

    def unlink(self):
        partner_ids = self.partner_id.ids
        result = super().unlink()
        # as in ``create``
        self.env["vip.membership"].sudo()._sync_numbers(partner_ids)
        return result

    # ------------------------------------------------------------
    # ACTIONS AND TOOLS
    # ------------------------------------------------------------

    def action_change_owner(self):
        """Open the dialog that passes this number to another customer."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change of owner"),
            "res_model": "vip.number.owner",
            "view_mode": "form",
            "target": "new",
            "context": {"default_number_id": self.id},
        }

    def change_owner(self, partner_id, day):
        """Pass one open number to another customer; bills stay with the owner of their month.

        :param int partner_id: the new owner
        :param day: first day of the new owner (date or ISO string), not in the future
        :return: id of the new owner's row
        :rtype: int
        :raise AccessError: the number is not the caller's to change, or he may not see the new owner
        :raise MissingError: no such number or contact
        :raise UserError: the number is not open, he owns it already, or the day does not fit
        """
        self._require_one("write")
        day = self._given_date(day)
        partner = self._given("res.partner", partner_id)
        self._check_owner_change(partner, day)
        # Owner dates are guarded: written by this door only. Both rows at once, or the number would
        # be open twice or not at all.
        self.sudo().write({"date_to": day - timedelta(days=1), "is_primary": False})
        kept = ("number", "state", "plan", "contract_end", "backup_sim")
        successor = (
            self.sudo()
            .with_company(self.company_id)
            .create(
                {
                    **{name: self[name] for name in kept},
                    "partner_id": partner.id,
                    "activated_on": day,
                    "date_from": day,
                }
            )
        )
        return successor.id

    def _check_owner_change(self, partner, day):
        if not self._is_open():
            raise UserError(
                self.env._("The number %s is not open; it cannot change hands.", self.number)
            )
        if not partner or partner == self.partner_id:
            raise UserError(
                self.env._(
                    "Choose another customer than “%s”, who owns the number already.",
                    self.partner_id.display_name,
                )
            )
        # whose customer he is holds also where the user may not see his page
        company = partner.sudo().vip_membership_id.company_id or partner.company_id
        if company and company != self.company_id:
            raise UserError(
                self.env._(
                    "“%(customer)s” is a customer of another company, not of %(company)s.",
                    customer=partner.display_name,
                    company=self.company_id.name,
                )
            )
        first = max(filter(None, (self.date_from, self.activated_on)), default=None)
        last = self.company_id._vip_today()
        if day > last or (first and day <= first):
            raise UserError(
                self.env._(
                    "The number %(number)s cannot change hands on %(day)s: choose a day after "
                    "%(first)s, not in the future.",
                    number=self.number,
                    day=format_date(self.env, day),
                    first=format_date(self.env, first) if first else "-",
                )
            )

    @api.model
    def _written(self, text):
        """Domain of the open numbers that this text may mean, however it is written; at least four
        characters. So many digits and few more may be the last ones too, as people say them."""
        key = number_key(text)
        if len(key) < 4:
            return Domain.FALSE
        written = Domain("number", "=like", f"{key}%")
        if key.isdecimal() and len(key) <= TAIL_LENGTH:
            written |= Domain("number", "=like", f"%{key}")
        international = {
            self._to_e164(key, company.country_id) for company in self.env.user.company_ids
        }
        return (
            Domain("state", "!=", CLOSED)
            & Domain("date_to", "=", False)
            & Domain("company_id", "in", self.env.user.company_ids.ids)
            & (written | Domain("number_e164", "in", international - {False}))
        )

    def _is_open(self):
        self.ensure_one()
        return self.state != CLOSED and not self.date_to

    @api.model
    def _to_e164(self, number, country):
        """The international form of a telephone number read in ``country``, False if it is none."""
        if not number:
            return False
        try:
            return phone_validation.phone_format(
                number, country.code, country.phone_code, force_format="E164", raise_exception=True
            )
        except UserError:
            return False

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools import tier_rules

REQUESTED, APPROVED, REFUSED, ENDED = "requested", "approved", "refused", "ended"
CONTENT = {"partner_id", "kind", "tier_id", "date_from", "date_to", "reason"}


class VipTierOverride(models.Model):
    """An exception to the rules for one customer, with a reason, dates and a second person.

    SPECIFICATION

    ``floor`` gives the higher of the earned and this tier, ``fixed`` replaces it, ``exclude`` removes
    it. While an override decides, the tier is valid until its ``date_to``, included; the day after, or
    on withdrawal, the base's tier and validity return with a history row. None gives a tier to a
    customer whose last number is closed. At most one is approved per customer and day.

    The approver is not the one who requested it; who changes a request becomes its requester.
    Approving one whose time has begun takes effect today.
    """

    _name = "vip.tier.override"
    _description = "VIP tier override"
    _inherit = ["mail.thread", "mail.activity.mixin", "vip.customer.record"]
    _order = "date_from desc, id desc"
    _guarded_fields = frozenset({"state", "requested_by", "approved_by", "company_id"})

    kind = fields.Selection(
        [
            (tier_rules.FLOOR, "Floor: at least this tier"),
            (tier_rules.FIXED, "Fixed: exactly this tier"),
            (tier_rules.EXCLUDE, "Exclude: no tier"),
        ],
        required=True,
        default=tier_rules.FLOOR,
    )
    tier_id = fields.Many2one("vip.tier", ondelete="restrict", index="btree_not_null")
    date_from = fields.Date(
        required=True, string="From", default=lambda self: self.env.company._vip_today()
    )
    date_to = fields.Date(required=True, string="Until", help="Last day, included.")
    reason = fields.Text(required=True)
    requested_by = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        copy=False,
        string="Requested by",
    )
    approved_by = fields.Many2one("res.users", readonly=True, copy=False, string="Reviewed by")
    state = fields.Selection(
        [
            (REQUESTED, "Requested"),
            (APPROVED, "Approved"),
            (REFUSED, "Refused"),
            (ENDED, "Ended"),
        ],
        default=REQUESTED,
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )

    _date_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "The override ends before it begins: “Until” must not be before “From”.",
    )
    _tier_set = models.Constraint(
        "CHECK (kind = 'exclude' OR tier_id IS NOT NULL)",
        "A floor or fixed override needs the tier it gives.",
    )
    _approved_once = models.Constraint(
        "EXCLUDE USING gist (int4range(partner_id, partner_id, '[]') WITH &&, "
        "daterange(date_from, date_to, '[]') WITH &&) WHERE (state = 'approved')",
        "Another override of this customer is approved in this time. Withdraw it first, or choose "
        "other dates.",
    )

    @api.depends("partner_id", "kind", "tier_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for override in self:
            override.display_name = self.env._(
                "%(customer)s, %(kind)s",
                customer=override.partner_id.display_name or "",
                kind=override.tier_id.name or kinds.get(override.kind, ""),
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("kind") == tier_rules.EXCLUDE:
                vals["tier_id"] = False
        return super().create(vals_list)

    def write(self, vals):
        edited = vals.keys() & CONTENT
        if edited:
            for override in self:
                if override.state != REQUESTED:
                    raise UserError(
                        self.env._(
                            "The override of “%s” was decided and cannot be edited. Withdraw it and "
                            "request another.",
                            override.partner_id.display_name,
                        )
                    )
        result = super().write(vals)
        if edited and not self.env.su:
            # guarded: nobody approves what he wrote into somebody else's request
            self.sudo().write({"requested_by": self.env.uid})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        for override in self:
            if override.state != REQUESTED:
                raise UserError(
                    self.env._(
                        "The override of “%s” was decided and stays as evidence.",
                        override.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_approve(self):
        """Approve requests; those whose time has begun take effect today.

        :raise AccessError: the caller is no approver
        :raise UserError: he requested it himself, it was decided already, or its time is over
        """
        self._check_decidable()
        for override in self:
            if override.requested_by == self.env.user:
                raise UserError(
                    self.env._(
                        "You requested the override of “%s” yourself; somebody else has to approve it.",
                        override.partner_id.display_name,
                    )
                )
            if override.date_to < override.company_id._vip_today():
                raise UserError(
                    self.env._(
                        "The override of “%(customer)s” ended on %(day)s already. Refuse it and request "
                        "one with other dates.",
                        customer=override.partner_id.display_name,
                        day=format_date(self.env, override.date_to),
                    )
                )
        # guarded: written by this action only
        self.sudo().write({"state": APPROVED, "approved_by": self.env.uid})
        self.sudo()._take_effect()
        return True

    def action_refuse(self):
        """Refuse requests.

        :raise AccessError: the caller is no approver
        :raise UserError: it was decided already
        """
        self._check_decidable()
        # guarded: written by this action only
        self.sudo().write({"state": REFUSED, "approved_by": self.env.uid})
        return True

    def action_withdraw(self):
        """End approved overrides today: the base's tier and validity return.

        :raise UserError: it is not approved
        """
        self._require("write")
        for override in self:
            if override.state != APPROVED:
                raise UserError(
                    self.env._(
                        "Only an approved override can be withdrawn; the one of “%s” is not.",
                        override.partner_id.display_name,
                    )
                )
        self.sudo()._end()  # state and tier are written by the programme only
        return True

    def _check_decidable(self):
        if not self.env.user.has_group("vip_customer.group_vip_approver"):
            raise AccessError(
                self.env._("Only an approver of the VIP programme may decide on an override.")
            )
        self._require("write")
        for override in self:
            if override.state != REQUESTED:
                raise UserError(
                    self.env._(
                        "The override of “%s” was decided already.",
                        override.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _in_force(self, partners, days):
        """The override that is approved for each membership's customer on its day.

        :param days: dict membership -> day
        :return: dict membership -> override; memberships without one are left out
        """
        domain = Domain("partner_id", "in", partners.ids) & Domain("state", "=", APPROVED)
        by_partner = self.search(domain).grouped("partner_id")
        found = {}
        for member, day in days.items():
            overrides = by_partner.get(member.partner_id, self)
            found[member] = overrides.filtered(lambda o, day=day: o.date_from <= day <= o.date_to)
        return {member: override for member, override in found.items() if override}

    def _take_effect(self):
        days = {}
        for override in self:
            member = override.partner_id.vip_membership_id
            today = member.company_id._vip_today()
            if override.date_from <= today:
                days[member] = today
        self.env["vip.membership"]._recount(days, "override")

    def _end(self):
        """End these overrides; the base returns today, or on the day after ``date_to``."""
        days = {}
        for override in self:
            member = override.partner_id.vip_membership_id
            today = member.company_id._vip_today()
            days[member] = min(today, override.date_to + timedelta(days=1))
        self.write({"state": ENDED})
        self.env["vip.membership"]._recount(days, "override")

    def _take_back(self):
        """What was requested is not wanted any more: requests are refused, and approved overrides withdrawn;
        run as superuser. What is over stays as it was."""
        self.filtered(lambda override: override.state == REQUESTED).state = REFUSED
        self.filtered(lambda override: override.state == APPROVED).action_withdraw()

    def _follow_dates(self, today):
        """Recount these overrides' customers on every day up to today on which one begins or is over."""
        turns = defaultdict(set)
        for override in self:
            days = {override.date_from, override.date_to + timedelta(days=1)}
            turns[override.partner_id.vip_membership_id] |= {day for day in days if day <= today}
        while turns:
            first = {member: min(days) for member, days in turns.items()}
            self.env["vip.membership"]._recount(first, "override")
            turns = {
                member: left for member, days in turns.items() if (left := days - {first[member]})
            }

    @api.model
    def _cron_follow_dates(self):
        """Hourly: begin and end overrides whose day has come, each on its day even if this runs late.
        Running it twice changes nothing."""
        for company in self.env["res.company"].search(Domain.TRUE):
            today = company._vip_today()
            begun = self.search(
                [
                    ("company_id", "=", company.id),
                    ("state", "=", APPROVED),
                    ("date_from", "<=", today),
                ]
            )
            begun._follow_dates(today)
            begun.filtered(lambda override, today=today: override.date_to < today).state = ENDED

    def _plain(self):
        """This override as ``tools/tier_rules.py`` sees it."""
        self.ensure_one()
        return tier_rules.Override(self.kind, self.date_to, self.tier_id._plain())

    def _explain(self):
        """This override as plain data for ``vip_explain_tier``, False for an empty recordset."""
        if not self:
            return False
        return {
            "kind": self.kind,
            "tier": self.tier_id.code or False,
            "date_from": self.date_from.isoformat(),
            "date_to": self.date_to.isoformat(),
            "reason": self.reason,
        }

    def _describe(self):
        self.ensure_one()
        terms = {"tier": self.tier_id.name, "until": format_date(self.env, self.date_to)}
        if self.kind == tier_rules.FLOOR:
            return self.env._("By an approved override at least %(tier)s until %(until)s.", **terms)
        if self.kind == tier_rules.FIXED:
            return self.env._("By an approved override %(tier)s until %(until)s.", **terms)
        return self.env._("By an approved override without a tier until %(until)s.", **terms)

from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import format_date

from ..tools import phone_forms, tier_rules
from .vip_entitlement import EXPIRING_DAYS
from .vip_redemption import APPROVED, ISSUED, REQUESTED
from .vip_service_number import CANCELLING, SUSPENDED

# benefits named in the line that is read aloud
SPOKEN_BENEFITS = 3


class VipMembership(models.Model):
    """The card of ``res.partner.vip_lookup``: what hotline and desk are told of a customer.

    Run as superuser after the caller was checked; no private profile and no amounts. Few queries,
    because a caller waits.
    """

    _inherit = "vip.membership"

    @api.model
    def _empty_card(self, number=False):
        """All keys of the answer, about nobody."""
        return {
            "match": "none",
            "customer": {"id": False, "name": False},
            "candidates": [],
            "number": number,
            "tier": {"code": False, "name": False, "since": False, "valid_until": False},
            "queue_priority": False,
            "direct_to_agent": False,
            "seat_group": False,
            "manager": {"name": False, "phone": False, "on_duty": False},
            "entitlements": [],
            "requests": 0,
            "cases": 0,
            "risk": False,
            "protected": False,
            "warnings": [],
        }

    def _card(self, found, number=False):
        """The answer about this customer.

        :param Found found: what led to him
        :param number: what was asked for, masked
        """
        self.ensure_one()
        today = self.company_id._vip_today()
        tier, partner = self.tier_id, self.partner_id
        line = self.env["vip.service.number"].browse(found.number_id or [])
        deputy = self._deputy(today)
        responsible = deputy.deputy_id or self.manager_id
        entitlements = self._entitlements()
        return {
            **self._empty_card(),
            "match": "one",
            "customer": {"id": partner.id, "name": partner.name or False},
            "number": phone_forms.masked(line.number) if line else number,
            "tier": {
                "code": tier.code or False,
                "name": tier.name or False,
                "since": _iso(self.since),
                "valid_until": _iso(self.valid_until),
            },
            "queue_priority": bool(tier) and tier.queue_priority,
            "direct_to_agent": tier.direct_to_agent,
            "seat_group": tier.seat_group or False,
            "manager": {
                "name": responsible.name or False,
                "phone": responsible.phone or False,
                "on_duty": bool(responsible) and self._is_on_duty(responsible),
            },
            "entitlements": entitlements,
            "requests": self._open_request_count(),
            "cases": self._open_case_count(),
            "risk": self._card_risk(),
            "protected": self.protected,
            "warnings": [
                *self._warn_of_caller(found, line),
                *self._warn_of_tier(today),
                *self._warn_of_benefits(entitlements, today),
                *self._warn_of_manager(deputy),
            ],
        }

    # ------------------------------------------------------------
    # HOOKS: for what comes on top
    # ------------------------------------------------------------

    def _open_request_count(self):
        """How many service requests of this customer are open, meant to be extended."""
        return 0

    def _open_case_count(self):
        """How many retention cases of this customer are open, meant to be extended."""
        return 0

    def _card_risk(self):
        """This customer's level of risk, False where nobody assesses it; meant to be extended."""
        return False

    # ------------------------------------------------------------
    # MANAGER
    # ------------------------------------------------------------

    def _deputy(self, today):
        """Who stands in for the account manager today (``vip.manager.deputy``), often nobody."""
        Deputy = self.env["vip.manager.deputy"]
        if not self.manager_id:
            return Deputy
        domain = [("manager_id", "=", self.manager_id.id), ("company_id", "=", self.company_id.id)]
        return Deputy.search([*domain, *Deputy._on(today)], limit=1)

    def _is_on_duty(self, user):
        """Whether a user works now: by his own working hours, else by the company's; always where
        there are none."""
        resource = self.env["resource.resource"].search(
            [("user_id", "=", user.id), ("company_id", "=", self.company_id.id)], limit=1
        )
        calendar = resource.calendar_id if resource else self.company_id.resource_calendar_id
        if not calendar:
            return True
        now = pytz.utc.localize(fields.Datetime.now())
        hours = calendar._work_intervals_batch(now, now + timedelta(minutes=1), resource)
        return bool(hours[resource.id])

    def _warn_of_manager(self, deputy):
        if not deputy:
            return []
        return [
            self.env._(
                "%(deputy)s stands in for %(manager)s until %(day)s.",
                deputy=deputy.deputy_id.name,
                manager=deputy.manager_id.name,
                day=format_date(self.env, deputy.date_to),
            )
        ]

    # ------------------------------------------------------------
    # WARNINGS
    # ------------------------------------------------------------

    def _warn_of_caller(self, found, line):
        """What to know before the first word."""
        warnings = []
        if found.contact_id:
            contact = self.env["res.partner"].browse(found.contact_id)
            warnings.append(
                self.env._(
                    "The number is that of %(contact)s, who belongs to %(customer)s.",
                    contact=contact.name,
                    customer=self.partner_id.name,
                )
            )
        if self.protected:
            warnings.append(self.env._("Protected customer."))
        if "do_not_disturb" in self._fields and self.do_not_disturb:
            warnings.append(self.env._("Does not wish to be contacted: offer nothing, only help."))
        if line.state == SUSPENDED:
            warnings.append(self.env._("This number is suspended."))
        elif line.state == CANCELLING:
            warnings.append(self.env._("This number is being cancelled."))
        return warnings

    def _warn_of_tier(self, today):
        if not self.tier_id:
            return [self.env._("No VIP customer today: no tier.")]
        if self.valid_until and self.valid_until < today:
            return [self.env._("Validity over, waiting for assessment.")]
        if self._is_about_to_drop(today):
            return [
                self.env._(
                    "By the bills so far, %(tier)s is not kept after %(day)s.",
                    tier=self.tier_id.name,
                    day=format_date(self.env, self.valid_until),
                )
            ]
        return []

    def _is_about_to_drop(self, today):
        """Whether the validity is over within 60 days, and the bills so far earn less."""
        if not self.valid_until or self.valid_until > today + timedelta(days=EXPIRING_DAYS[0]):
            return False
        policy = self.env["vip.tier.policy"]._in_force(self.company_id, today)
        if not policy:
            return False
        standard, as_of = policy._standard(), self.valid_until + timedelta(days=1)
        months = tier_rules.window_of(standard, as_of)
        bills = self._bills_by_month(months.first)
        figures = self._figures(standard, months, as_of, bills)
        rule = tier_rules.earned_rule(standard, figures)
        return not rule or rule.tier.rank < self.tier_id.rank

    def _warn_of_benefits(self, entitlements, today):
        """What lapses soon, and what was asked for and not received yet."""
        soon = _iso(today + timedelta(days=EXPIRING_DAYS[0]))
        warnings = [
            self.env._(
                "Lapses on %(day)s: %(benefit)s, %(left)s left.",
                day=format_date(self.env, line["date_to"]),
                benefit=line["name"],
                left=line["remaining"],
            )
            for line in entitlements
            if line["remaining"]
            and line["remaining"] > 0
            and line["date_to"]
            and line["date_to"] <= soon
            and not _is_monthly(line)
        ]
        counts = dict(
            self.env["vip.redemption"]._read_group(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("state", "in", (REQUESTED, APPROVED, ISSUED)),
                ],
                ["state"],
                ["__count"],
            )
        )
        if waiting := counts.pop(REQUESTED, 0):
            warnings.append(self.env._("Redemptions waiting for approval: %s.", waiting))
        if counts:
            warnings.append(self.env._("Redemptions to be delivered: %s.", sum(counts.values())))
        return warnings

    # ------------------------------------------------------------
    # READ ALOUD
    # ------------------------------------------------------------

    def _spoken(self, card):
        """The card in a few phrases, in the order in which an agent needs them."""
        phrases = []
        if self.tier_id and self.since:
            phrases.append(
                self.env._(
                    "%(tier)s since %(year)s", tier=card["tier"]["name"], year=self.since.year
                )
            )
        counted = [line for line in card["entitlements"] if line["granted"]]
        phrases += [
            self.env._(
                "%(benefit)s: %(left)s of %(granted)s left",
                benefit=line["name"],
                left=line["remaining"],
                granted=line["granted"],
            )
            for line in counted[:SPOKEN_BENEFITS]
        ]
        if card["requests"]:
            phrases.append(self.env._("open requests: %s", card["requests"]))
        if card["cases"]:
            phrases.append(self.env._("open retention cases: %s", card["cases"]))
        return phrases


def _iso(day):
    return day.isoformat() if day else False


def _is_monthly(line):
    """Whether an entitlement, as plain data, comes anew each month: that it lapses is no news."""
    return line["date_from"][:7] == line["date_to"][:7]

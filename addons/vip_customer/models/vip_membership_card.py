from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..tools import phone_forms
from ..tools.quota_sql import Periods
from .vip_benefit import AUTOMATIC, ON_REQUEST
from .vip_entitlement import EXPIRING_DAYS
from .vip_service_number import CANCELLING, SUSPENDED

# benefits named in the line that is read aloud
SPOKEN_BENEFITS = 3


class VipMembership(models.Model):
    """The card of ``res.partner.vip_lookup``: what hotline and desk are told of a customer.

    Run as superuser after the caller was checked; no private profile and no amounts. Few queries,
    because a caller waits.
    """

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited

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
        facts = self._card_facts(found)
        entitlements = self._card_entitlements(facts)
        return {
            **self._empty_card(),
            "match": "one",
            "customer": {"id": facts["partner_id"], "name": facts["customer"] or False},
            "number": phone_forms.masked(facts["number"]) if facts["number"] else number,
            "tier": {
                "code": facts["tier_code"] or False,
                "name": facts["tier"] or False,
                "since": _iso(facts["since"]),
                "valid_until": _iso(facts["valid_until"]),
            },
            "queue_priority": bool(facts["tier_id"]) and facts["queue_priority"],
            "direct_to_agent": bool(facts["direct_to_agent"]),
            "seat_group": facts["seat_group"] or False,
            "manager": {
                "name": facts["responsible"] or False,
                "phone": facts["phone"] or False,
                "on_duty": bool(facts["responsible"]) and facts["on_duty"],
            },
            "entitlements": entitlements,
            "requests": facts["open_requests"],
            "cases": self._open_case_count(facts),
            "risk": self._card_risk(),
            "protected": bool(facts["protected"]),
            "warnings": self._card_warnings(facts, entitlements),
        }

    # ------------------------------------------------------------
    # HOOKS: for what comes on top
    # ------------------------------------------------------------

    def _open_case_count(self, facts):
        """How many retention cases of this customer are open, meant to be extended.

        :param facts: as of ``_card_facts``, which is meant to be extended too
        """
        return 0

    def _card_risk(self):
        """This customer's level of risk, False where nobody assesses it; meant to be extended."""
        return False

    def _card_warnings(self, facts, entitlements):
        """What to know before the first word: sentences, meant to be extended.

        :param facts: a row of ``_card_facts``, as a dict
        :param entitlements: as of ``vip_entitlements``
        """
        return [
            *self._warn_of_caller(facts),
            *self._warn_of_requests(facts),
            *self._warn_of_neglect(facts),
            *self._warn_of_tier(facts),
            *self._warn_of_benefits(facts, entitlements),
            *self._warn_of_deputy(facts),
        ]

    # ------------------------------------------------------------
    # FACTS
    # ------------------------------------------------------------

    def _card_facts(self, found):
        """One row about this customer: himself, tier, number, who is responsible today, redemptions
        that wait.

        A few statements instead of two dozen reads of whole records: the caller waits.
        """
        self.env.flush_all()
        [facts] = self.env.execute_query_dict(
            SQL(
                """
                SELECT m.partner_id, m.company_id, p.name AS customer, m.tier_id,
                       t.code AS tier_code, %(tier)s AS tier, t.queue_priority, t.direct_to_agent,
                       t.seat_group, m.since, m.valid_until, m.protected, n.number, n.state,
                       u.id AS manager_id, d.deputy_id, d.date_to AS deputy_until,
                       today.day AS today, k.id AS calendar_id,
                       m.do_not_disturb IS TRUE
                       AND coalesce(m.do_not_disturb_from <= today.day, TRUE)
                       AND coalesce(m.do_not_disturb_until >= today.day, TRUE) AS do_not_disturb,
                       (SELECT name FROM res_partner WHERE id = %(contact)s) AS contact,
                       (SELECT longest_interval FROM vip_care_plan
                         WHERE tier_id = m.tier_id AND active IS TRUE) AS longest_interval,
                       m.last_contact_on, m.tier_warning,
                       r.waiting, r.due, q.open_requests, q.overdue_requests
                  FROM vip_membership m
                  JOIN res_partner p ON p.id = m.partner_id
                  JOIN res_company c ON c.id = m.company_id
                  LEFT JOIN resource_calendar k ON k.id = c.resource_calendar_id
                  CROSS JOIN LATERAL (
                      SELECT (%(now)s::timestamp AT TIME ZONE 'UTC'
                              AT TIME ZONE coalesce(k.tz, 'UTC'))::date AS day) today
                  LEFT JOIN vip_tier t ON t.id = m.tier_id
                  LEFT JOIN res_users u ON u.id = m.manager_id AND u.active IS TRUE
                  LEFT JOIN vip_service_number n ON n.id = %(number)s
                  CROSS JOIN LATERAL (
                      SELECT count(*) FILTER (WHERE state = 'requested') AS waiting,
                             count(*) FILTER (WHERE state <> 'requested') AS due
                        FROM vip_redemption
                       WHERE partner_id = m.partner_id
                         AND state IN ('requested', 'approved', 'issued')) r
                  CROSS JOIN LATERAL (
                      SELECT count(*) AS open_requests,
                             count(*) FILTER (WHERE next_due <= %(now)s) AS overdue_requests
                        FROM vip_service_request
                       WHERE partner_id = m.partner_id AND state IN ('new', 'doing')) q
                  LEFT JOIN LATERAL (
                      SELECT v.deputy_id, v.date_to FROM vip_manager_deputy v
                        JOIN res_users s ON s.id = v.deputy_id AND s.active IS TRUE
                       WHERE v.manager_id = u.id AND v.company_id = m.company_id
                         AND today.day BETWEEN v.date_from AND v.date_to
                       ORDER BY v.date_from DESC, v.id DESC LIMIT 1) d ON TRUE
                 WHERE m.id = %(id)s
                """,
                id=self.id,
                tier=self.env["vip.tier"]._field_to_sql("t", "name"),
                number=found.number_id,
                contact=found.contact_id,
                now=fields.Datetime.now(),
            )
        )
        return {**facts, **self._card_responsible(facts)}

    def _card_responsible(self, facts):
        """``responsible``, his ``phone``, whether he is ``on_duty``, and the ``manager``'s name.

        Working hours are those of the user's resource, else the company's, as Odoo reckons them
        (``_work_intervals_batch``); who has no fixed hours is always on duty.
        """
        nobody = {"responsible": False, "phone": False, "on_duty": False, "manager": False}
        if not facts["manager_id"]:
            return nobody
        [row] = self.env.execute_query_dict(
            SQL(
                """
                SELECT up.name AS responsible, up.phone,
                       (SELECT mp.name FROM res_users mu JOIN res_partner mp ON mp.id = mu.partner_id
                         WHERE mu.id = %(manager)s) AS manager,
                       hours.calendar_id IS NULL OR hours.flexible_hours IS TRUE OR (
                           EXISTS (SELECT FROM resource_calendar_attendance a
                                    WHERE a.calendar_id = hours.calendar_id
                                      AND a.display_type IS NULL AND a.day_period <> 'lunch'
                                      AND a.dayofweek = (extract(isodow FROM hours.now) - 1)::text
                                      AND (hours.two_weeks_calendar IS NOT TRUE OR a.week_type =
                                           ((hours.now::date - '0001-01-01'::date) / 7 %% 2)::text)
                                      AND extract(epoch FROM hours.now::time) / 3600 >= a.hour_from
                                      AND extract(epoch FROM hours.now::time) / 3600 < a.hour_to)
                           AND NOT EXISTS (
                               SELECT FROM resource_calendar_leaves l
                                WHERE l.time_type = 'leave'
                                  AND %(now)s::timestamp BETWEEN l.date_from AND l.date_to
                                  AND coalesce(l.calendar_id = hours.calendar_id, TRUE)
                                  AND CASE WHEN l.resource_id IS NULL
                                           THEN coalesce(l.company_id = %(company)s, TRUE)
                                           ELSE l.resource_id = hours.resource_id END)
                       ) AS on_duty
                  FROM res_users u
                  JOIN res_partner up ON up.id = u.partner_id
                  LEFT JOIN LATERAL (
                      SELECT id, calendar_id, tz FROM resource_resource
                       WHERE user_id = u.id AND company_id = %(company)s AND active IS TRUE
                       ORDER BY id LIMIT 1) s ON TRUE
                  LEFT JOIN LATERAL (
                      SELECT w.id AS calendar_id, w.flexible_hours, w.two_weeks_calendar,
                             s.id AS resource_id,
                             %(now)s::timestamp AT TIME ZONE 'UTC'
                                 AT TIME ZONE coalesce(s.tz, w.tz, 'UTC') AS now
                        FROM resource_calendar w
                       WHERE w.id = CASE WHEN s.id IS NULL THEN %(calendar)s
                                         ELSE s.calendar_id END) hours ON TRUE
                 WHERE u.id = %(user)s
                """,
                user=facts["deputy_id"] or facts["manager_id"],
                manager=facts["manager_id"],
                company=facts["company_id"],
                calendar=facts["calendar_id"],
                now=fields.Datetime.now(),
            )
        )
        return row

    def _card_entitlements(self, facts):
        """``_entitlements`` of this customer in one statement."""
        if not facts["tier_id"]:
            return []
        Benefit = self.env["vip.benefit"]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT b.code, %(name)s AS name, b.delivery, %(unit)s AS unit, h.id, h.is_unlimited,
                       h.granted, h.used, h.remaining, h.date_from, h.date_to,
                       tb.quantity, tb.period, y.date_from AS year_from, y.date_to AS year_to
                  FROM vip_benefit b
                  LEFT JOIN (
                      SELECT DISTINCT ON (benefit_id) * FROM vip_entitlement
                       WHERE partner_id = %(partner)s AND date_from <= %(today)s
                         AND coalesce(date_to >= %(today)s, TRUE)
                         AND (is_promised IS TRUE OR is_unlimited IS TRUE OR granted <> 0)
                       ORDER BY benefit_id, is_unlimited IS NOT TRUE AND remaining <= 0,
                                is_promised IS NOT TRUE, coalesce(date_to, 'infinity'),
                                date_from DESC) h ON h.benefit_id = b.id
                  LEFT JOIN vip_tier_benefit tb ON tb.benefit_id = b.id AND tb.tier_id = %(tier)s
                  LEFT JOIN vip_tier_policy y
                    ON y.company_id = %(company)s AND y.state = 'in_force'
                   AND %(today)s BETWEEN y.date_from AND y.date_to
                 WHERE b.active IS TRUE AND (h.id IS NOT NULL OR tb.id IS NOT NULL)
                 ORDER BY b.category_sequence, b.sequence, b.id
                """,
                name=Benefit._field_to_sql("b", "name"),
                unit=Benefit._field_to_sql("b", "unit"),
                partner=facts["partner_id"],
                company=facts["company_id"],
                tier=facts["tier_id"],
                today=facts["today"],
            )
        )
        return [_plain_entitlement(row, facts["today"]) for row in rows]

    # ------------------------------------------------------------
    # WARNINGS
    # ------------------------------------------------------------

    def _warn_of_caller(self, facts):
        warnings = []
        if facts["contact"]:
            warnings.append(
                self.env._(
                    "The number is that of %(contact)s, who belongs to %(customer)s.",
                    contact=facts["contact"],
                    customer=facts["customer"],
                )
            )
        if facts["protected"]:
            warnings.append(self.env._("Protected customer."))
        if facts["do_not_disturb"]:
            warnings.append(self.env._("Does not wish to be contacted: offer nothing, only help."))
        if facts["state"] == SUSPENDED:
            warnings.append(self.env._("This number is suspended."))
        elif facts["state"] == CANCELLING:
            warnings.append(self.env._("This number is being cancelled."))
        return warnings

    def _warn_of_neglect(self, facts):
        """That nobody was in touch for longer than the care plan of his tier allows. Where no contact is
        known nothing is said: nobody may have written any down."""
        day = facts["last_contact_on"]
        if not day or not facts["longest_interval"]:
            return []
        days = (facts["today"] - day).days
        if days <= facts["longest_interval"]:
            return []
        return [
            self.env._(
                "No contact for %(days)s days, the last one on %(day)s.",
                days=days,
                day=format_date(self.env, day),
            )
        ]

    def _warn_of_tier(self, facts):
        if not facts["tier_id"]:
            return [self.env._("No VIP customer today: no tier.")]
        until, today = facts["valid_until"], facts["today"]
        if until and until < today:
            return [self.env._("Validity over, waiting for assessment.")]
        soon = until and until <= today + timedelta(days=EXPIRING_DAYS[0])
        if soon and facts["tier_warning"] == until:
            return [
                self.env._(
                    "By the bills so far, %(tier)s is not kept after %(day)s.",
                    tier=facts["tier"],
                    day=format_date(self.env, until),
                )
            ]
        return []

    def _warn_of_benefits(self, facts, entitlements):
        """What lapses soon, and what was asked for and not received yet."""
        soon = _iso(facts["today"] + timedelta(days=EXPIRING_DAYS[0]))
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
        if facts["waiting"]:
            warnings.append(self.env._("Redemptions waiting for approval: %s.", facts["waiting"]))
        if facts["due"]:
            warnings.append(self.env._("Redemptions to be delivered: %s.", facts["due"]))
        return warnings

    def _warn_of_deputy(self, facts):
        if not facts["deputy_until"]:
            return []
        return [
            self.env._(
                "%(deputy)s stands in for %(manager)s until %(day)s.",
                deputy=facts["responsible"],
                manager=facts["manager"],
                day=format_date(self.env, facts["deputy_until"]),
            )
        ]

    # ------------------------------------------------------------
    # READ ALOUD
    # ------------------------------------------------------------

    def _spoken(self, card):
        """The card in a few phrases, in the order in which an agent needs them."""
        phrases = []
        if card["tier"]["since"]:
            phrases.append(
                self.env._(
                    "%(tier)s since %(year)s",
                    tier=card["tier"]["name"],
                    year=card["tier"]["since"][:4],
                )
            )
        left = [line for line in card["entitlements"] if line["granted"] and line["remaining"] > 0]
        left.sort(key=lambda line: not line["used"])  # what he uses is what he asks for
        phrases += [
            self.env._(
                "%(benefit)s: %(left)s of %(granted)s left",
                benefit=line["name"],
                left=line["remaining"],
                granted=line["granted"],
            )
            for line in left[:SPOKEN_BENEFITS]
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


def _plain_entitlement(row, today):
    """One entry of ``vip_entitlements`` from a row of ``_card_entitlements``."""
    bounds = row["date_from"], row["date_to"]
    granted, used, remaining = row["granted"], row["used"], row["remaining"]
    if row["id"] is None:
        # a promise without an entitlement: standing, not counted, or not granted yet
        granted, used, bounds = _promise(row, today)
        remaining = granted
    elif row["is_unlimited"]:
        granted = remaining = False
    return {
        "code": row["code"],
        "name": row["name"],
        "delivery": row["delivery"],
        "unit": row["unit"] or False,
        "granted": granted,
        "used": used,
        "remaining": remaining,
        "date_from": _iso(bounds[0]),
        "date_to": _iso(bounds[1]),
    }


def _promise(row, today):
    """Granted, used and bounds of what is promised and has no entitlement."""
    quantity = row["quantity"]
    if row["delivery"] != ON_REQUEST and not (row["delivery"] == AUTOMATIC and quantity):
        return False, 0, (None, None)
    first = today.replace(day=1)
    month = (first, first + relativedelta(months=1, days=-1))
    year = (row["year_from"], row["year_to"]) if row["year_from"] else None
    bounds = Periods(today, month, year).bounds(row["period"])
    return quantity or False, 0, bounds or (None, None)

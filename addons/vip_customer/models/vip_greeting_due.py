from datetime import timedelta
from typing import NamedTuple

import pytz

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import tier_rules
from ..tools.greeting_days import BIRTHDAY_START, START, birthdays_on, earliest, latest_birth
from .vip_greeting import (
    DO_NOT_DISTURB,
    EMAIL_BLOCKED,
    GIFT,
    LATE,
    NO_ADDRESS,
    NO_EMAIL,
    NO_NUMBER,
    NOBODY,
    NUMBER_BLOCKED,
    OPTED_OUT,
)
from .vip_greeting_rule import CARD, EMAIL, SMS
from .vip_occasion import BIRTHDAY, EVENTS

# Days ahead at which cards go to the post and gifts become a task.
CARD_DAYS, GIFT_DAYS = 5, 7
BILL_MONTHS = 3
IS_BIRTHDAY = SQL(
    """d.calendar = m.birthday_calendar AND d.month = extract(month FROM m.birthday)
       AND d.day = extract(day FROM m.birthday)"""
)
IS_EVENT = SQL(
    "d.partner_id = m.partner_id AND d.days_before = r.days_before AND d.date >= r.date_from"
)


class Due(NamedTuple):
    """Somebody about whose greeting is to be decided."""

    partner_id: int
    rule_id: int
    occasion_id: int
    tier_id: int
    medium: str
    date: object
    year: int
    slot: object
    number: str | None
    email: str | None
    reason: str | None
    not_before: object


class VipGreeting(models.Model):
    """Who is due: customers with a tier that has a rule for an occasion of these days, not archived,
    about whom nothing was decided yet. One query for each occasion; what happens to customers is in
    ``vip_greeting_events.py``.

    The tier must promise it: greetings the benefit ``GREETING``, gifts the benefit ``FAMILY``. Who cannot
    have his card or gift yet is due on the day itself: until then an address or somebody to look after
    him may turn up.
    """

    _inherit = "vip.greeting"

    def _due(self, now, limit):
        """Those of the company about whom something is to be decided at this moment (UTC).

        Texts and mails follow the clock of the customer; files, cards and tasks that of the company.
        What was missed yesterday is due too: it is decided that it is too late.

        :rtype: list[Due]
        """
        self.env.flush_all()
        today = self.env.company._vip_local(now).date()
        first, last = today - timedelta(days=2), today + timedelta(days=GIFT_DAYS + 1)
        # runs of days of mourning are short
        mourning = self.env["vip.occasion"]._mourning_days(first - timedelta(days=7), last)
        if today in mourning:
            return []
        zones = self._zones()
        found = []
        for occasion in self.env["vip.greeting.rule"].search(Domain.TRUE).occasion_id:
            if len(found) < limit and occasion.active:
                days = self._due_days(occasion, today, first, last, mourning)
                if days:
                    clocks = self._clocks(occasion, now, zones)
                    rows = self._due_rows(occasion, days, clocks, now, limit - len(found))
                    found += [self._judge(row, occasion, now) for row in rows]
        return found

    def _due_days(self, occasion, today, first, last, mourning):
        """The SELECT of the days ``d`` of an occasion, None where it has none: ``date``, ``year``,
        ``slot``, and whose they are: by ``calendar``, ``month`` and ``day``, by ``born_by``, or by
        ``partner_id`` and ``days_before``."""
        if occasion.kind in EVENTS:
            return self._events(occasion, today)
        days = self._days_of(occasion, first, last, mourning)
        return days and SQL(
            """SELECT v.*, make_date(v.year, 1, 1) AS slot, NULL::int AS partner_id, 0 AS days_before
                 FROM (VALUES %s) v (calendar, month, day, date, year, born_by)""",
            SQL(", ").join(
                SQL("(%s, %s::int, %s::int, %s::date, %s::int, %s::date)", *day) for day in days
            ),
        )

    # ------------------------------------------------------------
    # DAYS AND HOURS
    # ------------------------------------------------------------

    def _days_of(self, occasion, first, last, mourning):
        """The rows ``(calendar, month, day, date, year, born_by)`` an occasion has between two days;
        the first three are empty for a festival."""
        span = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        if occasion.kind == BIRTHDAY:
            months = self.env["vip.lunar.month"]._months(first - timedelta(days=7), last)
            return [
                (
                    birthday.calendar,
                    birthday.month,
                    birthday.day,
                    day,
                    birthday.year,
                    self._born_by(occasion, day),
                )
                for day in span
                for birthday in birthdays_on(day, months, mourning)
            ]
        return [
            (None, None, None, day, day.year, self._born_by(occasion, day))
            for day in occasion.date_ids.mapped("date")
            if first <= day <= last and day not in mourning
        ]

    @staticmethod
    def _born_by(occasion, day):
        return latest_birth(day, occasion.min_age) if occasion.min_age else None

    def _zones(self):
        """The time zones of the company's customers, its own among them."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT p.tz FROM vip_membership m JOIN res_partner p ON p.id = m.partner_id
                    WHERE m.company_id = %s AND m.tier_id IS NOT NULL AND p.tz IS NOT NULL""",
                self.env.company.id,
            )
        )
        return {zone for (zone,) in rows if zone in pytz.all_timezones_set} | {
            self.env.company._vip_tz()
        }

    def _clocks(self, occasion, now, zones):
        """The rows ``(zone, today there, from when on greetings go out or are too late)``."""
        for zone in zones:
            today = self.env.company._vip_local(now, zone).date()
            moment = self._earliest(occasion, today, now, zone)
            yield zone, today, moment or (None if occasion.kind in EVENTS else now)

    def _earliest(self, occasion, day, now, zone):
        """The first decent moment (UTC) of this day in this time zone, None when it is too late."""
        start = BIRTHDAY_START if occasion.kind == BIRTHDAY else START
        moment = earliest(day, start, self.env.company._vip_local(now, zone))
        if moment is None:
            return None
        return pytz.timezone(zone).localize(moment).astimezone(pytz.utc).replace(tzinfo=None)

    # ------------------------------------------------------------
    # ONE QUERY FOR AN OCCASION
    # ------------------------------------------------------------

    def _due_rows(self, occasion, days, clocks, now, limit):
        """Rows of what ``_judge`` needs.

        The number is the primary one; else the open one with the highest bills of the last months;
        else the contact's telephone.
        """
        today = self.env.company._vip_local(now).date()
        month = tier_rules.add_months(today, -BILL_MONTHS)
        return self.env.execute_query_dict(
            SQL(
                """
                WITH days AS (%(days)s),
                     clocks (zone, today, moment) AS (VALUES %(clocks)s)
                SELECT DISTINCT ON (m.partner_id, w.medium)
                       m.partner_id, r.id AS rule_id, r.occasion_id, r.tier_id, w.medium, d.date, d.year,
                       d.slot, c.zone, m.no_greetings, o.is_left_alone,
                       coalesce(n.number, p.phone_sanitized) AS number, p.email_normalized AS email,
                       o.has_address,
                       EXISTS (SELECT FROM phone_blacklist b WHERE b.active
                                  AND b.number = coalesce(n.number, p.phone_sanitized)) AS number_blocked,
                       EXISTS (SELECT FROM mail_blacklist b WHERE b.active
                                  AND b.email = p.email_normalized) AS email_blocked,
                       o.is_cared_for
                  FROM vip_greeting_rule r
                  JOIN vip_membership m ON m.tier_id = r.tier_id AND m.company_id = %(company)s
                  JOIN days d ON %(is_day)s AND (d.born_by IS NULL OR m.birthday <= d.born_by)
                  JOIN res_partner p ON p.id = m.partner_id AND p.active
                  JOIN clocks c
                    ON c.zone = CASE WHEN p.tz IN (SELECT zone FROM clocks) THEN p.tz ELSE %(zone)s END
                  CROSS JOIN LATERAL (
                       SELECT r.medium UNION SELECT 'gift' WHERE r.gift) w (medium)
                  LEFT JOIN crm_team t ON t.id = m.team_id
                  CROSS JOIN LATERAL (
                       SELECT nullif(trim(p.street), '') IS NOT NULL
                              AND nullif(trim(p.city), '') IS NOT NULL AS has_address,
                              EXISTS (SELECT FROM res_users u
                                       WHERE u.active AND u.id IN (m.manager_id, t.user_id))
                              AS is_cared_for,
                              m.do_not_disturb IS TRUE AND coalesce(
                                  m.do_not_disturb_from <= greatest(d.date, %(today)s), TRUE)
                              AND coalesce(
                                  m.do_not_disturb_until >= greatest(d.date, %(today)s), TRUE)
                              AS is_left_alone) o
                  LEFT JOIN LATERAL (
                       SELECT n.number_e164 AS number
                         FROM vip_service_number n
                         LEFT JOIN vip_billing_fact f ON f.number_id = n.id
                              AND f.month >= %(month)s AND f.month < %(today)s
                        WHERE n.partner_id = m.partner_id AND n.state <> 'closed'
                          AND n.date_to IS NULL AND n.number_e164 IS NOT NULL
                        GROUP BY n.id
                        ORDER BY n.is_primary DESC NULLS LAST, sum(f.amount) DESC NULLS LAST, n.id
                        LIMIT 1) n ON w.medium = 'sms'
                 WHERE r.active AND r.occasion_id = %(occasion)s
                   AND (%(is_event)s
                        OR EXISTS (SELECT FROM vip_tier_benefit tb
                                     JOIN vip_benefit b ON b.id = tb.benefit_id
                                    WHERE tb.tier_id = m.tier_id AND b.active
                                      AND b.code = CASE w.medium WHEN 'gift' THEN 'FAMILY'
                                                                 ELSE 'GREETING' END))
                   AND CASE WHEN %(is_event)s THEN d.date <= c.today AND c.moment <= %(now)s
                            WHEN w.medium IN ('card', 'gift') THEN
                                 d.date BETWEEN %(today)s - 1
                                            AND %(today)s + CASE w.medium WHEN 'card' THEN %(card_days)s
                                                                          ELSE %(gift_days)s END
                            WHEN w.medium = 'sms' AND %(by_file)s THEN
                                 d.date BETWEEN %(today)s - 1 AND %(today)s
                            ELSE d.date = c.today - 1
                                 OR d.date = c.today AND c.moment <= %(now)s END
                   AND (d.date <= %(today)s
                        OR CASE w.medium WHEN 'card' THEN m.no_greetings IS NOT TRUE AND o.has_address
                                                          AND NOT o.is_left_alone
                                         WHEN 'gift' THEN o.is_cared_for
                                         ELSE TRUE END)
                   AND NOT EXISTS (SELECT FROM vip_greeting g
                                    WHERE g.partner_id = m.partner_id AND g.medium = w.medium
                                      AND g.occasion_id = r.occasion_id AND g.slot = d.slot)
                 ORDER BY m.partner_id, w.medium, d.date DESC
                 LIMIT %(limit)s
                """,
                days=days,
                clocks=SQL(", ").join(
                    SQL("(%s, %s::date, %s::timestamp)", *clock) for clock in clocks
                ),
                is_day=self._is_day(occasion),
                is_event=occasion.kind in EVENTS,
                company=self.env.company.id,
                zone=self.env.company._vip_tz(),
                month=month,
                today=today,
                occasion=occasion.id,
                card_days=CARD_DAYS,
                gift_days=GIFT_DAYS,
                by_file=self._by_file(),
                now=now,
                limit=limit,
            )
        )

    @staticmethod
    def _is_day(occasion):
        """The condition on which a day ``d`` is one of the customer ``m`` for the rule ``r``."""
        if occasion.kind == BIRTHDAY:
            return IS_BIRTHDAY
        return IS_EVENT if occasion.kind in EVENTS else SQL("TRUE")

    def _judge(self, row, occasion, now):
        """:param row: see ``_due_rows``"""
        is_event = occasion.kind in EVENTS
        moment = None
        if row["medium"] in (SMS, EMAIL):
            today = self.env.company._vip_local(now, row["zone"]).date()
            day = today if is_event else row["date"]
            moment = self._earliest(occasion, day, now, row["zone"])
            is_late = moment is None
        else:
            is_late = not is_event and row["date"] < self.env.company._vip_local(now).date()
        names = (
            "partner_id",
            "rule_id",
            "occasion_id",
            "tier_id",
            "medium",
            "date",
            "year",
            "slot",
        )
        return Due(
            **{name: row[name] for name in (*names, "number", "email")},
            reason=self._objection(row) or (LATE if is_late else None),
            not_before=moment,
        )

    @staticmethod
    def _objection(row):
        """Why the customer cannot or must not be greeted by this medium, None if nothing is against it.
        A gift is a right of the tier: who wishes no greetings has it all the same."""
        objections = {
            SMS: (
                (row["is_left_alone"], DO_NOT_DISTURB),
                (row["no_greetings"], OPTED_OUT),
                (not row["number"], NO_NUMBER),
                (row["number_blocked"], NUMBER_BLOCKED),
            ),
            EMAIL: (
                (row["is_left_alone"], DO_NOT_DISTURB),
                (row["no_greetings"], OPTED_OUT),
                (not row["email"], NO_EMAIL),
                (row["email_blocked"], EMAIL_BLOCKED),
            ),
            CARD: (
                (row["is_left_alone"], DO_NOT_DISTURB),
                (row["no_greetings"], OPTED_OUT),
                (not row["has_address"], NO_ADDRESS),
            ),
            GIFT: ((not row["is_cared_for"], NOBODY),),
        }
        return next((reason for holds, reason in objections[row["medium"]] if holds), None)

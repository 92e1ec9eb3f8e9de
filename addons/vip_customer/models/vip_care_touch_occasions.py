from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..tools import care_sql
from ..tools.greeting_days import SOLAR, birthdays_on
from .vip_occasion import (
    ANNIVERSARY,
    BENEFIT_END,
    BIRTHDAY,
    CONTRACT_END,
    FESTIVAL,
    MANAGER_NEW,
    TIER_WARN,
    YEAR_REVIEW,
)

# Touches planned for days before that may still be due: on a long holiday, or put off.
BACK_DAYS = 40
# What is known only shortly before is planned so many days ahead, and made up for so many days later.
SHORT_DAYS = 7
# Movements older than that are told to nobody any more.
MOVEMENT_DAYS = 92
JANUARY_DAYS = 31


class VipCareTouch(models.Model):
    """The occasions of care plans: for whom, and on which day.

    Birthdays, festivals, years with us, ends of contracts and the yearly review are known for the whole
    year; tiers about to drop and benefits about to lapse only as they come near; a new customer, a tier
    raised or lowered and a new manager when it happens.
    """

    _inherit = "vip.care.touch"

    @api.model
    def _fill_events(self, company, first, last, members):
        """Put the occasions that are planned for between two days, and some before, into
        ``vip_care_event``."""
        steps = self.env["vip.care.step"].search(
            [
                ("kind", "=", "occasion"),
                ("plan_id.active", "=", True),
                ("occasion_id.active", "=", True),
            ]
        )
        for kind, group in steps.grouped(lambda step: step.occasion_id.kind).items():
            fill = {
                BIRTHDAY: self._birthday_events,
                ANNIVERSARY: self._anniversary_events,
                FESTIVAL: self._festival_events,
                YEAR_REVIEW: self._review_events,
                CONTRACT_END: self._contract_events,
                BENEFIT_END: self._benefit_events,
                TIER_WARN: self._warning_events,
            }.get(kind)
            if fill:
                fill(company, group, first, last, members)
        self.env.cr.execute("ANALYZE vip_care_event")

    def _insert_events(self, company, steps, members, slot, source, condition=None, base=None):
        """:param SQL slot: day of the occasion
        :param SQL source: tables joined to ``m``, the memberships, and ``s``, the steps
        :param SQL base: day wanted, before the offset; the slot without it
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO vip_care_event (partner_id, step_id, slot, base, within)
                   SELECT DISTINCT m.partner_id, s.id, %(slot)s, %(base)s + s.offset_days, s.within_days
                     FROM vip_membership m
                     JOIN vip_care_plan c ON c.tier_id = m.tier_id AND c.active IS TRUE
                     JOIN vip_care_step s ON s.plan_id = c.id AND s.id = ANY(%(steps)s)
                     %(source)s
                    WHERE m.company_id = %(company)s AND %(members)s AND %(condition)s""",
                slot=slot,
                base=base or slot,
                steps=steps.ids,
                source=source,
                company=company.id,
                members=members,
                condition=condition or SQL("TRUE"),
            )
        )

    @staticmethod
    def _span(steps, first, last):
        """The days of occasions that these steps plan between two days, and some before."""
        offsets = steps.mapped("offset_days")
        return first - timedelta(days=BACK_DAYS + max(offsets)), last - timedelta(days=min(offsets))

    # ------------------------------------------------------------
    # KNOWN FOR THE YEAR
    # ------------------------------------------------------------

    def _birthday_rows(self, first, last):
        mourning = self.env["vip.occasion"]._mourning_days(first - timedelta(days=7), last)
        months = self.env["vip.lunar.month"]._months(first - timedelta(days=7), last)
        for i in range((last - first).days + 1):
            day = first + timedelta(days=i)
            for birthday in birthdays_on(day, months, mourning):
                yield birthday.calendar, birthday.month, birthday.day, day

    def _birthday_events(self, company, steps, first, last, members):
        rows = self._birthday_rows(*self._span(steps, first, last))
        source = SQL(
            """JOIN (VALUES %s) d (calendar, month, day, date)
                 ON d.calendar = m.birthday_calendar AND d.month = extract(month FROM m.birthday)
                AND d.day = extract(day FROM m.birthday)""",
            SQL(", ").join(SQL("(%s, %s, %s, %s::date)", *row) for row in rows),
        )
        self._insert_events(company, steps, members, SQL("d.date"), source)

    def _anniversary_events(self, company, steps, first, last, members):
        """29 February is kept on 28 February, as for birthdays."""
        first, last = self._span(steps, first, last)
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        rows = [
            (birthday.month, birthday.day, day)
            for day in days
            for birthday in birthdays_on(day, ())
            if birthday.calendar == SOLAR
        ]
        source = SQL(
            """JOIN (VALUES %s) d (month, day, date)
                 ON d.month = extract(month FROM m.joined_on)
                AND d.day = extract(day FROM m.joined_on)""",
            SQL(", ").join(SQL("(%s, %s, %s::date)", *row) for row in rows),
        )
        is_later = SQL("extract(year FROM d.date) > extract(year FROM m.joined_on)")
        self._insert_events(company, steps, members, SQL("d.date"), source, is_later)

    def _festival_events(self, company, steps, first, last, members):
        mourning = self.env["vip.occasion"]._mourning_days(first - timedelta(days=60), last)
        for step in steps:
            earliest, latest = self._span(step, first, last)
            for day in step.occasion_id.date_ids.mapped("date"):
                if earliest <= day <= latest and day not in mourning:
                    self._insert_events(company, step, members, SQL("%s::date", day), SQL())

    def _review_events(self, company, steps, first, last, members):
        """In January, the customers spread over its days."""
        slot = last.replace(month=1, day=1)
        base = SQL("%s::date + (%s * (%s) >> 32)::int", slot, JANUARY_DAYS, care_sql.phase("s.id"))
        self._insert_events(company, steps, members, SQL("%s::date", slot), SQL(), base=base)

    def _contract_events(self, company, steps, first, last, members):
        first, last = self._span(steps, first, last)
        source = SQL(
            """JOIN vip_service_number n
                 ON n.partner_id = m.partner_id AND n.state <> 'closed' AND n.date_to IS NULL
                AND n.contract_end BETWEEN %s AND %s""",
            first,
            last,
        )
        self._insert_events(company, steps, members, SQL("n.contract_end"), source)

    # ------------------------------------------------------------
    # KNOWN AS IT COMES NEAR
    # ------------------------------------------------------------

    def _short_span(self, company):
        today = company._vip_today()
        return today - timedelta(days=SHORT_DAYS), today + timedelta(days=SHORT_DAYS)

    def _benefit_events(self, company, steps, _first, _last, members):
        """Who has something left of the year when it is about to end."""
        source = SQL(
            """JOIN vip_entitlement e
                 ON e.partner_id = m.partner_id AND e.period = 'year' AND e.remaining > 0
                AND e.is_unlimited IS NOT TRUE
                AND e.date_to + s.offset_days BETWEEN %s AND %s
               JOIN vip_benefit b ON b.id = e.benefit_id AND b.delivery = 'on_request'""",
            *self._short_span(company),
        )
        base = SQL("greatest(e.date_to, %s::date - s.offset_days)", company._vip_today())
        self._insert_events(company, steps, members, SQL("e.date_to"), source, base=base)

    def _warning_events(self, company, steps, _first, _last, members):
        """Whose tier is about to drop, see ``vip.membership._renew_warnings``."""
        self._insert_events(
            company,
            steps,
            members,
            SQL("m.valid_until"),
            SQL(),
            SQL(
                "m.tier_warning = m.valid_until AND m.valid_until + s.offset_days BETWEEN %s AND %s",
                *self._short_span(company),
            ),
            SQL("greatest(m.valid_until, %s::date - s.offset_days)", company._vip_today()),
        )

    # ------------------------------------------------------------
    # KNOWN WHEN IT HAPPENS
    # ------------------------------------------------------------

    @api.model
    def _plan_movements(self, company, today):
        """Touches for who entered, rose and fell in ``vip_tier_change``, counted from today. Whose
        number only reopened is welcomed by nobody."""
        self.env.cr.execute("TRUNCATE vip_care_event")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_care_event (partner_id, step_id, slot, base, within)
                SELECT v.partner_id, s.id, v.date_from, greatest(v.date_from, %(today)s) + s.offset_days,
                       s.within_days
                  FROM vip_tier_change v
                  JOIN vip_tier t ON t.id = v.tier_id
                  LEFT JOIN vip_tier b ON b.id = v.old_tier_id
                  JOIN vip_care_plan c ON c.tier_id = v.tier_id AND c.active IS TRUE
                  JOIN vip_care_step s ON s.plan_id = c.id AND s.active IS TRUE
                  JOIN vip_occasion o ON o.id = s.occasion_id AND o.active IS TRUE
                       AND o.kind = CASE WHEN b.id IS NULL THEN
                                              CASE WHEN v.source <> 'closure' THEN 'welcome' END
                                         WHEN t.rank > b.rank THEN 'tier_up'
                                         WHEN t.rank < b.rank THEN 'tier_down' END
                 WHERE v.company_id = %(company)s AND v.date_from >= %(today)s::date - %(back)s
                """,
                company=company.id,
                today=today,
                back=MOVEMENT_DAYS,
            )
        )
        self.env.cr.execute(care_sql.place_occasions(today))
        self._settle(today)
        self.invalidate_model()

    @api.model
    def _plan_new_managers(self, company, today):
        """Touches for who has another manager from today on, in ``vip_manager_change``."""
        self.env.cr.execute("TRUNCATE vip_care_event")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_care_event (partner_id, step_id, slot, base, within)
                SELECT v.partner_id, s.id, %(today)s, %(today)s::date + s.offset_days, s.within_days
                  FROM vip_manager_change v
                  JOIN vip_membership m ON m.id = v.membership_id AND m.company_id = %(company)s
                  JOIN vip_care_plan c ON c.tier_id = m.tier_id AND c.active IS TRUE
                  JOIN vip_care_step s ON s.plan_id = c.id AND s.active IS TRUE
                  JOIN vip_occasion o ON o.id = s.occasion_id AND o.active IS TRUE AND o.kind = %(kind)s
                 WHERE v.manager_id IS NOT NULL AND v.old_manager_id <> v.manager_id
                """,
                company=company.id,
                today=today,
                kind=MANAGER_NEW,
            )
        )
        self.env.cr.execute(care_sql.place_occasions(today))
        self._settle(today)
        self.invalidate_model()

"""The rule of ``care_days`` for a whole book of customers: statements that write changed rows only.

They read four temporary tables, which ``CREATE`` makes and the caller fills (see
``vip.care.touch._prepare_days``):

``vip_care_worker``  managers whose working days are their own; all others have those of the company
``vip_care_day``     working days, numbered; worker 0 is the company
``vip_care_slot``    the parts of the year, for each number of touches
``vip_care_event``   occasions: customer, step, the day of the occasion, the day wanted, and within how
                     many working days
"""

from datetime import date, timedelta

from odoo.tools import SQL

from .care_days import A_WEEK, CUSTOMER_STRIDE, FULL, LATE_DAYS, MADE_UP_DAYS, MONDAY, STEP_STRIDE

CREATE = """
    DROP TABLE IF EXISTS vip_care_worker, vip_care_day, vip_care_slot, vip_care_span, vip_care_event,
                         vip_care_place;
    CREATE TEMPORARY TABLE vip_care_worker (manager_id int PRIMARY KEY) ON COMMIT DROP;
    CREATE TEMPORARY TABLE vip_care_day (
        worker int, day date, number int, PRIMARY KEY (worker, day), UNIQUE (worker, number)
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE vip_care_slot (
        times int, slot date, last date, PRIMARY KEY (times, slot)) ON COMMIT DROP;
    CREATE TEMPORARY TABLE vip_care_span (
        tier_id int, step_id int, channel_id int, purpose varchar, slot date, worker int, first int,
        days int, next date
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE vip_care_event (
        partner_id int, step_id int, slot date, base date, within int) ON COMMIT DROP;
    CREATE TEMPORARY TABLE vip_care_place (
        id int GENERATED ALWAYS AS IDENTITY, partner_id int, step_id int, slot date, worker int,
        day date, touch_id int, company_id int, tier_id int, channel_id int, purpose varchar,
        is_occasion bool, rank int, turn int
    ) ON COMMIT DROP;
"""
# Who stays where he is when a day or a week is full. A settled touch never moves.
SETTLED, OCCASION, PLANNED_BEFORE, NEW = range(4)

# What ``regular_day`` asks of a part of the year, once for everybody of a tier with the same working
# days. The plans are in it too, so that PostgreSQL knows how much it will join to the book.
SPANS = """
    INSERT INTO vip_care_span (tier_id, step_id, channel_id, purpose, slot, worker, first, days, next)
    SELECT c.tier_id, s.id, s.channel_id, s.purpose, l.slot, l.worker, l.first, l.days, l.next
      FROM (SELECT s.times, s.slot, w.worker, min(d.number) AS first, count(d.number) AS days,
                   coalesce((SELECT min(n.day) FROM vip_care_day n
                              WHERE n.worker = w.worker AND n.day >= s.slot), s.slot) AS next
              FROM vip_care_slot s
              CROSS JOIN (SELECT 0 AS worker UNION SELECT manager_id FROM vip_care_worker) w
              LEFT JOIN vip_care_day d ON d.worker = w.worker AND d.day BETWEEN s.slot AND s.last
             GROUP BY 1, 2, 3) l
      JOIN vip_care_step s ON s.times = l.times AND s.active IS TRUE AND s.kind = 'regular'
      JOIN vip_care_plan c ON c.id = s.plan_id AND c.active IS TRUE;
    ANALYZE vip_care_worker; ANALYZE vip_care_day; ANALYZE vip_care_slot; ANALYZE vip_care_span;
"""


def phase(step: str) -> SQL:
    """``care_days.phase`` of the membership ``m``.

    :param step: alias and column of the step
    """
    return SQL(
        "((m.partner_id * %s::bigint) %% %s + %s * %s::bigint) %% %s",
        CUSTOMER_STRIDE,
        FULL,
        SQL.identifier(*step.split(".")),
        STEP_STRIDE,
        FULL,
    )


PLACE = SQL(
    """INSERT INTO vip_care_place (partner_id, company_id, step_id, tier_id, channel_id, purpose,
                                  is_occasion, slot, worker, day, rank, turn)"""
)


def place_regular(company_id: int, today: object, members: SQL) -> SQL:
    """The regular touches of the year that are still to come and not planned yet.

    :param members: condition on ``m``, the memberships
    """
    return SQL(
        """
        %(place)s
        SELECT f.partner_id, f.company_id, f.step_id, f.tier_id, f.channel_id, f.purpose, FALSE,
               f.slot, f.worker, f.day, %(rank)s, 0
          FROM (SELECT m.partner_id, m.company_id, p.step_id, m.tier_id, p.channel_id, p.purpose,
                       p.slot, p.worker, coalesce(d.day, p.next) AS day
                  FROM vip_membership m
                  LEFT JOIN vip_care_worker w ON w.manager_id = m.manager_id
                  JOIN vip_care_span p
                    ON p.tier_id = m.tier_id AND p.worker = coalesce(w.manager_id, 0)
                  LEFT JOIN vip_care_day d
                    ON d.worker = p.worker AND d.number = p.first + ((p.days * (%(phase)s)) >> 32)
                 WHERE m.company_id = %(company)s AND %(members)s
               ) f
         WHERE f.day >= %(today)s
           AND NOT EXISTS (SELECT FROM vip_care_touch t
                            WHERE t.partner_id = f.partner_id AND t.step_id = f.step_id
                              AND t.slot = f.slot)
        """,
        place=PLACE,
        rank=NEW,
        phase=phase("p.step_id"),
        company=company_id,
        members=members,
        today=today,
    )


def place_occasions(today: object) -> SQL:
    """The touches of the occasions in ``vip_care_event`` that are still to come and not planned yet."""
    return SQL(
        """
        %(place)s
        SELECT f.partner_id, f.company_id, f.step_id, f.tier_id, f.channel_id, f.purpose, TRUE,
               f.slot, f.worker, f.day, %(rank)s, 0
          FROM (SELECT DISTINCT ON (m.partner_id, s.id, e.slot)
                       m.partner_id, m.company_id, s.id AS step_id, m.tier_id, s.channel_id, s.purpose,
                       e.slot, coalesce(w.manager_id, 0) AS worker, coalesce(d.day, e.base) AS day
                  FROM vip_care_event e
                  JOIN vip_membership m ON m.partner_id = e.partner_id
                  JOIN vip_care_step s ON s.id = e.step_id
                  LEFT JOIN vip_care_worker w ON w.manager_id = m.manager_id
                  LEFT JOIN LATERAL (
                       SELECT n.number FROM vip_care_day n
                        WHERE n.worker = coalesce(w.manager_id, 0)
                          AND n.day >= e.base + (e.within > 0)::int
                        ORDER BY n.day LIMIT 1) n ON TRUE
                  LEFT JOIN vip_care_day d
                    ON d.worker = coalesce(w.manager_id, 0)
                   AND d.number = n.number + greatest(e.within - 1, 0)
                 ORDER BY m.partner_id, s.id, e.slot, e.base
               ) f
         WHERE f.day >= %(today)s
           AND NOT EXISTS (SELECT FROM vip_care_touch t
                            WHERE t.partner_id = f.partner_id AND t.step_id = f.step_id
                              AND t.slot = f.slot)
        """,
        place=PLACE,
        rank=OCCASION,
        today=today,
    )


def delete_stale(company_id: int, first: object, last: object, members: SQL) -> SQL:
    """Take back planned touches that nothing calls for any more: the tier, the plan or the day of the
    occasion is another one. Returns the tasks that go with them.

    :param first, last: the days of which ``vip_care_slot`` and ``vip_care_event`` know
    """
    return SQL(
        """
        DELETE FROM vip_care_touch WHERE id = ANY(ARRAY(
        SELECT t.id
          FROM vip_care_touch t
          JOIN vip_membership m ON m.partner_id = t.partner_id
          JOIN vip_care_step s ON s.id = t.step_id
          JOIN vip_care_plan c ON c.id = s.plan_id
          LEFT JOIN vip_occasion o ON o.id = s.occasion_id
          LEFT JOIN vip_care_slot l ON l.times = s.times AND l.slot = t.slot
          LEFT JOIN (SELECT DISTINCT partner_id, step_id, slot FROM vip_care_event) e
            ON e.partner_id = t.partner_id AND e.step_id = t.step_id AND e.slot = t.slot
         WHERE m.company_id = %(company)s AND %(members)s
           AND t.state = 'planned' AND t.due_date >= %(first)s
           AND (s.active IS NOT TRUE OR c.active IS NOT TRUE
                OR m.tier_id IS DISTINCT FROM c.tier_id
                OR t.is_occasion IS TRUE AND (s.kind <> 'occasion' OR o.active IS NOT TRUE)
                OR t.is_occasion IS NOT TRUE AND s.kind = 'occasion'
                OR t.is_occasion IS NOT TRUE AND l.slot IS NULL
                   AND extract(year FROM t.slot) = extract(year FROM %(last)s::date)
                OR o.kind IN ('birthday', 'anniversary', 'festival', 'contract_end', 'year_review')
                   AND t.due_date <= %(last)s AND e.slot IS NULL)
        ))
        RETURNING activity_id
        """,
        company=company_id,
        members=members,
        first=first,
        last=last,
    )


def place_moved(company_id: int, today: object, last: object, members: SQL) -> SQL:
    """Planned touches on days on which the manager does not work, on his next working day; what was put
    off by hand stays."""
    return SQL(
        """
        INSERT INTO vip_care_place (partner_id, step_id, slot, worker, day, touch_id, rank, turn)
        SELECT t.partner_id, t.step_id, t.slot, coalesce(w.manager_id, 0), d.day, t.id,
               CASE WHEN t.is_occasion THEN %(occasion)s ELSE %(regular)s END, 0
          FROM vip_care_touch t
          JOIN vip_membership m ON m.partner_id = t.partner_id
          LEFT JOIN vip_care_worker w ON w.manager_id = m.manager_id
          JOIN LATERAL (SELECT d.day FROM vip_care_day d
                         WHERE d.worker = coalesce(w.manager_id, 0) AND d.day >= t.due_date
                         ORDER BY d.day LIMIT 1) d ON d.day > t.due_date
         WHERE t.company_id = %(company)s AND %(members)s
           AND t.state = 'planned' AND t.postponed_by IS NULL
           AND t.due_date BETWEEN %(today)s AND %(last)s
        """,
        occasion=OCCASION,
        regular=PLANNED_BEFORE,
        company=company_id,
        members=members,
        today=today,
        last=last,
    )


def place_neighbours(today: object) -> SQL:
    """The other contacts of the customers in ``vip_care_place``: what was done or is put off stays, what
    is planned may have to give way. What was skipped for a time may come back and keeps its day."""
    return SQL(
        """
        INSERT INTO vip_care_place (partner_id, step_id, slot, worker, day, touch_id, rank, turn)
        SELECT t.partner_id, t.step_id, t.slot, coalesce(w.manager_id, 0),
               coalesce(t.done_on, t.due_date), t.id,
               CASE WHEN t.state <> 'planned' OR t.postponed_by IS NOT NULL OR t.due_date <= %(today)s
                    THEN %(settled)s
                    WHEN t.is_occasion THEN %(occasion)s ELSE %(regular)s END, -1
          FROM (SELECT partner_id, min(day) - 6 AS first FROM vip_care_place GROUP BY 1) n
          JOIN vip_care_touch t ON t.partner_id = n.partner_id
          JOIN vip_membership m ON m.partner_id = t.partner_id
          LEFT JOIN vip_care_worker w ON w.manager_id = m.manager_id
         WHERE coalesce(t.done_on, t.due_date) >= n.first
           AND (t.state IN ('planned', 'done')
                OR t.state = 'skipped'
                   AND (t.reason = 'do_not_disturb'
                        OR t.reason <> 'left' AND t.due_date >= %(today)s))
           AND NOT EXISTS (SELECT FROM vip_care_place p WHERE p.touch_id = t.id)
        """,
        today=today,
        settled=SETTLED,
        occasion=OCCASION,
        regular=PLANNED_BEFORE,
    )


def place_noted(today: date) -> SQL:
    """The days of this week, today included, on which the customers in ``vip_care_place`` were contacted
    beyond what is planned. What they asked for themselves does not count."""
    monday = today - timedelta(days=today.weekday())
    return SQL(
        """
        INSERT INTO vip_care_place (partner_id, worker, day, rank, turn)
        SELECT DISTINCT f.partner_id, 0, f.day, %(settled)s, -1
          FROM (SELECT i.partner_id,
                       (i.date AT TIME ZONE 'UTC' AT TIME ZONE coalesce(k.tz, 'UTC'))::date AS day
                  FROM vip_interaction i
                  JOIN res_company c ON c.id = i.company_id
                  LEFT JOIN resource_calendar k ON k.id = c.resource_calendar_id
                 WHERE i.date >= %(monday)s::date - 1 AND i.is_contact IS TRUE
                   AND i.user_id IS NOT NULL AND i.purpose <> 'inbound'
                   AND i.partner_id IN (SELECT partner_id FROM vip_care_place)) f
         WHERE f.day BETWEEN %(monday)s AND %(today)s
           AND NOT EXISTS (SELECT FROM vip_care_touch t
                            WHERE t.partner_id = f.partner_id AND t.state = 'done'
                              AND t.done_on = f.day)
        """,
        settled=SETTLED,
        monday=monday,
        today=today,
    )


def give_way(turn: int) -> SQL:
    """One turn of ``care_days.spread`` for everybody who moved in the last one: what must give way goes
    on to the next working day. Nothing moves when there is room for all."""
    return SQL(
        """
        UPDATE vip_care_place p
           SET turn = %(turn)s,
               day = coalesce((SELECT min(d.day) FROM vip_care_day d
                                WHERE d.worker = p.worker AND d.day > p.day), p.day + 1)
          FROM (SELECT id, rank,
                       row_number() OVER (PARTITION BY partner_id, day
                                          ORDER BY rank, step_id, slot) AS of_day,
                       row_number() OVER (PARTITION BY partner_id, (day - %(monday)s::date) / 7
                                          ORDER BY rank, step_id, slot) AS of_week
                  FROM vip_care_place
                 WHERE partner_id IN (SELECT partner_id FROM vip_care_place WHERE turn = %(turn)s - 1)
               ) f
         WHERE f.id = p.id AND f.rank > %(settled)s AND (f.of_day > 1 OR f.of_week > %(most)s)
        """,
        turn=turn,
        monday=MONDAY,
        settled=SETTLED,
        most=A_WEEK,
    )


INSERT_PLACED = """
    INSERT INTO vip_care_touch (partner_id, company_id, step_id, tier_id, channel_id, purpose,
                                is_occasion, slot, planned_date, due_date, state, is_announced)
    SELECT partner_id, company_id, step_id, tier_id, channel_id, purpose,
           is_occasion, slot, day, day, 'planned', FALSE
      FROM vip_care_place WHERE touch_id IS NULL AND rank > 0
    ON CONFLICT DO NOTHING
"""
MOVE_PLACED = """
    UPDATE vip_care_touch t SET due_date = p.day FROM vip_care_place p
     WHERE p.touch_id = t.id AND p.rank > 0 AND p.day <> t.due_date
    RETURNING t.activity_id, t.due_date
"""


def follow_objections(company_id: int, today: object, last: object, members: SQL) -> SQL:
    """Skip the near touches that somebody or something speaks against, and plan again what nothing
    speaks against any more: of a customer left in peace also what was due meanwhile, or a wish taken
    back would hide what was late. Returns the tasks of what is skipped."""
    return SQL(
        """
        UPDATE vip_care_touch t
           SET state = CASE WHEN f.objection IS NULL THEN 'planned' ELSE 'skipped' END,
               reason = f.objection,
               skipped_on = CASE WHEN f.objection IS NOT NULL THEN coalesce(t.skipped_on, %(today)s) END,
               is_announced = t.is_announced AND f.objection IS NULL
          FROM (SELECT t.id,
                       CASE WHEN m.do_not_disturb IS TRUE
                                 AND coalesce(m.do_not_disturb_from <= t.due_date, TRUE)
                                 AND coalesce(m.do_not_disturb_until >= t.due_date, TRUE)
                            THEN 'do_not_disturb'
                            WHEN m.no_greetings IS TRUE AND o.kind IN ('birthday', 'festival')
                                 OR c.code = 'sms' AND (
                                    EXISTS (SELECT FROM phone_blacklist b
                                             WHERE b.active IS TRUE AND b.number = p.phone_sanitized)
                                    OR EXISTS (SELECT FROM vip_service_number n
                                                 JOIN phone_blacklist b ON b.number = n.number_e164
                                                WHERE n.partner_id = p.id AND n.state <> 'closed'
                                                  AND n.date_to IS NULL AND b.active IS TRUE))
                                 OR c.code = 'email' AND EXISTS (
                                    SELECT FROM mail_blacklist b
                                     WHERE b.active IS TRUE AND b.email = p.email_normalized)
                            THEN 'opted_out'
                            WHEN coalesce(p.phone, '') = '' AND coalesce(p.email, '') = ''
                                 AND coalesce(p.street, '') = ''
                                 AND NOT EXISTS (SELECT FROM vip_service_number n
                                                  WHERE n.partner_id = p.id AND n.state <> 'closed'
                                                    AND n.date_to IS NULL)
                            THEN 'unreachable' END AS objection
                  FROM vip_care_touch t
                  JOIN vip_membership m ON m.partner_id = t.partner_id
                  JOIN res_partner p ON p.id = t.partner_id
                  JOIN vip_channel c ON c.id = t.channel_id
                  JOIN vip_care_step s ON s.id = t.step_id
                  LEFT JOIN vip_occasion o ON o.id = s.occasion_id
                 WHERE t.company_id = %(company)s AND %(members)s
                   AND (t.state = 'planned' AND t.due_date <= %(last)s
                        OR t.state = 'skipped'
                           AND (t.due_date >= %(today)s
                                AND t.reason IN ('do_not_disturb', 'opted_out', 'unreachable')
                                OR t.due_date >= %(today)s::date - %(back)s
                                AND t.reason = 'do_not_disturb'))
               ) f
         WHERE f.id = t.id AND t.reason IS DISTINCT FROM f.objection
           AND (t.state = 'skipped' OR f.objection IS NOT NULL)
        RETURNING CASE WHEN t.state = 'skipped' THEN t.activity_id END
        """,
        company=company_id,
        members=members,
        today=today,
        last=last,
        back=MADE_UP_DAYS,
    )


def mark_missed(company_id: int, today: object, members: SQL) -> SQL:
    """Call missed what nobody did in time."""
    return SQL(
        """UPDATE vip_care_touch t SET state = 'missed'
             FROM vip_membership m
            WHERE m.partner_id = t.partner_id AND %(members)s AND t.company_id = %(company)s
              AND t.state = 'planned' AND t.due_date < %(today)s::date - %(late)s""",
        company=company_id,
        members=members,
        today=today,
        late=LATE_DAYS,
    )

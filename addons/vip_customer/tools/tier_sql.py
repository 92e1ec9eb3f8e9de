"""The rule of ``tier_rules`` for a whole book of customers, as one SELECT.

One statement judges every membership of a company: figures, earned rule, base tier, override,
movement. It reads the book and writes nothing. Work memory is left alone: the plan that groups along
the covering index of the bills beats a hash table (see the benchmarks). ``OFFSET 0`` keeps PostgreSQL
from copying an expression to every place that uses it: without it the months and the earned rule of a
customer are worked out a dozen times.
"""

from datetime import date

from odoo.tools import SQL

from .tier_rules import AT_EXPIRY, NEW, ONE_STEP, Rule, Standard, Window, window_of

# What a line of the evaluation holds, in this order; the run stores exactly these columns and
# compares them again when it is applied.
COLUMNS = (
    "membership_id",
    "partner_id",
    "old_tier_id",
    "old_valid_until",
    "old_base_tier_id",
    "old_base_valid_until",
    "total_spend",
    "spend_months",
    "average_spend",
    "arrears_count",
    "tenure_months",
    "score",
    "rule_id",
    "earned_tier_id",
    "proposed_tier_id",
    "proposed_valid_until",
    "override_id",
    "is_open",
    "base_tier_id",
    "base_valid_until",
    "new_tier_id",
    "new_valid_until",
    "movement",
)
# The last of them follow from a decision by hand where there is one.
OUTCOME_COLUMNS = COLUMNS[-5:]
INPUT_COLUMNS = COLUMNS[:-5]


def figures(
    standard: Standard,
    company_id: int,
    as_of: date,
    window: Window,
    member_filter: SQL | None = None,
    are_few: bool = False,
) -> SQL:
    """One row per membership with its figures: ``total``, ``months``, ``tenure`` (NULL if unknown),
    ``arrears``, ``score`` and ``is_open`` (an open number, or none at all and not departed).

    :param are_few: only the bills of these members are read
    """
    billed = SQL()
    if are_few:
        billed = SQL(
            """AND partner_id IN (SELECT m.partner_id FROM vip_membership m
                                   WHERE m.company_id = %s %s)""",
            company_id,
            member_filter,
        )
    tenure = SQL(
        """(%(year)s - extract(year FROM m.joined_on)::int) * 12
            + %(month)s - extract(month FROM m.joined_on)::int
            - (%(day)s < extract(day FROM m.joined_on)::int)::int""",
        year=as_of.year,
        month=as_of.month,
        day=as_of.day,
    )
    months = SQL(
        """greatest(
            (%(year)s - extract(year FROM greatest(m.joined_on, %(first)s))::int) * 12
            + %(month)s - extract(month FROM greatest(m.joined_on, %(first)s))::int + 1, 1)""",
        year=window.last.year,
        month=window.last.month,
        first=window.first,
    )
    return SQL(
        """
        SELECT s.*,
               greatest(floor(s.total * %(points_per_unit)s), 0)::bigint
               + %(band_points)s
               - least(s.arrears * %(penalty)s, %(penalty_max)s) AS score
          FROM (
            SELECT m.id AS membership_id, m.partner_id, m.tier_id, m.valid_until,
                   m.base_tier_id, m.base_valid_until,
                   coalesce(b.total, 0) AS total,
                   coalesce(b.arrears, 0) AS arrears,
                   %(months)s AS months,
                   %(tenure)s AS tenure,
                   coalesce(n.is_open, m.closed_on IS NULL) AS is_open
              FROM vip_membership m
              LEFT JOIN (
                    SELECT partner_id, sum(amount) AS total, sum(arrears_suspensions)::int AS arrears
                      FROM vip_billing_fact
                     WHERE month BETWEEN %(first)s AND %(last)s %(billed)s
                     GROUP BY partner_id
                   ) b ON b.partner_id = m.partner_id
              LEFT JOIN (
                    SELECT partner_id, bool_or(state <> 'closed' AND date_to IS NULL) AS is_open
                      FROM vip_service_number
                     GROUP BY partner_id
                   ) n ON n.partner_id = m.partner_id
             WHERE m.company_id = %(company)s %(member_filter)s
            OFFSET 0
          ) s""",
        points_per_unit=standard.points_per_unit,
        band_points=_band_points(standard),
        penalty=standard.arrears_penalty,
        penalty_max=standard.arrears_penalty_max,
        months=months,
        tenure=tenure,
        first=window.first,
        last=window.last,
        company=company_id,
        billed=billed,
        member_filter=member_filter or SQL(),
    )


def _band_points(standard: Standard) -> SQL:
    if not standard.bands:
        return SQL("0")
    whens = [
        SQL("WHEN s.tenure >= %s THEN %s", band.min_months, band.points)
        for band in sorted(standard.bands, reverse=True)
    ]
    return SQL("CASE %s ELSE 0 END", SQL(" ").join(whens))


def rule_holds(rule: Rule, standard: Standard) -> SQL:
    """The conditions of one rule on the columns of ``figures``; a NULL tenure does not hold."""
    conditions = []
    if rule.min_average_spend:
        conditions.append(SQL("total >= %s * months", rule.min_average_spend))
    if rule.min_total_spend:
        conditions.append(SQL("total >= %s", rule.min_total_spend))
    if rule.min_score:
        conditions.append(SQL("score >= %s", rule.min_score))
    tenure = max(rule.min_tenure_months, standard.min_tenure_months)
    if tenure:
        conditions.append(SQL("tenure >= %s", tenure))
    return SQL(" AND ").join(conditions) if conditions else SQL("TRUE")


def earned_rule(standard: Standard) -> SQL:
    """Expression for the id of the earned rule on the columns of ``figures``, NULL for none."""
    if not standard.rules:
        return SQL("NULL::int")
    whens = [
        SQL("WHEN %s THEN %s", rule_holds(rule, standard), rule.id)
        for rule in sorted(standard.rules, key=lambda rule: -rule.tier.rank)
    ]
    return SQL("CASE WHEN NOT is_open THEN NULL %s END", SQL(" ").join(whens))


def evaluation(
    standard: Standard,
    company_id: int,
    as_of: date,
    scope: str,
    partner_id: int | None = None,
    members: SQL | None = None,
) -> SQL:
    """The SELECT that judges the book; its columns are ``COLUMNS``.

    Whoever has no tier and earns none gets no row; scope ``new`` gives only those who enter.

    :param members: condition on ``m``, the memberships, where few of the book are to be judged
    """
    window = window_of(standard, as_of, scope)
    if scope == NEW:
        member_filter, row_filter = SQL("AND m.tier_id IS NULL"), SQL("AND d.movement = 'enter'")
    elif partner_id:
        member_filter, row_filter = SQL("AND m.partner_id = %s", partner_id), SQL()
    elif members:
        member_filter, row_filter = SQL("AND %s", members), SQL()
    else:
        member_filter, row_filter = SQL(), SQL()
    return SQL(
        """
        WITH tier AS MATERIALIZED (
            SELECT t.id, t.rank, l.id AS lower_id, coalesce(l.rank, 0) AS lower_rank
              FROM vip_tier t
              LEFT JOIN LATERAL (
                    SELECT id, rank FROM vip_tier
                     WHERE active IS TRUE AND rank < t.rank
                     ORDER BY rank DESC LIMIT 1) l ON TRUE
        ), exception AS MATERIALIZED (
            SELECT o.partner_id, o.id, o.kind, o.tier_id, o.date_to
              FROM vip_tier_override o
             WHERE o.state = 'approved' AND %(as_of)s BETWEEN o.date_from AND o.date_to
               AND o.company_id = %(company)s
        ), earning AS (
            SELECT f.*, %(earned_rule)s AS rule_id FROM (%(figures)s) f OFFSET 0
        ), base AS (
            SELECT e.*, r.tier_id AS earned_tier_id,
                   old_tier.rank AS old_rank,
                   NOT e.is_open OR (coalesce(earned.rank, 0) < old_base.rank AND %(held)s) AS stays,
                   CASE WHEN coalesce(earned.rank, 0) < old_base.rank AND %(one_step)s
                             AND old_base.lower_rank > coalesce(earned.rank, 0)
                        THEN old_base.lower_id ELSE r.tier_id END AS falls_to
              FROM earning e
              LEFT JOIN vip_tier_rule r ON r.id = e.rule_id
              LEFT JOIN tier earned ON earned.id = r.tier_id
              LEFT JOIN tier old_base ON old_base.id = e.base_tier_id
              LEFT JOIN tier old_tier ON old_tier.id = e.tier_id
            OFFSET 0
        ), based AS (
            SELECT b.*,
                   CASE WHEN b.stays THEN b.base_tier_id ELSE b.falls_to END AS new_base_id,
                   CASE WHEN b.stays THEN b.base_valid_until
                        WHEN b.falls_to IS NOT NULL THEN %(date_to)s::date END AS new_base_valid
              FROM base b
        ), counted AS (
            SELECT b.*, o.id AS override_id,
                   CASE WHEN NOT b.is_open OR o.kind = 'exclude' THEN NULL
                        WHEN o.kind = 'fixed' OR floor.rank > coalesce(new_base.rank, 0)
                        THEN o.tier_id ELSE b.new_base_id END AS new_tier_id,
                   CASE WHEN NOT b.is_open OR o.kind = 'exclude' THEN NULL
                        WHEN o.kind = 'fixed' OR floor.rank > coalesce(new_base.rank, 0)
                        THEN o.date_to ELSE b.new_base_valid END AS new_valid
              FROM based b
              LEFT JOIN exception o ON o.partner_id = b.partner_id
              LEFT JOIN tier floor ON floor.id = o.tier_id AND o.kind = 'floor'
              LEFT JOIN tier new_base ON new_base.id = b.new_base_id
        ), decided AS (
            SELECT c.*,
                   CASE WHEN c.new_tier_id IS NOT DISTINCT FROM c.tier_id
                        THEN CASE WHEN c.stays AND c.is_open THEN 'hold' ELSE 'keep' END
                        WHEN c.tier_id IS NULL THEN 'enter'
                        WHEN c.new_tier_id IS NULL THEN 'leave'
                        WHEN new_tier.rank > c.old_rank THEN 'up'
                        ELSE 'down' END AS movement
              FROM counted c
              LEFT JOIN tier new_tier ON new_tier.id = c.new_tier_id
        )
        SELECT d.membership_id, d.partner_id,
               d.tier_id AS old_tier_id, d.valid_until AS old_valid_until,
               d.base_tier_id AS old_base_tier_id, d.base_valid_until AS old_base_valid_until,
               d.total AS total_spend, d.months AS spend_months,
               floor(d.total * 10000 / d.months) / 10000 AS average_spend,
               d.arrears AS arrears_count, d.tenure AS tenure_months, d.score,
               d.rule_id, d.earned_tier_id,
               d.new_base_id AS proposed_tier_id, d.new_base_valid AS proposed_valid_until,
               d.override_id, d.is_open,
               d.new_base_id AS base_tier_id, d.new_base_valid AS base_valid_until,
               d.new_tier_id, d.new_valid AS new_valid_until, d.movement
          FROM decided d
         WHERE (d.tier_id IS NOT NULL OR d.new_tier_id IS NOT NULL OR d.earned_tier_id IS NOT NULL
                OR (d.base_tier_id IS NOT NULL AND d.is_open)) %(row_filter)s""",
        as_of=as_of,
        company=company_id,
        earned_rule=earned_rule(standard),
        figures=figures(standard, company_id, as_of, window, member_filter, bool(members)),
        held=_held(standard, as_of),
        one_step=SQL("TRUE") if standard.downgrade_step == ONE_STEP else SQL("FALSE"),
        date_to=standard.date_to,
        row_filter=row_filter,
    )


def _held(standard: Standard, as_of: date) -> SQL:
    if standard.downgrade_timing != AT_EXPIRY:
        return SQL("FALSE")
    return SQL(
        "coalesce(%s - e.base_valid_until <= %s, FALSE)",
        SQL("%s::date", as_of),
        standard.grace_days,
    )

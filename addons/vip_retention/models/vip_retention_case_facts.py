from collections import defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.vip_customer.tools.tier_rules import tenure_months

MONTHS = 12
RECENT, BEFORE = 3, 6
CONTACTS = 5


class VipRetentionCase(models.Model):
    """The facts of the day on which a case is opened, frozen: what the customer was worth, and how we treated
    him.

    ``facts`` is plain data. Frozen are the ids of tiers, benefits, channels and results; ``snapshot`` names
    them in the language of the reader.

    ``on`` (ISO date), ``months`` (list of [ISO month, amount] of the last 12 full months, for the numbers at
    stake), ``recent`` and ``before`` (average bill of the last 3 months and of the 6 before), ``arrears``
    (suspensions), ``tenure`` (months, False where unknown), ``tier``, ``since``, ``valid_until``, ``tiers``
    (list of [tier, from, to]), ``complaints`` {``open``, ``year``}, ``late`` (requests of the year),
    ``missed`` (touches of half a year), ``unused`` (list of [benefit, units left]), ``contacts`` (list of
    [ISO time, channel, result, person]), ``numbers`` (how many are open in all), ``contract_end`` (the
    latest, ISO date). What there is none of is False or empty.
    """

    _inherit = "vip.retention.case"  # pylint: disable=consider-merging-classes-inherited

    def _freeze(self):
        """Freeze the facts of today, for all these cases in a few statements; run as superuser."""
        self.env.flush_all()
        for company, cases in self.grouped("company_id").items():
            cases._freeze_of(company._vip_today())

    def _freeze_stake(self):
        """More numbers are at stake than when the case was opened: their bills of that time count too. How he
        stood with us that day, and how we had treated him, stays; run as superuser."""
        self.env.flush_all()
        value, facts = self._facts_of_stake(date.fromisoformat(self.facts["on"]))[self]
        self.write({"value": value, "facts": {**self.facts, **facts}})

    def _freeze_of(self, day):
        stakes = self._facts_of_stake(day)
        partners = self.partner_id
        year, half = day - relativedelta(years=1), day - relativedelta(months=6)
        found = {
            "tiers": self._tiers_before(partners),
            "complaints": self._complaints(partners, year),
            "late": self._late_requests(partners, year),
            "missed": self._missed_touches(partners, half),
            "unused": self._unused_benefits(partners, day),
            "contacts": self._last_contacts(partners),
        }
        empty = {"complaints": {"open": 0, "year": 0}, "late": 0, "missed": 0}
        for case in self:
            value, facts = stakes[case]
            partner, member = case.partner_id, case.partner_id.vip_membership_id
            lines = partner.vip_number_ids.filtered(lambda line: line._is_open())
            case.write(
                {
                    "value": value,
                    "facts": {
                        "on": day.isoformat(),
                        **facts,
                        "numbers": len(lines),
                        "tenure": tenure_months(member.joined_on, day)
                        if member.joined_on
                        else False,
                        "tier": member.tier_id.id,
                        "since": _iso(member.since),
                        "valid_until": _iso(member.valid_until),
                        **{
                            name: of.get(partner.id, empty.get(name, []))
                            for name, of in found.items()
                        },
                    },
                }
            )

    def _facts_of_stake(self, day):
        """dict case -> what was billed in a year for the numbers at stake, and the facts about these."""
        first, until = day.replace(day=1) - relativedelta(months=MONTHS), day.replace(day=1)
        months = self._billed_months(first, until)
        found = {}
        for case in self:
            rows = months.get(case.id, [])
            amounts = [amount for _month, amount, _arrears in rows]
            ends = [line.contract_end for line in case.number_ids if line.contract_end]
            found[case] = (
                sum(amounts),
                {
                    "months": [[month.isoformat(), float(amount)] for month, amount, _a in rows],
                    "recent": _average(amounts[-RECENT:]),
                    "before": _average(amounts[-RECENT - BEFORE : -RECENT]),
                    "arrears": sum(arrears for _month, _amount, arrears in rows),
                    "contract_end": _iso(max(ends, default=False)),
                },
            )
        return found

    def _names_in_facts(self):
        """The names of what the frozen facts of these cases speak of, in the language of the reader; run as
        superuser.

        :return: dict model -> dict id -> name; what was deleted since has lost its name
        """
        ids = defaultdict(set)
        for facts in filter(None, self.mapped("facts")):
            ids["vip.tier"] |= {facts["tier"], *(tier for tier, *_days in facts["tiers"])}
            ids["vip.benefit"] |= {benefit for benefit, _left in facts["unused"]}
            for _at, channel, result, _who in facts["contacts"]:
                ids["vip.channel"].add(channel)
                ids["vip.interaction.result"].add(result)
        return {
            model: {
                record.id: record.name
                for record in self.env[model].browse(filter(None, found)).exists()
            }
            for model, found in ids.items()
        }

    def _named_facts(self, names):
        """The frozen facts with names for ids; run as superuser.

        :param names: as ``_names_in_facts`` gives them
        :return: dict as of the class, False where nothing was frozen
        """
        facts = self.facts
        if not facts:
            return False

        def name(model, record_id):
            return names[model].get(record_id, False)

        return {
            **facts,
            "tier": name("vip.tier", facts["tier"]),
            "tiers": [[name("vip.tier", tier), *days] for tier, *days in facts["tiers"]],
            "unused": [[name("vip.benefit", benefit), left] for benefit, left in facts["unused"]],
            "contacts": [
                [at, name("vip.channel", channel), name("vip.interaction.result", result), who]
                for at, channel, result, who in facts["contacts"]
            ],
        }

    def _billed_months(self, first, until):
        """dict case id -> rows (month, amount, suspensions), every month once, of the numbers at stake, else
        of everything he has."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.id, m.month::date, coalesce(b.amount, 0), coalesce(b.arrears, 0)
                  FROM vip_retention_case c
                 CROSS JOIN generate_series(%(first)s::date, %(last)s::date, '1 month') AS m (month)
                  LEFT JOIN LATERAL (
                        SELECT sum(f.amount) AS amount, sum(f.arrears_suspensions)::int AS arrears
                          FROM vip_billing_fact f
                         WHERE f.partner_id = c.partner_id AND f.month = m.month::date
                           AND (f.number_id IN (SELECT r.number_id FROM vip_retention_case_number_rel r
                                                 WHERE r.case_id = c.id)
                                OR NOT EXISTS (SELECT FROM vip_retention_case_number_rel r
                                                WHERE r.case_id = c.id))
                       ) b ON TRUE
                 WHERE c.id = ANY(%(cases)s)
                 ORDER BY 1, 2
                """,
                first=first,
                last=until - relativedelta(months=1),
                cases=self.ids,
            )
        )
        months = defaultdict(list)
        for case_id, *row in rows:
            months[case_id].append(row)
        return months

    def _tiers_before(self, partners):
        rows = self.env["vip.tier.history"].search(
            [("partner_id", "in", partners.ids)], order="date_from, id"
        )
        found = defaultdict(list)
        for row in rows:
            found[row.partner_id.id].append(
                [row.tier_id.id, _iso(row.date_from), _iso(row.date_to)]
            )
        return found

    def _complaints(self, partners, since):
        requests = self.env["vip.service.request"]
        domain = [("partner_id", "in", partners.ids), ("type_id.with_complaint", "=", True)]
        is_open = [*domain, ("state", "in", ("new", "doing"))]
        of_year = [*domain, ("opened_at", ">=", since), ("state", "!=", "cancelled")]
        found = defaultdict(lambda: {"open": 0, "year": 0})
        for name, condition in (("open", is_open), ("year", of_year)):
            for partner, count in requests._read_group(condition, ["partner_id"], ["__count"]):
                found[partner.id][name] = count
        return found

    def _late_requests(self, partners, since):
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT partner_id, count(*) FROM vip_service_request
                        WHERE partner_id = ANY(%s) AND opened_at >= %s AND state <> 'cancelled'
                          AND coalesce(resolved_at, %s) > resolve_by GROUP BY 1""",
                    partners.ids,
                    since,
                    fields.Datetime.now(),
                )
            )
        )

    def _missed_touches(self, partners, since):
        rows = self.env["vip.care.touch"]._read_group(
            [
                ("partner_id", "in", partners.ids),
                ("state", "=", "missed"),
                ("due_date", ">=", since),
            ],
            ["partner_id"],
            ["__count"],
        )
        return {partner.id: count for partner, count in rows}

    def _unused_benefits(self, partners, day):
        lines = self.env["vip.entitlement"].search(
            [
                ("partner_id", "in", partners.ids),
                ("date_from", "<=", day),
                ("date_to", ">=", day),
                ("benefit_id.delivery", "=", "on_request"),
            ]
        )
        found = defaultdict(list)
        for line in lines:
            if not line.is_unlimited and line.remaining > 0:
                found[line.partner_id.id].append([line.benefit_id.id, line.remaining])
        return found

    def _last_contacts(self, partners):
        rows = self.env.execute_query(
            SQL(
                """SELECT i.id FROM unnest(%s) AS p (id)
                     JOIN LATERAL (SELECT id, date FROM vip_interaction
                                    WHERE partner_id = p.id AND is_contact IS TRUE
                                    ORDER BY date DESC, id DESC LIMIT %s) i ON TRUE
                    ORDER BY i.date DESC, i.id DESC""",
                partners.ids,
                CONTACTS,
            )
        )
        found = defaultdict(list)
        for one in self.env["vip.interaction"].browse(row[0] for row in rows):
            found[one.partner_id.id].append(
                [
                    one.date.isoformat(sep=" "),
                    one.channel_id.id,
                    one.result_id.id,
                    one.user_id.name or False,
                ]
            )
        return found


def _average(amounts):
    return round(float(sum(amounts)) / len(amounts), 2) if amounts else 0.0


def _iso(day):
    return day.isoformat() if isinstance(day, date) else False

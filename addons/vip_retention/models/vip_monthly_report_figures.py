from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_list
from odoo.tools.misc import formatLang

from ..tools.workbook import EMPTY, Cell, Sheet, workbook
from .vip_kpi_month import REPORTED
from .vip_kpi_report import PER_MANAGER, RATES, SUMS

DIVIDED = (*RATES, *PER_MANAGER)
MEASURES = (*REPORTED, *SUMS, *DIVIDED)
# the table of a branch, see ``_sections``
SECTIONS = {
    "customers": (
        "opening",
        "joined",
        "moved_in",
        "churned_scheduled",
        "churned_arrears",
        "left_tier",
        "moved_out",
        "closing",
        "customers_per_manager",
        "load_per_manager",
    ),
    "churn": ("churned", "average", "churn_rate", "off_net_rate"),
    "departures": ("churned_port_out", "numbers_closed", "left_closed"),
    "contacts": (
        "contacts_due",
        "contacts_done",
        "coverage_rate",
        "contacts_judged",
        "contacts_on_time",
        "on_time_rate",
        "reached",
        "reached_rate",
    ),
    "service": (
        "requests_due",
        "requests_on_time",
        "service_rate",
        "requests_paused",
        "ratings",
        "ratings_good",
        "satisfaction",
    ),
    "benefits": (
        "redemptions",
        "redemption_value",
        "benefit_granted",
        "benefit_used",
        "benefit_use",
    ),
    "retention": (
        "cases_decided",
        "cases_saved",
        "save_rate",
        "cases_offered",
        "cases_accepted",
        "acceptance_rate",
        "cases_cost",
        "cost_per_save",
        "cases_withdrawn",
        "cases_open",
        "cases_at_risk",
    ),
    "others": ("vas_users", "penetration", "vas_taken_up", "completeness", "spend"),
}
# what stands beside each account manager
OF_MANAGERS = (
    "opening",
    "joined",
    "moved_in",
    "churned",
    "left_tier",
    "moved_out",
    "closing",
    "churn_rate",
    "off_net_rate",
    "coverage_rate",
    "on_time_rate",
    "service_rate",
    "satisfaction",
    "save_rate",
)


class VipMonthlyReport(models.Model):
    """The figures of a monthly report: once, for the form, the printed report and the workbook.

    ``_figures`` is plain data. ``_tables`` says it in words, ``_workbook`` writes it into cells; neither
    works anything out. Rates come from ``vip.kpi.report``, which has the formulas.
    """

    _inherit = "vip.monthly.report"

    panel = fields.Html(
        compute="_compute_panel", sanitize=False, string="Figures", exportable=False
    )

    @api.depends("month_id", "team_id", "state")
    @api.depends_context("lang", "uid")
    def _compute_panel(self):
        for report in self:
            report.panel = bool(report.id) and self.env["ir.qweb"]._render(
                "vip_retention.monthly_report_panel", {"tables": report._tables()}
            )

    # ------------------------------------------------------------
    # WHAT IS SAID
    # ------------------------------------------------------------

    def _figures(self):
        """What the branch did in the month, as the caller may see it; he may read the report.

        A group is a dict of the measures of ``vip.kpi.report``; nothing below the line is False.

        :return: ``total`` (a group), ``tiers`` and ``managers`` (groups with ``id`` and ``name``, highest
            tier first, managers by name), ``facts`` (see ``_counted``)
        :rtype: dict
        """
        self.ensure_one()
        # a group of the branch is no row of one account manager's: the report itself says who reads it
        report = self.sudo()
        figures = report.figures or report._reckoned()
        # what is measured only since the report was received
        unknown = dict.fromkeys(MEASURES, False)
        tiers = self.env["vip.tier"].sudo().with_context(active_test=False)
        tiers = tiers.search(Domain.TRUE, order="rank desc, id")
        of_tier = {group["id"]: group for group in figures["tiers"]}
        managers = {group["id"]: group for group in figures["managers"]}
        shown = self._managers_shown()
        names = {
            user.id: user.name
            for user in self.env["res.users"].sudo().browse(filter(None, managers))
        }
        return {
            **figures,
            "total": unknown | figures["total"],
            "tiers": [unknown | of_tier[t.id] | {"name": t.name} for t in tiers if t.id in of_tier],
            "managers": sorted(
                (
                    unknown | group | {"name": names.get(user) or self.env._("No account manager")}
                    for user, group in managers.items()
                    if shown is None or user in shown
                ),
                key=lambda group: (not group["id"], group["name"]),
            ),
        }

    def _managers_shown(self):
        """Ids of the account managers whose own figures the caller is shown; None for all."""
        user = self.env.user
        if (
            self.env.su
            or self.sudo().team_id.user_id == user
            or user.has_group("vip_customer.group_vip_manager")
            or user.has_group("vip_customer.group_vip_auditor")
        ):
            return None
        deputised = self.env["vip.manager.deputy"]._managers_of(user, self.company_id)
        return {user.id, *deputised}

    def _reckoned(self):
        """What a report says of the branch now, with ids for names; run as superuser."""
        return {**self._summed(), "facts": self._counted()}

    def _differs(self):
        """Whether the month-end report says something else now than when the report was received. What was
        counted about the customers goes on, and is no figure of the month. Run as superuser."""

        def by_id(figures):
            return {
                key: figures[key] if key == "total" else {one["id"]: one for one in figures[key]}
                for key in ("total", "tiers", "managers")
            }

        return by_id(self.figures) != by_id(self._summed(tuple(self.figures["total"])))

    def _summed(self, measures=MEASURES):
        """The figures of the month-end report, of the branch and its groups; run as superuser."""
        self.env.flush_all()
        total, tiers, managers = self.env["vip.kpi.report"]._read_grouping_sets(
            self._rows_domain(),
            [[], ["tier_id"], ["manager_id"]],
            [f"{name}:{'avg' if name in DIVIDED else 'sum'}" for name in measures],
        )

        def group(values):
            return dict(zip(measures, values, strict=True))

        return {
            "total": group(total[0]) if tiers else dict.fromkeys(measures, False),
            "tiers": [{"id": tier.id, **group(values)} for tier, *values in tiers],
            "managers": [{"id": user.id, **group(values)} for user, *values in managers],
        }

    def _counted(self):
        """What came of the customers in the month: profile answers by kind, contacts that count and the
        customers who had one, complaints, and reasons of requests to leave; the customers are those who
        count with the branch in the month. Run as superuser.

        :return: ``contacts``, ``contacted``, ``complaints`` (int), ``profile`` and ``reasons`` (lists of id
            and number, False for no reason given)
        :rtype: dict
        """
        month = self.month_id
        company = month.company_id
        last = month._last_day()
        rows = self.env.execute_query(
            SQL(
                """
                WITH customers AS MATERIALIZED (
                    SELECT partner_id FROM vip_kpi_fact
                     WHERE month_id = %(month)s AND team_id = %(team)s
                )
                SELECT 'profile', p.type_id, count(*), 0
                  FROM vip_preference p JOIN customers USING (partner_id)
                 WHERE p.date BETWEEN %(first)s AND %(last)s
                 GROUP BY p.type_id
                 UNION ALL
                SELECT 'contacts', NULL, count(*), count(DISTINCT v.partner_id)
                  FROM vip_interaction v JOIN customers USING (partner_id)
                 WHERE v.is_contact IS TRUE AND v.date >= %(begin)s AND v.date < %(end)s
                 UNION ALL
                SELECT 'complaints', NULL, count(*), 0
                  FROM vip_service_request q JOIN customers USING (partner_id)
                  JOIN vip_service_type t ON t.id = q.type_id AND t.with_complaint IS TRUE
                 WHERE q.opened_at >= %(begin)s AND q.opened_at < %(end)s AND q.state <> 'cancelled'
                 UNION ALL
                SELECT 'reasons', c.reason_id, count(*), 0
                  FROM vip_retention_case c JOIN customers USING (partner_id)
                 WHERE c.opened_at >= %(begin)s AND c.opened_at < %(end)s
                   AND (c.source <> 'risk' OR c.departure_id IS NOT NULL)
                 GROUP BY c.reason_id
                 ORDER BY 1, 3 DESC, 2
                """,
                month=month.id,
                team=self.team_id.id,
                first=month.month,
                last=last,
                begin=month._midnight_of(company, month.month),
                end=month._midnight_of(company, last + timedelta(days=1)),
            )
        )
        counted = {"contacts": 0, "contacted": 0, "complaints": 0, "profile": [], "reasons": []}
        for what, record_id, count, customers in rows:
            if what == "contacts":
                counted |= {"contacts": count, "contacted": customers}
            elif what == "complaints":
                counted["complaints"] = count
            else:
                counted[what].append([record_id or False, count])
        return counted

    def _rows_domain(self):
        return Domain.OR(
            Domain("month_id", "=", report.month_id.id) & Domain("team_id", "=", report.team_id.id)
            for report in self
        )

    def _lost_domain(self):
        lost = Domain("churned_scheduled", "=", 1) | Domain("churned_arrears", "=", 1)
        return self._rows_domain() & lost

    def _lost(self):
        """The customers whom the branch lost in the month, those that the caller may see.

        :return: facts, each with its kind in words and the reason of the departure
        :rtype: list(tuple(record, str, str))
        """
        kinds = dict(self.env["vip.departure"]._fields["kind"]._description_selection(self.env))
        facts = self.env["vip.kpi.fact"].search(self._lost_domain(), order="happened_on, id")
        departures = self.env["vip.departure"].search(
            [
                ("partner_id", "in", facts.partner_id.ids),
                ("effective_on", "in", list(set(facts.mapped("happened_on")))),
                ("reason_id", "!=", False),
            ]
        )
        reasons = {
            (departure.partner_id, departure.effective_on): departure.reason_id.complete_name
            for departure in departures
        }

        def kind(fact):
            if fact.churned_arrears:
                return kinds["arrears"]
            return kinds["port_out" if fact.churned_port_out else "scheduled"]

        return [
            (fact, kind(fact), reasons.get((fact.partner_id, fact.happened_on), ""))
            for fact in facts
        ]

    # ------------------------------------------------------------
    # IN WORDS
    # ------------------------------------------------------------

    def _sections(self):
        """The table of a branch: titles, each with its measures."""
        titles = {
            "customers": self.env._("Customers"),
            "churn": self.env._("Churn"),
            "departures": self.env._("Departures, for the record"),
            "contacts": self.env._("Contact with customers"),
            "service": self.env._("Service"),
            "benefits": self.env._("Benefits"),
            "retention": self.env._("Retention"),
            "others": self.env._("New services, profile, bills"),
        }
        return [(titles[key], names) for key, names in SECTIONS.items()]

    def _kind(self, name):
        """How a measure is written, see ``tools/workbook.py``."""
        field = self.env["vip.kpi.report"]._fields[name]
        if field.type == "monetary":
            return "money"
        if name in RATES:
            return "rate"
        return "decimal" if field.type == "float" else "integer"

    def _label(self, name):
        return self.env["vip.kpi.report"]._fields[name]._description_string(self.env)

    def _formula(self, name):
        """What a rate divides by what, or the average of what; nothing beside what is counted."""
        if name not in DIVIDED and name not in SUMS:
            return ""
        return self.env["vip.kpi.report"]._fields[name]._description_help(self.env) or ""

    def _shown(self, kind, value):
        """A figure in words, with the digits that the workbook shows."""
        if value is False or value is None:
            return EMPTY
        if kind == "rate":
            return f"{formatLang(self.env, value * 100, digits=2)}%"
        if kind == "money":
            return formatLang(self.env, value, currency_obj=self.company_id.sudo().currency_id)
        return formatLang(self.env, value, digits=1 if kind == "decimal" else 0)

    def _status(self):
        """What the figures are worth: whether bills are missing, and whether they may still change.

        :rtype: list(str)
        """
        if not self.month_id.computed_at:
            return [self.env._("The month was not computed yet: there are no figures.")]
        if self.is_open:
            status = self.env._("The month is not frozen, and its figures may still change.")
        elif self.state == "received":
            status = self.env._("Figures as they were when the report was received.")
        else:
            status = self.env._("Figures of the frozen month.")
        if not self.is_provisional:
            return [status]
        return [self.env._("Provisional: bills of the month are still missing."), status]

    def _period(self):
        last = self.month_id._last_day()
        return self.env._(
            "%(first)s to %(last)s",
            first=format_date(self.env, self.month),
            last=format_date(self.env, last),
        )

    def _file_name(self):
        return self.env._(
            "Monthly report %(branch)s %(month)s",
            branch=self.team_id.name,
            month=self.month_id.display_name,
        )

    def _tables(self):
        """The figures in the words of the caller's language, for templates."""
        figures = self._figures()
        groups = [figures["total"], *figures["tiers"]]

        def row(name):
            kind = self._kind(name)
            return {
                "name": name,
                "label": self._label(name),
                "formula": self._formula(name),
                "is_rate": name in RATES,
                "values": [self._shown(kind, group[name]) for group in groups],
            }

        return {
            "status": self._status(),
            "columns": self._columns(figures),
            "sections": [
                {"title": title, "rows": [row(name) for name in names]}
                for title, names in self._sections()
            ],
            "manager_columns": [self._label(name) for name in OF_MANAGERS],
            "managers": [
                {
                    "name": group["name"],
                    "values": [self._shown(self._kind(name), group[name]) for name in OF_MANAGERS],
                }
                for group in figures["managers"]
            ],
            "facts": self._facts_told(figures["facts"]),
        }

    def _columns(self, figures):
        names = [tier["name"] for tier in figures["tiers"]]
        return [self.env._("Total"), *names]

    def _facts_told(self, facts):
        """What was counted about the customers: pairs of what and how much."""

        def listed(model, counts, unknown):
            records = self.env[model].sudo().browse(key for key, _count in counts if key)
            names = {record.id: record.name for record in records}
            parts = [
                self.env._("%(what)s %(count)s", what=names.get(key, unknown), count=count)
                for key, count in counts
            ]
            return format_list(self.env, parts, "unit")

        def told(counts, text):
            number = sum(count for _key, count in counts)
            if not number:
                return "0"
            return self.env._("%(number)s (%(list)s)", number=number, list=text)

        profile, reasons = facts["profile"], facts["reasons"]
        unknown = self.env._("no reason given")
        contacts = self.env._(
            "%(contacts)s, with %(customers)s customers",
            contacts=facts["contacts"],
            customers=facts["contacted"],
        )
        answers = told(profile, listed("vip.preference.type", profile, ""))
        leaving = told(reasons, listed("vip.retention.reason", reasons, unknown))
        return list(
            {
                self.env._("Profile answers noted"): answers,
                self.env._("Contacts that count"): contacts,
                self.env._("Complaints received"): str(facts["complaints"]),
                self.env._("Requests to leave, by reason"): leaving,
            }.items()
        )

    # ------------------------------------------------------------
    # THE WORKBOOK
    # ------------------------------------------------------------

    def _workbook(self):
        """The file: figures by tier, by account manager, and the customers lost.

        :rtype: bytes
        """
        figures = self._figures()
        heading = [
            self.env._("Monthly report of the branch"),
            self.display_name,
            self._period(),
            *self._status(),
        ]
        return workbook(
            [
                self._sheet_of_tiers(figures, heading),
                self._sheet_of_managers(figures, heading),
                self._sheet_of_lost(heading),
            ]
        )

    def _sheet_of_tiers(self, figures, heading):
        groups = [figures["total"], *figures["tiers"]]
        columns = [(name, 14) for name in self._columns(figures)]
        columns.insert(0, (self.env._("Figure"), 30))
        columns.append((self.env._("Formula"), 70))
        rows = []
        for title, names in self._sections():
            rows.append([Cell("title", title)] + [Cell("title", "")] * (len(columns) - 1))
            for name in names:
                kind = self._kind(name)
                rows.append(
                    [
                        Cell("text", self._label(name)),
                        *(Cell(kind, group[name]) for group in groups),
                        Cell("text", self._formula(name)),
                    ]
                )
        rows.append([Cell("title", self.env._("Counted about the customers"))])
        rows += [
            [Cell("text", what), Cell("text", count)]
            for what, count in self._facts_told(figures["facts"])
        ]
        return Sheet(self.env._("By tier"), heading, columns, rows)

    def _sheet_of_managers(self, figures, heading):
        columns = [(self._label(name), 13) for name in OF_MANAGERS]
        columns.insert(0, (self.env._("Account manager"), 24))
        return Sheet(
            self.env._("By account manager"),
            heading,
            columns,
            [
                [
                    Cell("text", group["name"]),
                    *(Cell(self._kind(name), group[name]) for name in OF_MANAGERS),
                ]
                for group in figures["managers"]
            ],
        )

    def _sheet_of_lost(self, heading):
        return Sheet(
            self.env._("Customers lost"),
            heading,
            [
                (self.env._("Customer"), 28),
                (self.env._("Tier"), 12),
                (self.env._("Account manager"), 20),
                (self.env._("How"), 22),
                (self.env._("Day"), 13),
                (self.env._("Reason for leaving"), 36),
                (self.env._("Remark"), 36),
            ],
            [
                [
                    Cell("text", fact.partner_id.name),
                    Cell("text", fact.tier_id.name),
                    Cell("text", fact.manager_id.name),
                    Cell("text", kind),
                    Cell("date", fact.happened_on),
                    Cell("text", reason),
                    Cell(
                        "text", fact.is_late and fact._fields["is_late"]._description_help(self.env)
                    ),
                ]
                for fact, kind, reason in self._lost()
            ],
        )

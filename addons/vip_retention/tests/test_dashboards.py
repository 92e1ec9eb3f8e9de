"""The dashboards ask for figures that are the ratios of their sums, and show them to whom they belong; an
account manager finds his own, each with its formula.

Today is Tuesday 2026-03-10; January and February have figures.
"""

import json
from datetime import date

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import Command
from odoo.fields import Domain
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.spreadsheet.utils.validate_data import odoo_charts

from ..models.vip_kpi_report import RATES
from .test_kpi_month import KpiCase

NAMES = ("programme", "branch", "retention", "service")
REPORT = "vip.kpi.report"
# The cells of both sheets that show an error, when all of them have been asked for.
LOOK = """
(async () => {
    const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
    const until = async (what) => {
        for (let tries = 0; tries < 300; tries++) {
            if (await what()) { return; }
            await pause(100);
        }
        throw new Error("It does not load: " + what);
    };
    const services = odoo.__WOWL_DEBUG__.root.env.services;
    // it comes with the bundle of the spreadsheets
    await until(() => services.spreadsheet_dashboard_loader);
    const loader = services.spreadsheet_dashboard_loader;
    const names = %s;
    const closing = %s;
    for (const name of names) {
        const dashboard = () => loader.getActiveDashboard();
        await until(() => loader.getDashboardGroups().length);
        const { data } = loader.getDashboardGroups().flatMap((group) => group.dashboards)
            .find((dashboard) => dashboard.data.name === name);
        await until(() => document.querySelector(".o_spreadsheet_dashboard_search_panel, .o_search_panel"));
        [...document.querySelectorAll(".o_search_panel li")]
            .find((item) => item.textContent.includes(name)).click();
        await until(() => dashboard()?.data.id === data.id && dashboard().model);
        const { getters } = dashboard().model;
        const cells = () => getters.getSheetIds()
            .flatMap((sheet) => Object.values(getters.getEvaluatedCells(sheet)));
        await until(() => cells().every((cell) => cell.value !== "Loading..."));
        await until(() => document.querySelectorAll(".o-figure").length >= 10);
        const wrong = cells().filter((cell) => cell.type === "error");
        if (wrong.length) {
            throw new Error(`${name}: ${wrong[0].value} ${wrong[0].message}`);
        }
        // the first card, on both dashboards that begin with it
        const card = { sheetId: getters.getSheetIds()[1], col: 2, row: 2 };
        const { value } = getters.getEvaluatedCell(card);
        if (names.indexOf(name) < 2 && value !== closing) {
            throw new Error(`${name}: closing is ${value} and not ${closing}`);
        }
        console.log(name + ": " + cells().filter((cell) => cell.value !== "").length + " cells");
    }
    console.log("test successful");
})();
"""


@tagged("post_install", "-at_install", "vip_kpi")
class TestDashboards(KpiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        for user in cls.users.values():
            user.lang = "en_US"
        cls.boards = {name: cls.env.ref(f"vip_retention.dashboard_{name}") for name in NAMES}

    def _two_months(self):
        """Four customers in the city, one of them lost in January; two in the county, lost one by one."""
        city = [self._join(f"City {n}") for n in range(4)]
        county = [
            self._join(f"County {n}", team=self.county, manager="manager_c", tier=self.silver)
            for n in range(2)
        ]
        self._close(city[0], "2026-01-20")
        self._close(county[0], "2026-01-20")
        self._close(county[1], "2026-02-20")
        return self._month("2026-01-01"), self._month("2026-02-01")

    def _snapshot(self, name):
        return json.loads(self.boards[name].spreadsheet_data)

    def _groupings(self, pivot):
        fields = [
            ":".join(filter(None, (axis["fieldName"], axis.get("granularity"))))
            for axis in (*pivot["rows"], *pivot["columns"])
        ]
        return [fields[:size] for size in range(len(fields) + 1)] + [fields[1:]]

    # ------------------------------------------------------------
    # figures
    # ------------------------------------------------------------

    def test_rates_are_ratios_of_sums(self):
        """What each table and each line asks for, in its groups and in its total."""
        months = self._two_months()
        rows = self.Report.search([("month_id", "in", [month.id for month in months])])
        asked = set()
        for name in NAMES:
            for pivot in self._snapshot(name)["pivots"].values():
                if pivot["model"] != REPORT:
                    continue
                measures = [f"{m['fieldName']}:{m['aggregator']}" for m in pivot["measures"]]
                groupings = self._groupings(pivot)
                answers = self.Report.with_user(self.users["boss"]).formatted_read_grouping_sets(
                    pivot["domain"], groupings, measures
                )
                for groups in answers:
                    for group in groups:
                        inside = rows.filtered_domain(Domain(group["__extra_domain"]))
                        for measure in measures:
                            field, function = measure.split(":")
                            asked.add(measure)
                            value = group[measure]
                            if field not in RATES:
                                self.assertEqual(function, "sum")
                                self.assertEqual(value, sum(inside.mapped(field)))
                                continue
                            self.assertEqual(function, "avg")
                            above, below = (
                                sum(row[part] for row in inside) for part in RATES[field]
                            )
                            if below:
                                self.assertAlmostEqual(value, above / below)
                            else:
                                self.assertFalse(value)
        self.assertLessEqual(
            {"churn_rate:avg", "off_net_rate:avg", "coverage_rate:avg", "save_rate:avg"}, asked
        )

    def test_the_same_everywhere(self):
        """Month end, report, table and chart say the same of January."""
        january, _february = self._two_months()
        [[churn]] = self.Report._read_group([("month_id", "=", january.id)], [], ["churn_rate:avg"])
        self.assertAlmostEqual(churn, 2 / 6)
        self.assertAlmostEqual(january.churn_rate, 2 / 6)
        pivots = self._snapshot("programme")["pivots"].values()
        [by_month] = [pivot for pivot in pivots if pivot["name"].startswith("By month")]
        groups = self.Report.formatted_read_group(
            [*by_month["domain"], ("month_id", "=", january.id)],
            ["month:month"],
            ["churn_rate:avg"],
        )
        self.assertEqual([round(group["churn_rate:avg"], 6) for group in groups], [0.333333])
        [chart] = odoo_charts(self._snapshot("programme"))
        groups = self.Report.formatted_read_group(
            [("month_id", "=", january.id)],
            chart["metaData"]["groupBy"],
            [f"{chart['metaData']['measure']}:sum"],
        )
        self.assertEqual(sum(group["closing:sum"] for group in groups), january.closing)

    def test_counted_on_a_day(self):
        """Opening and closing are never added up over months: tables have them by month only."""
        for name in NAMES:
            snapshot = self._snapshot(name)
            for sheet in snapshot["sheets"]:
                for place, cell in sheet["cells"].items():
                    for figure in ("opening", "closing", "cases_open"):
                        if f'"{figure}"' in cell and "PIVOT.VALUE" in cell:
                            with self.subTest(dashboard=name, cell=place):
                                self.assertIn("month:month", cell)
            for chart in odoo_charts(snapshot):
                self.assertIn("month:month", chart["metaData"]["groupBy"])

    def test_filters_reach_everything(self):
        """Period, branch, account manager and tier limit each table, list and chart by a field it has."""
        for name in NAMES:
            snapshot = self._snapshot(name)
            filters = {item["id"]: item for item in snapshot["globalFilters"]}
            self.assertEqual(set(filters), {"period", "branch", "manager", "tier"})
            parts = [
                (pivot["model"], pivot["fieldMatching"]) for pivot in snapshot["pivots"].values()
            ]
            parts += [
                (chart["metaData"]["resModel"], chart["fieldMatching"])
                for chart in odoo_charts(snapshot)
            ]
            parts += [
                (part["model"], {"period": None, **part["fieldMatching"]})
                for part in snapshot["lists"].values()
            ]
            for model, matching in parts:
                self.assertEqual(set(matching), set(filters))
                for key, match in matching.items():
                    if not match:  # what is open today is of no period
                        continue
                    field = self.env[model]._fields[match["chain"]]
                    self.assertEqual(field.type, match["type"])
                    self.assertEqual(field.comodel_name, filters[key].get("modelName"))
                    # it can be searched for, and by the lead too
                    self.env[model].with_user(self.users["lead"]).search_count(
                        [(match["chain"], "!=", False)]
                    )

    def test_shows_no_names_of_customers(self):
        for name in NAMES:
            for part in self._snapshot(name)["lists"].values():
                for column in part["columns"]:
                    field = self.env[part["model"]]._fields[column]
                    self.assertNotEqual(field.comodel_name, "res.partner")

    # ------------------------------------------------------------
    # who sees what
    # ------------------------------------------------------------

    def test_who_sees_the_dashboards(self):
        mine = Domain(
            "dashboard_group_id", "=", self.env.ref("vip_retention.dashboard_group_vip").id
        )
        menu = self.env.ref("vip_retention.menu_dashboards")
        for user in (
            "lead",
            "boss",
            "approver",
            "auditor",
            "manager_a",
            "desk",
            "importer",
            "employee",
        ):
            with self.subTest(user=user):
                seen = (
                    self.env["spreadsheet.dashboard"].with_user(self.users[user]).search_count(mine)
                )
                allowed = user in ("lead", "boss", "approver", "auditor")
                self.assertEqual(seen, len(NAMES) if allowed else 0)
                menus = self.env["ir.ui.menu"].with_user(self.users[user])._visible_menu_ids()
                self.assertEqual(menu.id in menus, allowed)

    def test_lead_sees_his_branches(self):
        self._two_months()
        for user, teams in (
            ("lead", self.city),
            ("boss", self.city | self.county),
            ("auditor", self.city | self.county),
        ):
            for name in NAMES:
                for pivot in self._snapshot(name)["pivots"].values():
                    if pivot["model"] != REPORT or not pivot["measures"]:
                        continue
                    groups = self.Report.with_user(self.users[user])._read_group(
                        pivot["domain"],
                        ["team_id"],
                        [f"{m['fieldName']}:{m['aggregator']}" for m in pivot["measures"]],
                    )
                    self.assertEqual({team for team, *_figures in groups}, set(teams))

    def test_not_shared_by_a_link(self):
        """A shared copy is read without logging in."""
        board = self.boards["programme"]
        text = self._refused(
            "is not shared",
            self.env["spreadsheet.dashboard.share"]
            .with_user(self.users["boss"])
            .action_get_share_url,
            {"dashboard_id": board.id, "spreadsheet_data": "{}"},
        )
        self.assertIn(board.name, text)
        self.assertIn("printed report", text)
        other = self.env["spreadsheet.dashboard"].create(
            {
                "name": "Other",
                "dashboard_group_id": self.env["spreadsheet.dashboard.group"]
                .create({"name": "O"})
                .id,
            }
        )
        share = self.env["spreadsheet.dashboard.share"].with_user(self.users["boss"])
        self.assertTrue(share.create({"dashboard_id": other.id}).full_url)

    # ------------------------------------------------------------
    # my figures
    # ------------------------------------------------------------

    def _mine(self, user):
        action = self.env.ref("vip_retention.vip_kpi_report_action_mine")
        rows = self.Report.with_user(self.users[user]).search(safe_eval(action.domain))
        return rows.manager_id.mapped("login")

    def test_my_figures(self):
        self._two_months()
        login = {name: user.login for name, user in self.users.items()}
        self.assertEqual(self._mine("manager_a"), [login["manager_a"]])
        self.assertEqual(self._mine("manager_c"), [login["manager_c"]])
        self.assertEqual(self._mine("manager_b"), [])
        # one who sees all has none of his own
        self.assertEqual(self._mine("boss"), [])

    def test_figures_of_whom_i_stand_in_for(self):
        self._two_months()
        self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "company_id": self.company.id,
            }
        )
        self.assertEqual(self._mine("manager_b"), [self.users["manager_a"].login])

    def test_formulas_on_the_form(self):
        """Each rate stands beside both of its figures, and is empty where nothing is below the line."""
        arch = etree.fromstring(self.env["vip.kpi.report"].get_view(view_type="form")["arch"])
        for rate, (above, below) in RATES.items():
            with self.subTest(rate=rate):
                [box] = arch.xpath(f"//div[field[@name='{rate}']]")
                self.assertEqual(box.get("invisible"), f"not {below}")
                names = [field.get("name") for field in box.iter("field")]
                self.assertEqual(names, [rate, above, below])
                self.assertIn("÷", box.xpath("string(div)"))

    def test_beside_the_target(self):
        """What has a target for the tier and something below its line; said whether it is reached."""
        self.env["vip.kpi.target"].search([]).unlink()
        self.env["vip.kpi.target"].create(
            [
                {"figure": "churn_rate", "tier_id": self.gold.id, "target": 0.3, "floor": 0.5},
                {"figure": "off_net_rate", "target": 0.1, "floor": 0.5},
                {"figure": "coverage_rate", "target": 0.9, "floor": 0.5},
            ]
        )
        self._two_months()
        rows = self.Report.with_user(self.users["manager_a"]).search([], order="month")
        self.assertEqual(
            rows[0].aims.split("\n"),
            [
                "✓ Churn rate 25.00%: at most 30.00%, reached",
                "✗ Off-net rate 28.57%: at most 10.00%, missed",
            ],
        )
        rows = self.Report.with_user(self.users["manager_c"]).search([], order="month")
        # no target for silver, and nobody left in February to divide by
        self.assertEqual(rows[0].aims, "✗ Off-net rate 66.67%: at most 10.00%, missed")

    def test_a_hair_beside_the_target(self):
        """2 of 7 is 28.5714 %: 28.57 % at most is missed, although its score is full to one decimal."""
        self.env["vip.kpi.target"].search([]).unlink()
        self.env["vip.kpi.target"].create(
            [{"figure": "off_net_rate", "target": 0.2857, "floor": 0.5}]
        )
        self._two_months()
        rows = self.Report.with_user(self.users["manager_a"]).search([], order="month")
        self.assertEqual(rows[0].aims, "✗ Off-net rate 28.57%: at most 28.57%, missed")


@tagged("post_install", "-at_install", "vip_browser")
class TestDashboardsInTheBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("en_US", "zh_CN"):
            cls.env["res.lang"]._activate_lang(lang)
        cls.company = cls.env["res.company"].create({"name": "Tour Mobile"})
        cls.manager = new_test_user(
            cls.env,
            "vip_tour_manager",
            lang="en_US",
            groups="base.group_user,vip_customer.group_vip_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _look(self, closing):
        names = [
            self.env.ref(f"vip_retention.dashboard_{name}")
            .with_context(lang=self.manager.lang)
            .name
            for name in NAMES
        ]
        self.browser_js(
            f"/odoo/action-{self.env.ref('vip_retention.dashboard_action').id}",
            LOOK % (json.dumps(names), json.dumps(closing)),
            "odoo.isReady === true",
            login="vip_tour_manager",
            timeout=180,
        )

    def test_without_figures(self):
        """No month has been computed: empty, and without an error."""
        self._look("–")

    def test_with_figures(self):
        last = date.today().replace(day=1) - relativedelta(months=1)
        partner = self.env["res.partner"].create({"name": "Tour Customer"})
        self.env["vip.membership"]._ensure(partner.ids, self.company)
        self.env.flush_all()
        self.env.cr.execute(
            """INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, source)
               VALUES (%s, %s, %s, %s, 'run')""",
            [
                partner.id,
                self.company.id,
                self.env.ref("vip_customer.tier_gold").id,
                last - relativedelta(months=3),
            ],
        )
        for month in (last - relativedelta(months=1), last):
            self.env["vip.kpi.month"].create(
                {"company_id": self.company.id, "month": month}
            ).action_compute()
        for lang in ("en_US", "zh_CN"):
            with self.subTest(lang=lang):
                self.manager.lang = lang
                self._look(1)

from ast import literal_eval
from datetime import timedelta

from odoo.tests import freeze_time, tagged

from .test_risk import TODAY, RiskCase


@tagged("post_install", "-at_install", "vip_risk")
class TestRiskScreens(RiskCase):
    """Where account managers and leads meet the risk of their customers."""

    def _day(self, user="manager_a", scope="mine"):
        day = self.env["vip.my.day"].with_user(self.users[user])
        blocks = day.with_context(lang="en_US").load_day(scope)["blocks"]
        return next(block for block in blocks if block["key"] == "risk")

    # ------------------------------------------------------------
    # my day
    # ------------------------------------------------------------

    def test_my_day_shows_whose_risk_rose(self):
        self._rise()
        [row] = self._day()["rows"]
        self.assertEqual((row["customer"], row["membership_id"]), ("Wang", self.member.id))
        self.assertEqual(row["text"], "Risk 60, +20 · Manager's own judgement +20")
        methods = [button.get("method") for button in row["buttons"]]
        self.assertEqual(methods, [None, "action_postpone_risk"])
        self.assertEqual(self._day("lead", "branch")["count"], 1)
        self.assertEqual(self._day("manager_b")["count"], 0)

    def test_my_day_opens_the_list_of_risk(self):
        self._rise()
        action = self._day()["action"]
        view = self.env.ref("vip_retention.vip_membership_view_list_risk")
        self.assertEqual(action["views"][0], [view.id, "list"])
        found = self.Member.with_user(self.users["manager_a"]).search(action["domain"])
        self.assertEqual(found, self.member)

    def test_my_day_leaves_out(self):
        """Who is put off, spoken to already, has decided, wishes peace, or rose a week ago and more."""
        self._rise()
        manager = self.users["manager_a"]
        with self.subTest("put off"):
            self.member.with_user(manager).postpone_risk(TODAY + timedelta(days=5), "Abroad")
            self.assertEqual(self._day()["count"], 0)
            self.member.risk_postponed_until = False
        with self.subTest("in peace"):
            self.member.do_not_disturb = True
            self.assertEqual(self._day()["count"], 0)
            self.member.do_not_disturb = False
        with self.subTest("a week ago"), freeze_time("2026-03-18 02:00:00"):
            self.assertEqual(self._day()["count"], 0)
        with self.subTest("spoken to, and decided"):
            self.assertEqual(self._day()["count"], 1)
            case = self._leaves()
            self.assertEqual(self._day()["count"], 0)
            case.action_refuse()
            self.assertEqual(self._day()["count"], 0)

    def test_my_day_asks_no_more_for_more(self):
        self._rise()
        counts = []
        for names in ((), ("A", "B", "C")):
            for name in names:
                partner = self._create_vip(name, self.gold)
                self._assign(partner, self.users["manager_a"], self.city)
                self._rise(partner)
            self._day()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.assertEqual(self._day()["count"], len(names) + 1)
            counts.append(self.env.cr.sql_log_count - start)
        # three more customers: less than one query for each; Odoo may fill a cache of its own between
        self.assertLess(counts[1] - counts[0], 3)

    # ------------------------------------------------------------
    # lists and reports
    # ------------------------------------------------------------

    def _found(self, action, user):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"vip_retention.{action}")
        Member = self.Member.with_user(self.users[user])
        return Member.search(literal_eval(action["domain"])), action

    def test_what_moved_this_week(self):
        self._rise()
        for user, sees in (("manager_a", True), ("manager_b", False), ("lead", True)):
            with self.subTest(user):
                found, _action = self._found("vip_membership_action_risk_moved", user)
                self.assertEqual(self.member in found, sees)
        with freeze_time("2026-03-20 02:00:00"):
            found, _action = self._found("vip_membership_action_risk_moved", "boss")
            self.assertNotIn(self.member, found)

    def test_report_counts_everybody_with_a_tier(self):
        self._rise()
        found, action = self._found("vip_membership_action_risk_report", "boss")
        self.assertLessEqual(self.member | self.plain.vip_membership_id, found)
        self.assertEqual([view for _id, view in action["views"]][:2], ["pivot", "graph"])
        own = [("id", "=", self.member.id)]
        [row] = found._read_group(own, ["team_id", "risk_level"], ["__count"])
        self.assertEqual(row, (self.city.with_env(found.env), "high", 1))

    def test_levels_are_in_order(self):
        """In lists, pivots and graphs: high, low, medium is the order of the alphabet."""
        others = [self._create_customer(f"C{i}") for i in range(2)]
        self._record("port_query", others[0])
        self._rise()
        members = self.member.union(*(one.vip_membership_id for one in others))
        own = [("id", "in", members.ids)]
        self._assess()
        levels = ["low", "medium", "high"]
        found = self.Member.search(own, order="risk_level, id")
        self.assertEqual(found.mapped("risk_level"), levels)
        found = self.Member.search(own, order="risk_level desc, id")
        self.assertEqual(found.mapped("risk_level"), levels[::-1])
        rows = self.Member._read_group(own, ["risk_level"], ["__count"])
        self.assertEqual(rows, [(level, 1) for level in levels])
        rows = self.Member._read_group(own, ["risk_level"], ["__count"], order="risk_level desc")
        self.assertEqual([row[0] for row in rows], levels[::-1])
        sets = self.Member._read_grouping_sets(
            own, [["risk_level"], ["team_id", "risk_level"], []], ["__count"]
        )
        self.assertEqual([row[0] for row in sets[0]], levels)
        self.assertEqual(sets[2], [(3,)])

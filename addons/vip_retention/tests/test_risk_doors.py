from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_risk import RiskCase


@tagged("post_install", "-at_install", "vip_risk")
class TestRiskDoors(RiskCase):
    """Nobody talks a customer's risk up or down but by the doors made for it."""

    ROLES = ("desk", "manager_a", "lead", "boss", "auditor")

    def _refused(self, what, *users):
        for user in users or self.ROLES:
            with self.subTest(user), self.assertRaises(AccessError), self.env.cr.savepoint():
                what(self.users[user])

    def test_signals_are_not_worked_out_by_hand(self):
        """Whatever he may record: not what it counts, and not what looks worked out."""
        plain = {"partner_id": self.partner.id, "type_id": self._kind("port_query").id}
        for own in (
            {"points": 100},
            {"is_recorded": False},
            {"figures": {"count": "<script>alert(1)</script>"}},
            {"company_id": self.company.id},
        ):
            self._refused(
                lambda user, own=own: self.Signal.with_user(user).create({**plain, **own})
            )

    def test_defaults_are_no_way_round(self):
        plain = {"partner_id": self.partner.id, "type_id": self._kind("port_query").id}
        for name, value in (("points", 100), ("is_recorded", False)):
            context = {f"default_{name}": value}
            self._refused(
                lambda user, context=context: (
                    self.Signal.with_user(user).with_context(**context).create(plain)
                )
            )

    def test_nobody_rewrites_a_signal(self):
        signal = self._record("port_query", user="manager_a")
        for values in (
            {"partner_id": self.plain.id},
            {"type_id": self._kind("pulse").id},
            {"date": "2025-01-01"},
            {"note": "nothing"},
        ):
            self._refused(lambda user, values=values: signal.with_user(user).write(values))

    def test_signals_of_others_are_not_read(self):
        signal = self._record("port_query", user="desk", note="Asked how long porting takes")
        self.assertTrue(signal.with_user(self.users["manager_a"]).note)
        self._refused(lambda user: signal.with_user(user).read(["note"]), "manager_b", "employee")

    def test_worked_out_signals_tell_of_money(self):
        self.first.state = "suspended"
        counted = self.Signal.search([("partner_id", "=", self.partner.id)])
        self._refused(lambda user: counted.with_user(user).read(["text"]), "desk", "manager_b")

    def test_risk_is_not_written(self):
        for values in (
            {"risk_score": 0},
            {"risk_level": "low"},
            {"risk_on": False},
            {"risk_change": 0},
            {"risk_before": False},
            {"risk_unknown": []},
            {"risk_told_on": "2026-03-10"},
            {"risk_postponed_until": "2030-01-01"},
        ):
            self._refused(lambda user, values=values: self.member.with_user(user).write(values))

    def test_weights_are_for_managers(self):
        kind = self._kind("pulse")
        self._refused(
            lambda user: kind.with_user(user).write({"points": 1}), *set(self.ROLES) - {"boss"}
        )
        kind.with_user(self.users["boss"]).points = 21
        self._refused(lambda user: kind.with_user(user).write({"rule": "recorded"}))

    def test_customer_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.env["res.partner"].create({"name": "Stranger", "company_id": other.id})
        self.env["vip.membership"]._ensure(stranger.ids, other)
        self._refused(
            lambda user: self._record("port_query", stranger, user=user.login.split("_test_")[1]),
            *set(self.ROLES) - {"auditor"},
        )
        self._refused(
            lambda user: stranger.vip_membership_id.with_user(user).pulse("red"), "manager_a"
        )

    def test_putting_off_what_is_nobodys_business(self):
        self._rise()
        self._refused(
            lambda user: self.member.with_user(user).postpone_risk("2026-03-20", "No time"),
            "desk",
            "manager_b",
            "auditor",
        )
        for day in ("2026-13-45", "tomorrow", False, 5):
            with self.subTest(day), self.assertRaises(UserError):
                self.member.with_user(self.users["manager_a"]).postpone_risk(day, "Abroad")

    def test_words_are_shown_as_words(self):
        note = "<script>alert(1)</script>"
        self._record("pulse", user="manager_a", colour="red", note=note)
        self._record("port_query", user="desk", note=note)
        html = str(self.member.with_user(self.users["manager_a"]).risk_explanation)
        self.assertNotIn("<script>", html)
        self.assertIn("&lt;script&gt;", html)

    # ------------------------------------------------------------
    # coming and going
    # ------------------------------------------------------------

    def test_leaves_and_comes_back(self):
        self._rise()
        self.assertTrue(self._tasks())
        self.first.write({"state": "closed", "closed_on": "2026-03-10"})
        self.assertEqual((self.member.risk_score, self.member.risk_level), (0, False))
        self.assertFalse(self._tasks(), "nobody looks after who has left")
        self.assertFalse(self.member.risk_told_on)
        self.first.write({"state": "active", "closed_on": False})
        self.env.invalidate_all()
        self.assertEqual(self.member.risk_level, "high")
        self.assertEqual(len(self._tasks()), 1)

    def test_archived_contact_is_assessed_still(self):
        self.partner.active = False
        self._record("port_query")
        self._assess()
        self.assertEqual(self.member.risk_level, "medium")

    def test_page_that_goes_takes_its_signals_along(self):
        self._rise()
        partner = self._create_customer("Sun")
        self._record("port_query", partner)
        partner.vip_membership_id.unlink()
        self.assertFalse(self.Signal.search([("partner_id", "=", partner.id)]))
        self.assertFalse(self._assess(), "the night goes on without him")

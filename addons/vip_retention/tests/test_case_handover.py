from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.vip_customer.tests.service_common import at

from .case_common import RetentionCase

FEW, MANY = 3, 12


@tagged("post_install", "-at_install", "vip_retention")
class TestCaseHandover(RetentionCase):
    """Who is handed a customer over is handed over the case in which he may leave."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = cls.users["manager_a"], cls.users["manager_b"]

    def _hand_over(self, day=None, user="lead", partner=None):
        member = (partner or self.partner).vip_membership_id.with_user(self.users[user]).sudo()
        member._assign(self.b, self.city, day)

    def _listed(self, **values):
        return self._leaves(source="list", user="boss", **values)

    def test_case_and_tasks_move_with_a_step(self):
        case = self._listed()
        due = (case.deadline, case.warn_at, case.told_level)
        self._hand_over()
        self.assertEqual(case.user_id, self.b)
        self.assertEqual(self._tasks_of(case), {("case", "manager_b")})
        self.assertEqual(self._log_of(case)[-1], ("handed_over", "lead"))
        self.assertEqual(case.sudo().log_ids[-1:].content, self.b.name)
        self.assertEqual((case.deadline, case.warn_at, case.told_level), due, "what is due stays")

    def test_on_the_day(self):
        """What was agreed for a later day moves nothing before."""
        case = self._listed()
        self._hand_over("2026-03-12")
        self.assertEqual(case.user_id, self.a)
        with at("2026-03-12 10:00"):
            self.env["vip.manager.assignment"]._cron_project()
            self.assertEqual(case.user_id, self.b)
            self.assertEqual(self._log_of(case)[-1], ("handed_over", "__system__"))
            self.env["vip.manager.assignment"]._cron_project()
        self.assertEqual(self._log_of(case).count(("handed_over", "__system__")), 1)

    def test_dispatched(self):
        """It is his from now on; the desk is told so."""
        case = self._proposed()
        case.action_consider()
        with at("2026-03-10 15:00"):
            self._hand_over()
            self.assertEqual(f"{case.dispatched_at:%H:%M}", "07:00")
        with self.assertRaisesRegex(UserError, "was dispatched to .*manager_b.* who goes on"):
            case.action_accept()
        self._as("manager_b", case).action_accept()

    def test_in_watch(self):
        """He asks how it is, too."""
        case = self._in_watch(source="work_record", user="manager_a")
        self._hand_over()
        self.assertEqual((case.state, case.user_id), ("watch", self.b))
        self.assertEqual(self._tasks_of(case), {("watch", "manager_b")})

    def test_what_does_not_move(self):
        """The desk's talk, what is over, and what was finally refused."""
        talk = self._leaves()
        self._hand_over()
        self.assertEqual(talk.user_id, self.users["desk"])
        talk.action_refuse()
        talk.sudo().departure_id.action_withdraw()
        self._assign(self.partner, self.a, self.city)
        closed = self._listed()
        closed.action_withdraw()
        refused = self._listed()
        refused.sudo()._log("refused")
        steps = (self._log_of(closed), self._log_of(refused))
        self._hand_over()
        self.assertEqual((closed | refused).user_id, self.a)
        self.assertEqual((self._log_of(closed), self._log_of(refused)), steps)

    def test_nobody_meanwhile(self):
        case = self._listed()
        with at("2026-03-11 10:00"):
            self._assign(self.partner, self.env["res.users"], self.city)
            self.assertEqual(case.user_id, self.a)
            self._hand_over()
        self.assertEqual(case.user_id, self.b)

    def test_queries_do_not_depend_on_how_many(self):
        counts = []
        for size in (FEW, FEW, MANY):  # the first one fills caches
            partners = self.env["res.partner"]
            for i in range(size):
                partners |= self._create_vip(f"Leaver {i}", self.gold)
            partners.vip_membership_id._assign(self.a, self.city)
            for partner in partners:
                self._listed(partner=partner)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.vip_membership_id._assign(self.b, self.city)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            cases = self.Case.search([("partner_id", "in", partners.ids)])
            self.assertEqual((len(cases), cases.user_id), (size, self.b))
        # now and then Odoo reads something of its own anew
        self.assertAlmostEqual(counts[1], counts[2], delta=2)

"""What the tests of figures and of the printed log share: customers who want to leave, by real doors.

Today is Tuesday 2026-03-10. Customers are gold, with one number and bills of 700 in 2025 and since, belong to
``manager_a`` and the city branch of ``lead``.
"""

from odoo.tests import freeze_time

from odoo.addons.vip_customer.tests.benefit_common import BenefitCase


class ReportCase(BenefitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("vip_customer.calendar_office").tz = "Asia/Shanghai"
        cls.Case = cls.env["vip.retention.case"]
        cls.next_number = 13900000000

    @classmethod
    def _create_leaver(cls, name):
        cls.next_number += 1
        partner = cls._create_customer(name, cls._year(700), number=str(cls.next_number))
        partner.vip_membership_id._assign(cls.users["manager_a"], cls.city, "2026-01-01")
        cls._move(partner, cls.gold)
        return partner

    def _open(self, name="Li", user="desk", reason="t_high", **values):
        case = self.Case.with_user(self.users[user]).create(
            {
                "partner_id": self._create_leaver(name).id,
                "source": "hotline",
                "reason_id": self._reason(reason).id,
                **values,
            }
        )
        self.env.flush_all()
        return case

    def _reason(self, code):
        return self.env.ref(f"vip_retention.reason_{code}")

    def _offer(self, code):
        return self.env.ref(f"vip_retention.offer_{code}")

    def _propose(self, case, code):
        """The latest proposal, put to the customer by who holds the case."""
        proposal_id = case.action_propose(self._offer(code).id)
        return self.env["vip.retention.proposal"].browse(proposal_id)

    def _accept(self, case, code, reference="B-1"):
        """Accepted and done: the watch begins."""
        self._propose(case, code)
        case.action_accept()
        if case.state == "doing":
            case.done(reference)
        self.assertEqual(case.state, "watch")

    def _end_watches(self, saved=(), lost=()):
        """Let the watches of these cases end by the rule: with a bill in the last month or without one, all
        bills in."""
        cases = self.Case.union(*saved, *lost)
        for case in saved:
            month = case.watch_until.replace(day=1)
            self._create_bills(case.partner_id, {month: 500}, case.sudo().kept_number_ids[:1])
        months = {case.watch_until.replace(day=1) for case in cases}
        known = self.env["vip.billing.month"].search(
            [("company_id", "=", self.company.id), ("month", "in", list(months))]
        )
        known.complete = True
        known.create(
            [
                {"company_id": self.company.id, "month": month, "complete": True}
                for month in months - set(known.mapped("month"))
            ]
        )
        last = max(case.watch_until for case in cases)
        with freeze_time(f"{last} 17:00:00"):  # 1 o'clock of the next day in Shanghai
            self.Case._judge(self.company, 1000)
        self.env.flush_all()

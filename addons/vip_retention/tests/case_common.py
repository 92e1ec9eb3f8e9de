"""What the tests of retention cases share.

Now is Tuesday 2026-03-10 10:00 in Shanghai (02:00 UTC); ``at`` of ``service_common`` moves it. Account
managers work 8:30 to 12:00 and 14:00 to 18:30 from Monday to Friday.

customer  tier     numbers      billed in a year    account manager, branch
Wang      gold     1380013800x  7 800 on the first  manager_a, city (led by lead)
Zhao      diamond  -            24 000              nobody, county (led by nobody)
"""

from odoo.addons.vip_customer.tests.benefit_common import BenefitCase

FIRST, SECOND = "13800138001", "13800138002"


class RetentionCase(BenefitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("vip_customer.calendar_office").tz = "Asia/Shanghai"
        cls.company.vip_retention_calendar_id = cls.env.ref("vip_customer.calendar_office")
        cls.Case = cls.env["vip.retention.case"]
        cls.Departure = cls.env["vip.departure"]
        cls.first = cls._number(cls.partner, FIRST)
        cls._create_bills(cls.partner, cls._year(650), cls.first)
        cls._create_bills(cls.partner, {"2026-01-01": 650, "2026-02-01": 650}, cls.first)
        cls._assign(cls.partner, cls.users["manager_a"], cls.city)
        cls.plain = cls._create_vip("Zhao", cls.diamond)
        cls._create_bills(cls.plain, cls._year(2000))
        cls._assign(cls.plain, cls.env["res.users"], cls.county)

    @classmethod
    def _number(cls, partner, number):
        return cls.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": number, "activated_on": "2022-10-01"}
        )

    @classmethod
    def _assign(cls, partner, manager, team):
        cls.env["vip.manager.assignment"]._post(
            partner.vip_membership_id, manager, team, cls.company._vip_today()
        )
        cls.env["vip.manager.assignment"]._project(cls.company)

    @classmethod
    def _ref(cls, name):
        return cls.env.ref(f"vip_retention.{name}")

    @classmethod
    def _as(cls, user, record):
        return record.with_user(cls.users[user])

    def _leaves(
        self, partner=None, source="hotline", user="desk", effective_on="2026-03-30", **values
    ):
        """A request to leave, as a user notes it; its case as that user. The programme's own doors write what
        the desk does not see."""
        hidden = source == "list" or "number_id" in values
        departure = (
            self.Departure.with_user(self.users[user])
            .sudo(hidden)
            .create(
                {
                    "partner_id": (partner or self.partner).id,
                    "source": source,
                    "effective_on": effective_on,
                    **values,
                }
            )
        )
        self.env.flush_all()
        return departure.sudo().case_id.with_user(self.users[user]).sudo(False)

    def _proposed(self, offer="plan_fit", reason="t_fit", **values):
        """A case in which an offer was put to the customer."""
        case = self._leaves(**values)
        case.reason_id = self._ref(f"reason_{reason}")
        case.action_propose(self._ref(f"offer_{offer}").id)
        return case

    def _finish_refusals(self):
        """What the scheduled action does a step at a time, in the transaction of the test."""
        self.Case._close_held()
        self.Case._drop_left_activities()
        self.Case._note_refusals()

    def _in_watch(self, offer="plan_fit", **values):
        """A case whose watch began today."""
        case = self._proposed(offer, **values)
        case.action_accept()
        if case.state == "doing":
            case.done("ORDER-1")
        return case

    def _log_of(self, case):
        """The steps of a case, as (step, login)."""
        return [
            (row.step, row.user_id.login.removeprefix("vip_test_"))
            for row in case.sudo().log_ids.sorted("id")
        ]

    def _tasks_of(self, case):
        """Who has which task on the case: pairs of the type's XML name and login."""
        types = self.env["ir.model.data"].search(
            [("module", "=", "vip_retention"), ("model", "=", "mail.activity.type")]
        )
        names = {row.res_id: row.name.removeprefix("mail_activity_type_") for row in types}
        tasks = self.env["mail.activity"].search(
            [("res_model", "=", "vip.retention.case"), ("res_id", "=", case.id)]
        )
        return {
            (names[task.activity_type_id.id], task.user_id.login.removeprefix("vip_test_"))
            for task in tasks
        }

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .import_common import VipImportCase

HEADER = "number,customer_code,service,taken_up_on,ended_on\n"


@tagged("post_install", "-at_install", "vip_import", "vip_vas")
class TestImportVas(VipImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.li = cls._create_customer("Li", number="13800000001", ref="C1")
        cls.wang = cls._create_customer("Wang", number="13800000002", ref="C2")
        cls.zhao = cls._create_customer("Zhao", ref="C3")
        cls.data = cls.env.ref("vip_customer.vas_data")
        cls.Use = cls.env["vip.vas.use"]

    def _import(self, rows, **values):
        return super()._import(HEADER + rows, "vas", **values)

    def _uses(self):
        """The uses as (customer, number, service, shown, taken up, ended), oldest first."""
        uses = self.Use.search(
            [("company_id", "=", self.company.id)], order="taken_up_on, number_id, partner_id, id"
        )
        return [
            (
                use.partner_id.name,
                use.number_id.number or "",
                use.vas_id.code,
                *(use[name] and str(use[name]) for name in ("taken_up_on", "ended_on")),
            )
            for use in uses
        ]

    def _snapshot(self):
        self.env.cr.execute("SELECT id, xmin, ctid::text FROM vip_vas_use ORDER BY id")
        return self.env.cr.fetchall()

    # ------------------------------------------------------------
    # BOOKED ON
    # ------------------------------------------------------------

    def test_booked_on_the_number(self):
        job = self._import(
            "138 0000-0001,,DATA,2026-01-05,\n+8613800000002,,sec,20260106,2026/2/1\n"
        )
        self.assertEqual(job.state, "done")
        self.assertCounts(job, created=2)
        self.assertEqual(
            self._uses(),
            [
                ("Li", "13800000001", "DATA", "2026-01-05", False),
                ("Wang", "13800000002", "SEC", "2026-01-06", "2026-02-01"),
            ],
        )
        uses = self.Use.search([("company_id", "=", self.company.id)], order="taken_up_on")
        self.assertEqual(uses.mapped("state"), ["taken_up", "ended"])
        self.assertEqual(set(uses.mapped("source")), {"import"})
        self.assertEqual(uses.create_uid, self.importer)
        self.assertTrue(uses[0].is_in_use)

    def test_booked_by_customer_code(self):
        job = self._import(",C1,DATA,2026-01-05,\n,C3,DATA,2026-01-06,\n")
        self.assertCounts(job, created=2)
        self.assertEqual([use[:2] for use in self._uses()], [("Li", "13800000001"), ("Zhao", "")])

    def test_chinese_file(self):
        content = (
            "手机号,增值业务,开通日期,关闭日期\n"
            "13800000001,移动数据,2026年1月5日,\n13800000001,互动服务（如股票交易）,2026-01-06,\n"
            "13800000002,移动秘书,2026-01-07,2026年2月1日\n13800000002,互动服务,2026-01-08,\n"
        )
        job = self._create_import(content.encode("gb18030"), "vas")
        job.action_run()
        self.assertCounts(job, created=4)
        self.assertEqual([use[2] for use in self._uses()], ["DATA", "INTER", "SEC", "INTER"])

    def test_services_by_code_and_name(self):
        self.env["vip.vas"].create({"name": "Ring tones", "code": "R1"})
        job = self._import(
            "13800000001,,mobile DATA,2026-01-01,\n13800000001,,ring tones,2026-01-02,\n"
            "13800000001,,r1,2026-01-02,2026-01-02\n13800000002,,Interactive services,2026-01-03,\n"
        )
        self.assertErrors(
            job,
            (3, "taken_up_on", "2026-01-02", "line 4"),
            (4, "taken_up_on", "2026-01-02", "line 3"),
        )
        self.assertEqual([use[2] for use in self._uses()], ["DATA", "INTER"])

    def test_unknown_service(self):
        job = self._import("13800000001,,DATE,2026-01-05,\n,C1,彩铃,2026-01-05,\n")
        self.assertErrors(
            job,
            (2, "service", "DATE", "no value-added service of this code or name"),
            (3, "service", "彩铃", "no value-added service of this code or name"),
        )

    def test_services_of_one_name(self):
        self.env["vip.vas"].create(
            [{"name": "Ring tones", "code": "R1"}, {"name": "ring tones", "code": "R2"}]
        )
        job = self._import("13800000001,,Ring tones,2026-01-05,\n13800000001,,R2,2026-01-05,\n")
        self.assertErrors(job, (2, "service", "Ring tones", "Give the code"))
        self.assertCounts(job, created=1, errors=1)

    def test_service_that_is_archived(self):
        self.data.active = False
        self.assertCounts(self._import("13800000001,,DATA,2026-01-05,\n"), created=1)

    def test_customer_with_several_numbers(self):
        self.env["vip.service.number"].create({"partner_id": self.li.id, "number": "13800000009"})
        job = self._import(",C1,DATA,2026-01-05,\n")
        self.assertEqual(job.state, "failed")
        self.assertErrors(job, (2, "customer_code", "C1", "Give the number the service is on"))

    def test_use_by_code_stays_where_it_is(self):
        row = ",C3,DATA,2026-01-05,\n"
        self._import(row)
        Number = self.env["vip.service.number"]
        Number.create({"partner_id": self.zhao.id, "number": "13800000003"})
        self.assertCounts(self._import(row), unchanged=1)
        row = ",C1,DATA,2026-01-05,\n"
        self._import(row)
        Number.create({"partner_id": self.li.id, "number": "13800000009"})
        self.assertCounts(self._import(row), unchanged=1)
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-02-10"})
        self.assertCounts(self._import(row), unchanged=1)

    def test_unknown_customer_and_number(self):
        job = self._import(",C9,DATA,2026-01-05,\n13900000000,,DATA,2026-01-05,\n")
        self.assertErrors(
            job,
            (2, "customer_code", "C9", "No customer has this code"),
            (3, "number", "13900000000", "No customer has this number"),
        )

    def test_number_and_code_contradict(self):
        job = self._import("13800000001,C2,DATA,2026-01-05,\n")
        self.assertErrors(job, (2, "number", "13800000001", "another customer"))
        self.assertCounts(self._import("13800000001,C1,DATA,2026-01-05,\n"), created=1)

    def test_contact_with_a_use_joins_the_programme(self):
        partner = self.env["res.partner"].create({"name": "Qian", "ref": "C4"})
        self._import(",C4,DATA,2026-01-05,\n")
        self.assertEqual(partner.vip_membership_id.company_id, self.company)

    def test_owner_of_that_day(self):
        self.li.vip_number_ids.change_owner(self.wang.id, "2026-01-16")
        rows = (
            "13800000001,,DATA,2026-01-15,\n13800000001,,SEC,2026-01-16,\n"
            "13800000001,,GPS,2015-01-01,\n"
        )
        self._import(rows)
        self.assertEqual(
            [use[::2][:2] for use in self._uses()],
            [("Li", "GPS"), ("Li", "DATA"), ("Wang", "SEC")],
        )
        self.assertCounts(self._import(rows), unchanged=3)

    # ------------------------------------------------------------
    # AGAIN
    # ------------------------------------------------------------

    def test_same_file_twice_writes_nothing(self):
        rows = (
            "13800000001,,DATA,2026-01-05,\n,C3,DATA,2026-01-05,2026-02-01\n"
            ",C3,DATA,2026-02-01,\n13800000002,,SEC,2025-01-01,2025-01-01\n"
        )
        first = self._import(rows)
        self.assertCounts(first, created=4)
        before = self._snapshot()
        second = self._import(rows)
        self.assertCounts(second, unchanged=4)
        self.assertIn("same file", second.message)
        self.assertEqual(self._snapshot(), before)

    def test_end_closes_an_open_use(self):
        self._import("13800000001,,DATA,2026-01-05,\n")
        job = self._import("13800000001,,DATA,2026-01-05,2026-02-01\n")
        self.assertCounts(job, changed=1)
        self.assertEqual(self._uses(), [("Li", "13800000001", "DATA", "2026-01-05", "2026-02-01")])
        self.assertEqual(self.Use.search([("partner_id", "=", self.li.id)]).state, "ended")
        corrected = self._import("13800000001,,DATA,2026-01-05,2026-02-02\n")
        self.assertCounts(corrected, changed=1)
        self.assertCounts(self._import("13800000001,,DATA,2026-01-05,\n"), unchanged=1)
        self.assertEqual(self._uses()[0][-1], "2026-02-02")

    def test_ended_and_taken_up_again(self):
        """In one file, whichever row comes first."""
        self._import("13800000001,,DATA,2026-01-05,\n")
        job = self._import(
            "13800000001,,DATA,2026-02-01,\n13800000001,,DATA,2026-01-05,2026-02-01\n"
        )
        self.assertCounts(job, created=1, changed=1)
        self.assertEqual(
            [use[3:] for use in self._uses()],
            [("2026-01-05", "2026-02-01"), ("2026-02-01", False)],
        )

    def test_shown_before_is_taken_up(self):
        shown = self.Use.create(
            {
                "partner_id": self.li.id,
                "vas_id": self.data.id,
                "shown_on": "2026-01-03",
                "source": "demonstration",
            }
        )
        job = self._import(
            "13800000001,,DATA,2026-01-05,\n13800000001,,DATA,2025-01-05,2025-02-01\n"
        )
        self.assertCounts(job, created=1, changed=1)
        self.assertRecordValues(
            shown,
            [
                {
                    "shown_on": self.Use._given_date("2026-01-03"),
                    "taken_up_on": self.Use._given_date("2026-01-05"),
                    "ended_on": False,
                    "source": "demonstration",
                    "state": "taken_up",
                }
            ],
        )
        self.assertEqual(len(self._uses()), 2)

    def test_shown_and_taken_up_and_ended_since(self):
        shown = self.Use.create(
            {"partner_id": self.li.id, "vas_id": self.data.id, "shown_on": "2026-01-03"}
        )
        job = self._import(
            "13800000001,,DATA,2026-01-05,2026-01-20\n13800000001,,DATA,2026-02-01,\n"
        )
        self.assertCounts(job, created=1, changed=1)
        self.assertEqual((str(shown.ended_on), shown.state), ("2026-01-20", "ended"))
        self.assertEqual(len(self._uses()), 2)

    # ------------------------------------------------------------
    # REFUSALS
    # ------------------------------------------------------------

    def test_cells(self):
        job = self._import(
            ",,DATA,2026-01-05,\n13800000001,,,2026-01-05,\n13800000001,,DATA,,\n"
            "13800000001,,DATA,soon,\n13800000001,,DATA,2026-03-11,\n"
            "13800000001,,DATA,2026-01-05,2026-03-11\n"
        )
        self.assertErrors(
            job,
            (2, "number", "", "neither a number nor a customer code"),
            (3, "service", "", "the value is needed"),
            (4, "taken_up_on", "", "the value is needed"),
            (5, "taken_up_on", "soon", "This is no date"),
            (6, "taken_up_on", "2026-03-11", "in the future"),
            (7, "ended_on", "2026-03-11", "in the future"),
        )

    def test_columns(self):
        job = self._create_import("number,service\n1,2\n", "vas")
        with self.assertRaisesRegex(UserError, "no column “taken_up_on”"):
            job.action_run()

    @freeze_time("2026-03-10 17:00:00")
    def test_day_of_the_company_calendar(self):
        """It is the 11th in Shanghai already."""
        self.assertCounts(self._import("13800000001,,DATA,2026-03-11,\n"), created=1)

    def test_ended_before_it_was_taken_up(self):
        job = self._import("13800000001,,DATA,2026-01-05,2026-01-04\n")
        self.assertErrors(job, (2, "ended_on", "2026-01-04", "ended before it was taken up"))

    def test_two_rows_of_a_day_name_both_lines(self):
        job = self._import(
            "13800000001,,DATA,2026-01-05,\n13800000001,,SEC,2026-01-05,\n,C1,移动数据,2026-01-05,\n"
        )
        self.assertCounts(job, created=1, errors=2)
        self.assertErrors(
            job,
            (2, "taken_up_on", "2026-01-05", "line 4"),
            (4, "taken_up_on", "2026-01-05", "line 2"),
        )

    def test_rows_from_the_same_time_name_both_lines(self):
        job = self._import(
            "13800000001,,DATA,2026-01-05,\n13800000001,,DATA,2026-02-05,\n"
            "13800000002,,DATA,2026-02-05,\n"
        )
        self.assertCounts(job, created=1, errors=2)
        self.assertErrors(
            job,
            (2, "taken_up_on", "2026-01-05", "in line 3 is from the same time"),
            (3, "taken_up_on", "2026-02-05", "in line 2 is from the same time"),
        )

    def test_from_the_same_time_as_in_the_book(self):
        self._import("13800000001,,DATA,2026-01-05,\n")
        before = self._snapshot()
        job = self._import("13800000001,,DATA,2026-01-06,\n13800000002,,DATA,2026-01-06,\n")
        self.assertCounts(job, created=1, errors=1)
        self.assertErrors(job, (2, "taken_up_on", "2026-01-06", "since 2026-01-05 already"))
        self.assertEqual(self._snapshot()[: len(before)], before)

    def test_refused_end_makes_no_room(self):
        """The row that would have ended a use is refused, and so is the one that counted on it."""
        self._import(
            "13800000001,,DATA,2025-01-05,2025-02-01\n13800000001,,DATA,2025-03-01,2025-04-01\n"
            "13800000001,,DATA,2025-06-01,\n"
        )
        before = self._snapshot()
        # line 2 would reach into the second use, line 3 begins where it would then end
        job = self._import(
            "13800000001,,DATA,2025-01-05,2025-03-15\n13800000001,,DATA,2025-03-20,2025-03-25\n"
            "13800000001,,DATA,2025-05-01,2025-07-01\n"
        )
        self.assertEqual(job.state, "failed")
        self.assertCounts(job, errors=3)
        self.assertEqual(self._snapshot(), before)

    def test_all_or_nothing(self):
        rows = "13800000001,,DATA,2026-01-05,\n13800000002,,NIX,2026-01-05,\n"
        job = self._import(rows, all_or_nothing=True)
        self.assertEqual(job.state, "failed")
        self.assertFalse(self._uses())

    def test_check_writes_nothing(self):
        self._import("13800000001,,DATA,2026-01-05,\n")
        before = self._snapshot()
        job = self._create_import(
            HEADER + "13800000001,,DATA,2026-01-05,2026-02-01\n13800000002,,DATA,2026-01-05,\n",
            "vas",
        )
        job.action_check()
        self.assertEqual(job.state, "checked")
        self.assertCounts(job, created=1, changed=1)
        self.assertEqual(self._snapshot(), before)

    def test_other_company_is_left_alone(self):
        other = self.env["res.company"].create({"name": "Other Mobile"})
        self.env.user.company_ids = [(4, other.id)]
        stranger = self.env["res.partner"].create({"name": "Shared", "ref": "C7"})
        number = self.env["vip.service.number"].with_company(other)
        number.create({"partner_id": stranger.id, "number": "13800000077"})
        job = self._import("13800000077,,DATA,2026-01-05,\n,C7,DATA,2026-01-05,\n")
        self.assertErrors(
            job,
            (2, "number", "13800000077", "No customer has this number"),
            (3, "customer_code", "C7", "No customer has this code"),
        )

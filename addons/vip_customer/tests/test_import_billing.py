from odoo.tests import freeze_time, tagged

from .import_common import VipImportCase


@tagged("post_install", "-at_install", "vip_import")
class TestImportBilling(VipImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.li = cls._create_customer("Li", number="13800000001", ref="C1")
        cls.wang = cls._create_customer("Wang", number="13800000002", ref="C2")
        cls.zhao = cls._create_customer("Zhao", ref="C3")

    def test_booked_on_the_number(self):
        job = self._import(
            "number,month,amount,arrears_suspensions\n138 0000-0001,202601,650.5,2\n"
        )
        self.assertEqual(job.state, "done")
        self.assertCounts(job, created=1)
        self.assertEqual((job.row_count, job.ok_count), (1, 1))
        self.assertEqual(self._bills(), [("Li", "13800000001", "2026-01", 650.5, 2)])
        fact = self.env["vip.billing.fact"].search([("import_id", "=", job.id)])
        self.assertEqual(fact.company_id, self.company)

    def test_number_in_another_spelling(self):
        job = self._import(
            "number,month,amount\n+8613800000001,2026-01,1\n0086 138 0000 0002,2026-01,2\n"
        )
        self.assertCounts(job, created=2)
        self.assertEqual(
            [bill[:2] for bill in self._bills()], [("Li", "13800000001"), ("Wang", "13800000002")]
        )

    def test_booked_by_customer_code(self):
        job = self._import("customer_code,month,amount\nC1,2026-01,100\nC3,2026-01,300\n")
        self.assertCounts(job, created=2)
        self.assertEqual(
            self._bills(),
            [("Li", "13800000001", "2026-01", 100, 0), ("Zhao", "", "2026-01", 300, 0)],
        )

    def test_customer_with_several_numbers_is_ambiguous(self):
        self.env["vip.service.number"].create({"partner_id": self.li.id, "number": "13800000009"})
        job = self._import("customer_code,month,amount\nC1,2026-01,100\n")
        self.assertEqual(job.state, "failed")
        self.assertErrors(job, (2, "customer_code", "C1", "several numbers"))

    def test_unknown_customer_and_number(self):
        job = self._import(
            "number,customer_code,month,amount\n,C9,2026-01,1\n13900000000,,2026-01,1\n,C1,2026-01,1\n"
        )
        self.assertEqual(job.state, "done")
        self.assertCounts(job, created=1, errors=2)
        self.assertErrors(
            job,
            (2, "customer_code", "C9", "No customer has this code"),
            (3, "number", "13900000000", "No customer has this number"),
        )

    def test_number_and_code_contradict(self):
        job = self._import("number,customer_code,month,amount\n13800000001,C2,2026-01,1\n")
        self.assertErrors(job, (2, "number", "13800000001", "another customer"))
        agreeing = self._import("number,customer_code,month,amount\n13800000001,C1,2026-01,1\n")
        self.assertCounts(agreeing, created=1)

    def test_contacts_sharing_a_code(self):
        self.env["res.partner"].create([{"name": "A", "ref": "C8"}, {"name": "B", "ref": "C8"}])
        job = self._import("customer_code,month,amount\nC8,2026-01,1\n")
        self.assertErrors(job, (2, "customer_code", "C8", "Several contacts"))

    def test_customer_goes_before_a_contact_with_his_code(self):
        self.env["res.partner"].create({"name": "A", "ref": "C3"})
        self._import("customer_code,month,amount\nC3,2026-01,1\n")
        self.assertEqual(self._bills(), [("Zhao", "", "2026-01", 1, 0)])

    def test_contact_with_a_bill_joins_the_programme(self):
        partner = self.env["res.partner"].create({"name": "Qian", "ref": "C4"})
        self._import("customer_code,month,amount\nC4,2026-01,1\n")
        self.assertEqual(partner.vip_membership_id.company_id, self.company)

    # ------------------------------------------------------------
    # OWNERS
    # ------------------------------------------------------------

    def test_bill_of_the_owner_on_the_last_day_of_the_month(self):
        number = self.li.vip_number_ids
        number.change_owner(self.wang.id, "2026-01-16")
        self._import(
            "number,month,amount\n13800000001,2025-12,12\n13800000001,2026-01,1\n13800000001,2026-02,2\n"
        )
        self.assertEqual(
            [(bill[0], bill[2]) for bill in self._bills()],
            [("Li", "2025-12"), ("Wang", "2026-01"), ("Wang", "2026-02")],
        )

    def test_bill_of_a_number_that_closed_and_went_to_another(self):
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-01-10"})
        self.env["vip.service.number"].create(
            {"partner_id": self.wang.id, "number": "13800000001", "activated_on": "2026-02-05"}
        )
        self._import(
            "number,month,amount\n13800000001,2025-12,12\n13800000001,2026-01,1\n13800000001,2026-02,2\n"
        )
        self.assertEqual(
            [(bill[0], bill[2]) for bill in self._bills()],
            [("Li", "2025-12"), ("Li", "2026-01"), ("Wang", "2026-02")],
        )

    def test_last_bill_of_a_closed_number(self):
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-01-10"})
        job = self._import("number,month,amount\n13800000001,2026-02,5\n")
        self.assertCounts(job, created=1)
        self.assertEqual(self._bills()[0][0], "Li")

    def test_bill_by_code_stays_where_it_is(self):
        text = "customer_code,month,amount\nC3,2026-01,300\n"
        self._import(text)
        self.env["vip.service.number"].create({"partner_id": self.zhao.id, "number": "13800000003"})
        self.assertCounts(self._import(text), unchanged=1)
        text = "customer_code,month,amount\nC1,2026-01,100\n"
        self._import(text)
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-02-10"})
        self.assertCounts(self._import(text), unchanged=1)

    # ------------------------------------------------------------
    # AGAIN
    # ------------------------------------------------------------

    def test_same_file_twice_writes_nothing(self):
        text = "number,customer_code,month,amount\n13800000001,,2026-01,1.10\n,C3,2026-01,2\n"
        first = self._import(text)
        self.env.cr.execute("SELECT id, xmin, ctid::text FROM vip_billing_fact ORDER BY id")
        before = self.env.cr.fetchall()
        second = self._import(text)
        self.assertCounts(first, created=2)
        self.assertCounts(second, unchanged=2)
        self.assertIn("same file", second.message)
        self.env.cr.execute("SELECT id, xmin, ctid::text FROM vip_billing_fact ORDER BY id")
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_corrected_bill_replaces(self):
        self._import("number,month,amount,arrears_suspensions\n13800000001,2026-01,100,1\n")
        job = self._import("number,month,amount\n13800000001,2026-01,120\n13800000002,2026-01,5\n")
        self.assertCounts(job, created=1, changed=1)
        self.assertEqual(
            self._bills(),
            [("Li", "13800000001", "2026-01", 120, 1), ("Wang", "13800000002", "2026-01", 5, 0)],
        )

    def test_two_bills_of_a_month_name_both_lines(self):
        job = self._import(
            "number,customer_code,month,amount\n"
            "13800000001,,2026-01,1\n13800000002,,2026-01,1\n,C1,2026年1月,1\n,C3,2026-01,1\n,C3,202601,2\n"
        )
        self.assertCounts(job, created=1, errors=4)
        self.assertErrors(
            job,
            (2, "month", "2026-01-01", "line 4"),
            (4, "month", "2026-01-01", "line 2"),
            (5, "month", "2026-01-01", "line 6"),
            (6, "month", "2026-01-01", "line 5"),
        )

    def test_credit_note_is_taken_and_said(self):
        job = self._import("number,month,amount\n13800000001,2026-01,-20\n")
        self.assertEqual(self._bills()[0][3], -20)
        self.assertIn("1 rows are credit notes", job.message)

    # ------------------------------------------------------------
    # CHOICES
    # ------------------------------------------------------------

    def test_check_writes_nothing(self):
        self._import("number,month,amount\n13800000001,2026-01,1\n13800000002,2026-01,1\n")
        job = self._create_import(
            "number,month,amount\n13800000001,2026-01,1\n13800000002,2026-01,2\n"
            "13800000001,2026-02,3\n13900000000,2026-01,3\n"
        )
        before = self._bills()
        job.action_check()
        self.assertEqual(job.state, "checked")
        self.assertCounts(job, created=1, changed=1, unchanged=1, errors=1)
        self.assertEqual(self._bills(), before)
        self.assertFalse(
            self.env["vip.billing.month"].search(
                [("month", "=", "2026-02-01"), ("company_id", "=", self.company.id)]
            )
        )
        job.action_run()
        self.assertEqual(job.state, "done")
        self.assertCounts(job, created=1, changed=1, unchanged=1, errors=1)
        self.assertEqual(len(self._bills()), 3)

    def test_all_or_nothing(self):
        text = "number,month,amount\n13800000001,2026-01,1\n13800000002,2026-01,x\n"
        job = self._import(text, all_or_nothing=True)
        self.assertEqual(job.state, "failed")
        self.assertFalse(self._bills())
        self.assertIn("all or nothing", job.message)
        self.assertErrors(job, (3, "amount", "x", "no amount"))
        job.all_or_nothing = False
        self.assertEqual((job.state, job.error_count, job.message), ("draft", 0, False))
        job.action_run()
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._bills()), 1)

    def test_month_complete(self):
        Month = self.env["vip.billing.month"].with_context(active_test=False)
        domain = [("company_id", "=", self.company.id)]
        self._import("number,month,amount\n13800000001,2026-01,1\n")
        self.assertFalse(Month.search(domain).complete)
        self._import("number,month,amount\n13800000001,2026-01,1\n", month_complete=True)
        self.assertTrue(Month.search(domain).complete)
        self._import("number,month,amount\n13800000001,2026-01,2\n")
        self.assertTrue(Month.search(domain).complete)

    def test_unknown_columns_are_named(self):
        job = self._import("number,month,amount,memo,备注\n13800000001,2026-01,1,x,y\n")
        self.assertEqual(job.state, "done")
        self.assertRegex(job.message, "memo.+备注")

    @freeze_time("2026-03-31 17:00:00")
    def test_month_of_the_company_calendar(self):
        """It is April in Shanghai already."""
        text = "number,month,amount\n13800000001,2026-04,1\n"
        self.assertEqual(self._import(text).state, "done")
        self.company.resource_calendar_id.tz = "UTC"
        job = self._import(text)
        self.assertErrors(job, (2, "month", "2026-04", "in the future"))

    # ------------------------------------------------------------
    # COMPANIES
    # ------------------------------------------------------------

    def test_other_company_is_left_alone(self):
        other = self.env["res.company"].create({"name": "Other Mobile"})
        self.env.user.company_ids = [(4, other.id)]
        stranger = self.env["res.partner"].create(
            {"name": "Stranger", "ref": "C1", "company_id": other.id}
        )
        shared = self.env["res.partner"].create({"name": "Shared", "ref": "C7"})
        number = self.env["vip.service.number"].with_company(other)
        number.create({"partner_id": stranger.id, "number": "13800000001"})
        number.create({"partner_id": shared.id, "number": "13800000077"})
        job = self._import(
            "number,customer_code,month,amount\n"
            "13800000001,C1,2026-01,1\n13800000077,,2026-01,1\n,C7,2026-01,1\n"
        )
        self.assertErrors(
            job,
            (3, "number", "13800000077", "No customer has this number"),
            (4, "customer_code", "C7", "No customer has this code"),
        )
        self.assertEqual(self._bills(), [("Li", "13800000001", "2026-01", 1, 0)])
        self.assertFalse(self.env["vip.billing.fact"].search([("company_id", "=", other.id)]))

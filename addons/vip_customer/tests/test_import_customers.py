from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .import_common import VipImportCase

ALL = (
    "客户编码,姓名,手机号,入网日期,营业部,客户经理,出生日期,历法,邮箱,地址,城市,号码状态,套餐,合约到期日\n"
    "Ｋ１,欧阳 锋,１３８ 0000 0001,2020年3月1日,city,vip_test_manager_a,1960/8/15,农历,"
    "ouyang@example.com,朝阳区（北）1 号,北京,在用,全球通 388,2028-12-31\n"
)


@tagged("post_install", "-at_install", "vip_import")
class TestImportCustomers(VipImportCase):
    def _import(self, content, **values):
        return super()._import(content, "customers", **values)

    def _partner(self, code):
        return self.env["res.partner"].search([("ref", "=", code)])

    def test_new_customer(self):
        job = self._import(ALL)
        self.assertEqual(job.state, "done", self._errors(job))
        self.assertCounts(job, created=1)
        self.assertIn("New customers: 1. New numbers: 1.", job.message)
        partner = self._partner("K1")
        self.assertRecordValues(
            partner,
            [
                {
                    "name": "欧阳 锋",
                    "email": "ouyang@example.com",
                    "street": "朝阳区（北）1 号",
                    "city": "北京",
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertRecordValues(
            partner.vip_membership_id,
            [
                {
                    "company_id": self.company.id,
                    "joined_on": fields.Date.to_date("2020-03-01"),
                    "birthday": fields.Date.to_date("1960-08-15"),
                    "birthday_calendar": "lunar",
                    "manager_id": self.users["manager_a"].id,
                    "team_id": self.city.id,
                }
            ],
        )
        self.assertRecordValues(
            partner.vip_number_ids,
            [
                {
                    "number": "13800000001",
                    "number_e164": "+8613800000001",
                    "state": "active",
                    "activated_on": fields.Date.to_date("2020-03-01"),
                    "plan": "全球通 388",
                    "contract_end": fields.Date.to_date("2028-12-31"),
                }
            ],
        )
        self.assertEqual(partner.create_uid, self.importer)

    def test_same_file_twice_writes_nothing(self):
        self._import(ALL)
        before = self._row_versions()
        job = self._import(ALL)
        self.assertCounts(job, unchanged=1)
        self.assertEqual(self._row_versions(), before)

    def _row_versions(self):
        self.env.flush_all()
        return [
            self.env.execute_query(SQL("SELECT id, ctid::text FROM %s ORDER BY id", SQL(table)))
            for table in ("res_partner", "vip_membership", "vip_service_number")
        ]

    def test_only_what_is_said_is_changed(self):
        self._import(ALL)
        job = self._import("customer_code,name,number,city,plan\nK1,,13800000001,上海,\n")
        self.assertCounts(job, changed=1)
        partner = self._partner("K1")
        self.assertEqual((partner.name, partner.city), ("欧阳 锋", "上海"))
        self.assertEqual(partner.vip_number_ids.plan, "全球通 388")
        self.assertEqual(partner.vip_membership_id.manager_id, self.users["manager_a"])
        job = self._import("customer_code,manager\nK1,vip_test_manager_b\n")
        self.assertCounts(job, changed=1)
        self.assertEqual(partner.vip_membership_id.manager_id, self.users["manager_b"])
        self.assertEqual(partner.vip_membership_id.team_id, self.city)

    def test_customer_with_several_numbers(self):
        job = self._import(
            "customer_code,name,number,activated_on\n"
            "K1,Li,13800000001,2021-05-01\nK1,,13800000002,2019-01-01\nK2,Wang,,2018-02-03\n"
        )
        self.assertCounts(job, created=3)
        partner = self._partner("K1")
        self.assertEqual(partner.vip_number_ids.mapped("number"), ["13800000001", "13800000002"])
        self.assertEqual(partner.vip_joined_on, fields.Date.to_date("2019-01-01"))
        self.assertEqual(self._partner("K2").vip_joined_on, fields.Date.to_date("2018-02-03"))

    def test_existing_contact_is_found_by_its_reference(self):
        partner = self.env["res.partner"].create({"name": "Li", "ref": "K1"})
        job = self._import("customer_code,number\nK1,13800000001\n")
        self.assertCounts(job, created=1)
        self.assertEqual(self._partner("K1"), partner)
        self.assertEqual(partner.vip_membership_id.company_id, self.company)

    def test_archived_customer_is_not_created_again(self):
        partner = self._create_customer("Li", ref="K1")
        partner.active = False
        self.assertCounts(self._import("customer_code,city\nK1,上海\n"), changed=1)
        self.assertEqual(partner.city, "上海")

    def test_new_customer_needs_a_name(self):
        job = self._import("customer_code,name,number\nK1,,13800000001\nK2,Li,\n")
        self.assertCounts(job, created=1, errors=1)
        self.assertErrors(job, (2, "name", "", "needs a name"))
        self.assertFalse(self._partner("K1"))

    def test_manager_and_branch(self):
        self.env["crm.team"].create({"name": "County", "company_id": self.company.id})
        self.users["manager_c"].name = self.users["manager_b"].name = "Zhang Wei"
        self.users["manager_a"].name = "Li Na"
        job = self._import(
            "customer_code,name,manager,branch\n"
            "K1,A,li na,CITY\nK2,B,Nobody,\nK3,C,zhang wei,\nK4,D,vip_test_manager_c,\n"
            "K5,E,,Nowhere\nK6,F,,county\nK7,G,vip_test_portal,\n"
        )
        self.assertErrors(
            job,
            (3, "manager", "Nobody", "No user"),
            (4, "manager", "zhang wei", "Several users"),
            (6, "branch", "Nowhere", "No sales team"),
            (7, "branch", "county", "Several sales teams"),
            (8, "manager", "vip_test_portal", "No user"),
        )
        self.assertEqual(self._partner("K1").vip_manager_id, self.users["manager_a"])
        self.assertEqual(self._partner("K1").vip_team_id, self.city)
        self.assertEqual(self._partner("K4").vip_manager_id, self.users["manager_c"])

    def test_rows_that_contradict_each_other(self):
        job = self._import(
            "customer_code,name,number\nK1,Li,13800000001\nK1,Lee,13800000002\nK1,,13800000003\n"
        )
        self.assertErrors(
            job,
            (2, "name", "Li", "Line 3"),
            (3, "name", "Lee", "Line 2"),
            (4, "name", "", "needs a name"),
        )

    # ------------------------------------------------------------
    # NUMBERS
    # ------------------------------------------------------------

    def test_two_customers_claim_one_number(self):
        job = self._import(
            "customer_code,name,number\n"
            "K1,A,13800000001\nK2,B,+86 138 0000 0001\nK3,C,13800000003\n"
        )
        self.assertCounts(job, created=1, errors=2)
        self.assertErrors(
            job,
            (2, "number", self._errors(job)[0][2], "in line 3"),
            (3, "number", self._errors(job)[1][2], "in line 2"),
        )

    def test_number_twice(self):
        job = self._import("customer_code,name,number\nK1,A,13800000001\nK1,A,13800000001\n")
        self.assertErrors(
            job,
            (2, "number", "13800000001", "in line 3"),
            (3, "number", "13800000001", "in line 2"),
        )

    def test_number_open_with_another_customer(self):
        self._create_customer("Li", number="13800000001", ref="K1")
        job = self._import("customer_code,name,number\nK2,Wang,13800000001\n")
        self.assertErrors(job, (2, "number", "13800000001", "Change of owner"))

    def test_number_closed_here_and_opened_there(self):
        li = self._create_customer("Li", number="13800000001", ref="K1")
        job = self._import(
            "customer_code,name,number,number_state\nK2,Wang,13800000001,\nK1,,13800000001,销户\n"
        )
        self.assertCounts(job, created=1, changed=1)
        self.assertEqual(li.vip_number_ids.state, "closed")
        self.assertEqual(self._partner("K2").vip_number_ids.state, "active")
        self.assertTrue(li.vip_membership_id.closed_on)
        again = self._import(
            "customer_code,name,number,number_state\nK2,Wang,13800000001,\nK1,,13800000001,销户\n"
        )
        self.assertCounts(again, unchanged=2)

    def test_states_of_a_number(self):
        self._import("customer_code,name,number\nK1,Li,13800000001\n")
        number = self._partner("K1").vip_number_ids
        for spelling, state in (
            ("停机", "suspended"),
            ("预销", "cancelling"),
            ("Active", "active"),
        ):
            job = self._import(f"customer_code,number,number_state\nK1,13800000001,{spelling}\n")
            self.assertCounts(job, changed=1)
            self.assertEqual(number.state, state)

    def test_number_passed_on_to_another_owner(self):
        li = self._create_customer("Li", number="13800000001", ref="K1")
        wang = self._create_customer("Wang", ref="K2")
        li.vip_number_ids.change_owner(wang.id, "2026-03-01")
        job = self._import(
            "customer_code,number,number_state\nK1,13800000001,closed\nK2,13800000001,active\n"
        )
        self.assertCounts(job, unchanged=2)
        job = self._import("customer_code,number\nK1,13800000001\n")
        self.assertErrors(job, (2, "number", "13800000001", "open with another customer"))

    def test_activated_after_it_closed(self):
        li = self._create_customer("Li", number="13800000001", ref="K1")
        li.vip_number_ids.write({"state": "closed", "closed_on": "2026-01-10"})
        job = self._import("customer_code,number,activated_on\nK1,13800000001,2026-02-01\n")
        self.assertErrors(job, (2, "activated_on", "2026-02-01", "closed before"))

    # ------------------------------------------------------------
    # CHOICES AND COMPANIES
    # ------------------------------------------------------------

    def test_check_writes_nothing(self):
        job = self._create_import(ALL, "customers")
        job.action_check()
        self.assertCounts(job, created=1)
        self.assertFalse(self._partner("K1"))
        self.assertIn("New customers: 1", job.message)

    def test_all_or_nothing(self):
        job = self._import("customer_code,name\nK1,Li\nK2,\n", all_or_nothing=True)
        self.assertEqual(job.state, "failed")
        self.assertFalse(self._partner("K1"))

    def test_other_company_has_its_own_codes(self):
        other = self.env["res.company"].create({"name": "Other Mobile"})
        stranger = self.env["res.partner"].create(
            {"name": "Stranger", "ref": "K1", "company_id": other.id}
        )
        self.env["vip.service.number"].with_company(other).create(
            {"partner_id": stranger.id, "number": "13800000001"}
        )
        job = self._import("customer_code,name,number\nK1,Li,13800000001\n")
        self.assertCounts(job, created=1)
        self.assertEqual(stranger.name, "Stranger")
        self.assertEqual((self._partner("K1") - stranger).company_id, self.company)

from datetime import date
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from odoo.addons.vip_customer.tests.import_common import VipImportCase

from .common import VipRetentionCase

ONE, TWO, THREE = "13800000001", "13800000002", "13800000003"
HEADER = "number,customer_code,kind,requested_on,effective_on,channel,reason\n"


@tagged("post_install", "-at_install", "vip_import", "vip_departure")
class TestImportDepartures(VipRetentionCase, VipImportCase):
    def _import(self, rows, **values):
        return super()._import(HEADER + rows, "departures", **values)

    def _snapshot(self):
        self.env.cr.execute("SELECT id, xmin, ctid::text FROM vip_departure ORDER BY id")
        return self.env.cr.fetchall()

    def assertRefusedRow(self, row, column, value, words):
        before = self._snapshot()
        self.assertErrors(self._import(row), (2, column, value, words))
        self.assertEqual(self._snapshot(), before)

    # ------------------------------------------------------------
    # NEW ONES
    # ------------------------------------------------------------

    def test_announced(self):
        job = self._import(
            f"+86 138 0000 0001,,scheduled,2026-03-09,2026-03-31,hall,T_HIGH\n"
            f"{TWO},C2,port_out,,2026-04-02,,\n,C3,arrears,,2026-04-01,,\n"
        )
        self.assertEqual(job.state, "done")
        self.assertCounts(job, created=3)
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-31", "announced", False)]
        )
        self.assertEqual(
            self._departures(self.wang), [(TWO, "port_out", "2026-04-02", "announced", False)]
        )
        self.assertEqual(
            self._departures(self.zhao), [("", "arrears", "2026-04-01", "announced", False)]
        )
        departure = self.Departure.search([("partner_id", "=", self.li.id)])
        self.assertEqual(departure.requested_on, date(2026, 3, 9))
        self.assertEqual(departure.channel_id, self.env.ref("vip_customer.channel_hall"))
        self.assertEqual(departure.reason_id, self.env.ref("vip_retention.reason_t_high"))
        self.assertEqual(departure.source, "list")
        self.assertEqual(departure.import_id, job.sudo())
        self.assertEqual(departure.company_id, self.company)
        self.assertEqual(departure.create_uid, self.importer)

    def test_chinese_file(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.ref("vip_retention.reason_t_high").with_context(lang="zh_CN").name = "总体费用高"
        content = (
            "手机号,离网类型,申请日期,销户日期,受理渠道,离网原因\n"
            f"{ONE},预约销户,2026年3月9日,2026年3月31日,hotline,总体费用高\n"
            f"{TWO},申请停机,2026/3/9,,,\n"
        )
        job = self._create_import(content.encode("gb18030"), "departures")
        job.action_run()
        self.assertCounts(job, created=2)
        departure = self.Departure.search([("partner_id", "=", self.li.id)])
        self.assertEqual(departure.reason_id.code, "T_HIGH")
        self.assertEqual(departure.channel_id.code, "hotline")

    def test_effective_at_once(self):
        job = self._import(f"{ONE},,scheduled,2026-03-01,2026-03-08,,\n,C3,arrears,,2026-03-10,,\n")
        self.assertCounts(job, created=2)
        self.assertIn("Effective at once", job.message)
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-08", "effective", False)]
        )
        self.assertEqual(self.li.vip_number_ids.closed_on, date(2026, 3, 8))
        self.assertEqual(self.zhao.vip_membership_id.closed_on, date(2026, 3, 10))

    def test_suspension(self):
        """It touches no number, and stands beside what is announced."""
        self._depart(self.li)
        job = self._import(f"{ONE},,suspension,2026-03-09,,,\n")
        self.assertCounts(job, created=1)
        self.assertEqual(
            self._departures(self.li),
            [
                (ONE, "scheduled", "2026-03-31", "announced", False),
                (ONE, "suspension", "2026-03-09", "effective", False),
            ],
        )
        self.assertEqual(self.li.vip_number_ids.state, "active")

    def test_hooks_are_called_once(self):
        calls = []
        for name in ("announced", "effective"):

            def noted(departures, name=name):
                if departures:
                    calls.append((name, sorted(departures.partner_id.mapped("name"))))

            self.startPatcher(patch.object(self.registry["vip.departure"], f"_after_{name}", noted))
        self._import(
            f"{ONE},,scheduled,,2026-03-31,,\n{TWO},,port_out,,2026-03-31,,\n"
            f",C3,suspension,2026-03-09,,,\n"
        )
        self.assertEqual(calls, [("announced", ["Li", "Wang", "Zhao"]), ("effective", ["Zhao"])])

    def test_contact_joins(self):
        partner = self.env["res.partner"].create({"name": "Chen", "ref": "C9"})
        self.assertCounts(self._import(",C9,scheduled,,2026-03-31,,\n"), created=1)
        self.assertTrue(partner.vip_membership_id)

    # ------------------------------------------------------------
    # AGAIN
    # ------------------------------------------------------------

    def test_same_file_twice(self):
        rows = (
            f"{ONE},,scheduled,2026-03-09,2026-03-31,hall,T_HIGH\n{TWO},,port_out,,2026-03-10,,\n"
            f"{THREE},,suspension,2026-03-09,,,\n,C3,arrears,,2026-03-05,,\n"
        )
        self.assertCounts(self._import(rows), created=4)
        before = self._snapshot()
        self.assertCounts(self._import(rows), unchanged=4)
        self.assertEqual(self._snapshot(), before)
        with freeze_time("2026-04-02 02:00:00"):
            self.Departure._take_effect_due(self.company)
            self.env.flush_all()
            self.assertCounts(self._import(rows), unchanged=4)

    def test_same_file_twice_is_one_case(self):
        """A case for each customer with a tier, whatever number of his leaves; nothing comes to it by
        the same file."""
        (self.li | self.wang).vip_membership_id.tier_id = self.gold
        rows = "".join(f"{number},,scheduled,,2026-03-31,,\n" for number in (ONE, TWO, THREE))
        self.assertCounts(self._import(rows), created=3)
        cases = self.env["vip.retention.case"].search([("company_id", "=", self.company.id)])
        self.assertEqual(cases.partner_id, self.li | self.wang)
        self.assertEqual(cases.user_id, self.users["manager_a"])
        self.assertEqual(cases.log_ids.mapped("step"), ["opened", "opened"])
        self.assertEqual(len(cases), 2)
        self.assertCounts(self._import(rows), unchanged=3)
        self.assertEqual(
            self.env["vip.retention.case"].search([("company_id", "=", self.company.id)]), cases
        )
        self.assertEqual(cases.log_ids.mapped("step"), ["opened", "opened"])

    def test_by_customer_code_twice(self):
        rows = ",C1,scheduled,,2026-03-10,,\n"
        self.assertCounts(self._import(rows), created=1)
        self.assertEqual(self.li.vip_number_ids.state, "closed")
        self.assertCounts(self._import(rows), unchanged=1)

    def test_day_is_moved(self):
        departure = self._depart(self.li)
        job = self._import(f"{ONE},,scheduled,2026-03-10,2026-04-15,hall,T_HIGH\n")
        self.assertCounts(job, changed=1)
        self.assertEqual(departure.effective_on, date(2026, 4, 15))
        self.assertEqual(departure.reason_id.code, "T_HIGH")
        self.assertIn(
            f"from {self._day(date(2026, 3, 31))} to {self._day(date(2026, 4, 15))}",
            departure.message_ids[0].body,
        )
        self.assertCounts(self._import(f"{ONE},,scheduled,2026-03-10,2026-04-15,,\n"), unchanged=1)

    def test_day_is_moved_in_the_log_of_the_case(self):
        self.li.vip_membership_id.tier_id = self.gold
        self._import(f"{ONE},,scheduled,,2026-03-31,,\n")
        self._import(f"{ONE},,scheduled,,2026-04-15,,\n")
        case = self.env["vip.retention.case"].search([("partner_id", "=", self.li.id)])
        self.assertEqual(case.log_ids.mapped("step"), ["opened", "moved"])
        self.assertEqual(case.log_ids[-1:].content, "138****0001, 2026-03-31 → 2026-04-15")

    def test_day_is_moved_to_today(self):
        departure = self._depart(self.li, requested_on="2026-03-01")
        self.assertCounts(self._import(f"{ONE},,scheduled,,2026-03-10,,\n"), changed=1)
        self.assertEqual(departure.state, "effective")
        self.assertEqual(self.li.vip_number_ids.closed_on, date(2026, 3, 10))

    def test_day_becomes_known(self):
        departure = self._depart(self.li, effective_on=False)
        self.assertCounts(self._import(f"{ONE},,scheduled,,2026-04-15,,\n"), changed=1)
        self.assertEqual(departure.effective_on, date(2026, 4, 15))

    def test_what_somebody_knew_is_kept(self):
        departure = self._depart(self.li, reason_id=self.env.ref("vip_retention.reason_p_slow").id)
        self.assertCounts(
            self._import(f"{ONE},,scheduled,2026-03-09,2026-03-31,,T_HIGH\n"), unchanged=1
        )
        self.assertEqual(departure.reason_id.code, "P_SLOW")
        self.assertEqual(departure.requested_on, date(2026, 3, 10))

    def test_withdrawn_and_still_in_the_list(self):
        rows = f"{ONE},,scheduled,2026-03-09,2026-03-31,,\n"
        self._import(rows)
        departure = self.Departure.search([("partner_id", "=", self.li.id)])
        departure.action_withdraw()
        job = self._import(rows)
        self.assertCounts(job, unchanged=1)
        self.assertIn("Still in the list although the customer withdrew", job.message)
        self.assertEqual(departure.state, "withdrawn")
        # the day that the company's system says is no new request
        self.assertCounts(self._import(f"{ONE},,scheduled,2026-03-09,2026-04-30,,\n"), unchanged=1)
        # without the day of the request, that of the closing tells
        self.assertCounts(self._import(f"{ONE},,scheduled,,2026-03-31,,\n"), unchanged=1)
        self.assertCounts(self._import(f"{ONE},,scheduled,2026-03-10,2026-04-30,,\n"), created=1)

    def test_number_that_closed_by_this(self):
        """The customers' file was quicker: what it closed without a record has one now."""
        self._number(TWO).write({"state": "closed", "closed_on": "2026-03-07"})
        rows = f"{TWO},,port_out,2026-03-01,2026-03-07,hall,T_RIVAL\n"
        self.assertCounts(self._import(rows), changed=1)
        self.assertEqual(
            self._departures(self.wang), [(TWO, "port_out", "2026-03-07", "effective", False)]
        )
        departure = self.Departure.search([("partner_id", "=", self.wang.id)])
        self.assertEqual((departure.source, departure.reason_id.code), ("list", "T_RIVAL"))
        self.assertCounts(self._import(rows), unchanged=1)

    def test_withdrawn_by_a_customer_whose_number_closes_later(self):
        self.assertCounts(self._import(f"{ONE},,scheduled,2026-03-01,2026-03-20,,\n"), created=1)
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-08"})
        self.assertCounts(self._import(f"{ONE},,scheduled,2026-03-01,2026-03-20,,\n"), unchanged=1)

    # ------------------------------------------------------------
    # REFUSED
    # ------------------------------------------------------------

    def test_unknown_number(self):
        self.assertRefusedRow(
            "13900000000,,scheduled,,2026-03-31,,\n",
            "number",
            "13900000000",
            "No customer has this",
        )

    def test_unknown_customer(self):
        self.assertRefusedRow(
            ",C8,scheduled,,2026-03-31,,\n", "customer_code", "C8", "No customer has this code"
        )

    def test_neither(self):
        self.assertRefusedRow(
            ",,scheduled,,2026-03-31,,\n", "number", "", "neither a number nor a customer code"
        )

    def test_number_of_another(self):
        self.assertRefusedRow(
            f"{ONE},C2,scheduled,,2026-03-31,,\n", "number", ONE, "belonged to another customer"
        )

    def test_several_numbers(self):
        self.assertRefusedRow(
            ",C2,scheduled,,2026-03-31,,\n", "customer_code", "C2", "Give the one that leaves"
        )

    def test_closed_number(self):
        self._number(TWO).write({"state": "closed", "closed_on": "2026-03-01"})
        self.assertRefusedRow(
            f"{TWO},,scheduled,2026-03-05,2026-03-31,,\n", "number", TWO, "closed since 2026-03-01"
        )
        self.assertRefusedRow(
            f"{TWO},,suspension,2026-03-05,,,\n", "number", TWO, "closed since 2026-03-01"
        )

    def test_customer_who_left(self):
        self._depart(self.zhao, requested_on="2026-03-01", effective_on="2026-03-05")
        self.assertRefusedRow(
            ",C3,scheduled,2026-03-09,2026-03-31,,\n", "customer_code", "C3", "left on 2026-03-05"
        )

    def test_effective_before_requested(self):
        self.assertRefusedRow(
            f"{ONE},,scheduled,2026-03-09,2026-03-08,,\n",
            "effective_on",
            "2026-03-08",
            "before it was requested",
        )

    def test_effective_before_what_was_recorded(self):
        self._depart(self.li)
        self.assertRefusedRow(
            f"{ONE},,scheduled,,2026-03-08,,\n",
            "effective_on",
            "2026-03-08",
            "before it was requested",
        )

    def test_before_activation(self):
        self.assertRefusedRow(
            f"{THREE},,scheduled,,2024-03-08,,\n",
            "effective_on",
            "2024-03-08",
            "activated on 2024-05-01",
        )

    def test_days_missing(self):
        self.assertRefusedRow(
            f"{ONE},,scheduled,2026-03-09,,,\n", "effective_on", "", "number closes is missing"
        )
        self.assertRefusedRow(
            f"{ONE},,suspension,,,,\n", "requested_on", "", "suspension was requested is missing"
        )

    def test_kind(self):
        self.assertRefusedRow(
            f"{ONE},,gone,,2026-03-31,,\n", "kind", "gone", "no kind of departure"
        )
        self.assertRefusedRow(f"{ONE},,,,2026-03-31,,\n", "kind", "", "the value is needed")

    def test_requested_in_the_future(self):
        self.assertRefusedRow(
            f"{ONE},,scheduled,2026-03-11,2026-03-31,,\n",
            "requested_on",
            "2026-03-11",
            "lies in the future",
        )

    def test_channel_and_reason(self):
        self.assertRefusedRow(
            f"{ONE},,scheduled,,2026-03-31,pigeon,\n", "channel", "pigeon", "No channel has"
        )
        self.assertRefusedRow(
            f"{ONE},,scheduled,,2026-03-31,,mood\n", "reason", "mood", "No reason for leaving has"
        )
        for model, column in (("vip.channel", 5), ("vip.retention.reason", 6)):
            self.env[model].create([{"name": "Twin", "code": f"TWIN_{i}"} for i in range(2)])
            cells = [ONE, "", "scheduled", "", "2026-03-31", "", ""]
            cells[column] = "twin"
            self.assertRefusedRow(
                ",".join(cells) + "\n",
                HEADER.strip().split(",")[column],
                "twin",
                "have this name. Give the code",
            )

    def test_twice_in_the_file(self):
        job = self._import(
            f"{ONE},,scheduled,,2026-03-31,,\n{ONE},,port_out,,2026-04-01,,\n"
            f"{ONE},,suspension,2026-03-09,,,\n"
        )
        self.assertErrors(
            job,
            (2, "kind", "scheduled", "leaves in line 3, too"),
            (3, "kind", "port_out", "leaves in line 2, too"),
        )
        self.assertCounts(job, created=1, errors=2)

    def test_another_one_is_announced(self):
        self._depart(self.li)
        self.assertRefusedRow(
            f"{ONE},,port_out,,2026-04-01,,\n",
            "kind",
            "port_out",
            "announced: Scheduled cancellation",
        )

    def test_template(self):
        self.assertEqual(
            self.env["vip.import"].with_context(lang="en_US")._template("departures"),
            HEADER.strip() + "\r\n",
        )

    # ------------------------------------------------------------
    # MANY
    # ------------------------------------------------------------

    def _queries_of(self, count):
        self.env["res.partner"].create(
            [{"name": f"Customer {count} {i}", "ref": f"M{count}-{i}"} for i in range(count)]
        )
        rows = "".join(
            f",M{count}-{i},{'scheduled' if i % 2 else 'port_out'},2026-03-01,"
            f"2026-03-{9 if i % 3 else 25:02},,\n"
            for i in range(count)
        )
        job = self._create_import(HEADER + rows, "departures")
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        job.action_run()
        self.env.flush_all()
        self.assertCounts(job, created=count)
        return self.env.cr.sql_log_count - before

    def test_no_query_per_row(self):
        few, many = (self._queries_of(count) for count in (12, 240))
        self.assertLess(many, few + 15)

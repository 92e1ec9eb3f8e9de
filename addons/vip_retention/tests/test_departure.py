from base64 import b64encode
from datetime import date
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import VipRetentionCase

ONE, TWO, THREE = "13800000001", "13800000002", "13800000003"


class DepartureCase(VipRetentionCase):
    def _assert_closes_in_an_hour(self, departure):
        """Of Li, announced for today at ten."""
        number = self.li.vip_number_ids
        for time, state in (("02:10", "announced"), ("02:59", "announced"), ("03:10", "effective")):
            with self.subTest(time=time), freeze_time(f"2026-03-10 {time}:00"):
                self.Departure._take_effect_due(self.company)
                self.assertEqual(departure.state, state)
                self.assertEqual(number.state == "closed", state == "effective")
        self.assertEqual(number.closed_on, date(2026, 3, 10))

    def assertRefused(self, words, *args, **kwargs):
        with self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
            self._depart(*args, **kwargs)

    def _called(self):
        """The hooks as they are called: (name, customers)."""
        calls = []

        def hook(name):
            def noted(departures):
                assert departures.env.su
                if departures:
                    calls.append((name, departures.partner_id.mapped("name")))

            return patch.object(self.registry["vip.departure"], f"_after_{name}", noted)

        for name in ("announced", "withdrawn", "effective"):
            self.startPatcher(hook(name))
        return calls


@tagged("post_install", "-at_install", "vip_departure")
class TestDepartureRecorded(DepartureCase):
    def test_only_number_is_filled_in(self):
        departure = self._depart(self.li)
        self.assertEqual(departure.number_id.number, ONE)
        self.assertEqual(departure.state, "announced")
        self.assertEqual(departure.requested_on, date(2026, 3, 10))
        self.assertEqual(departure.company_id, self.company)
        self.assertEqual(self.li.vip_number_ids.state, "active")

    def test_name(self):
        self.assertFalse(self.Departure.new({}).display_name)
        self.assertEqual(self._depart(self.li).display_name, "Scheduled cancellation, Li")

    def test_desk_types_the_number(self):
        departure = self._depart(self.wang, "desk", "138 0000 0003")
        self.assertEqual(departure.concerned, "138****0003")
        self.assertEqual(departure.sudo().number_id.number, THREE)
        with self.assertRaises(AccessError):
            departure.read(["number_id"])

    def test_other_systems_send_the_number_as_a_number(self):
        departure = self._depart(self.wang, "desk", int(THREE))
        self.assertEqual(departure.sudo().number_id.number, THREE)

    def test_account_manager_records_for_a_colleague(self):
        departure = self._depart(self.wang, "manager_b", THREE)
        self.assertEqual(departure.sudo().number_id.number, THREE)

    def test_form(self):
        for user in ("desk", "manager_a", "boss"):
            form = Form(self.Departure.with_user(self.users[user]))
            form.partner_id = self.wang
            form.concerned = TWO
            form.channel_id = self.env.ref("vip_customer.channel_hotline")
            self.assertEqual(form.source, "hotline")
            departure = form.save()
            self.assertEqual(departure.sudo().number_id.number, TWO)
            departure.action_withdraw()

    def test_form_with_number_chosen(self):
        form = Form(self.Departure.with_user(self.users["manager_a"]))
        form.partner_id = self.wang
        form.number_id = self._number(THREE)
        self.assertEqual(form.save().number_id.number, THREE)

    def test_source_follows_the_channel(self):
        found = {}
        for code in ("hotline", "hall", "visit", None):
            channel = self.env["vip.channel"].search([("code", "=", code)])
            departure = self._depart(self.li, channel_id=channel.id)
            found[code] = departure.source
            departure.action_withdraw()
        self.assertEqual(
            found,
            {
                "hotline": "hotline",
                "hall": "hall",
                "visit": "work_record",
                None: "work_record",
            },
        )

    def test_several_at_once(self):
        self.Departure.create(
            [
                {"partner_id": partner.id, "effective_on": "2026-03-31"}
                for partner in self.li | self.zhao
            ]
        )
        self.assertEqual(self._departures(self.li)[0][0], ONE)
        self.assertEqual(self._departures(self.zhao)[0][0], "")

    # refusals

    def test_list_is_imported(self):
        self.assertRefused("daily list brings", self.li, "desk", source="list")

    def test_unknown_number(self):
        self.assertRefused(
            "“139 1111 2222” is no open number of “Li”", self.li, "desk", "139 1111 2222"
        )

    def test_what_is_no_number(self):
        for value in (["138"], {"number": ONE}, 1.5, True):
            with self.subTest(value=value):
                self.assertRefused("is no number. Give it as text", self.li, "desk", value)

    def test_number_of_another_as_typed(self):
        self.assertRefused("is no open number of “Li”", self.li, "desk", TWO)

    def test_number_of_another(self):
        self.assertRefused("none of “Li”", self.li, "manager_a", number_id=self._number(TWO).id)

    def test_several_numbers(self):
        self.assertRefused("“Wang” has several open numbers", self.wang, "desk")

    def test_closed_number(self):
        number = self._number(TWO)
        number.write({"state": "closed", "closed_on": "2026-03-01"})
        self.assertRefused(
            f"138\\*\\*\\*\\*0002 of “Wang” is closed since {self._day(date(2026, 3, 1))}",
            self.wang,
            "manager_a",
            number_id=number.id,
        )

    def test_all_numbers_closed(self):
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-01"})
        self.assertRefused("“Li” has no open number any more", self.li, "desk")

    def test_number_that_passed_on(self):
        number = self._number(TWO)
        number.change_owner(self.li.id, "2026-03-05")
        self.assertRefused(
            "passed from “Wang” to another owner", self.wang, "manager_a", number_id=number.id
        )

    def test_before_the_number(self):
        self.assertRefused(
            "cannot leave on",
            self.wang,
            number_id=self._number(THREE).id,
            requested_on="2024-01-01",
            effective_on="2024-02-01",
        )

    def test_effective_before_requested(self):
        self.assertRefused(
            f"cannot leave on {self._day(date(2026, 3, 5))}, before the request",
            self.li,
            effective_on="2026-03-05",
        )

    def test_requested_in_the_future(self):
        self.assertRefused("lies in the future", self.li, requested_on="2026-03-11")

    def test_announced_twice(self):
        self._depart(self.li, kind="port_out")
        self.assertRefused(
            f"departure of “Li” is announced already: Port-out, .* effective on "
            f"{self._day(date(2026, 3, 31))}",
            self.li,
            "desk",
        )

    def test_announced_twice_without_number(self):
        self._depart(self.zhao)
        self.assertRefused("departure of “Zhao” is announced already", self.zhao, "desk")

    def test_announced_twice_at_once(self):
        values = {"partner_id": self.li.id, "effective_on": "2026-03-31"}
        with self.assertRaisesRegex(UserError, "announced already"):
            self.Departure.create([values, values])

    def test_left_already_without_number(self):
        self._depart(self.zhao, requested_on="2026-03-01", effective_on="2026-03-05")
        self.assertRefused("“Zhao” left on", self.zhao)

    def test_database_refuses_the_second(self):
        self._depart(self.li)
        with self._violates(UniqueViolation, "vip_departure_announced_uniq"):
            self.env.cr.execute(
                """INSERT INTO vip_departure (partner_id, company_id, number_id, kind, state, source)
                   SELECT partner_id, company_id, number_id, kind, state, source FROM vip_departure
                    WHERE partner_id = %s""",
                [self.li.id],
            )

    # rights

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_rights(self):
        departure = self._depart(self.li)
        for role, rights in {
            "desk": "rc",
            "manager_a": "rc",
            "manager_c": "rc",
            "lead": "rc",
            "boss": "rc",
            "approver": "rc",
            "auditor": "r",
            "importer": "",
            "employee": "",
            "portal": "",
        }.items():
            mine = departure.with_user(self.users[role])
            for operation in ("read", "create", "write", "unlink"):
                with self.subTest(role=role, operation=operation):
                    self.assertEqual(mine.has_access(operation), operation[0] in rights)

    def test_another_company(self):
        departure = self._depart(self.li)
        rival = self.env["res.company"].create({"name": "Rival"})
        user = self._create_user("rival", "manager")
        user.write({"company_ids": [(6, 0, rival.ids)], "company_id": rival.id})
        theirs = departure.with_user(user).with_context(allowed_company_ids=rival.ids)
        self.assertFalse(theirs.has_access("read"))
        with self.assertRaises(AccessError):
            theirs.create({"partner_id": self.li.id})

    def test_guarded(self):
        for name, value in {
            "state": "effective",
            "withdrawn_on": "2026-03-01",
            "withdrawn_by": self.env.uid,
            "remark": "late",
            "reopened_on": "2026-03-01",
            "company_id": self.company.id,
        }.items():
            with self.subTest(name), self.assertRaises(AccessError), self.env.cr.savepoint():
                self._depart(self.li, "boss", **{name: value})

    def test_nobody_writes_or_deletes(self):
        departure = self._depart(self.li).with_user(self.users["boss"])
        with self.assertRaises(AccessError):
            departure.effective_on = "2026-05-01"
        with self.assertRaises(AccessError):
            departure.unlink()

    def test_membership_with_departures_stays(self):
        chen = self._create_customer("Chen")
        self._depart(chen)
        with self.assertRaisesRegex(UserError, "“Chen” has departures"):
            chen.vip_membership_id.unlink()

    def test_smart_button(self):
        self._depart(self.li)
        member = self.li.vip_membership_id.with_user(self.users["manager_a"])
        self.assertEqual(member.departure_count, 1)
        action = member.action_view_departures()
        self.assertEqual(action["domain"], [("partner_id", "=", self.li.id)])


@tagged("post_install", "-at_install", "vip_departure")
class TestDepartureActions(DepartureCase):
    def test_withdraw(self):
        departure = self._depart(self.li, "desk")
        calls = self._called()
        departure.action_withdraw()
        self.assertEqual(departure.state, "withdrawn")
        self.assertEqual(departure.withdrawn_on, date(2026, 3, 10))
        self.assertEqual(departure.withdrawn_by, self.users["desk"])
        self.assertEqual(calls, [("withdrawn", ["Li"])])
        self._depart(self.li)  # and he may ask again

    def test_withdraw_twice(self):
        departure = self._depart(self.li)
        departure.action_withdraw()
        with self.assertRaisesRegex(UserError, "“Li” was withdrawn on"):
            departure.action_withdraw()

    def test_withdraw_what_happened(self):
        departure = self._depart(self.li, effective_on="2026-03-10")
        with self.assertRaisesRegex(UserError, "“Li” is effective since"):
            departure.action_withdraw()

    def test_change_day(self):
        departure = self._depart(self.li, "desk").with_context(
            tracking_disable=False, mail_notrack=False
        )
        self.env.cr.precommit.run()
        departure.change_day("2026-04-15")
        self.assertEqual(departure.effective_on, date(2026, 4, 15))
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = departure.sudo().message_ids.tracking_value_ids
        self.assertEqual(tracked.mapped("field_id.name"), ["effective_on"])

    def test_change_day_to_today(self):
        """He is spoken to first: the scheduled action closes the number an hour later, and not before."""
        departure = self._depart(self.li)
        departure.with_user(self.users["desk"]).change_day("2026-03-10")
        departure.with_user(self.users["desk"]).change_day("2026-03-10")  # moves nothing
        self._assert_closes_in_an_hour(departure)

    def test_change_day_into_the_past(self):
        departure = self._depart(self.li)
        with self.assertRaisesRegex(UserError, "which is over"):
            departure.change_day("2026-03-09")

    def test_change_day_of_what_is_withdrawn(self):
        departure = self._depart(self.li)
        departure.action_withdraw()
        with self.assertRaisesRegex(UserError, "was withdrawn on"):
            departure.change_day("2026-04-01")

    def test_change_day_is_a_day(self):
        with self.assertRaisesRegex(UserError, "is no date"):
            self._depart(self.li).change_day("soon")

    def test_take_effect(self):
        departure = self._depart(self.li, effective_on=False, requested_on="2026-03-01")
        departure.with_user(self.users["manager_a"]).take_effect("2026-03-08")
        self.assertEqual(departure.state, "effective")
        self.assertEqual(self.li.vip_number_ids.closed_on, date(2026, 3, 8))

    def test_take_effect_is_not_for_the_desk(self):
        departure = self._depart(self.li)
        for user in ("desk", "manager_b", "auditor"):
            with self.subTest(user), self.assertRaises(AccessError):
                departure.with_user(self.users[user]).take_effect("2026-03-10")

    def test_take_effect_in_the_future(self):
        with self.assertRaisesRegex(UserError, "lies in the future"):
            self._depart(self.li).take_effect("2026-03-11")

    def test_take_effect_before_requested(self):
        with self.assertRaisesRegex(UserError, "before the request of"):
            self._depart(self.li).take_effect("2026-03-09")

    def test_take_effect_twice(self):
        departure = self._depart(self.li, effective_on="2026-03-10")
        with self.assertRaisesRegex(UserError, "stays a fact"):
            departure.take_effect("2026-03-10")

    def test_who_works_on_departures(self):
        departure = self._depart(self.li)
        with self.assertRaisesRegex(AccessError, "work on departures"):
            departure.with_user(self.users["auditor"]).action_withdraw()

    def test_call_in(self):
        """From the form on which a departure is noted, before anything is closed."""
        self.li.vip_membership_id.protected = True
        form = Form(self.Departure.with_user(self.users["desk"]))
        form.partner_id = self.li
        self.assertTrue(form.is_protected)
        self.assertEqual(form.manager_id, self.users["manager_a"])
        form.channel_id = self.env.ref("vip_customer.channel_hall")
        form.effective_on = "2026-03-10"
        departure = form.save()
        self.assertTrue(departure.may_call_in)
        departure.action_call_in()
        self.assertFalse(departure.may_call_in, "he has it")
        case = departure.case_id
        self.assertEqual((case.user_id, case.state), (self.users["manager_a"], "new"))
        self.assertTrue(case.dispatched_at)

    def test_nobody_to_call_in(self):
        departure = self._depart(self.li, "boss", effective_on="2026-03-31")
        departure.sudo().case_id = False
        with self.assertRaisesRegex(UserError, "no retention case about the departure of “Li”"):
            departure.action_call_in()

    def test_customer(self):
        action = self._depart(self.li).with_user(self.users["boss"]).action_view_customer()
        self.assertEqual(action["res_id"], self.li.vip_membership_id.id)


@tagged("post_install", "-at_install", "vip_departure")
class TestDepartureEffective(DepartureCase):
    def test_today(self):
        """What a person is told for today is a wish like any other."""
        calls = self._called()
        departure = self._depart(self.li, "desk", effective_on="2026-03-10")
        self.assertEqual(calls, [("announced", ["Li"])])
        self._assert_closes_in_an_hour(departure)

    def test_today_just_before_midnight(self):
        """The day stays the one he named."""
        with freeze_time("2026-03-10 15:50:00"):
            self._depart(self.li, "boss", effective_on="2026-03-10")
        with freeze_time("2026-03-10 17:10:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-10", "effective", False)]
        )

    def test_suspension_of_today(self):
        calls = self._called()
        departure = self._depart(self.li, "desk", kind="suspension", effective_on=False)
        self.assertEqual((departure.state, calls), ("announced", [("announced", ["Li"])]))
        with freeze_time("2026-03-10 03:10:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual(
            (departure.state, departure.effective_on), ("effective", date(2026, 3, 10))
        )

    def test_the_programme_itself_reports_what_happens_today(self):
        self._depart(self.li, effective_on="2026-03-10")
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-10", "effective", False)]
        )

    def test_the_past_is_no_matter_of_the_desk(self):
        for user in ("desk", "manager_b"):
            for values in (
                {"effective_on": "2026-03-05"},
                {"kind": "suspension", "effective_on": False},
            ):
                with (
                    self.subTest(user=user, **values),
                    self.assertRaisesRegex(
                        AccessError,
                        "Only who looks after “Li” records .* Enter today or a later day, or tell his",
                    ),
                    self.env.cr.savepoint(),
                ):
                    self._depart(self.li, user, requested_on="2026-03-05", **values)
        self.assertFalse(self._departures(self.li))

    def test_at_once_where_the_day_is_over(self):
        calls = self._called()
        self._depart(self.li, "manager_a", requested_on="2026-03-01", effective_on="2026-03-05")
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-05", "effective", False)]
        )
        number = self.li.vip_number_ids
        self.assertEqual((number.state, number.closed_on), ("closed", date(2026, 3, 5)))
        self.assertEqual(self.li.vip_membership_id.closed_on, date(2026, 3, 5))
        self.assertEqual(calls, [("effective", ["Li"])])

    def test_announced_hook(self):
        calls = self._called()
        self._depart(self.li)
        self._depart(self.zhao, kind="suspension", effective_on=False)
        self.assertEqual(
            calls, [("announced", ["Li"]), ("announced", ["Zhao"]), ("effective", ["Zhao"])]
        )

    def test_nightly(self):
        self._depart(self.li)
        self._depart(self.wang, number=TWO, kind="port_out", effective_on="2026-04-02")
        self._depart(self.zhao, kind="arrears", effective_on="2026-04-01")
        self.Departure._take_effect_due(self.company)
        self.assertEqual({d[3] for d in self._departures(self.li)}, {"announced"})
        calls = self._called()
        with freeze_time("2026-04-02 02:00:00"):  # two days late
            self.Departure._take_effect_due(self.company)
            self.assertEqual(
                self._departures(self.li), [(ONE, "scheduled", "2026-03-31", "effective", False)]
            )
            self.assertEqual(
                self._departures(self.wang), [(TWO, "port_out", "2026-04-02", "effective", False)]
            )
            self.assertEqual(
                self._departures(self.zhao), [("", "arrears", "2026-04-01", "effective", False)]
            )
            self.assertEqual(self._number(ONE).closed_on, date(2026, 3, 31))
            self.assertEqual(self._number(TWO).closed_on, date(2026, 4, 2))
            self.assertEqual(self._number(THREE).state, "active")
            self.assertEqual(self.li.vip_membership_id.closed_on, date(2026, 3, 31))
            self.assertFalse(self.wang.vip_membership_id.closed_on)
            self.assertEqual(self.zhao.vip_membership_id.closed_on, date(2026, 4, 1))
            self.assertEqual(
                sorted(name for hook, names in calls for name in names), ["Li", "Wang", "Zhao"]
            )
            calls.clear()
            self.Departure._take_effect_due(self.company)
            self.assertFalse(calls)

    def test_two_numbers_on_two_days(self):
        """The first that closes does not find the second open and call its departure reopened."""
        self._depart(self.wang, number=TWO, effective_on="2026-04-01")
        self._depart(self.wang, number=THREE, effective_on="2026-04-02")
        with freeze_time("2026-04-03 02:00:00"):
            self.Departure._take_effect_due(self.company)
        departures = self.Departure.search([("partner_id", "=", self.wang.id)])
        self.assertEqual(set(departures.mapped("state")), {"effective"})
        self.assertFalse(any(departures.mapped("reopened_on")))
        self.assertEqual(self.wang.vip_membership_id.closed_on, date(2026, 4, 2))

    def test_tier_ends(self):
        policy = self._create_policy()
        chen = self._create_customer("Chen", self._year(800), number="13800000009")
        self._assess(policy)
        self.assertEqual(chen.vip_tier_id, self.gold)
        self._depart(chen, requested_on="2026-03-01", effective_on="2026-03-09")
        self.assertFalse(chen.vip_tier_id)
        self.assertEqual(self._history(chen)[-1], (False, "2026-03-09", False, "closure"))

    def test_day_not_known(self):
        self._depart(self.li, effective_on=False)
        with freeze_time("2027-01-01 02:00:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual(self._departures(self.li)[0][3], "announced")

    def test_suspension_touches_no_number(self):
        departure = self._depart(self.li, kind="suspension", effective_on="2026-03-20")
        with freeze_time("2026-03-20 02:00:00"):
            self.Departure._take_effect_due(self.company)
        self.assertEqual(departure.state, "effective")
        self.assertEqual(self.li.vip_number_ids.state, "active")
        self.assertFalse(departure.reopened_on)
        self.assertFalse(self.li.vip_membership_id.closed_on)

    def test_suspension_without_a_day_is_that_of_the_request(self):
        departure = self._depart(
            self.li, kind="suspension", effective_on=False, requested_on="2026-03-09"
        )
        self.assertEqual((departure.state, departure.effective_on), ("effective", date(2026, 3, 9)))

    def test_cron(self):
        self._depart(self.li, effective_on="2026-03-11")
        with (
            freeze_time("2026-03-10 16:30:00"),  # midnight has passed in Shanghai
            self.enter_registry_test_mode(),
        ):
            self.env.ref("vip_retention.ir_cron_take_effect").method_direct_trigger()
        self.assertEqual(self._departures(self.li)[0][3], "effective")

    def _queries_of_a_night(self, count):
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {count} {i}"} for i in range(count)]
        )
        numbers = self.env["vip.service.number"].create(
            [
                {"partner_id": partner.id, "number": f"139{count:04}{i:04}"}
                for i, partner in enumerate(partners)
            ]
        )
        self.Departure.create(
            [{"partner_id": p.id, "effective_on": "2026-03-20"} for p in partners]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        with freeze_time("2026-03-20 02:00:00"):
            self.Departure._take_effect_due(self.company)
            self.env.flush_all()
        self.assertEqual(set(numbers.mapped("state")), {"closed"})
        return self.env.cr.sql_log_count - before

    def test_no_query_per_departure(self):
        few, many = (self._queries_of_a_night(count) for count in (10, 300))
        self.assertLess(many, few + 10)

    # the other way round

    def test_number_closed_by_hand(self):
        self._depart(self.li)
        calls = self._called()
        self.li.vip_number_ids.with_user(self.users["manager_a"]).write(
            {"state": "closed", "closed_on": "2026-03-07"}
        )
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-07", "effective", False)]
        )
        self.assertEqual(calls, [("effective", ["Li"])])

    def test_number_closed_without_departure(self):
        calls = self._called()
        self._number(TWO).write({"state": "closed", "closed_on": "2026-03-07"})
        self.assertEqual(
            self._departures(self.wang),
            [(TWO, "scheduled", "2026-03-07", "effective", "no_record")],
        )
        self.assertEqual(calls, [("effective", ["Wang"])])
        self._number(THREE).plan = "L"  # no second one
        self._number(THREE).activated_on = "2024-06-01"
        self.assertEqual(len(self._departures(self.wang)), 1)

    def test_suspension_announced_and_number_closed(self):
        self._depart(self.li, kind="suspension", effective_on="2026-03-20")
        self.li.vip_number_ids.state = "closed"
        self.assertEqual(
            [(d[1], d[3], d[4]) for d in self._departures(self.li)],
            [("suspension", "announced", False), ("scheduled", "effective", "no_record")],
        )

    def test_number_that_passes_on_is_no_departure(self):
        self._number(TWO).change_owner(self.li.id, "2026-03-05")
        self.assertFalse(self._departures(self.wang))

    def test_number_with_departure_passes_on(self):
        departure = self._depart(self.wang, number=TWO)
        calls = self._called()
        self._number(TWO).change_owner(self.li.id, "2026-03-05")
        self.assertEqual(
            self._departures(self.wang),
            [(TWO, "scheduled", "2026-03-31", "withdrawn", "passed_on")],
        )
        self.assertEqual(departure.withdrawn_on, date(2026, 3, 5))
        self.assertEqual(calls, [("withdrawn", ["Wang"])])

    def test_number_opened_again(self):
        departure = self._depart(self.li, requested_on="2026-03-01", effective_on="2026-03-05")
        self.li.vip_number_ids.state = "active"
        self.assertEqual(
            (departure.state, departure.effective_on, departure.reopened_on),
            ("effective", date(2026, 3, 5), date(2026, 3, 10)),
        )
        self.assertFalse(self.li.vip_membership_id.closed_on)
        self.li.vip_number_ids.write({"state": "closed", "closed_on": "2026-03-09"})
        self.assertEqual(
            self._departures(self.li),
            [
                (ONE, "scheduled", "2026-03-05", "effective", False),
                (ONE, "scheduled", "2026-03-09", "effective", "no_record"),
            ],
        )

    def test_closed_before_the_addon(self):
        self._number(TWO).write({"state": "closed", "closed_on": "2026-02-07"})
        self.env.cr.execute("DELETE FROM vip_departure WHERE partner_id = %s", [self.wang.id])
        self.env.invalidate_all()
        self.Departure._follow_numbers()
        self.assertEqual(
            self._departures(self.wang),
            [(TWO, "scheduled", "2026-02-07", "effective", "no_record")],
        )

    def test_closed_by_an_import_of_customers(self):
        self._depart(self.li)
        job = self.env["vip.import"].create(
            {
                "kind": "customers",
                "file": b64encode(
                    f"customer_code,number,number_state\nC1,{ONE},closed\nC2,{TWO},closed\n".encode()
                ),
            }
        )
        job.action_run()
        self.assertEqual(job.error_count, 0)
        self.assertEqual(
            self._departures(self.li), [(ONE, "scheduled", "2026-03-10", "effective", False)]
        )
        self.assertEqual(
            self._departures(self.wang),
            [(TWO, "scheduled", "2026-03-10", "effective", "no_record")],
        )

    def test_activated_later_than_told(self):
        """What the book says of the number changed since: the night goes on, for him and the others."""
        self._depart(self.li, effective_on="2026-03-20")
        self.li.vip_number_ids.activated_on = "2026-03-25"
        with freeze_time("2026-03-26 02:00:00"):
            self.Departure._take_effect_due(self.company)
            self.assertEqual(
                self._departures(self.li), [(ONE, "scheduled", "2026-03-25", "effective", False)]
            )

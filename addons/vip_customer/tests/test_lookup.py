"""Who is calling: every written form of a number, and what is told to whom."""

from datetime import date, datetime, timedelta

import pytz

from odoo import Command
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import freeze_time, tagged

from ..models.vip_membership_card import VipMembership as MembershipCard
from ..tools import phone_forms
from .common import VipCase

KEYS = {
    "match": str,
    "customer": dict,
    "candidates": list,
    "number": (str, bool),
    "tier": dict,
    "queue_priority": (int, bool),
    "direct_to_agent": bool,
    "seat_group": (str, bool),
    "manager": dict,
    "entitlements": list,
    "requests": int,
    "cases": int,
    "risk": (str, bool),
    "protected": bool,
    "warnings": list,
}
# name -> number of the customers that the table below finds
BOOK = {
    "Mobile": "13800138000",
    "Landline": "(021) 6555-1234",
    "Abroad": "+1 415 555 2671",
    "Account": "AB-1234",
    "Service": "4008001234",
    "Short": "68999",
}
NOBODY, UNREADABLE = "nobody", "unreadable"
FORMS = [
    # a mobile number
    ("13800138000", "Mobile"),
    (13800138000, "Mobile"),
    ("138-0013-8000", "Mobile"),
    ("138 0013 8000", "Mobile"),
    ("138.0013.8000", "Mobile"),
    ("  13800138000\n", "Mobile"),
    ("(138) 0013 8000", "Mobile"),
    ("138\u00a00013\u20118000", "Mobile"),  # no-break space and hyphen
    ("138\u20130013\u22128000", "Mobile"),  # en dash, minus
    ("\u202d13800138000\u202c", "Mobile"),  # copied from an address book of Windows
    ("１３８００１３８０００", "Mobile"),
    ("＋８６（１３８）００１３－８０００", "Mobile"),
    ("+86 138-0013-8000", "Mobile"),
    ("+8613800138000", "Mobile"),
    ("(+86) 13800138000", "Mobile"),
    ("0086 138 0013 8000", "Mobile"),
    ("008613800138000", "Mobile"),
    ("86 138 0013 8000", "Mobile"),
    ("8613800138000", "Mobile"),
    ("013800138000", "Mobile"),  # as dialled from another province
    ("17951 138 0013 8000", "Mobile"),  # with a carrier's prefix
    ("tel:+86-138-0013-8000", "Mobile"),
    ("tel:13800138000;phone-context=+86", "Mobile"),
    ("sip:13800138000@pbx.example.com", "Mobile"),
    ("13800138000,802", "Mobile"),
    ("13800138000#", UNREADABLE),
    # a landline, with and without an extension
    ("02165551234", "Landline"),
    ("021-65551234", "Landline"),
    ("021 6555 1234", "Landline"),
    ("2165551234", "Landline"),
    ("+86 21 6555 1234", "Landline"),
    ("+86 (0)21 6555 1234", "Landline"),
    ("0086-21-65551234", "Landline"),
    ("021-65551234-802", "Landline"),
    ("021-65551234转802", "Landline"),
    ("021-65551234 分机 802", "Landline"),
    ("021-65551234 ext. 802", "Landline"),
    ("021 65551234 x802", "Landline"),
    ("021-65551234#802", "Landline"),
    ("tel:+862165551234;ext=802", "Landline"),
    # other kinds
    ("+14155552671", "Abroad"),
    ("001 (415) 555-2671", "Abroad"),
    ("+1-415-555-2671 ext 9", "Abroad"),
    ("AB-1234", "Account"),
    ("ＡＢ１２３４", "Account"),
    ("400-800-1234", "Service"),
    ("400 8001234", "Service"),
    ("68999", "Short"),
    # readable, and of nobody
    ("13900139000", NOBODY),
    ("+44 20 7946 0018", NOBODY),
    ("021-65551235", NOBODY),
    ("10086", NOBODY),
    ("1380013800", NOBODY),
    ("138001380000", NOBODY),
    # no numbers
    ("", UNREADABLE),
    ("   ", UNREADABLE),
    (None, UNREADABLE),
    (False, UNREADABLE),
    ("+", UNREADABLE),
    ("--", UNREADABLE),
    ("1380", UNREADABLE),
    ("110", UNREADABLE),
    (7, UNREADABLE),
    (-13800138000, "Mobile"),
    ("1380013800O", UNREADABLE),
    ("138OO138OOO", UNREADABLE),
    ("1-800-FLOWERS", UNREADABLE),
    ("anonymous", UNREADABLE),
    ("未知号码", UNREADABLE),
    ("ab1234", UNREADABLE),  # a key is a key
    ("%", UNREADABLE),
    ("138%", UNREADABLE),
    ("13800138000' OR 1=1 --", UNREADABLE),
    ("1" * 33, UNREADABLE),
    ("1" * 100_000, UNREADABLE),
]


class LookupCase(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy()
        cls.book = {
            name: cls._create_customer(name, cls._year(800), number=number)
            for name, number in BOOK.items()
        }
        cls._assess(cls.policy)  # gold
        cls.mobile = cls.book["Mobile"]
        cls.member = cls.mobile.vip_membership_id
        cls.number = cls.mobile.vip_number_ids
        cls.users["manager_a"].name = "Ann"
        cls.users["manager_a"].phone = "+86 10 6555 0001"
        cls.users["manager_b"].name = "Bo"
        cls.users["manager_b"].phone = "+86 10 6555 0002"
        cls.member.assign(cls.users["manager_a"].id, cls.city.id)

    def _partners(self, role="desk"):
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            self.env["res.partner"].with_user(self.users[role]).with_context(allowed_company_ids=[])
        )

    def _ask(self, number="13800138000", role="desk"):
        return self._partners(role).vip_lookup(number)

    def _contact(self, name, phone, **values):
        return self.env["res.partner"].create(
            {"name": name, "phone": phone, "country_id": self.env.ref("base.cn").id, **values}
        )


@tagged("post_install", "-at_install", "vip_hotline")
class TestLookup(LookupCase):
    # ------------------------------------------------------------
    # numbers
    # ------------------------------------------------------------

    def test_written_forms(self):
        self.assertGreaterEqual(len(FORMS), 40)
        for text, expected in FORMS:
            with self.subTest(text=str(text)[:60]):
                told = self._ask(text)
                self._assert_plain(told)
                if expected in BOOK:
                    self.assertEqual(told["match"], "one", told["warnings"])
                    self.assertEqual(told["customer"]["name"], expected)
                else:
                    self.assertEqual(told["match"], "none")
                    self.assertEqual(bool(told["warnings"]), expected == UNREADABLE)

    def test_read_as_odoo_stores(self):
        """The tool and the stored field agree, or a number would not be found as it was written."""
        Number = self.env["vip.service.number"]
        for text, _expected in FORMS:
            reading = phone_forms.read(text if isinstance(text, str) else "")
            if reading.problem:
                continue
            for code in ("cn", "us", "fr", "ci", "br"):
                country = self.env.ref(f"base.{code}")
                with self.subTest(text=text, country=code):
                    self.assertEqual(
                        phone_forms.international(reading.key, country.code) or False,
                        Number._to_e164(reading.key, country),
                    )

    def _warning(self, number):
        [warning] = self._ask(number)["warnings"]
        return warning

    def test_unreadable_says_why(self):
        self.assertIn("No number was given", self._warning(""))
        self.assertIn("too short", self._warning("1380"))
        self.assertIn("too long", self._warning("1" * 40))
        self.assertIn("letters", self._warning("1380013800O"))

    def test_no_text(self):
        for number in ([1], {"a": 1}, 1.5, True):
            with self.subTest(number=number), self.assertRaisesRegex(UserError, "Give it as text"):
                self._ask(number)

    def test_masked(self):
        self.assertEqual(self._ask()["number"], "138****8000")
        self.assertEqual(self._ask("13900139000")["number"], "139****9000")
        self.assertFalse(self._ask("1380013800O")["number"])

    def test_closed_number(self):
        self.number.state = "closed"
        self.assertEqual(self._ask()["match"], "none")

    def test_number_of_a_new_owner(self):
        self.number.change_owner(self.book["Landline"].id, "2026-03-05")
        self.assertEqual(self._ask()["customer"]["name"], "Landline")

    def test_all_numbers_of_a_customer(self):
        self.env["vip.service.number"].create(
            [{"partner_id": self.mobile.id, "number": f"1390000000{i}"} for i in range(3)]
        )
        for i in range(3):
            self.assertEqual(self._ask(f"1390000000{i}")["customer"]["id"], self.mobile.id)

    def test_key_that_is_no_telephone_number(self):
        """Without a country nothing is read as a telephone number; the key still is."""
        self.assertEqual(self._ask("+86 138 0013 8000")["match"], "one")
        self.company.country_id = False
        self.assertEqual(self._ask("138-0013-8000")["customer"]["name"], "Mobile")
        self.assertEqual(self._ask("86 138 0013 8000")["match"], "one")  # read abroad too
        self.company.partner_id.country_id = self.env.ref("base.us")
        self.assertEqual(self._ask("013800138000")["match"], "none")

    # ------------------------------------------------------------
    # phones of contacts
    # ------------------------------------------------------------

    def test_phone_of_the_contact(self):
        self.mobile.write({"phone": "139 1111 2222", "country_id": self.env.ref("base.cn").id})
        told = self._ask("+8613911112222")
        self.assertEqual(told["customer"]["name"], "Mobile")
        self.assertEqual(told["number"], "+86*******2222")
        self.assertEqual(told["warnings"], [])

    def test_service_number_comes_before_a_phone(self):
        self.book["Landline"].write(
            {"phone": "13800138000", "country_id": self.env.ref("base.cn").id}
        )
        self.assertEqual(self._ask()["customer"]["name"], "Mobile")

    def test_contact_outside_the_programme(self):
        self._contact("Somebody", "13911112222")
        self.assertEqual(self._ask("13911112222")["match"], "none")

    def test_child_contact_answers_for_his_customer(self):
        self._contact("Secretary", "13911112222", parent_id=self.mobile.id)
        told = self._ask("13911112222")
        self.assertEqual(told["customer"]["name"], "Mobile")
        self.assertIn("The number is that of Secretary, who belongs to Mobile.", told["warnings"])

    def test_child_contact_with_a_membership_answers_for_himself(self):
        child = self._contact("Son", "13911112222", parent_id=self.mobile.id)
        self.env["vip.membership"]._ensure(child.ids, self.company)
        self.assertEqual(self._ask("13911112222")["customer"]["name"], "Son")

    def test_archived_contact(self):
        self.mobile.active = False
        self.assertEqual(self._ask()["match"], "one")

    # ------------------------------------------------------------
    # several
    # ------------------------------------------------------------

    def test_phone_shared_by_two(self):
        for name in ("Mobile", "Landline"):
            self.book[name].write(
                {"phone": "13911112222", "country_id": self.env.ref("base.cn").id}
            )
        told = self._ask("13911112222")
        self._assert_plain(told)
        self.assertEqual(told["match"], "many")
        self.assertEqual(told["customer"], {"id": False, "name": False})
        self.assertEqual(
            told["candidates"],
            [
                {"id": self.mobile.id, "name": "Mobile", "tier": "Gold"},
                {"id": self.book["Landline"].id, "name": "Landline", "tier": "Gold"},
            ],
        )
        card = self._partners().browse(told["candidates"][1]["id"]).vip_card()
        self.assertEqual((card["match"], card["customer"]["name"]), ("one", "Landline"))

    def test_phone_shared_within_a_customer(self):
        self.mobile.write({"phone": "13911112222", "country_id": self.env.ref("base.cn").id})
        self._contact("Secretary", "13911112222", parent_id=self.mobile.id)
        told = self._ask("13911112222")
        self.assertEqual(told["match"], "one")
        self.assertEqual(told["warnings"], [])

    def test_number_open_in_two_companies(self):
        rival = self._rival()
        self.assertEqual(self._ask()["customer"]["name"], "Mobile")
        self.users["desk"].company_ids |= rival
        self.assertEqual(
            {candidate["name"] for candidate in self._ask()["candidates"]}, {"Mobile", "Theirs"}
        )

    def _rival(self):
        rival = self.env["res.company"].create(
            {"name": "Rival", "country_id": self.env.ref("base.cn").id}
        )
        theirs = self.env["res.partner"].create({"name": "Theirs", "company_id": rival.id})
        self.env["vip.service.number"].with_company(rival).create(
            [
                {"partner_id": theirs.id, "number": "13800138000"},
                {"partner_id": theirs.id, "number": "13700137000"},
            ]
        )
        return rival

    # ------------------------------------------------------------
    # rights
    # ------------------------------------------------------------

    def test_roles(self):
        for role in ("desk", "manager_a", "manager_c", "lead", "boss", "approver", "auditor"):
            with self.subTest(role=role):
                self.assertEqual(self._ask(role=role)["match"], "one")
        self.users["public"] = self.env.ref("base.public_user")
        for role in ("employee", "importer", "portal", "public"):
            with (
                self.subTest(role=role),
                self.assertRaisesRegex(AccessError, "needs a role in the VIP programme"),
            ):
                self._ask(role=role)

    def test_another_company(self):
        self._rival()
        for role in ("desk", "boss", "auditor"):
            with self.subTest(role=role):
                self.assertEqual(self._ask("13700137000", role)["match"], "none")

    def test_card_of_another_company(self):
        self._rival()
        theirs = self.env["res.partner"].search([("name", "=", "Theirs")])
        with self.assertRaises(AccessError):
            self._partners("boss").browse(theirs.id).vip_card()

    def test_card_of_nobody(self):
        with self.assertRaises(MissingError):
            self._partners().browse(2**31 - 1).vip_card()
        other = self.env["res.partner"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "not in the VIP programme"):
            self._partners().browse(other.id).vip_card()

    def test_nothing_private_and_no_amounts(self):
        self.member.birthday = "1961-04-05"
        self.mobile.write({"email": "li@example.com", "street": "Nanjing Road 1"})
        for role in ("desk", "boss"):
            told = str(self._partners(role).vip_panel("13800138000"))
            for word in ("1961", "example.com", "Nanjing", "800.0", "9600", "13800138000"):
                self.assertNotIn(word, told)

    # ------------------------------------------------------------
    # the card
    # ------------------------------------------------------------

    def _assert_plain(self, told):
        self.assertEqual(list(told), list(KEYS))
        for key, kinds in KEYS.items():
            self.assertIsInstance(told[key], kinds, key)
        self.assertEqual(set(told["customer"]), {"id", "name"})
        self.assertEqual(set(told["tier"]), {"code", "name", "since", "valid_until"})
        self.assertEqual(set(told["manager"]), {"name", "phone", "on_duty"})
        for candidate in told["candidates"]:
            self.assertEqual(set(candidate), {"id", "name", "tier"})

        parts = [told]
        while parts:
            part = parts.pop()
            self.assertIsInstance(part, str | int | float | bool | list | dict)
            if isinstance(part, list | dict):
                parts += part.values() if isinstance(part, dict) else part

    def test_card(self):
        told = self._ask()
        self.assertEqual(told["customer"], {"id": self.mobile.id, "name": "Mobile"})
        self.assertEqual(
            told["tier"],
            {
                "code": "gold",
                "name": "Gold",
                "since": "2026-02-01",
                "valid_until": "2027-01-31",
            },
        )
        self.assertEqual(
            (told["queue_priority"], told["direct_to_agent"], told["seat_group"]), (2, True, "vip")
        )
        self.assertEqual(told["entitlements"], self.mobile.vip_entitlements())
        self.assertTrue(told["entitlements"])
        self.assertEqual((told["requests"], told["cases"]), (0, 0))
        # an addon on top may assess him, and finds nothing
        self.assertIn(told["risk"], (False, "low"))
        self.assertFalse(told["protected"])
        self.assertEqual(told["warnings"], [])

    def test_entitlements_are_those_of_the_other_door(self):
        """Two ways to the same answer: granted, used, in goodwill, kept, archived, not granted yet."""
        self.company.vip_redemption_limit = 1_000_000
        lines = self.mobile.vip_entitlements()
        for line in [line for line in lines if line["delivery"] == "on_request"][:4]:
            self.mobile.with_user(self.users["desk"]).vip_redeem(line["code"])
        benefits = self.env["vip.benefit"].search([])
        promises = self.env["vip.tier.benefit"]
        for i, benefit in enumerate(benefits):
            mine = benefit.tier_benefit_ids.filtered(lambda p: p.tier_id == self.gold)
            if i % 5 == 0:
                mine.unlink()  # what was granted is kept
            elif not mine:
                periods = ("month", "year", "once")
                promises.create(
                    {
                        "benefit_id": benefit.id,
                        "tier_id": self.gold.id,
                        "quantity": i % 3,
                        "period": periods[i % 3],
                    }
                )
        benefits[3].active = False
        for now in ("2026-03-10 02:00:00", "2026-03-31 17:00:00", "2027-01-31 02:00:00"):
            with self.subTest(now=now), freeze_time(now):
                told = self._ask()["entitlements"]
                self.assertEqual(told, self.mobile.vip_entitlements())
                self.assertGreater(len(told), 5)
        self.env["vip.entitlement"]._grant(self.company)
        self.assertEqual(self._ask()["entitlements"], self.mobile.vip_entitlements())

    def test_customer_without_a_tier(self):
        self._create_customer("Plain", number="13700000000")
        told = self._ask("13700000000")
        self._assert_plain(told)
        self.assertEqual(told["match"], "one")
        self.assertEqual(told["queue_priority"], False)
        self.assertEqual(told["manager"], {"name": False, "phone": False, "on_duty": False})
        self.assertEqual(told["warnings"], ["No VIP customer today: no tier."])

    def test_queue_priority_by_tier(self):
        self.gold.write({"queue_priority": 7, "direct_to_agent": False, "seat_group": False})
        told = self._ask()
        self.assertEqual(
            (told["queue_priority"], told["direct_to_agent"], told["seat_group"]), (7, False, False)
        )

    # ------------------------------------------------------------
    # manager
    # ------------------------------------------------------------

    def test_manager(self):
        self.assertEqual(
            self._ask()["manager"], {"name": "Ann", "phone": "+86 10 6555 0001", "on_duty": True}
        )

    def test_off_duty(self):
        # 20:00 in Shanghai; a Sunday; before the day begins
        for now in ("2026-03-10 12:00:00", "2026-03-15 02:00:00", "2026-03-09 22:00:00"):
            with self.subTest(now=now), freeze_time(now):
                self.assertFalse(self._ask()["manager"]["on_duty"])

    def test_public_holiday(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.company.resource_calendar_id.id,
                "company_id": self.company.id,
                "date_from": "2026-03-09 16:00:00",
                "date_to": "2026-03-10 15:59:59",
            }
        )
        self.assertFalse(self._ask()["manager"]["on_duty"])

    def test_own_working_hours(self):
        nights = self.env["resource.calendar"].create(
            {
                "name": "Nights",
                "company_id": self.company.id,
                "tz": "Asia/Shanghai",
                "attendance_ids": [
                    Command.clear(),
                    Command.create(
                        {"name": "Tue", "dayofweek": "1", "hour_from": 18, "hour_to": 22}
                    ),
                ],
            }
        )
        self.env["resource.resource"].create(
            {
                "name": "Ann",
                "user_id": self.users["manager_a"].id,
                "calendar_id": nights.id,
                "company_id": self.company.id,
                "tz": "Asia/Shanghai",
            }
        )
        self.assertFalse(self._ask()["manager"]["on_duty"])
        with freeze_time("2026-03-10 12:00:00"):
            self.assertTrue(self._ask()["manager"]["on_duty"])

    def test_on_duty_as_odoo_reckons(self):
        """At any hour of three weeks, by any kind of calendar."""
        Calendar = self.env["resource.calendar"]
        weeks = Calendar.create({"name": "Two weeks", "tz": "Asia/Shanghai"})
        weeks.switch_calendar_type()
        weeks.attendance_ids.filtered(lambda a: a.week_type == "1" and a.dayofweek == "1").unlink()
        resource = self.env["resource.resource"].create(
            {
                "name": "Ann",
                "user_id": self.users["manager_a"].id,
                "company_id": self.company.id,
                "tz": "Europe/Paris",
            }
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "resource_id": resource.id,
                "calendar_id": False,
                "company_id": self.company.id,
                "date_from": "2026-03-12 03:00:00",
                "date_to": "2026-03-13 10:00:00",
            }
        )
        for calendar in (self.company.resource_calendar_id, weeks):
            resource.calendar_id = calendar
            facts = {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": None,
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
            }
            self.env.flush_all()
            for hours in range(0, 21 * 24, 5):
                now = datetime(2026, 3, 9, 0, 17) + timedelta(hours=hours)
                start = pytz.utc.localize(now)
                with self.subTest(calendar=calendar.name, now=now), freeze_time(now):
                    worked = calendar._work_intervals_batch(
                        start, start + timedelta(minutes=1), resource
                    )
                    told = self.member._card_responsible(facts)
                    self.assertEqual(told["on_duty"], bool(worked[resource.id]))

    def test_no_fixed_hours(self):
        self.env["resource.resource"].create(
            {
                "name": "Ann",
                "user_id": self.users["manager_a"].id,
                "company_id": self.company.id,
                "calendar_id": False,
            }
        )
        with freeze_time("2026-03-15 20:00:00"):
            self.assertTrue(self._ask()["manager"]["on_duty"])

    def _stand_in(self, date_from, date_to, **values):
        return self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": date_from,
                "date_to": date_to,
                "company_id": self.company.id,
                **values,
            }
        )

    def test_deputy_today(self):
        self._stand_in("2026-03-10", "2026-03-10")
        told = self._ask()
        self.assertEqual(
            told["manager"], {"name": "Bo", "phone": "+86 10 6555 0002", "on_duty": True}
        )
        self.assertEqual(
            told["warnings"], [f"Bo stands in for Ann until {self._day(date(2026, 3, 10))}."]
        )

    def test_whoever_is_archived_is_not_named(self):
        self._stand_in("2026-03-10", "2026-03-20")
        self.users["manager_b"].active = False
        self.assertEqual(self._ask()["manager"]["name"], "Ann")
        self.users["manager_a"].active = False
        self.assertFalse(self._ask()["manager"]["name"])

    def test_deputy_of_another_time(self):
        self._stand_in("2026-03-01", "2026-03-09")
        self._stand_in("2026-03-11", "2026-03-20")
        self.assertEqual(self._ask()["manager"]["name"], "Ann")

    # ------------------------------------------------------------
    # warnings
    # ------------------------------------------------------------

    def test_protected(self):
        self.member.protected = True
        told = self._ask()
        self.assertTrue(told["protected"])
        self.assertEqual(told["warnings"], ["Protected customer."])

    def test_do_not_disturb(self):
        sentence = "Does not wish to be contacted: offer nothing, only help."
        for values, expected in (
            ({"do_not_disturb": True}, [sentence]),
            ({"do_not_disturb_until": "2026-03-10"}, [sentence]),
            ({"do_not_disturb_until": "2026-03-09"}, []),
            ({"do_not_disturb_from": "2026-03-09", "do_not_disturb_until": False}, [sentence]),
            ({"do_not_disturb_from": "2026-03-11"}, []),
            ({"do_not_disturb": False, "do_not_disturb_until": "2026-12-31"}, []),
        ):
            self.member.write(values)
            with self.subTest(values=values):
                self.assertEqual(self._ask()["warnings"], expected)

    def _touch(self, date, result="reached"):
        return self.env["vip.interaction"].create(
            {
                "partner_id": self.mobile.id,
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref(f"vip_customer.interaction_result_{result}").id,
                "date": date,
            }
        )

    def test_no_contact_for_long(self):
        plan = self.env["vip.care.plan"].search([("tier_id", "=", self.gold.id)])
        plan.longest_interval = 60
        self._touch("2025-11-01 02:00:00")
        contact = self._touch("2026-01-08 17:00:00")  # the 9th in Shanghai: 60 days
        self._touch("2026-03-01 02:00:00", "no_answer")
        self.assertEqual(self._ask()["warnings"], [])
        plan.longest_interval = 59
        sentence = f"No contact for 60 days, the last one on {self._day(date(2026, 1, 9))}."
        self.assertEqual(self._ask()["warnings"], [sentence])
        plan.active = False
        self.assertEqual(self._ask()["warnings"], [])
        plan.active = True
        contact.unlink()
        self.assertIn("No contact for 129 days", self._ask()["warnings"][0])

    def test_no_contact_known(self):
        """Who never noted a contact is not told that there was none."""
        with freeze_time("2026-11-01 02:00:00"):
            self.assertEqual(self._ask()["warnings"], [])

    def test_number_suspended(self):
        self.number.state = "suspended"
        self.assertEqual(self._ask()["warnings"], ["This number is suspended."])

    def test_number_cancelling(self):
        self.number.state = "cancelling"
        self.assertEqual(self._ask()["warnings"], ["This number is being cancelled."])

    def test_validity_over(self):
        with freeze_time("2027-02-01 02:00:00"):
            warnings = self._ask()["warnings"]
        self.assertIn("Validity over, waiting for assessment.", warnings)

    def test_tier_about_to_drop(self):
        """As the night found it: the fact that the care plan and the greetings go by."""
        sentence = f"By the bills so far, Gold is not kept after {self._day(date(2027, 1, 31))}."
        members = self.env["vip.membership"]
        with freeze_time("2026-12-01 02:00:00"):  # 61 days
            members._renew_warnings(self.company)
            self.assertNotIn(sentence, self._ask()["warnings"])
        with freeze_time("2026-12-02 02:00:00"):
            self.assertIn(sentence, self._ask()["warnings"])
            self._create_bills(self.mobile, self._year(800, year=2026), self.number)
            self.assertIn(sentence, self._ask()["warnings"])
            members._renew_warnings(self.company)
            self.assertNotIn(sentence, self._ask()["warnings"])

    def test_tier_about_to_drop_by_another_validity(self):
        """What the night found of a validity that was changed since is not told."""
        with freeze_time("2026-12-02 02:00:00"):
            self.env["vip.membership"]._renew_warnings(self.company)
            self.member.valid_until = "2027-01-30"
            self.assertFalse([w for w in self._ask()["warnings"] if "By the bills" in w])

    def test_benefits_that_lapse(self):
        sentence = f"Lapses on {self._day(date(2027, 1, 31))}: "
        self.assertFalse([w for w in self._ask()["warnings"] if "Lapses" in w])
        for now in ("2026-12-02 02:00:00", "2027-01-31 02:00:00"):
            with self.subTest(now=now), freeze_time(now):
                told = self._ask()["warnings"]
                self.assertTrue([w for w in told if w.startswith(sentence)], told)

    def test_monthly_benefits_do_not_lapse(self):
        line = {"date_from": "2026-03-01", "date_to": "2026-03-31", "remaining": 2, "name": "X"}
        facts = {"today": date(2026, 3, 10), "waiting": 0, "due": 0}
        warnings = self.member._warn_of_benefits(facts, [line])
        self.assertEqual(warnings, [])

    def test_redemptions_waiting(self):
        code = self._redeemable()["code"]
        redemption = self.mobile.with_user(self.users["desk"]).vip_redeem(code)
        self.assertEqual(self._ask()["warnings"], ["Redemptions to be delivered: 1."])
        record = self.env["vip.redemption"].browse(redemption["redemption_id"])
        record.with_user(self.users["desk"]).action_deliver()
        self.assertEqual(self._ask()["warnings"], [])

    def test_redemptions_waiting_for_approval(self):
        self.company.vip_redemption_limit = 0
        self.env["vip.benefit"].search([]).needs_approval = True
        self.mobile.with_user(self.users["desk"]).vip_redeem(self._redeemable()["code"])
        self.assertEqual(self._ask()["warnings"], ["Redemptions waiting for approval: 1."])

    def _redeemable(self):
        return next(
            line
            for line in self.mobile.vip_entitlements()
            if line["delivery"] == "on_request" and line["remaining"]
        )

    # ------------------------------------------------------------
    # the panel
    # ------------------------------------------------------------

    def test_panel(self):
        told = self._partners().vip_panel("13800138000")
        self.assertEqual(told["card"], self._ask())
        self.assertEqual(told["line"][0], "Gold since 2026")
        self.assertRegex(told["line"][1], r"^.+: \d+ of \d+ left$")
        self.assertLessEqual(len(told["line"]), 4)
        self.assertEqual(told["color"], self.gold.color)

    def test_panel_tells_what_the_caller_may_do(self):
        for role, may_open, may_act in (
            ("desk", False, True),
            ("manager_a", True, True),
            ("manager_c", False, True),
            ("boss", True, True),
            ("auditor", True, False),
        ):
            told = self._partners(role).vip_panel("13800138000")
            with self.subTest(role=role):
                self.assertEqual(told["membership_id"], may_open and self.member.id)
                self.assertEqual(told["may_act"], may_act)

    def test_panel_of_nobody(self):
        told = self._partners().vip_panel("13900139000")
        self.assertEqual(told["card"]["match"], "none")
        self.assertEqual((told["line"], told["membership_id"]), ([], False))

    def test_panel_of_a_candidate(self):
        told = self._partners().vip_panel("", self.mobile.id)
        self.assertEqual(told["card"]["customer"]["name"], "Mobile")

    # ------------------------------------------------------------
    # log the call
    # ------------------------------------------------------------

    def _log(self, role="desk", partner=None, **values):
        partner = partner or self.mobile
        return (
            self.env["vip.log.call"]
            .with_user(self.users[role])
            .create({"partner_id": partner.id, "summary": "Asked for roaming", **values})
        )

    def test_log_a_call(self):
        self._log().action_confirm()
        [call] = self.env["vip.interaction"].search([("partner_id", "=", self.mobile.id)])
        self.assertRecordValues(
            call,
            [
                {
                    "purpose": "inbound",
                    "summary": "Asked for roaming",
                    "channel_id": self.env.ref("vip_customer.channel_hotline").id,
                    "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                    "user_id": self.users["desk"].id,
                    "company_id": self.company.id,
                    "is_contact": True,
                }
            ],
        )

    def test_desk_reads_no_interactions(self):
        self._log().action_confirm()
        for read in ("search", "search_count"):
            with self.subTest(read=read), self.assertRaises(AccessError):
                getattr(self.env["vip.interaction"].with_user(self.users["desk"]), read)([])

    def test_auditor_logs_nothing(self):
        with self.assertRaises(AccessError):
            self._log("auditor")

    def test_log_for_nobody(self):
        other = self.env["res.partner"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "not in the VIP programme"):
            self._log(partner=other).action_confirm()

    # ------------------------------------------------------------
    # cost
    # ------------------------------------------------------------

    def test_queries(self):
        """As many for a customer with many numbers, redemptions and contacts as for one with few."""
        self._ask()  # what outlives a request
        partners = self._partners()
        before = self.env.cr.sql_log_count
        partners.vip_lookup("13800138000")
        few = self.env.cr.sql_log_count - before
        self.env["vip.service.number"].create(
            [{"partner_id": self.mobile.id, "number": f"139000000{i:02}"} for i in range(30)]
        )
        partners = self._partners()
        before = self.env.cr.sql_log_count
        partners.vip_lookup("13800138000")
        self.assertEqual(self.env.cr.sql_log_count - before, few)

    def test_queries_of_our_own(self):
        """What later addons add to the card is theirs to count."""
        for name in ("_open_case_count", "_card_risk", "_card_warnings"):
            self.patch(self.registry["vip.membership"], name, vars(MembershipCard)[name])
        self._ask()  # what outlives a request
        partners = self._partners()
        before = self.env.cr.sql_log_count
        partners.vip_lookup("13800138000")
        self.assertLessEqual(self.env.cr.sql_log_count - before, 6)

    def test_indexes(self):
        """A million numbers are never read for a call."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for condition in (
            "SELECT id FROM res_partner WHERE phone_sanitized IN ('+8613800138000')",
            "SELECT id FROM vip_service_number WHERE company_id IN (1) AND number = '138' "
            "AND state <> 'closed' AND date_to IS NULL",
            "SELECT id FROM vip_service_number WHERE (company_id, number_e164) IN ((1, '+86138')) "
            "AND state <> 'closed' AND date_to IS NULL",
        ):
            self.env.cr.execute("EXPLAIN " + condition)
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            with self.subTest(condition=condition):
                self.assertIn("Index", plan)
                self.assertNotIn("Seq Scan", plan)

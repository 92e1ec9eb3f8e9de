from contextlib import contextmanager

from psycopg2.errors import ForeignKeyViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import VipCase


@tagged("post_install", "-at_install", "vip_vas")
class TestVasUse(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.env.ref("vip_customer.vas_data")
        cls.secretary = cls.env.ref("vip_customer.vas_secretary")
        cls.li = cls._create_customer("Li", number="13800000001")
        cls.number = cls.li.vip_number_ids
        cls.wang = cls._create_customer("Wang", number="13800000002")
        cls.zhao = cls._create_customer("Zhao")
        cls.member = cls.li.vip_membership_id
        cls.member.manager_id = cls.users["manager_a"]
        cls.Use = cls.env["vip.vas.use"]

    def _use(self, partner=None, vas=None, user=None, **values):
        uses = self.Use
        if user:
            self.env.flush_all()
            self.env.invalidate_all()
            uses = uses.with_user(self.users[user])
        return uses.create(
            {"partner_id": (partner or self.li).id, "vas_id": (vas or self.data).id, **values}
        )

    @contextmanager
    def _refuses(self, sentence):
        """Refused with this sentence, and nothing remains of it."""
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            yield

    # ------------------------------------------------------------
    # THE CATALOGUE
    # ------------------------------------------------------------

    def test_shipped_services(self):
        shipped = self.env["vip.vas"].search([("code", "in", ("DATA", "SEC", "GPS", "INTER"))])
        self.assertEqual(
            [(vas.code, vas.provided_by, vas.counts_in_kpi) for vas in shipped],
            [
                ("DATA", "own", True),
                ("SEC", "own", True),
                ("GPS", "partner", True),
                ("INTER", "both", True),
            ],
        )

    def test_code_is_unique(self):
        with self._violates(UniqueViolation, "vip_vas_code_uniq"):
            self.env["vip.vas"].create({"name": "More data", "code": "DATA"})

    def test_service_in_use_is_archived_not_deleted(self):
        self._use(shown_on="2026-03-01")
        self.data.active = False
        with mute_logger("odoo.sql_db"), self.assertRaises(ForeignKeyViolation):
            self.data.unlink()

    # ------------------------------------------------------------
    # ONE USE
    # ------------------------------------------------------------

    def test_only_number_is_taken(self):
        use = self._use(shown_on="2026-03-01")
        self.assertEqual(
            (use.number_id, use.company_id, use.state), (self.number, self.company, "shown")
        )
        self.assertFalse(self._use(self.zhao, shown_on="2026-03-01").number_id)
        self.env["vip.service.number"].create({"partner_id": self.li.id, "number": "13800000009"})
        self.assertFalse(self._use(vas=self.secretary, shown_on="2026-03-01").number_id)

    def test_shown_and_taken_up_is_one_use(self):
        shown = self._use(shown_on="2026-03-01")
        again = self._use(shown_on="2026-03-05")
        taken_up = self._use(taken_up_on="2026-03-08", source="counter")
        self.assertEqual(shown, again)
        self.assertEqual(shown, taken_up)
        self.assertRecordValues(
            shown,
            [
                {
                    "shown_on": self.Use._given_date("2026-03-05"),
                    "taken_up_on": self.Use._given_date("2026-03-08"),
                    "source": "demonstration",
                    "state": "taken_up",
                    "is_in_use": True,
                }
            ],
        )

    def test_shown_earlier_keeps_the_later_day(self):
        use = self._use(shown_on="2026-03-05")
        self._use(shown_on="2026-03-01")
        self.assertEqual(str(use.shown_on), "2026-03-05")

    def test_several_at_once_keep_their_order(self):
        shown = self._use(shown_on="2026-03-01")
        created = self.Use.create(
            [
                {
                    "partner_id": self.li.id,
                    "vas_id": self.secretary.id,
                    "taken_up_on": "2026-03-02",
                },
                {"partner_id": self.li.id, "vas_id": self.data.id, "taken_up_on": "2026-03-02"},
                {"partner_id": self.wang.id, "vas_id": self.data.id, "taken_up_on": "2026-03-02"},
            ]
        )
        self.assertEqual(created[1], shown)
        self.assertEqual(created.partner_id, self.li | self.wang)
        self.assertEqual(created[0].vas_id, self.secretary)

    def test_ended_and_taken_up_again(self):
        first = self._use(taken_up_on="2026-01-10", ended_on="2026-02-10")
        second = self._use(taken_up_on="2026-02-10")
        self.assertNotEqual(first, second)
        self.assertEqual((first.state, second.state), ("ended", "taken_up"))

    def test_earlier_use_beside_what_is_shown(self):
        shown = self._use(shown_on="2026-03-01")
        ended = self._use(taken_up_on="2025-01-10", ended_on="2025-02-10")
        self.assertNotEqual(shown, ended)
        self.assertEqual(shown.state, "shown")

    def test_in_use(self):
        shown = self._use(vas=self.secretary, shown_on="2026-03-01")
        used = self._use(taken_up_on="2026-03-01")
        plain = self._use(self.zhao, taken_up_on="2026-03-01")
        domain = [("partner_id", "in", (self.li + self.zhao).ids), ("is_in_use", "=", True)]
        self.assertEqual(self.Use.search(domain), plain + used)
        self.assertEqual((shown + used + plain).filtered("is_in_use"), used + plain)
        self.number.write({"state": "closed", "closed_on": "2026-03-09"})
        self.assertEqual(self.Use.search(domain), plain)
        self.assertFalse(used.is_in_use)
        self.assertEqual(used.state, "taken_up")

    def test_stays_with_the_owner_of_its_time(self):
        use = self._use(taken_up_on="2026-03-01")
        self.number.change_owner(self.wang.id, "2026-03-05")
        self.assertEqual((use.partner_id, use.number_id), (self.li, self.number))
        self.assertFalse(use.is_in_use)
        successor = self.wang.vip_number_ids.filtered("date_from")
        theirs = self._use(self.wang, number_id=successor.id, taken_up_on="2026-03-05")
        self.assertNotEqual(theirs, use)
        self.assertTrue(theirs.is_in_use)

    def test_contact_with_a_use_joins_the_programme(self):
        partner = self.env["res.partner"].create({"name": "Qian"})
        self._use(partner, shown_on="2026-03-01")
        self.assertEqual(partner.vip_membership_id.company_id, self.company)

    def test_contact_with_a_use_is_kept(self):
        self._use(self.zhao, shown_on="2026-03-01")
        with mute_logger("odoo.sql_db"), self.assertRaises(UserError):
            self.zhao.unlink()

    def test_called_what_it_is(self):
        self.assertEqual(self._use(shown_on="2026-03-01").display_name, "Mobile data, Li")

    # ------------------------------------------------------------
    # REFUSALS
    # ------------------------------------------------------------

    def test_neither_shown_nor_taken_up(self):
        with self._refuses("“Mobile data” was neither shown to Li nor"):
            self._use()

    def test_ended_without_being_taken_up(self):
        sentence = (
            f"“Mobile data” of Li cannot end on {self._day('2026-03-02')} without having been"
        )
        with self._refuses(sentence):
            self._use(shown_on="2026-03-01", ended_on="2026-03-02")

    def test_ended_before_it_was_taken_up(self):
        sentence = f"cannot end on {self._day('2026-02-28')}, before it was taken up on"
        with self._refuses(sentence):
            self._use(taken_up_on="2026-03-01", ended_on="2026-02-28")
        use = self._use(taken_up_on="2026-03-01")
        use.ended_on = "2026-03-01"

    def test_days_to_come(self):
        days = {
            "Shown on": {"shown_on": "2026-03-11"},
            "Taken up on": {"taken_up_on": "2026-03-11"},
            "Ended on": {"taken_up_on": "2026-03-01", "ended_on": "2026-03-11"},
        }
        for label, values in days.items():
            sentence = (
                f"“{label}” of “Mobile data” of Li is {self._day('2026-03-11')}, which is still"
            )
            with self.subTest(label), self._refuses(sentence):
                self._use(**values)

    @freeze_time("2026-03-10 17:00:00")
    def test_today_is_the_company_s(self):
        """It is the 11th in Shanghai already."""
        self.assertTrue(self._use(shown_on="2026-03-11"))

    def test_number_of_another(self):
        sentence = "The number 13800000002 does not belong to Li but to Wang"
        with self._refuses(sentence):
            self._use(shown_on="2026-03-01", number_id=self.wang.vip_number_ids.id)

    def test_taken_up_twice(self):
        self._use(taken_up_on="2026-03-01")
        sentence = f"Li has “Mobile data” since {self._day('2026-03-01')}. Enter on that line"
        with self._refuses(sentence):
            self._use(taken_up_on="2026-03-05")
        with self._refuses(sentence):
            self._use(shown_on="2026-03-05")

    def test_two_at_once(self):
        """What two people note at the same time is refused by the database."""
        for partner, constraint in (
            (self.li, "vip_vas_use_open_uniq"),
            (self.zhao, "vip_vas_use_open_plain_uniq"),
        ):
            values = {
                "partner_id": partner.id,
                "vas_id": self.data.id,
                "taken_up_on": "2026-03-01",
            }
            with self._violates(UniqueViolation, constraint):
                self.Use.create([values, values])

    def test_from_the_same_time(self):
        self._use(taken_up_on="2026-01-10", ended_on="2026-02-10")
        sentence = f"Li has “Mobile data” since {self._day('2026-01-10')} already, and a service"
        for values in (
            {"taken_up_on": "2026-02-09"},
            {"taken_up_on": "2026-01-01"},
            {"taken_up_on": "2026-01-10", "ended_on": "2026-01-10"},
            {"taken_up_on": "2026-01-01", "ended_on": "2026-01-11"},
        ):
            with (
                self.subTest(values),
                self._refuses(sentence),
            ):
                self._use(**values)
        self._use(taken_up_on="2026-01-01", ended_on="2026-01-10")
        self._use(taken_up_on="2026-02-10")

    def test_import_by_hand(self):
        with self._refuses("“Mobile data” of Li did not come from an"):
            self._use(user="manager_a", shown_on="2026-03-01", source="import")

    def test_demonstration_at_the_desk(self):
        sentence = "A demonstration of “Mobile data” to Li is noted by his account manager"
        with self._refuses(sentence):
            self._use(user="desk", shown_on="2026-03-01", source="demonstration")

    def test_number_he_has_not(self):
        for given in ("13800000002", "nonsense", "138 0000 0003"):
            with self._refuses(f"“{given}” is no open number of Li"):
                self._use(user="desk", shown_on="2026-03-01", number_given=given)

    def test_no_date(self):
        shown = self._use(shown_on="2026-03-01")
        with self._refuses("“soon” is no date"):
            self._use(taken_up_on="soon")
        self.assertEqual(shown.state, "shown")

    # ------------------------------------------------------------
    # PAGES AND ROLES
    # ------------------------------------------------------------

    def test_on_the_vip_page(self):
        page = self.member.with_user(self.users["manager_a"])
        with Form(page) as form, form.vas_use_ids.new() as line:
            line.vas_id = self.data
            line.shown_on = "2026-03-01"
        self.assertRecordValues(
            self.member.vas_use_ids,
            [
                {
                    "vas_id": self.data.id,
                    "number_id": self.number.id,
                    "source": "demonstration",
                    "company_id": self.company.id,
                }
            ],
        )
        with Form(page) as form, form.vas_use_ids.edit(0) as line:
            line.taken_up_on = "2026-03-02"
        self.assertEqual(self.member.vas_use_ids.state, "taken_up")

    def test_desk_notes(self):
        """Of any customer of the company; the number it is told, and it sees it masked."""
        Number = self.env["vip.service.number"]
        second = Number.create({"partner_id": self.li.id, "number": "13800000009"})
        use = self._use(user="desk", taken_up_on="2026-03-01", number_given="+86 138-0000-0009")
        self.assertEqual((use.source, use.create_uid), ("counter", self.users["desk"]))
        self.assertEqual(use.sudo().number_id, second)
        [told] = use.web_read({"number_id": {"fields": {"display_name": {}}}})
        self.assertEqual(told["number_id"]["display_name"], "138****0009")
        with self.assertRaises(AccessError):
            use.ended_on = "2026-03-02"

    def test_desk_form(self):
        self.env.flush_all()
        form = Form(self.Use.with_user(self.users["desk"]))
        form.partner_id = self.li
        form.vas_id = self.data
        form.shown_on = "2026-03-01"
        form.source = "hotline"
        use = form.save()
        self.assertEqual(use.sudo().number_id, self.number)
        self.assertFalse(use.may_correct)
        self.env.flush_all()
        self.assertTrue(use.with_user(self.users["manager_a"]).may_correct)
        with Form(use) as form, self.assertRaisesRegex(AssertionError, "readonly"):
            form.taken_up_on = "2026-03-02"

    def test_desk_tells_that_it_is_taken_up(self):
        shown = self._use(user="manager_a", shown_on="2026-03-01")
        told = self._use(user="desk", taken_up_on="2026-03-08")
        self.assertEqual(shown.sudo(), told.sudo())
        self.assertEqual(shown.source, "demonstration")
        self.assertEqual(shown.sudo().write_uid, self.users["desk"])

    def test_account_manager_at_the_desk(self):
        """For a colleague's customer he is a desk agent: the number is masked, nothing is corrected."""
        use = self._use(self.wang, user="manager_a", taken_up_on="2026-03-01", source="counter")
        self.assertEqual(use.number_id.display_name, "138****0002")
        number = self.wang.vip_number_ids
        theirs = self._use(
            self.wang,
            self.secretary,
            user="manager_a",
            number_id=number.id,
            shown_on="2026-03-01",
        )
        self.assertEqual(theirs.sudo().number_id, number)
        with self.assertRaises(AccessError):
            use.ended_on = "2026-03-02"
        mine = self._use(user="manager_a", taken_up_on="2026-03-01")
        self.assertEqual(mine.number_id.display_name, "13800000001")

    def test_nothing_is_told_out_of_reach(self):
        """Neither a number nor a use of another customer or company, by a refusal."""
        other = self.env["res.company"].create({"name": "Other Mobile"})
        self.env.user.company_ids = [(4, other.id)]
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        Number = self.env["vip.service.number"].with_company(other)
        number = Number.create({"partner_id": stranger.id, "number": "13800000077"})
        self.Use.with_company(other).create(
            {"partner_id": stranger.id, "vas_id": self.data.id, "taken_up_on": "2026-03-01"}
        )
        day = {"taken_up_on": "2026-03-01"}
        for role in ("desk", "manager_a", "boss"):
            with self.subTest(role, door="use"), self.assertRaises(AccessError):
                self._use(stranger, user=role, **day)
            with self.subTest(role, door="number"), self.assertRaises(AccessError):
                self._use(stranger, user=role, number_id=number.id, **day)
            with self.subTest(role, door="number of another"), self.assertRaises(AccessError):
                self._use(user=role, number_id=number.id, **day)
            with self.subTest(role, door="number given"), self.assertRaises(AccessError):
                self._use(stranger, user=role, number_given="13800000077", **day)
        with self.assertRaises(AccessError):
            self._use(user="employee", **day)

    def test_own_number_only_by_hand(self):
        """An account manager moves a use to no number that he cannot see."""
        use = self._use(user="manager_a", taken_up_on="2026-03-01")
        with self.assertRaises(AccessError):
            use.number_id = self.wang.vip_number_ids.id

    # ------------------------------------------------------------
    # WHAT OTHERS NOTE
    # ------------------------------------------------------------

    def test_demonstrations(self):
        shown = self.Use._shown(self.li, self.number, self.data, "2026-03-01")
        self.assertEqual(self.Use._shown(self.li, self.number, self.data, "2026-03-02"), shown)
        taken_up = self.Use._taken_up(self.li, self.number, self.data, "2026-03-03")
        self.assertEqual(taken_up, shown)
        self.assertEqual(
            (str(shown.shown_on), str(shown.taken_up_on)), ("2026-03-02", "2026-03-03")
        )
        self.assertEqual(self.Use._shown(self.li, self.number, self.data, "2026-03-04"), shown)
        self.assertEqual(self.Use._taken_up(self.li, self.number, self.data, "2026-03-04"), shown)
        self.assertEqual(
            (str(shown.shown_on), str(shown.taken_up_on)), ("2026-03-02", "2026-03-03")
        )
        none = self.env["vip.service.number"]
        plain = self.Use._taken_up(self.zhao, none, self.data, "2026-03-04", "hotline")
        self.assertEqual((plain.number_id, plain.source), (none, "hotline"))

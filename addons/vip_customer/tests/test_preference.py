from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import VipCase


@tagged("post_install", "-at_install", "vip_greeting")
class TestPreference(VipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hobby = cls.env.ref("vip_customer.preference_type_hobby")
        cls.family = cls.env.ref("vip_customer.preference_type_family")
        cls.customer = cls._create_customer("Li Hua")
        cls.member = cls.customer.vip_membership_id
        cls.member.manager_id = cls.users["manager_a"]

    def _create_preference(self, kind, value="Chess", user=None, **values):
        preferences = self.env["vip.preference"]
        if user:
            self.env.flush_all()
            preferences = preferences.with_user(self.users[user])
        return preferences.create(
            {"partner_id": self.customer.id, "type_id": kind.id, "value": value, **values}
        )

    def test_on_the_vip_page(self):
        """The account manager writes it down where he reads everything else."""
        page = self.member.with_user(self.users["manager_a"])
        with Form(page) as form, form.preference_ids.new() as line:
            line.type_id = self.hobby
            line.value = "Chess"
        self.assertRecordValues(
            self.env["vip.preference"].search([("partner_id", "=", self.customer.id)]),
            [{"value": "Chess", "company_id": self.company.id, "date": self.company._vip_today()}],
        )
        self.assertEqual(self.member.preference_ids.value, "Chess")
        with Form(page) as form:
            form.preference_ids.remove(0)
        self.assertFalse(self.member.preference_ids)

    def test_consent(self):
        self._create_preference(self.family, "Two children", consent=True)
        with self.assertRaisesRegex(ValidationError, "Without consent, delete the line"):
            self.member.preference_ids.consent = False

    def test_consent_withdrawn(self):
        """What the refusal advises is open to the account manager."""
        preference = self._create_preference(self.family, "Two children", consent=True)
        self.env.flush_all()
        preference.with_user(self.users["manager_a"]).unlink()
        self.assertFalse(preference.exists())

    def test_no_consent(self):
        with self.assertRaisesRegex(ValidationError, "only with the customer's consent"):
            self._create_preference(self.family, "Two children")

    # ------------------------------------------------------------
    # answers
    # ------------------------------------------------------------

    def test_answer_by_choosing(self):
        hours = self.env.ref("vip_customer.preference_type_hours")
        evening = self.env.ref("vip_customer.preference_option_hours_evening")
        preference = self._create_preference(hours, False, option_id=evening.id)
        self.assertEqual(preference.display_name, evening.name)
        preference.value = "Not on Fridays"
        self.assertEqual(preference.answer, f"{evening.name} – Not on Fridays")
        found = preference.search([("display_name", "ilike", "Fridays")])
        self.assertEqual(found, preference)

    def test_no_answer_chosen(self):
        hours = self.env.ref("vip_customer.preference_type_hours")
        with self.assertRaisesRegex(ValidationError, "is answered by choosing"):
            self._create_preference(hours, "Late")

    def test_answer_of_another_type(self):
        hours = self.env.ref("vip_customer.preference_type_hours")
        barrel = self.env.ref("vip_customer.preference_option_water_barrel")
        with self.assertRaisesRegex(ValidationError, "is no answer to"):
            self._create_preference(hours, False, option_id=barrel.id)

    def test_no_answer_written(self):
        for value in (False, "", " "):
            with (
                self.subTest(value=value),
                self.assertRaisesRegex(ValidationError, "has no answer"),
                self.env.cr.savepoint(),
            ):
                self._create_preference(self.hobby, value)

    def test_birthday_is_no_preference(self):
        kind = self.env.ref("vip_customer.preference_type_birthday")
        with self.assertRaisesRegex(ValidationError, "its own field of the VIP page"):
            self._create_preference(kind, "1 May")

    def test_told_in_the_future(self):
        with self.assertRaisesRegex(ValidationError, "which is still to come"):
            self._create_preference(self.hobby, date="2026-03-11")

    def test_told_in_a_contact(self):
        contact = self._create_contact(self.customer)
        preference = self._create_preference(
            self.hobby, user="manager_a", interaction_id=contact.id
        )
        self.assertEqual(preference.interaction_id, contact)
        contact.unlink()
        self.assertTrue(preference.exists())

    def test_told_in_a_contact_with_another(self):
        other = self._create_customer("Other")
        other.vip_membership_id.manager_id = self.users["manager_a"]
        with self.assertRaisesRegex(ValidationError, "cannot come from a contact with Other"):
            self._create_preference(
                self.hobby, user="manager_a", interaction_id=self._create_contact(other).id
            )

    def test_told_in_a_contact_of_somebody_else(self):
        """Who may not read the contact is not told whose it is."""
        contact = self._create_contact(self._create_customer("Other"))
        with self.assertRaises(AccessError):
            self._create_preference(self.hobby, user="manager_a", interaction_id=contact.id)

    def _create_contact(self, partner):
        return self.env["vip.interaction"].create(
            {
                "partner_id": partner.id,
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
            }
        )

    # ------------------------------------------------------------
    # types
    # ------------------------------------------------------------

    def test_type_added_without_code(self):
        """An admin adds what he would like to know; it is asked, answered and counted at once."""
        kind = (
            self.env["vip.preference.type"]
            .with_user(self.users["boss"])
            .create(
                {
                    "name": "Pets",
                    "code": "pets",
                    "kind": "choice",
                    "weight": 100,
                    "option_ids": [(0, 0, {"name": name}) for name in ("Cat", "Dog", "None")],
                }
            )
        )
        self.assertEqual(self.member.ask_next_id.id, kind.id)
        before = self.member.completeness
        self._create_preference(kind, False, option_id=kind.option_ids[0].id)
        self.env.invalidate_all()
        self.assertGreater(self.member.completeness, before)

    def test_answer_in_use_stays(self):
        hours = self.env.ref("vip_customer.preference_type_hours")
        evening = self.env.ref("vip_customer.preference_option_hours_evening")
        self._create_preference(hours, False, option_id=evening.id)
        with self.assertRaisesRegex(UserError, "Customers gave the answer"):
            evening.unlink()

    def test_one_of_each_type(self):
        self._create_preference(self.hobby)
        with self._violates(UniqueViolation, "vip_preference_type_uniq"):
            self._create_preference(self.hobby, "Fishing")

    def test_type_twice(self):
        with self._violates(UniqueViolation, "vip_preference_type_code_uniq"):
            self.env["vip.preference.type"].create({"name": "Again", "code": "hobby"})

    def test_weight_below_zero(self):
        with self._violates(CheckViolation, "vip_preference_type_weight_positive"):
            self.hobby.weight = -1
            self.env.flush_all()

    def test_of_another_ones_customer(self):
        self.member.manager_id = self.users["manager_b"]
        with self.assertRaises(AccessError):
            self._create_preference(self.hobby, user="manager_a")
        with self.assertRaises(AccessError):
            self.env["vip.preference"].with_user(self.users["manager_a"]).create(
                {"membership_id": self.member.id, "type_id": self.hobby.id, "value": "Chess"}
            )

    def test_moved_to_another_customer(self):
        """A preference stays with its customer's reach, whoever writes it."""
        preference = self._create_preference(self.hobby)
        other = self._create_customer("Other")
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            preference.with_user(self.users["manager_a"]).partner_id = other

    def test_joins_the_programme(self):
        partner = self.env["res.partner"].create({"name": "New"})
        self.env["vip.preference"].create(
            {"partner_id": partner.id, "type_id": self.hobby.id, "value": "Chess"}
        )
        self.assertEqual(partner.vip_membership_id.preference_ids.value, "Chess")

    def test_membership_with_a_preference_stays(self):
        self._create_preference(self.hobby)
        with self.assertRaisesRegex(UserError, "has preferences or greetings"):
            self.member.unlink()

    def test_type_in_use_stays(self):
        kind = self.env["vip.preference.type"].create({"name": "Pets", "code": "pets"})
        self._create_preference(kind, "Cat")
        with self.assertRaisesRegex(UserError, "is in use"):
            kind.unlink()

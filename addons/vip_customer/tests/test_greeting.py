from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .greeting_common import GreetingCase


@tagged("post_install", "-at_install", "vip_greeting")
class TestGreeting(GreetingCase):
    # ------------------------------------------------------------
    # once a year, on the day, at a decent hour
    # ------------------------------------------------------------

    def test_birthday(self):
        customer = self._create_vip("Li Hua")
        other = self._create_vip("Other", birthday="1970-03-11", number="13800138001")
        self._greet()
        greeting = self.env["vip.greeting"].search([("partner_id", "=", customer.id)])
        self.assertRecordValues(
            greeting,
            [
                {
                    "occasion_id": self.birthday.id,
                    "tier_id": self.silver.id,
                    "year": 2026,
                    "state": "queued",
                    "address": "+8613800138000",
                    "text": "Happy day, Li Hua",
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertRecordValues(
            greeting.sms_id,
            [
                {
                    "number": "+8613800138000",
                    "body": "Happy day, Li Hua",
                    "partner_id": customer.id,
                    "state": "outgoing",
                }
            ],
        )
        self.assertFalse(self._log(other))

    def test_twice_sends_nothing_twice(self):
        customer = self._create_vip("Li Hua")
        before = self.env["sms.sms"].search_count([])
        for moment in ("2026-03-10 10:00", "2026-03-10 10:30", "2026-03-10 16:00"):
            self._greet(moment)
        self.assertEqual(self.env["sms.sms"].search_count([]), before + 1)
        self.assertGreeted(customer, "2026-03-10")

    def test_every_year_once(self):
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 10:00")
        self._greet("2027-03-10 10:00")
        self.assertGreeted(customer, "2026-03-10", "2027-03-10")

    def test_changed_birthday_is_no_second_one(self):
        customer = self._create_vip("Li Hua")
        self._greet("2026-03-10 10:00")
        customer.vip_membership_id.birthday = "1970-03-12"
        self._greet("2026-03-12 10:00")
        self.assertGreeted(customer, "2026-03-10")

    def test_race_is_lost(self):
        """Who comes second to the same greeting writes nothing."""
        self._create_vip("Li Hua")
        self._greet()
        [values] = (
            self.env["vip.greeting"]
            .search([("company_id", "=", self.company.id)])
            .copy_data({"state": "queued"})
        )
        with self._violates(UniqueViolation, "vip_greeting_once_a_year"):
            self.env["vip.greeting"].create(values)

    def test_decent_hours(self):
        for moment, is_greeted in (
            ("2026-03-10 00:30", False),
            ("2026-03-10 09:00", False),
            ("2026-03-10 09:30", True),
            ("2026-03-10 12:00", False),
            ("2026-03-10 14:00", False),
            ("2026-03-10 14:30", True),
            ("2026-03-10 19:59", True),
        ):
            with self.subTest(moment=moment), self.env.cr.savepoint() as point:
                customer = self._create_vip("Li Hua")
                self._greet(moment)
                self.assertGreeted(customer, *(["2026-03-10"] if is_greeted else []))
                if not is_greeted:
                    self.assertFalse(self._log(customer), "it is not decided yet")
                point.rollback()

    def test_festival_begins_at_nine(self):
        self.festival.date_ids = [(0, 0, {"date": "2026-03-10"})]
        customer = self._create_vip("Li Hua", self.gold, birthday=False)
        self._greet("2026-03-10 08:59")
        self.assertGreeted(customer)
        self._greet("2026-03-10 09:00")
        self.assertGreeted(customer, "2026-03-10")

    def test_too_late_is_said(self):
        for moment in ("2026-03-10 20:00", "2026-03-11 10:00"):
            with self.subTest(moment=moment), self.env.cr.savepoint() as point:
                customer = self._create_vip("Li Hua")
                self._greet(moment)
                self.assertEqual(self._log(customer), [("sms", "2026-03-10", "skipped", "late")])
                point.rollback()

    def test_customers_clock(self):
        """Ten in Shanghai is three in Paris and the evening before in New York."""
        abroad = self._create_vip("Paris", tz="Europe/Paris")
        behind = self._create_vip("New York", tz="America/New_York", number="13800138001")
        self._greet("2026-03-10 10:00")
        self.assertFalse(self._log(abroad) + self._log(behind))
        self._greet("2026-03-10 16:30")  # 9:30 in Paris
        self.assertGreeted(abroad, "2026-03-10")
        self.assertFalse(self._log(behind))
        self._greet("2026-03-10 22:00")  # 10:00 in New York
        self.assertGreeted(behind, "2026-03-10")

    def test_unknown_time_zone(self):
        """Zones are renamed; a contact with the old name lives by the company's clock."""
        customer = self._create_vip("Li Hua")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET tz = 'Asia/Atlantis' WHERE id = %s", customer.ids
        )
        self.env.invalidate_all()
        self._greet()
        self.env["vip.greeting"]._follow_queues()
        self.assertGreeted(customer, "2026-03-10")
        with freeze_time("2026-03-10 12:00:00"):  # 20:00 in Shanghai
            self.env["vip.greeting"]._follow_queues()
        self.assertGreeted(customer, "2026-03-10", state="failed")

    # ------------------------------------------------------------
    # which day
    # ------------------------------------------------------------

    def test_29_february(self):
        customer = self._create_vip("Leap", birthday="1964-02-29")
        self._greet("2027-02-28 10:00")
        self._greet("2027-03-01 10:00")
        self.assertGreeted(customer, "2027-02-28")
        self._greet("2028-02-28 10:00")
        self._greet("2028-02-29 10:00")
        self.assertGreeted(customer, "2027-02-28", "2028-02-29")

    def test_lunar_birthday(self):
        """The 22nd day of the first month of 2026 is 10 March."""
        customer = self._create_vip("Lunar", birthday="1970-01-22", calendar="lunar")
        self._greet("2026-01-22 10:00")
        self.assertFalse(self._log(customer))
        self._greet("2026-03-10 10:00")
        self._greet("2027-02-27 10:00")
        self.assertGreeted(customer, "2026-03-10", "2027-02-27")

    def test_lunar_birthday_in_the_ordinary_month(self):
        """2028 has two fifth months, from 24 May and from 23 June."""
        customer = self._create_vip("Lunar", birthday="1970-05-01", calendar="lunar")
        self._greet("2028-05-24 10:00")
        self._greet("2028-06-23 10:00")
        self.assertGreeted(customer, "2028-05-24")

    def test_lunar_30th_of_a_short_month(self):
        """The sixth month of 2028 has 29 days, the last is 19 August."""
        customer = self._create_vip("Lunar", birthday="1970-06-30", calendar="lunar")
        self._greet("2028-08-19 10:00")
        self.assertGreeted(customer, "2028-08-19")

    def test_lunar_year_counts(self):
        """The last lunar month of 2025 is in 2026: both years are greeted."""
        customer = self._create_vip("Lunar", birthday="1970-12-22", calendar="lunar")
        self._greet("2026-02-09 10:00")
        self._greet("2027-01-29 10:00")
        rows = self.env["vip.greeting"].search([("partner_id", "=", customer.id)], order="date")
        self.assertEqual(rows.mapped("year"), [2025, 2026])

    def test_nobody_on_a_day_of_mourning(self):
        self.mourning.date_ids = [(0, 0, {"date": "2026-03-10"})]
        self.festival.date_ids = [(0, 0, {"date": "2026-03-10"})]
        customer = self._create_vip("Li Hua", self.gold)
        for hour in ("00:30", "10:00", "15:00", "20:30"):
            self._greet(f"2026-03-10 {hour}")
        self.assertFalse(self._log(customer))
        self._greet("2026-03-11 10:00")
        self.assertGreeted(customer, "2026-03-11")

    def test_shipped_days_of_mourning(self):
        qingming = self._create_vip("Qingming", birthday="1970-04-05")
        self._greet("2026-04-05 10:00")
        self.assertFalse(self._log(qingming))
        self._greet("2026-04-06 10:00")
        self.assertGreeted(qingming, "2026-04-06")

    def test_age(self):
        self.festival.write({"min_age": 60, "date_ids": [(0, 0, {"date": "2026-03-10"})]})
        old = self._create_vip("Old", self.gold, birthday="1966-03-09")
        sixty = self._create_vip("Sixty", self.gold, birthday="1966-03-10", number="13800138001")
        young = self._create_vip("Young", self.gold, birthday="1966-03-11", number="13800138002")
        unknown = self._create_vip("Unknown", self.gold, birthday=False, number="13800138003")
        self._greet()
        greeted = self.env["vip.greeting"].search([("occasion_id", "=", self.festival.id)])
        self.assertEqual(greeted.partner_id, old | sixty)
        self.assertFalse(greeted.partner_id & (young | unknown))

    # ------------------------------------------------------------
    # who
    # ------------------------------------------------------------

    def test_without_a_tier(self):
        customer = self._create_vip("Li Hua")
        customer.vip_membership_id.tier_id = False
        self._greet()
        self.assertFalse(self._log(customer))

    def test_tier_without_a_rule(self):
        customer = self._create_vip("Li Hua", self.diamond)
        self._greet()
        self.assertFalse(self._log(customer))

    def test_tier_without_the_benefit(self):
        customer = self._create_vip("Li Hua")
        promise = self.env["vip.tier.benefit"].search(
            [("tier_id", "=", self.silver.id), ("benefit_id.code", "=", "GREETING")]
        )
        promise.unlink()
        self._greet()
        self.assertFalse(self._log(customer))

    def test_archived_contact(self):
        customer = self._create_vip("Li Hua")
        customer.active = False
        self._greet()
        self.assertFalse(self._log(customer))

    def test_archived_occasion(self):
        customer = self._create_vip("Li Hua")
        self.birthday.active = False
        self._greet()
        self.assertFalse(self._log(customer))

    def test_wishes_no_greetings(self):
        customer = self._create_vip("Li Hua", self.gold)
        customer.vip_membership_id.no_greetings = True
        self._greet()
        self.assertEqual(
            self._log(customer),
            [
                ("card", "2026-03-10", "skipped", "opted_out"),
                ("gift", "2026-03-10", "task", False),
                ("sms", "2026-03-10", "skipped", "opted_out"),
            ],
        )

    def test_number_on_the_blacklist(self):
        customer = self._create_vip("Li Hua")
        self.env["phone.blacklist"].add("+8613800138000")
        self._greet()
        self.assertEqual(self._log(customer), [("sms", "2026-03-10", "skipped", "number_blocked")])

    def test_no_number(self):
        customer = self._create_vip("Li Hua", number=None)
        self._greet()
        self.assertEqual(self._log(customer), [("sms", "2026-03-10", "skipped", "no_number")])

    def test_which_number(self):
        """The primary one, else that with the highest bills of three months, else the contact's."""
        customer = self._create_vip(
            "Li Hua", phone="139 0013 9000", country_id=self.env.ref("base.cn").id
        )
        [old] = customer.vip_number_ids
        new = self.env["vip.service.number"].create(
            {"partner_id": customer.id, "number": "13800138001"}
        )
        self._create_bills(customer, {"2025-11-01": 5000, "2026-01-01": 100}, old)
        self._create_bills(customer, {"2026-01-01": 200}, new)
        contract = self.env["vip.service.number"].create(
            {"partner_id": customer.id, "number": "contract-7"}
        )
        self._create_bills(customer, {"2026-02-01": 9000}, contract)

        def check(number):
            with self.env.cr.savepoint() as point:
                self._greet()
                greeting = self.env["vip.greeting"].search([("partner_id", "=", customer.id)])
                self.assertEqual(greeting.address, number)
                point.rollback()

        check("+8613800138001")
        old.is_primary = True
        check("+8613800138000")
        old.write({"state": "closed", "closed_on": "2026-03-01"})
        check("+8613800138001")
        new.write({"state": "closed", "closed_on": "2026-03-01"})
        check("+8613900139000")

    # ------------------------------------------------------------
    # words
    # ------------------------------------------------------------

    def test_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.words.update_field_translations(
            "body", {"zh_CN": "{{ object.partner_id.name }}，祝您快乐"}
        )
        chinese = self._create_vip("李华", lang="zh_CN")
        english = self._create_vip("Lee", lang="en_US", number="13800138001")
        self._greet()
        texts = {
            row.partner_id: row.text
            for row in self.env["vip.greeting"].search([("company_id", "=", self.company.id)])
        }
        self.assertEqual(texts, {chinese: "李华，祝您快乐", english: "Happy day, Lee"})

    def test_template_of_the_tier(self):
        words = self.words.copy({"body": "Golden day, {{ object.partner_id.name }}"})
        self._create_rule(self.birthday, self.gold, sms_template_id=words.id)
        silver = self._create_vip("Silver")
        gold = self._create_vip("Gold", self.gold, number="13800138001")
        self._greet()
        rows = self.env["vip.greeting"].search(
            [("partner_id", "in", (silver | gold).ids), ("medium", "=", "sms")]
        )
        self.assertEqual(set(rows.mapped("text")), {"Happy day, Silver", "Golden day, Gold"})

    def test_template_that_fails(self):
        """It fails its own greetings, and says so; others go out."""
        broken = self.words.copy({"body": "{{ object.partner_id.nonsense }}"})
        self._create_rule(self.birthday, self.gold, sms_template_id=broken.id)
        silver = self._create_vip("Silver")
        gold = self._create_vip("Gold", self.gold, number="13800138001")
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            self._greet()
        self.assertGreeted(silver, "2026-03-10")
        failed = self.env["vip.greeting"].search(
            [("partner_id", "=", gold.id), ("medium", "=", "sms")]
        )
        self.assertRecordValues(failed, [{"state": "failed", "reason": "template"}])
        self.assertIn("nonsense", failed.detail)

    def test_template_that_fails_for_one(self):
        """The others of the same rule are greeted, each once."""
        self.words.body = "Happy day, {{ object.partner_id.name[4] }}"
        customers = [
            self._create_vip(name, number=f"1380013800{i}")
            for i, name in enumerate(("Li Hua", "Li", "Wang Fang"))
        ]
        before = self.env["sms.sms"].search_count([])
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            self._greet()
        first, short, last = customers
        self.assertGreeted(first, "2026-03-10")
        self.assertGreeted(last, "2026-03-10")
        self.assertEqual(self._log(short), [("sms", "2026-03-10", "failed", "template")])
        self.assertEqual(self.env["sms.sms"].search_count([]), before + 2)

    def test_shipped_rules(self):
        """Every tier is greeted on every festival; birthdays by tier; nobody when mourning."""
        rules = self.env["vip.greeting.rule"].with_context(active_test=False)
        shipped = self.env["ir.model.data"].search(
            [("module", "=", "vip_customer"), ("model", "=", "vip.greeting.rule")]
        )
        rules = rules.browse(shipped.mapped("res_id")).exists()
        festivals = rules.filtered(lambda rule: rule.occasion_id.kind == "festival")
        self.assertEqual(len(festivals.occasion_id), 8)
        for occasion in festivals.occasion_id:
            self.assertEqual(
                festivals.filtered(lambda rule, o=occasion: rule.occasion_id == o).tier_id,
                self.silver | self.gold | self.diamond,
            )
        self.assertFalse(rules.occasion_id.filtered("is_mourning"))
        peace = self.env.ref("vip_customer.sms_template_dragon_boat").body
        self.assertNotIn("appy", peace)

    # ------------------------------------------------------------
    # e-mail
    # ------------------------------------------------------------

    def _mail_rule(self):
        return self._create_rule(
            self.birthday,
            self.silver,
            "email",
            sms_template_id=False,
            mail_template_id=self.letter.id,
        )

    def test_mail(self):
        self._mail_rule()
        customer = self._create_vip("Li Hua", email="li@example.com")
        self._greet()
        greeting = self.env["vip.greeting"].search(
            [("partner_id", "=", customer.id), ("medium", "=", "email")]
        )
        self.assertRecordValues(greeting, [{"state": "queued", "address": "li@example.com"}])
        mail = greeting.mail_id
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.recipient_ids, customer)
        self.assertIn("Dear Li Hua", mail.body_html)

    def test_mails_leave_at_once(self):
        """Odoo's queue runs once an hour: what is decided at 11:30 would leave after twelve."""
        triggers = self.env["ir.cron.trigger"].search_count
        queue = [("cron_id", "=", self.env.ref("mail.ir_cron_mail_scheduler_action").id)]
        before = triggers(queue)
        self._create_vip("By text", number="13800138001")
        self._greet()
        self.assertEqual(triggers(queue), before, "there is no mail")
        self._mail_rule()
        self._create_vip("Li Hua", email="li@example.com")
        self._greet("2026-03-10 11:30")
        self.assertEqual(triggers(queue), before + 1)

    def test_no_address_for_a_mail(self):
        self._mail_rule()
        customer = self._create_vip("Li Hua")
        self._greet()
        self.assertIn(("email", "2026-03-10", "skipped", "no_email"), self._log(customer))

    def test_address_on_the_blacklist(self):
        self._mail_rule()
        customer = self._create_vip("Li Hua", email="Li@Example.com")
        self.env["mail.blacklist"]._add("li@example.com")
        self._greet()
        self.assertIn(("email", "2026-03-10", "skipped", "email_blocked"), self._log(customer))

    # ------------------------------------------------------------
    # what became of it
    # ------------------------------------------------------------

    def _follow(self, state, **values):
        """The greeting after the queue did its part."""
        customer = self._create_vip("Li Hua")
        self._greet()
        greeting = self.env["vip.greeting"].search([("partner_id", "=", customer.id)])
        if state:
            greeting.sms_id.write({"state": state, **values})
        else:
            greeting.sms_id.unlink()
        self.env["vip.greeting"]._follow_queues()
        return greeting

    def test_delivered(self):
        self.assertEqual(self._follow("pending").state, "sent")

    def test_delivered_and_deleted(self):
        self.assertEqual(self._follow(None).state, "sent")

    def test_not_delivered(self):
        greeting = self._follow("error", failure_type="sms_credit")
        self.assertRecordValues(
            greeting,
            [{"state": "failed", "reason": "delivery", "detail": "Insufficient Credit"}],
        )

    def test_still_in_the_queue(self):
        self.assertEqual(self._follow("outgoing").state, "queued")

    def test_queue_that_stands_still(self):
        """What is in the queue when the customer's day is over does not go out."""
        customer = self._create_vip("Li Hua")
        self._greet()
        greeting = self.env["vip.greeting"].search([("partner_id", "=", customer.id)])
        with freeze_time("2026-03-10 12:00:00"):  # 20:00 in Shanghai
            self.env["vip.greeting"]._follow_queues()
        self.assertEqual(greeting.sms_id.state, "canceled")
        self.assertEqual(greeting.state, "failed")

    def test_mail_that_failed(self):
        self._mail_rule()
        customer = self._create_vip("Li Hua", email="li@example.com")
        self._greet()
        greeting = self.env["vip.greeting"].search(
            [("partner_id", "=", customer.id), ("medium", "=", "email")]
        )
        greeting.mail_id.write({"state": "exception", "failure_reason": "No such box"})
        self.env["vip.greeting"]._follow_queues()
        self.assertRecordValues(greeting, [{"state": "failed", "detail": "No such box"}])

    # ------------------------------------------------------------
    # gifts
    # ------------------------------------------------------------

    def _tasks(self, customer):
        return customer.vip_membership_id.activity_ids.filtered(
            lambda task: (
                task.activity_type_id == self.env.ref("vip_customer.mail_activity_type_gift")
            )
        )

    def test_gift_a_week_ahead(self):
        customer = self._create_vip("Li Hua", self.gold, birthday="1970-03-17")
        self.env["vip.preference"].create(
            {
                "partner_id": customer.id,
                "type_id": self.env.ref("vip_customer.preference_type_gift").id,
                "value": "Tea <no flowers>",
            }
        )
        self._greet("2026-03-09 10:00")
        self.assertFalse(self._tasks(customer))
        self._greet("2026-03-10 10:00")
        self._greet("2026-03-11 10:00")
        task = self._tasks(customer)
        self.assertRecordValues(
            task,
            [{"user_id": self.users["manager_a"].id, "date_deadline": self._date("2026-03-17")}],
        )
        self.assertIn("Li Hua", task.note)
        self.assertIn("Gifts liked and disliked: Tea &lt;no flowers&gt;", task.note)
        self.assertEqual(self._log(customer), [("gift", "2026-03-17", "task", False)])

    def _date(self, day):
        return self._at(f"{day} 12:00").date()

    def test_gift_without_a_preference(self):
        customer = self._create_vip("Li Hua", self.gold)
        self._greet()
        self.assertIn("not known yet", self._tasks(customer).note)

    def test_gifts_left(self):
        self._create_policy()
        customer = self._create_vip("Li Hua", self.gold)
        self.env["vip.entitlement"]._grant(self.company)
        self._greet()
        self.assertIn("1 of 1 left", self._tasks(customer).note)

    def test_gift_for_the_lead(self):
        customer = self._create_vip("Li Hua", self.gold)
        customer.vip_membership_id.manager_id = False
        self._greet()
        self.assertEqual(self._tasks(customer).user_id, self.users["lead"])

    def test_gift_for_nobody(self):
        customer = self._create_vip("Li Hua", self.gold)
        customer.vip_membership_id.write({"manager_id": False, "team_id": self.county.id})
        self._greet()
        self.assertFalse(self._tasks(customer))
        self.assertIn(("gift", "2026-03-10", "skipped", "nobody"), self._log(customer))

    def test_account_manager_turns_up(self):
        """That nobody looks after the customer is not final before the day."""
        customer = self._create_vip("Li Hua", self.gold, birthday="1970-03-17")
        member = customer.vip_membership_id
        member.write({"manager_id": False, "team_id": self.county.id})
        self._greet("2026-03-10 10:00")
        self.assertFalse(self._log(customer))
        member.manager_id = self.users["manager_a"]
        self._greet("2026-03-16 10:00")
        self.assertEqual(self._tasks(customer).user_id, self.users["manager_a"])

    def test_nobody_turns_up(self):
        customer = self._create_vip("Li Hua", self.gold, birthday="1970-03-17")
        customer.vip_membership_id.write({"manager_id": False, "team_id": self.county.id})
        nobody = ("gift", "2026-03-17", "skipped", "nobody")
        self._greet("2026-03-16 10:00")
        self.assertNotIn(nobody, self._log(customer))
        self._greet("2026-03-17 08:00")
        self.assertIn(nobody, self._log(customer))

    def test_undecided_ones_take_no_place(self):
        """Whose greeting is not decided yet does not keep others out of the batch."""
        for i in range(2):
            self._create_vip(
                f"Nowhere {i}",
                self.gold,
                birthday="1970-03-12",
                number=f"1380013801{i}",
                city=False,
            ).vip_membership_id.write({"manager_id": False, "team_id": self.county.id})
        self._create_vip("Li Hua", number="13800138020")
        due = self.env["vip.greeting"]._due(self._at("2026-03-10 10:00"), 1)
        self.assertEqual([row.medium for row in due], ["sms"])

    def test_gift_of_a_tier_without_the_benefit(self):
        self._create_rule(self.birthday, self.silver, gift=True)
        customer = self._create_vip("Li Hua")
        self._greet()
        self.assertEqual(self._log(customer), [("sms", "2026-03-10", "queued", False)])

    def test_gift_is_told_in_the_language_of_the_account_manager(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.users["manager_a"].lang = "zh_CN"
        self.birthday.update_field_translations("name", {"zh_CN": "生日"})
        customer = self._create_vip("Li Hua", self.gold)
        self._greet()
        self.assertEqual(self._tasks(customer).summary, "生日")

    # ------------------------------------------------------------
    # the scheduled action
    # ------------------------------------------------------------

    def test_cron(self):
        customer = self._create_vip("Li Hua")
        with self.enter_registry_test_mode():
            for _ in range(2):
                self.env.ref("vip_customer.ir_cron_greet").method_direct_trigger()
        self.env.invalidate_all()
        self.assertGreeted(customer, "2026-03-10")

    def test_no_query_for_each_customer(self):
        """Ten customers more cost as many queries as one more."""

        def count(customers, moment):
            for i in range(customers):
                self._create_vip(
                    f"Customer {moment} {i}",
                    self.gold,
                    birthday=f"1970{moment[4:10]}",
                    number=f"138{moment[8:10]}0000{i:02}",
                )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._greet(moment)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1, "2026-03-01 10:00")
        few, many = count(2, "2026-03-10 10:00"), count(12, "2026-03-20 10:00")
        self.assertLessEqual(many, few + 3)

    def test_other_company_is_left_alone(self):
        customer = self._create_vip("Li Hua")
        other = self.env["res.company"].create({"name": "Rival"})
        self.env["vip.greeting"].with_company(other)._greet_all(self._at("2026-03-10 10:00"))
        self.assertFalse(self._log(customer))

    # ------------------------------------------------------------
    # configuration
    # ------------------------------------------------------------

    def test_no_rule_for_a_day_of_mourning(self):
        with self.assertRaisesRegex(ValidationError, "is a day of mourning"):
            self._create_rule(self.mourning, self.gold)

    def test_no_mourning_for_an_occasion_with_rules(self):
        with self.assertRaisesRegex(ValidationError, "is a day of mourning"):
            self.festival.is_mourning = True

    def test_no_mourning_on_birthdays(self):
        with self._violates(CheckViolation, "vip_occasion_birthday_is_glad"):
            self.env["vip.occasion"].create(
                {"name": "Sad", "code": "sad", "kind": "birthday", "is_mourning": True}
            )

    def test_rule_without_words(self):
        with self._violates(CheckViolation, "vip_greeting_rule_words_set"):
            self._create_rule(self.festival, self.silver, sms_template_id=False)

    def test_rule_twice(self):
        with self._violates(UniqueViolation, "vip_greeting_rule_rule_uniq"):
            self.festival_rule.copy()

    def test_template_for_something_else(self):
        words = self.words.copy({"model_id": self.env["ir.model"]._get_id("res.partner")})
        with self.assertRaisesRegex(ValidationError, "is not written for VIP memberships"):
            self._create_rule(self.festival, self.silver, sms_template_id=words.id)

    def test_words_are_the_managers(self):
        """He writes the templates of greetings, and no others."""
        other = self.words.copy({"model_id": self.env["ir.model"]._get_id("res.partner")})
        self.env.flush_all()
        boss, clerk = self.users["boss"], self.users["manager_a"]
        self.words.with_user(
            boss
        ).body = "{{ object.partner_id.name }}: {{ object.company_id.name }}"
        self.letter.with_user(boss).subject = "Happy day from {{ object.company_id.name }}"
        with self.assertRaises(AccessError):
            self.words.with_user(boss).body = "{{ object.env.user.login }}"
        self.assertFalse(other.with_user(boss).has_access("write"))
        self.assertFalse(self.words.with_user(clerk).has_access("write"))

    def test_age_below_zero(self):
        with self._violates(CheckViolation, "vip_occasion_min_age_positive"):
            self.festival.min_age = -1
            self.env.flush_all()

    def test_wrong_lunar_months(self):
        good = {"year": 2050, "month": 1, "date_from": "2050-01-23", "days": 29}
        months = self.env["vip.lunar.month"]
        months.create([good, {**good, "is_leap": True}])
        for values, error, constraint in (
            (good, UniqueViolation, "vip_lunar_month_once"),
            ({**good, "month": 13}, CheckViolation, "vip_lunar_month_month_number"),
            ({**good, "month": 2, "days": 31}, CheckViolation, "vip_lunar_month_days_number"),
        ):
            with self.subTest(values=values), self._violates(error, constraint):
                months.create(values)

    def test_name_of_a_lunar_month(self):
        month = self.env.ref("vip_customer.lunar_month_2028_05_leap")
        self.assertEqual(month.display_name, "2028-05 (leap month)")

    def test_occasion_twice(self):
        with self._violates(UniqueViolation, "vip_occasion_code_uniq"):
            self.env["vip.occasion"].create({"name": "Again", "code": "birthday"})

    def test_date_twice(self):
        self.festival.date_ids = [(0, 0, {"date": "2026-03-10"})]
        with self._violates(UniqueViolation, "vip_occasion_date_occasion_date_uniq"):
            self.festival.date_ids = [(0, 0, {"date": "2026-03-10"})]

    def test_occasion_that_was_greeted_stays(self):
        self._create_vip("Li Hua")
        self._greet()
        with self.assertRaisesRegex(UserError, "Customers were greeted on"):
            self.birthday.unlink()
        self.festival.unlink()

    def test_next_dates(self):
        self.festival.date_ids = [
            (0, 0, {"date": day}) for day in ("2026-03-09", "2026-03-12", "2026-03-11")
        ]
        self.assertEqual(str(self.festival.next_date), "2026-03-11")
        member = self._create_vip("Li Hua", birthday="1970-03-09").vip_membership_id
        self.assertEqual(str(member.next_birthday), "2027-03-09")
        member.write({"birthday": "1970-01-22", "birthday_calendar": "lunar"})
        self.assertEqual(str(member.next_birthday), "2026-03-10")
        member.birthday = False
        self.assertFalse(member.next_birthday)

    def test_membership_with_a_greeting_stays(self):
        customer = self._create_vip("Li Hua", number=None)
        self._greet()
        with self.assertRaisesRegex(UserError, "has preferences or greetings"):
            customer.vip_membership_id.unlink()

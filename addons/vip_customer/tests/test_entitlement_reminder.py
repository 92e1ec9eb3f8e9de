from odoo.tests import freeze_time, tagged

from .benefit_common import BenefitCase


@tagged("post_install", "-at_install", "vip_benefit")
class TestEntitlementReminder(BenefitCase):
    """60 and 30 days before the year ends on 2027-01-31, what is left."""

    def _remind(self, day):
        with freeze_time(f"{day} 02:00:00"):
            self.Line._remind(self.company, self.company._vip_today())

    def _tasks(self, partner=None):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "vip.membership"),
                ("res_id", "=", (partner or self.partner).vip_membership_id.id),
                (
                    "activity_type_id",
                    "=",
                    self.env.ref("vip_customer.mail_activity_type_benefit_expiring").id,
                ),
            ],
            order="id",
        )

    def test_twice_a_year(self):
        self._remind("2026-12-01")
        self.assertFalse(self._tasks())
        for day, tasks in (
            ("2026-12-02", 1),
            ("2026-12-02", 1),
            ("2026-12-31", 1),
            ("2027-01-01", 2),
            ("2027-01-02", 2),
            ("2027-01-31", 2),
            ("2027-02-01", 2),
        ):
            self._remind(day)
            self.assertEqual(len(self._tasks()), tasks, day)
        self.assertEqual(self._tasks().user_id, self.users["manager_a"])

    def test_what_is_left(self):
        self.env["res.lang"]._activate_lang("en_US")
        self.users["manager_a"].lang = "en_US"
        self._redeem("FAMILY")
        self._redeem("REPAIR", 150)
        self._benefit("CLUB").active = False
        self._remind("2026-12-02")
        note = self._tasks().note
        for words in ("Airport boarding service", "6 of 6", "50 of 200", "Backup SIM card"):
            self.assertIn(words, note)
        for words in ("Family care", "Club", "without limit", "SIM replacement", "Membership card"):
            self.assertNotIn(words, note)

    def test_nobody_to_remind(self):
        """No tier, neither account manager nor lead, or nothing left."""
        left = self._create_vip("Left", self.diamond)
        self._move(left, self.silver)
        self._move(left, self.no_tier)
        alone = self._create_vip("Alone", self.diamond)
        alone.vip_membership_id.write({"manager_id": False, "team_id": False})
        silver = self._create_vip("Used", self.silver)
        self._redeem("VISIT_REQ", 2, silver)
        self._remind("2026-12-02")
        for partner in (left, alone, silver):
            self.assertFalse(self._tasks(partner))

    def test_lead_where_there_is_no_manager(self):
        self.partner.vip_membership_id.write({"manager_id": False, "team_id": self.city.id})
        self._remind("2026-12-02")
        self.assertEqual(self._tasks().user_id, self.users["lead"])

    def test_in_batches(self):
        """Each customer is reminded once, with everything he has left, however many fit a batch."""
        others = [self._create_vip(name, self.gold) for name in ("Second", "Third")]
        with freeze_time("2026-12-02 02:00:00"):
            today = self.company._vip_today()
            self.assertTrue(self.Line._remind(self.company, today, limit=2))
            self.assertTrue(self.Line._remind(self.company, today, limit=2))
            self.assertFalse(self.Line._remind(self.company, today, limit=2))
        for partner in (self.partner, *others):
            self.assertEqual(len(self._tasks(partner)), 1)

    def test_late_reminder_is_due_today(self):
        self._remind("2027-01-25")
        self.assertEqual(str(self._tasks().date_deadline), "2027-01-25")

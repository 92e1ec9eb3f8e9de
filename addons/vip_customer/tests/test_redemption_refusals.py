from odoo import Command
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tests import freeze_time, tagged

from .benefit_common import BenefitCase


@tagged("post_install", "-at_install", "vip_benefit")
class TestRedemptionRefusals(BenefitCase):
    """What is not given, and the sentence that says why. Nothing is written."""

    def _refused(self, sentence, code="BOARDING", *args, error=UserError, **kwargs):
        counts = self._counts()
        with self.assertRaisesRegex(error, sentence):
            self._call(code, *args, **kwargs)
        self.assertEqual(self._counts(), counts)

    def _counts(self):
        lines = self.Line.search([("partner_id", "=", self.partner.id)])
        redemptions = self.Redemption.search_count([("partner_id", "=", self.partner.id)])
        return {line: (line.granted, line.used) for line in lines}, redemptions

    # ------------------------------------------------------------
    # BAD INPUT
    # ------------------------------------------------------------

    def test_unknown_code(self):
        for code in ("NOTHING", "boarding", "", False, None, 7, [1]):
            self._refused("There is no benefit with the code “", code)

    def test_quantity(self):
        for quantity in (0, -1, 1.5, 1.0, True, False, None, "2", 1_000_001):
            self._refused(
                "is no quantity. Give a whole number from 1 to 1000000", quantity=quantity
            )

    def test_origin(self):
        for origin in ("x" * 65, 7, ["x"], True):
            self._refused("is no key of a request: give a text of at most 64", origin=origin)

    def test_no_customer(self):
        nobody = self.env["res.partner"].browse(2**31 - 1)
        self._refused("There is no record with the id", partner=nobody, error=MissingError)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self._refused("“Stranger” is not in the VIP programme yet", partner=stranger)

    # ------------------------------------------------------------
    # THE CUSTOMER
    # ------------------------------------------------------------

    def test_no_vip_customer(self):
        customer = self._create_vip("Zhao")
        self._refused("“Zhao” is no VIP customer today", partner=customer)

    def test_no_vip_customer_any_more(self):
        self._give_goodwill("BOARDING")
        self._move(self.partner, self.no_tier)
        self._refused("“Wang” is no VIP customer today")

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Other Mobile"})
        partner = self.env["res.partner"].create({"name": "Far away"})
        self.env["vip.membership"]._ensure(partner.ids, other)
        for user in ("desk", "boss"):
            self._refused(
                "“Far away” is a customer of a company you have no access to",
                partner=partner,
                user=user,
                error=AccessError,
            )
        self.users["boss"].company_ids = [Command.link(other.id)]
        self._refused("“Far away” is no VIP customer today", partner=partner, user="boss")

    # ------------------------------------------------------------
    # THE BENEFIT
    # ------------------------------------------------------------

    def test_not_of_the_tier(self):
        self._refused(
            "Gold does not include “Business lounge”, so “Wang” cannot redeem it", "LOUNGE"
        )

    def test_not_of_the_tier_any_more(self):
        self._move(self.partner, self.silver)
        self._refused("Silver does not include “Airport boarding service”")

    def test_standing(self):
        self._refused("“Mobile secretary” is a standing right", "SECRETARY", user="manager_a")

    def test_automatic(self):
        self._refused(
            "“Holiday and birthday greetings” is given automatically", "GREETING", user="manager_a"
        )
        self._refused(
            "is not on request; only the account manager",
            "GREETING",
            user="desk",
            error=AccessError,
        )

    def test_automatic_by_hand(self):
        """The account manager may hand out a card before the hourly job does; that gives no more."""
        card = self._redeem("CARD", user="manager_a")
        self.assertEqual(card.state, "approved")
        self.assertEqual(self._night()[1], 0)
        self._has("CARD", 1, 1, 0)

    def test_archived(self):
        self._benefit("BOARDING").active = False
        self._refused("The benefit “Airport boarding service” is not offered any more")

    def test_used_up(self):
        self._redeem("BOARDING", 2)
        self._refused("“Wang” has 4 left of “Airport boarding service”, not 5", quantity=5)
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 2)
        self._refused("“Airport boarding service” is used up: “Wang” had 6, and none is left")

    def test_added_today(self):
        """A promise that was added to the matrix today counts at once, also where the customer had
        the benefit before and lost it."""
        self._move(self.partner, self.diamond)
        self._move(self.partner, self.silver)
        self._has("LOUNGE", 0, 0, 0)
        self._refused("Silver does not include", "LOUNGE")
        self._promise_more(self._benefit("LOUNGE"), self.silver, 2)
        self.assertEqual(self._told("LOUNGE")["remaining"], 2)
        self.assertEqual(self._call("LOUNGE")["remaining"], 1)

    # ------------------------------------------------------------
    # THE DAY
    # ------------------------------------------------------------

    def _refused_on(self, day, sentence, code="BOARDING"):
        dialog = (
            self.env["vip.redeem"]
            .with_user(self.users["desk"])
            .create(
                {
                    "partner_id": self.partner.id,
                    "benefit_id": self._benefit(code).id,
                    "date": day,
                }
            )
        )
        with self.assertRaisesRegex(UserError, sentence):
            dialog.action_redeem()

    def test_day_in_another_period(self):
        self._refused_on(
            "2026-01-31",
            f"{self._day('2026-01-31')} is not in the period of “Airport boarding service” that runs "
            f"now: choose a day from {self._day('2026-02-01')} to {self._day('2026-03-10')}",
        )
        self._refused_on("2026-03-11", f"{self._day('2026-03-11')} is not in the period")
        self._create_benefit("MONTHLY", {self.gold: {"period": "month"}})
        self._night()
        self._refused_on("2026-02-28", f"choose a day from {self._day('2026-03-01')}", "MONTHLY")

    def test_year_is_over(self):
        self._redeem("BOARDING", 2)
        with freeze_time("2027-01-31 15:59:59"):
            self.assertEqual(self._call("BOARDING")["remaining"], 3)
        with freeze_time("2027-01-31 16:00:00"):  # 1 February in Shanghai
            self._refused(
                f"Test Mobile has none on {self._day('2027-02-01')}. Put a policy in force"
            )

    def test_new_year(self):
        """The new year begins at midnight of the company, in full, also before the hourly job."""
        self._redeem("BOARDING", 6)
        self._create_policy(name="2027", date_from="2027-02-01", date_to="2028-01-31")
        with freeze_time("2027-01-31 15:59:59"):
            self._refused("is used up")
        with freeze_time("2027-01-31 16:00:00"):
            self.assertEqual(self._told("BOARDING")["date_from"], "2027-02-01")
            redemption = self._redeem("BOARDING")
            self._refused_on("2027-01-31", f"choose a day from {self._day('2027-02-01')}")
        self.assertEqual(str(redemption.date), "2027-02-01")
        self.assertEqual(self._lines("BOARDING").mapped("used"), [6, 1])

    def test_no_policy(self):
        self.policy.action_close()
        customer = self._create_vip("Zhao", self.gold)
        self._refused(
            "The benefits of a year last as long as the policy in force, and Test Mobile has none on "
            f"{self._day('2026-03-10')}",
            partner=customer,
        )

    # ------------------------------------------------------------
    # GOODWILL
    # ------------------------------------------------------------

    def _no_goodwill(self, sentence, *args, error=UserError, **kwargs):
        entries = self.env["vip.goodwill"].search_count([])
        with self.assertRaisesRegex(error, sentence):
            self._give_goodwill(*args, **kwargs)
        self.assertEqual(self.env["vip.goodwill"].search_count([]), entries)

    def test_goodwill_refusals(self):
        self._no_goodwill("Goodwill needs a reason", "BOARDING", reason="  ")
        self._no_goodwill("“0” is no quantity of goodwill", "BOARDING", 0)
        self._no_goodwill("is no quantity of goodwill", "BOARDING", 1_000_001)
        self._no_goodwill("“Wang” has “SIM replacement .*” without limit", "SIM_REPLACE")
        self._no_goodwill("“Mobile secretary” is nothing that can be given", "SECRETARY")
        self._no_goodwill("“Prize draws” is nothing that can be given", "DRAW")
        self._no_goodwill("“Zhao” is no VIP customer", "BOARDING", partner=self._create_vip("Zhao"))
        for user in ("desk", "manager_a"):
            self._no_goodwill("", "BOARDING", user=user, error=AccessError)

    def test_goodwill_of_archived(self):
        self._benefit("BOARDING").active = False
        self._no_goodwill("“Airport boarding service” is not offered any more", "BOARDING")

    def test_goodwill_without_policy(self):
        self.policy.action_close()
        self._no_goodwill("Test Mobile has none on", "LOUNGE")

    def test_goodwill_withdrawn(self):
        self._no_goodwill("0 can be withdrawn", "BOARDING", -1)
        self._give_goodwill("BOARDING", 2)
        self._no_goodwill("2 can be withdrawn", "BOARDING", -3)
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 1)
        self._no_goodwill("1 can be withdrawn", "BOARDING", -2)
        self._give_goodwill("BOARDING", -1)
        self._has("BOARDING", 7, 7, 0)
        self._no_goodwill("0 can be withdrawn", "BOARDING", -1)

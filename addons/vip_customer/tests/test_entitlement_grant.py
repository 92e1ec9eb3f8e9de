from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .benefit_common import YEAR, BenefitCase

YEAR_2027 = {"name": "2027", "date_from": "2027-02-01", "date_to": "2028-01-31"}


@tagged("post_install", "-at_install", "vip_benefit")
class TestEntitlementGrant(BenefitCase):
    """Who has what, for how long, and what a change of tier, matrix or policy makes of it."""

    def _bounds(self, code, partner=None):
        return [
            (str(line.date_from), line.date_to and str(line.date_to))
            for line in self._lines(code, partner)
        ]

    # ------------------------------------------------------------
    # WHEN
    # ------------------------------------------------------------

    def test_run(self):
        customers = {
            tier.code: self._create_customer(tier.name, self._year(amount))
            for tier, amount in ((self.silver, 400), (self.gold, 800), (self.diamond, 2000))
        }
        run = self._compute_run(self.policy)
        self.assertFalse(
            self.Line.search([("partner_id", "in", [p.id for p in customers.values()])])
        )
        self._apply_run(run)
        had = {
            code: set(self.Line.search([("partner_id", "=", p.id)]).benefit_id.mapped("code"))
            for code, p in customers.items()
        }
        silver = {"VISIT_REQ", "CARD"}
        gold = silver | {"SIM_BACKUP", "SIM_REPLACE", "REPAIR", "FAMILY", "CLUB", "BOARDING"}
        diamond = gold | {"LOUNGE", "MEDICAL", "CHOICE"}
        self.assertEqual(had, {"silver": silver, "gold": gold, "diamond": diamond})
        line = self._has("BOARDING", 12, 0, 12, customers["diamond"])
        self.assertRecordValues(
            line,
            [
                {
                    "company_id": self.company.id,
                    "tier_id": self.diamond.id,
                    "period": "year",
                    "is_promised": True,
                    "quantity": 12,
                    "goodwill": 0,
                    "is_unlimited": False,
                    "when_exhausted": "block",
                    "unit_value": 80,
                    "is_current": True,
                }
            ],
        )

    def test_override(self):
        """Under an override the customer has what the tier that counts promises."""
        self._redeem("BOARDING", 2)
        override = self.env["vip.tier.override"].create(
            {
                "partner_id": self.partner.id,
                "kind": "fixed",
                "tier_id": self.diamond.id,
                "date_from": "2026-03-10",
                "date_to": "2026-03-20",
                "reason": "Big complaint",
                "requested_by": self.users["boss"].id,
            }
        )
        override.with_user(self.users["approver"]).action_approve()
        self._has("BOARDING", 12, 2, 10)
        self._has("LOUNGE", 6, 0, 6)
        self._assess(self.policy, as_of="2026-03-10")
        self.assertEqual(self.partner.vip_tier_id, self.diamond, "the run decides beneath it")
        self._has("BOARDING", 12, 2, 10)
        with freeze_time("2026-03-21 02:00:00"):
            self.env["vip.tier.override"]._cron_follow_dates()
        self.assertEqual(self.partner.vip_tier_id, self.gold)
        self._has("BOARDING", 6, 2, 4)
        self._has("LOUNGE", 0, 0, 0)

    def test_numbers_close_and_reopen(self):
        partner = self._create_vip("Li", self.gold, number="13800138000")
        self._redeem("BOARDING", 2, partner)
        number = partner.vip_number_ids
        number.write({"state": "closed", "closed_on": "2026-03-10"})
        self._has("BOARDING", 2, 2, 0, partner)
        self._has("CLUB", 0, 0, 0, partner)
        self._has("FAMILY", 1, 0, 1, partner)
        self.assertEqual(
            partner.with_user(self.users["desk"]).vip_entitlements(), [], "no tier, nothing"
        )
        self.env["vip.service.number"].create(
            {"partner_id": partner.id, "number": "13900139000", "activated_on": "2026-03-10"}
        )
        self.assertEqual(partner.vip_tier_id, self.gold)
        self._has("BOARDING", 6, 2, 4, partner)
        self._has("CLUB", 2, 0, 2, partner)
        self._has("FAMILY", 1, 0, 1, partner)

    def test_in_full(self):
        """Who comes in the last month of the year has all of it."""
        with freeze_time("2027-01-15 02:00:00"):
            partner = self._create_vip("Late", self.diamond)
        line = self._has("BOARDING", 12, 0, 12, partner)
        self.assertEqual((str(line.date_from), str(line.date_to)), YEAR)

    def test_standing_and_uncounted_have_none(self):
        for code in ("SECRETARY", "HOTLINE", "GREETING"):
            self.assertFalse(self._lines(code))
            told = self._told(code)
            self.assertEqual(
                (told["granted"], told["remaining"], told["date_from"]), (False, False, False)
            )

    # ------------------------------------------------------------
    # PERIODS
    # ------------------------------------------------------------

    def test_periods(self):
        for period in ("month", "year", "once"):
            self._create_benefit(period.upper(), {self.gold: {"period": period}})
        written = self._night()[0]
        self.assertEqual(written, 3)
        self.assertEqual(self._bounds("MONTH"), [("2026-03-01", "2026-03-31")])
        self.assertEqual(self._bounds("YEAR"), [YEAR])
        self.assertEqual(self._bounds("ONCE"), [("2026-03-10", False)])
        self.assertEqual(self._night("2026-03-31")[0], 0)
        self.assertEqual(self._night("2026-04-01")[0], 1)
        self.assertEqual(
            self._bounds("MONTH"), [("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30")]
        )
        self.assertEqual(self._night("2028-02-05")[0], 1, "February of a leap year; no policy")
        self.assertEqual(self._bounds("MONTH")[-1], ("2028-02-01", "2028-02-29"))
        self.assertEqual(self._bounds("YEAR"), [YEAR])
        self.assertEqual(self._bounds("ONCE"), [("2026-03-10", False)])

    def test_month_begins_in_full(self):
        self._create_benefit("MONTH", {self.gold: {"period": "month"}}, keep_on_downgrade=True)
        self._night()
        self._redeem("MONTH", 4)
        self._give_goodwill("MONTH", 1)
        with freeze_time("2026-03-31 16:00:00"):  # 1 April in Shanghai
            self.assertEqual(self._call("MONTH", 6)["remaining"], 0)
        self.assertEqual(self._lines("MONTH").mapped("granted"), [7, 6])

    def test_new_year(self):
        self._redeem("BOARDING", 2)
        self._give_goodwill("BOARDING")
        self._move(self.partner, self.silver)
        self._move(self.partner, self.gold)
        self._create_policy(**YEAR_2027)
        self.assertEqual(self._night("2027-01-31 15:59:00"), (0, 1))  # only the card is given
        written, given = self._night("2027-01-31 16:30:00")  # 1 February in Shanghai
        self.assertEqual((written, given), (7, 0))  # everything of gold but the card
        self.assertEqual(self._night("2027-02-01 02:00:00"), (0, 0))
        self.assertEqual(self._bounds("BOARDING"), [YEAR, ("2027-02-01", "2028-01-31")])
        self.assertEqual(self._lines("BOARDING").mapped("granted"), [7, 6])

    def test_cron_twice(self):
        partner = self._create_vip("Li", self.diamond)
        cron = self.Line._cron_grant
        cron()
        before = self._everything()
        cron()
        self.assertEqual(self._everything(), before)
        self.assertEqual(
            self.Redemption.search_count([("partner_id", "in", (partner | self.partner).ids)]), 2
        )

    def test_twice_in_one_transaction(self):
        self._create_benefit("NEW", {self.gold: 3})
        self.assertEqual(self.Line._grant(self.company), 1)
        self.assertEqual(self.Line._grant(self.company), 0)
        self._has("NEW", 3, 0, 3)

    def _everything(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM vip_entitlement ORDER BY id")
        lines = self.env.cr.fetchall()
        self.env.cr.execute("SELECT id, state FROM vip_redemption ORDER BY id")
        return lines, self.env.cr.fetchall()

    # ------------------------------------------------------------
    # POLICIES
    # ------------------------------------------------------------

    def _supersede(self, first, last):
        self.policy.action_close()
        self.env.flush_all()  # one after the other
        return self._create_policy(name="Other", date_from=first, date_to=last)

    def test_superseded(self):
        """A policy that begins before the last one was over ends that one's year, and begins its own
        in full."""
        self._redeem("BOARDING", 4)
        self._supersede("2026-03-01", "2027-02-28")
        self._night()
        self.assertEqual(
            self._bounds("BOARDING"), [("2026-02-01", "2026-02-28"), ("2026-03-01", "2027-02-28")]
        )
        self.assertEqual(self._lines("BOARDING").mapped("is_current"), [False, True])
        self.assertEqual(self._told("BOARDING")["remaining"], 6)
        self.assertEqual(self._night()[0], 0)

    def test_superseded_by_an_earlier_one(self):
        """However it comes about, one year runs at a time."""
        self._supersede("2026-01-01", "2026-12-31")
        self._night()
        self.assertEqual(
            self._bounds("BOARDING"), [("2026-01-01", "2026-12-31"), ("2026-02-01", "2026-01-31")]
        )
        self.assertEqual(self._lines("BOARDING").mapped("is_current"), [True, False])
        self.assertEqual(self._night()[0], 0)

    def test_superseded_by_a_longer_one(self):
        """The same year with another last day: what was used stays used."""
        self._redeem("BOARDING", 4)
        other = self._supersede("2026-02-01", "2026-12-31")
        self._night()
        self.assertEqual(self._bounds("BOARDING"), [("2026-02-01", "2026-12-31")])
        other.action_close()
        self.env.flush_all()
        self._create_policy(name="Again")
        self._night()
        self.assertEqual(self._bounds("BOARDING"), [YEAR])
        self._has("BOARDING", 6, 4, 2)
        self.assertEqual(self._night()[0], 0)

    def test_one_customer_is_one_customer(self):
        """Granting to one leaves the year of the others to the hourly job."""
        other = self._create_vip("Li", self.gold)
        self._supersede("2026-03-01", "2027-02-28")
        self._move(other, self.diamond)
        self.assertEqual(self._bounds("BOARDING"), [YEAR])
        self.assertEqual(len(self._bounds("BOARDING", other)), 2)

    def test_told_before_it_is_granted(self):
        """The answer does not depend on whether the hourly job came by already."""
        self._create_policy(**YEAR_2027)
        with freeze_time("2027-02-01 02:00:00"):
            before = self.partner.vip_entitlements()
            self.Line._grant(self.company)
            after = self.partner.vip_entitlements()
        self.assertEqual(before, after)
        kinds = [(type(line["granted"]), type(line["remaining"])) for line in before]
        self.assertEqual(
            kinds, [(type(line["granted"]), type(line["remaining"])) for line in after]
        )
        with freeze_time("2028-02-01 02:00:00"):  # no policy
            told = {line["code"]: line["granted"] for line in self.partner.vip_entitlements()}
        for code in ("BOARDING", "VISIT_REQ"):
            self.assertIs(told[code], 0)
        self.assertIs(told["HOTLINE"], False)

    def test_no_policy_in_force(self):
        """What customers have stays for its time; nothing of a year is granted."""
        self.policy.action_close()
        other = self._create_vip("Li", self.gold)
        self.assertEqual(self._night(), (0, 2), "cards")
        self.assertFalse(self._lines("BOARDING", other))
        self.assertEqual(self._lines("CARD", other).used, 1)
        self.assertEqual(self._call("BOARDING")["remaining"], 5)
        self.env.flush_all()
        self._create_policy(name="Back")
        self._night()
        self._has("BOARDING", 6, 1, 5)
        self._has("BOARDING", 6, 0, 6, other)

    # ------------------------------------------------------------
    # CHANGES OF TIER
    # ------------------------------------------------------------

    def test_up_and_down(self):
        """More at once and in full, less down to what was used; always the same row."""
        first = self._lines("BOARDING")
        self._redeem("BOARDING", 2)
        self._move(self.partner, self.diamond)
        self._has("BOARDING", 12, 2, 10)
        self._redeem("BOARDING", 2)
        self._redeem("BOARDING", 2)
        self._move(self.partner, self.gold)
        self._has("BOARDING", 6, 6, 0)
        self._move(self.partner, self.diamond)
        self._redeem("BOARDING", 2)
        self._move(self.partner, self.gold)
        self._has("BOARDING", 8, 8, 0)
        line = self._has("BOARDING", 8, 8, 0)
        self.assertEqual((line, line.quantity, line.tier_id), (first, 6, self.gold))

    def test_goodwill_stays_on_top(self):
        self._give_goodwill("BOARDING", 2)
        self._has("BOARDING", 8, 0, 8)
        self._move(self.partner, self.diamond)
        self._has("BOARDING", 14, 0, 14)
        self._move(self.partner, self.silver)
        line = self._has("BOARDING", 2, 0, 2)
        self.assertFalse(line.is_promised)
        self.assertEqual(self._call("BOARDING")["remaining"], 1)
        self._move(self.partner, self.no_tier)
        self._has("BOARDING", 2, 1, 1)

    def test_kept(self):
        """Nothing of a family gift is taken away within the year, and it is not given twice."""
        self._move(self.partner, self.silver)
        line = self._has("FAMILY", 1, 0, 1)
        self.assertEqual((line.is_promised, line.unit_value), (False, 150))
        self.assertEqual(self._told("FAMILY")["remaining"], 1)
        self._redeem("FAMILY")
        for tier in (self.gold, self.diamond, self.no_tier, self.gold):
            self._move(self.partner, tier)
            self._has("FAMILY", 1, 1, 0)

    def test_kept_of_a_tier_of_the_period_only(self):
        """The hourly job grants the new year for the old tier; the run of the first day takes it back."""
        last_year = {"date_from": "2025-02-01", "date_to": "2026-01-31", "name": "Standard 2025"}
        self._create_policy(**last_year)
        with freeze_time("2026-01-15 02:00:00"):
            old = self._create_vip("Old", self.diamond)
        self._night("2026-02-01")
        medical = [("partner_id", "=", old.id), ("benefit_id.code", "=", "MEDICAL")]
        line = self.Line.search([*medical, ("date_from", "=", "2026-02-01")])
        self.assertEqual(line.granted, 1)
        with freeze_time("2026-02-01 05:00:00"):
            self._move(old, self.gold)
            self.assertEqual(line.granted, 0)
            self._move(old, self.diamond)
            self.assertEqual(line.granted, 1)
            self._move(old, self.gold)
            self.assertEqual(line.granted, 1)

    def test_kept_without_limit(self):
        self._create_benefit("OPEN", {self.gold: 0}, keep_on_downgrade=True)
        self._night()
        self._redeem("OPEN", 3)
        self._move(self.partner, self.silver)
        self.assertIs(self._told("OPEN")["remaining"], False)
        self.assertIs(self._call("OPEN", 5)["remaining"], False)
        self._benefit("OPEN").write({"keep_on_downgrade": False, "unit_value": 20})
        self._promise_more(self._benefit("OPEN"), self.silver, 2)
        self._night()
        self._has("OPEN", 8, 8, 0)

    def test_kept_while_the_promise_stays(self):
        """A new value of a unit is no new promise: what was kept stays, whatever the flag says now."""
        benefit = self._create_benefit(
            "OPEN", {self.gold: 0, self.silver: 2}, keep_on_downgrade=True
        )
        self._night()
        self._move(self.partner, self.silver)
        self.assertTrue(self._lines("OPEN").is_unlimited)
        benefit.keep_on_downgrade = False
        self._promise(self.silver, "OPEN").unit_value = 99
        self.assertEqual(self._night()[0], 1)
        self.assertTrue(self._lines("OPEN").is_unlimited)

    def test_warned_overshoot(self):
        """What was given beyond the quota is no debt for a lower tier."""
        self._redeem("REPAIR", 300)
        self._has("REPAIR", 200, 300, -100)
        self._move(self.partner, self.silver)
        self.assertEqual(self._has("REPAIR", 300, 300, 0).when_exhausted, "block")
        self._move(self.partner, self.gold)
        self._has("REPAIR", 300, 300, 0)
        self._move(self.partner, self.diamond)
        self._has("REPAIR", 500, 300, 200)

    def test_unlimited_and_counted(self):
        self._redeem("VISIT_REQ", 5)
        self._move(self.partner, self.silver)
        line = self._has("VISIT_REQ", 5, 5, 0)
        self.assertFalse(line.is_unlimited)
        self.assertEqual(self._told("VISIT_REQ")["granted"], 5)
        self._move(self.partner, self.gold)
        self.assertTrue(self._lines("VISIT_REQ").is_unlimited)
        self.assertIs(self._told("VISIT_REQ")["granted"], False)
        other = self._create_vip("Li", self.silver)
        self._redeem("VISIT_REQ", 1, other)
        self._move(other, self.gold)
        self._move(other, self.silver)
        self._has("VISIT_REQ", 2, 1, 1, other)

    def test_tiers_with_other_periods(self):
        """The row in use is the one the tier promises, whatever began last."""
        self._create_benefit(
            "MIXED", {self.gold: {"quantity": 2, "period": "month"}, self.diamond: 5}
        )
        self._night()
        self._redeem("MIXED")
        self._move(self.partner, self.diamond)
        self.assertEqual(self._told("MIXED")["remaining"], 5)
        self.assertEqual(self._call("MIXED")["remaining"], 4)
        self._move(self.partner, self.gold)
        self.assertEqual(self._told("MIXED")["remaining"], 1)
        self.assertEqual(self._call("MIXED")["remaining"], 0)

    def test_goodwill_before_a_promise(self):
        """Goodwill for what the tier has not, then a rise to one that has it, for any period."""
        silver = self._create_vip("Li", self.silver)
        for period in ("year", "month", "once"):
            self._create_benefit(period.upper(), {self.gold: {"quantity": 2, "period": period}})
            self._give_goodwill(period.upper(), 1, silver)
            self.assertEqual(self._told(period.upper(), silver)["remaining"], 1)
        self._move(silver, self.gold)
        self._has("YEAR", 3, 0, 3, silver)
        for code in ("MONTH", "ONCE"):
            for _unit in range(3):
                self._call(code, partner=silver)
            self.assertEqual(sum(self._lines(code, silver).mapped("used")), 3)
            self.assertEqual(self._told(code, silver)["remaining"], 0)

    def test_archived_tier(self):
        """An archived tier is not earned any more; who has it keeps what it promises."""
        self.gold.active = False
        self.assertEqual(self._night()[0], 0)
        self.assertEqual(self._call("BOARDING")["remaining"], 5)
        self._create_policy(**YEAR_2027)
        self._night("2027-02-01")
        self.assertEqual(self._lines("BOARDING").mapped("granted"), [6, 6])

    # ------------------------------------------------------------
    # AUTOMATIC BENEFITS AND CARDS
    # ------------------------------------------------------------

    def test_card(self):
        """One on the first entry, one more with each rise and each later entry."""
        partner = self._create_vip("Li", self.silver)
        self._has("CARD", 1, 0, 1, partner)
        self.assertEqual(self._night()[1], 2)
        card = self.Redemption.search([("partner_id", "=", partner.id)])
        self.assertRecordValues(
            card,
            [
                {
                    "state": "approved",
                    "quantity": 1,
                    "value": 10,
                    "tier_id": self.silver.id,
                    "date": date(2026, 3, 10),
                }
            ],
        )
        expected = 1
        for tier, extra in (
            (self.gold, 1),
            (self.silver, 0),
            (self.diamond, 1),
            (self.no_tier, 0),
            (self.silver, 1),
        ):
            self._move(partner, tier)
            expected += extra
            self._has("CARD", expected, expected - extra, extra, partner)
            self.assertEqual(self._night(), (0, extra))
        entries = self.env["vip.goodwill"].search([("partner_id", "=", partner.id)])
        self.assertEqual(entries.mapped("kind"), ["rise"] * 3)
        self.assertEqual(sum(entries.mapped("quantity")), self._lines("CARD", partner).goodwill)
        self.assertEqual(self._night("2027-03-10")[1], 0, "once in a life")

    def test_card_when_the_tier_stays(self):
        """A run that keeps the tier, or changes the validity alone, brings no card."""
        run = self._assess(self.policy, as_of="2026-03-10")
        self.assertEqual(run.line_ids.movement, "hold")
        self._create_bills(self.partner, self._year(800))
        run = self._assess(self.policy, as_of="2026-03-10")
        self.assertEqual(run.line_ids.movement, "keep")
        self._has("CARD", 1, 0, 1)

    def test_no_card_for_who_left(self):
        """A card that was not handed out before the customer left is not handed out to nobody."""
        self._give_goodwill("CARD")
        self._move(self.partner, self.no_tier)
        self._has("CARD", 1, 0, 1)
        self.assertEqual(self._night(), (0, 0))
        self._move(self.partner, self.gold)
        self.assertEqual(self._night(), (0, 1))
        self._has("CARD", 3, 3, 0)

    def test_automatic_goodwill(self):
        """What is given automatically without a quantity can still be given as goodwill, once."""
        self._give_goodwill("GREETING", 2)
        self.assertEqual(self._night()[1], 2)  # and the card
        self._has("GREETING", 2, 2, 0)
        self.assertEqual(self._night(), (0, 0))

    def test_automatic_that_is_cancelled(self):
        """What the customer did not want is not given again the next night."""
        self.assertEqual(self._night()[1], 1)
        card = self.Redemption.search(
            [("partner_id", "=", self.partner.id), ("benefit_id.code", "=", "CARD")]
        )
        card.with_user(self.users["manager_a"]).action_cancel()
        self._has("CARD", 1, 0, 1)
        self.assertEqual(self._night()[1], 0)
        self._move(self.partner, self.diamond)  # a rise brings another one
        self.assertEqual(self._night()[1], 1)

    # ------------------------------------------------------------
    # MATRIX
    # ------------------------------------------------------------

    def test_archived_benefit(self):
        """Left as it is, and told to nobody."""
        line = self._has("BOARDING", 6, 0, 6)
        self._benefit("BOARDING").active = False
        self._benefit("CARD").active = False
        self._move(self.partner, self.diamond)
        self.assertEqual(self._night(), (0, 0))
        self.assertEqual(self._has("BOARDING", 6, 0, 6).tier_id, self.gold)
        self._has("CARD", 1, 0, 1)
        self.assertIsNone(self._told("BOARDING"))
        self._benefit("BOARDING").active = True
        self.assertEqual(self._night()[0], 1)
        self.assertEqual(self._has("BOARDING", 12, 0, 12), line)

    def test_edited_matrix(self):
        """A change counts from today on, for the year that runs too, with the next grant."""
        promise = self._promise(self.gold, "BOARDING")
        promise.quantity = 8
        self._has("BOARDING", 6, 0, 6)
        self.assertEqual(self._night()[0], 1)
        self._has("BOARDING", 8, 0, 8)
        self._redeem("BOARDING", 2)
        promise.quantity = 1
        self._night()
        self._has("BOARDING", 2, 2, 0)
        promise.quantity = 0
        self._night()
        self.assertTrue(self._lines("BOARDING").is_unlimited)
        promise.unlink()
        self._night()
        self.assertFalse(self._has("BOARDING", 2, 2, 0).is_promised)
        self._promise_more(self._benefit("BOARDING"), self.gold, 5)
        self._night()
        self._has("BOARDING", 5, 2, 3)

    def test_edited_way_of_exhaustion(self):
        self._redeem("CLUB", 1)
        self._redeem("CLUB", 1)
        self._redeem("CLUB", 1)
        self._benefit("CLUB").when_exhausted = "block"
        self._night()
        self._has("CLUB", 3, 3, 0)
        self._benefit("CLUB").when_exhausted = "warn"
        self._night()
        self._has("CLUB", 3, 3, 0)

    def test_edited_period(self):
        promise = self._promise(self.gold, "BOARDING")
        self._redeem("BOARDING", 2)
        promise.write({"period": "month", "quantity": 1})
        self._night()
        self.assertEqual(self._bounds("BOARDING"), [YEAR, ("2026-03-01", "2026-03-31")])
        self.assertEqual(self._lines("BOARDING").mapped("remaining"), [0, 1])
        self.assertEqual(self._told("BOARDING")["remaining"], 1)

    def test_past_promises(self):
        promises = self._benefit("BOARDING").tier_benefit_ids
        promises.date_from = "2026-02-01"
        gold = self._promise(self.gold, "BOARDING")
        as_boss = gold.with_user(self.users["boss"])
        as_boss.write({"quantity": 6, "period": "year", "tier_id": self.gold.id})
        self.assertFalse(self._past(), "nothing changed")
        promises.with_user(self.users["boss"]).write({"quantity": 12})
        self.assertEqual(self._past(), [("gold", 6, "2026-02-01", "2026-03-09")])
        self.assertEqual(str(gold.date_from), "2026-03-10")
        as_boss.quantity = 13
        as_boss.unit_value = 99
        self.assertEqual(len(self._past()), 1, "once a day")
        with freeze_time("2026-03-20 02:00:00"):
            as_boss.unlink()
        self.assertEqual(
            self._past(),
            [("gold", 6, "2026-02-01", "2026-03-09"), ("gold", 13, "2026-03-10", "2026-03-19")],
        )

    def _past(self):
        past = self.env["vip.tier.benefit.past"].search(
            [("benefit_id.code", "=", "BOARDING")], order="id"
        )
        return [(p.tier_id.code, p.quantity, str(p.date_from), str(p.date_to)) for p in past]

    def test_value_of_a_unit(self):
        """Tiers without a value of their own follow the benefit, and the past says what was."""
        family = self._benefit("FAMILY")
        family.tier_benefit_ids.date_from = "2026-02-01"
        family.with_user(self.users["boss"]).unit_value = 320
        self.assertEqual(self._promise(self.diamond, "FAMILY").unit_value, 320)
        self.assertEqual(self._promise(self.gold, "FAMILY").unit_value, 150)
        self.assertEqual(family.past_ids.mapped("unit_value"), [300])
        both = family | self._benefit("BOARDING")
        both.with_user(self.users["boss"]).unit_value = 90
        self.assertEqual(self._promise(self.gold, "FAMILY").unit_value, 150)
        self.assertEqual(self._promise(self.gold, "BOARDING").unit_value, 90)

    def test_code_and_delivery_stay(self):
        used, unused = self._benefit("BOARDING"), self._create_benefit("UNUSED")
        for values in ({"code": "OTHER"}, {"delivery": "automatic"}):
            with self.assertRaisesRegex(UserError, "Customers have the benefit “Airport boarding"):
                (unused | used).write(values)
            unused.write(values)
        used.write({"code": "BOARDING", "delivery": "on_request"})
        with self.assertRaisesRegex(UserError, "so it cannot be deleted. Archive it instead"):
            used.unlink()
        unused.unlink()

    def test_this_period(self):
        """The filter of the lists finds what the field says."""
        self._create_policy(**YEAR_2027)
        with freeze_time("2027-02-01 02:00:00"):
            self.Line._grant(self.company)
            mine = self.Line.search([("partner_id", "=", self.partner.id)])
            for is_current in (True, False):
                found = self.Line.search([("id", "in", mine.ids), ("is_current", "=", is_current)])
                self.assertEqual(
                    found, mine.filtered(lambda line, is_=is_current: line.is_current == is_)
                )
                self.assertTrue(found)

    def test_grant_now(self):
        self._promise(self.gold, "BOARDING").quantity = 7
        self.Line.with_user(self.users["boss"]).action_grant()
        self._has("BOARDING", 7, 0, 7)

    # ------------------------------------------------------------
    # COMPANIES
    # ------------------------------------------------------------

    def test_companies(self):
        """Each has its own policy year; nothing of one company touches the other's."""
        other = self.env["res.company"].create({"name": "Other Mobile"})
        other.resource_calendar_id.tz = "America/New_York"
        self.env.user.company_ids = [Command.link(other.id)]
        self._create_policy(company_id=other.id, date_from="2026-01-01", date_to="2026-12-31")
        theirs = self.env["res.partner"].create({"name": "Smith"})
        self.env["vip.membership"]._ensure(theirs.ids, other)
        self._move(theirs, self.gold)
        self.assertEqual(self._bounds("BOARDING", theirs), [("2026-01-01", "2026-12-31")])
        self.assertEqual(self._lines("BOARDING", theirs).company_id, other)
        self.assertEqual(self._bounds("BOARDING"), [YEAR])
        self._promise(self.gold, "BOARDING").quantity = 7
        self.assertEqual(self.Line._grant(self.company), 1)
        self._has("BOARDING", 7, 0, 7)
        self._has("BOARDING", 6, 0, 6, theirs)
        self.assertEqual(self.Redemption._give_automatic(self.company), 1)
        self._has("CARD", 1, 0, 1, theirs)
        # the new year of one begins while the other's runs
        self._create_policy(
            company_id=other.id, name="2027", date_from="2027-01-01", date_to="2027-12-31"
        )
        with freeze_time("2027-01-01 03:00:00"):  # still 2026 in New York
            self.Line._cron_grant()
            self.assertEqual(len(self._bounds("BOARDING", theirs)), 1)
        with freeze_time("2027-01-01 05:00:00"):
            self.Line._cron_grant()
        self.assertEqual(
            self._bounds("BOARDING", theirs),
            [("2026-01-01", "2026-12-31"), ("2027-01-01", "2027-12-31")],
        )
        self.assertEqual(self._bounds("BOARDING"), [YEAR])

from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation, SerializationFailure

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.vip_customer.tools.tier_rules import add_months

from ..models import vip_membership_risk
from .case_common import RetentionCase

TODAY = date(2026, 3, 10)


class RiskCase(RetentionCase):
    """The partner Wang: gold, one number, 650 a month; the bills of February are all in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Member = cls.env["vip.membership"]
        cls.Signal = cls.env["vip.risk.signal"]
        cls.member = cls.partner.vip_membership_id
        cls.env["vip.billing.month"]._ensure(cls.company, [date(2026, 2, 1)], complete=True)
        cls._assess()

    @classmethod
    def _assess(cls):
        count = cls.Member._assess_risk(cls.company)
        cls.env.invalidate_all()
        return count

    @classmethod
    def _kind(cls, code):
        return cls.env.ref(f"vip_retention.risk_{code}")

    @classmethod
    def _record(cls, code, partner=None, user=None, **values):
        signals = cls.Signal.with_user(cls.users[user]) if user else cls.Signal
        return signals.create(
            {
                "partner_id": (partner or cls.partner).id,
                "type_id": cls._kind(code).id,
                **values,
            }
        )

    def _points(self, partner=None):
        """What counts for a customer today, by code."""
        told = (partner or self.partner).vip_explain_risk()
        return {one["code"]: one["points"] for one in told["contributions"]}

    def _rise(self, partner=None):
        """Bring a customer into the high band: 40 + 20, and his number suspended."""
        self._record("port_query", partner)
        self._record("pulse", partner, colour="red")

    def _tasks(self, member=None):
        kind = self.env.ref("vip_retention.mail_activity_type_risk")
        return (member or self.member).activity_ids.filtered(lambda a: a.activity_type_id == kind)


@tagged("post_install", "-at_install", "vip_risk")
class TestRisk(RiskCase):
    # ------------------------------------------------------------
    # the shipped standard
    # ------------------------------------------------------------

    def test_shipped(self):
        kinds = self.env["vip.risk.signal.type"].search([("rule", "!=", "recorded")])
        kinds |= self._kind("port_query")
        self.assertEqual(
            {
                kind.code: (
                    kind.points,
                    kind.points_less,
                    kind.threshold,
                    kind.threshold_less,
                    kind.span if kind.with_span else 0,
                    kind.span_unit,
                )
                for kind in kinds
            },
            {
                "port_query": (40, 0, 0, 0, 30, "day"),
                "leaving": (35, 0, 0, 0, 0, "day"),
                "suspended": (20, 0, 0, 0, 0, "day"),
                "drop": (25, 15, 50, 30, 0, "day"),
                "zero": (15, 0, 0, 0, 0, "day"),
                "arrears": (15, 8, 2, 1, 6, "month"),
                "complaint": (15, 10, 0, 0, 0, "day"),
                "repeat": (15, 0, 2, 0, 90, "day"),
                "rating": (10, 0, 2, 0, 90, "day"),
                "contract": (15, 10, 30, 90, 0, "day"),
                "silence": (10, 0, 2, 0, 0, "day"),
                "unused": (5, 0, 20, 0, 0, "day"),
                "tier": (5, 0, 0, 0, 60, "day"),
                "missed": (8, 0, 2, 0, 6, "month"),
                "late": (10, 5, 0, 0, 90, "day"),
                "gift": (5, 0, 14, 0, 0, "day"),
                "pulse": (20, 10, 0, 0, 90, "day"),
            },
        )
        self.assertEqual((self.company.vip_risk_medium, self.company.vip_risk_high), (30, 60))
        self.assertTrue(self.diamond.opens_risk_case)
        self.assertFalse(self.gold.opens_risk_case)

    # ------------------------------------------------------------
    # explaining
    # ------------------------------------------------------------

    def test_nothing_speaks_for_it(self):
        told = self.partner.vip_explain_risk()
        self.assertEqual((told["score"], told["level"]), (0, "low"))
        self.assertEqual(told["contributions"], [])
        self.assertFalse(told["before"])
        self.assertEqual(
            {one["code"] for one in told["unknown"]},
            {"rating", "contract"} | ({"silence"} if not self.member.last_contact_on else set()),
        )

    def test_unknown_without_complete_months(self):
        self.env["vip.billing.month"].search([]).complete = False
        self._assess()
        unknown = {one["code"] for one in self.partner.vip_explain_risk()["unknown"]}
        self.assertLessEqual({"drop", "zero"}, unknown)

    def test_what_moved(self):
        self._record("port_query")
        told = self.partner.vip_explain_risk()
        self.assertEqual((told["score"], told["level"]), (40, "medium"))
        self.assertEqual(told["before"], {"score": 0, "level": "low", "since": "2026-03-10"})
        self.assertEqual(
            told["moved"],
            [
                {
                    "code": "port_query",
                    "name": self._kind("port_query").name,
                    "before": 0,
                    "after": 40,
                }
            ],
        )
        with freeze_time("2026-04-10 02:00:00"):  # 31 days later
            self._assess()
            told = self.partner.vip_explain_risk()
            self.assertEqual([one["after"] for one in told["moved"] if one["before"] == 40], [0])
            self.assertEqual(told["before"]["score"], 40)

    def test_contribution_has_figures_and_day(self):
        bills = self.env["vip.billing.fact"].search(
            [("partner_id", "=", self.partner.id), ("month", ">=", "2025-12-01")]
        )
        bills.amount = 300
        self._assess()
        [one] = self.partner.vip_explain_risk()["contributions"]
        self.assertEqual((one["code"], one["points"], one["date"]), ("drop", 25, "2026-02-01"))
        self.assertEqual(one["figures"]["earlier"], 650)
        self.assertEqual(one["figures"]["recent"], 300)
        self.assertIn("54 % less", one["text"])
        self.assertIn("54 % less", self.member.risk_explanation)

    def test_desk_is_told_without_amounts_and_notes(self):
        bills = self.env["vip.billing.fact"].search(
            [("partner_id", "=", self.partner.id), ("month", ">=", "2025-12-01")]
        )
        bills.amount = 300
        self._record("pulse", colour="red", note="Furious about the hall")
        told = self.partner.with_user(self.users["desk"]).vip_explain_risk()
        self.assertEqual(told["score"], 45)
        words = " ".join(one["text"] for one in told["contributions"])
        self.assertIn("54 % less", words)
        self.assertNotIn("300", words)
        self.assertNotIn("Furious", words)
        self.assertFalse([one for one in told["contributions"] if one["figures"]])
        mine = self.partner.with_user(self.users["manager_a"]).vip_explain_risk()
        self.assertIn("Furious", " ".join(one["text"] for one in mine["contributions"]))

    def test_plain_data(self):
        """No None, whatever counts: XML-RPC refuses it."""
        self._rise()
        self._leaves(effective_on=False)

        def check(value):
            self.assertIsNotNone(value)
            if isinstance(value, dict):
                for key, item in value.items():
                    self.assertIsInstance(key, str)
                    check(item)
            elif isinstance(value, list):
                for item in value:
                    check(item)
            else:
                self.assertIsInstance(value, (str, int, float, bool))

        check(self.partner.vip_explain_risk())

    def test_every_sentence(self):
        """Each kind says why it counts, also without amounts."""
        figures = {
            "leaving": {"count": 1, "requested": "2026-03-01", "effective": None},
            "suspended": {"count": 1},
            "drop": {
                "recent": 300.0,
                "earlier": 650.0,
                "since": "2025-12-01",
                "until": "2026-02-01",
            },
            "zero": {"month": "2026-02-01"},
            "arrears": {"count": 2, "last": "2026-02-01"},
            "complaint": {"count": 2, "late": 1, "since": "2026-03-01"},
            "repeat": {"count": 2, "cause": 1, "last": "2026-03-01"},
            "rating": {"stars": 2},
            "contract": {"end": "2026-04-01"},
            "silence": {"last": "2025-10-01", "longest": 70},
            "unused": {"granted": 1000.0, "used": 100.0},
            "tier": {"until": "2026-04-01"},
            "missed": {"count": 2, "last": "2026-02-01"},
            "late": {"count": 1, "last": "2026-02-01"},
            "gift": {"count": 1, "first": "2026-02-01"},
        }
        for code, found in figures.items():
            signal = self.Signal.new(
                {
                    "partner_id": self.partner.id,
                    "type_id": self._kind(code).id,
                    "date": TODAY,
                    "figures": found,
                }
            )
            for private in (True, False):
                with self.subTest(code, private=private):
                    self.assertTrue(signal._text(private).endswith("."))

    def test_who_may_not_be_told(self):
        with self.assertRaises(AccessError):
            self.partner.with_user(self.users["employee"]).vip_explain_risk()
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaisesRegex(UserError, "not in the VIP programme"):
            stranger.vip_explain_risk()

    def test_card(self):
        card = self.env["res.partner"].with_user(self.users["desk"]).vip_lookup("13800138001")
        self.assertEqual(card["risk"], "low")
        self._record("port_query")
        card = self.env["res.partner"].with_user(self.users["desk"]).vip_lookup("13800138001")
        self.assertEqual(card["risk"], "medium")

    # ------------------------------------------------------------
    # at once
    # ------------------------------------------------------------

    def test_departure_at_once(self):
        case = self._leaves()
        self.assertEqual(self._points(), {"leaving": 35})
        case.sudo().departure_id.action_withdraw()
        self.assertEqual(self._points(), {})

    def test_number_at_once(self):
        self.first.state = "suspended"
        self.assertEqual(self._points(), {"suspended": 20})
        self.first.state = "active"
        self.assertEqual(self._points(), {})

    def test_request_at_once(self):
        request = self.env["vip.service.request"].create(
            {
                "partner_id": self.partner.id,
                "type_id": self.env.ref("vip_customer.service_type_complaint").id,
            }
        )
        self.assertEqual(self._points(), {"complaint": 10})
        request.answer = "Settled"
        request.action_close()
        self.assertEqual(self._points().get("complaint", 0), 0)

    def test_rating_at_once(self):
        contact = self.env["vip.interaction"].create(
            {
                "partner_id": self.partner.id,
                "date": "2026-03-09 02:00:00",
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                "rating": "2",
            }
        )
        self.assertEqual(self._points(), {"rating": 10})
        contact.rating = "3"
        self.assertEqual(self._points(), {})

    def test_answer_long_after_the_contact(self):
        """It is of the day on which he rated: three months after the contact it counts, and is the last one
        although a later contact was rated before."""
        with freeze_time("2025-11-20 02:00:00"):
            request = self.env["vip.service.request"].create(
                {
                    "partner_id": self.partner.id,
                    "type_id": self.env.ref("vip_customer.service_type_advice").id,
                    "answer": "Explained",
                }
            )
            request.action_close()
        self.env["vip.interaction"].create(
            {
                "partner_id": self.partner.id,
                "date": "2026-02-20 02:00:00",
                "channel_id": self.env.ref("vip_customer.channel_phone").id,
                "result_id": self.env.ref("vip_customer.interaction_result_reached").id,
                "rating": "5",
            }
        )
        with freeze_time("2026-03-09 18:00:00"):  # already the 10th in Shanghai
            request.rating_apply(1, token=request._rating_get_access_token())
        [signal] = self.Signal.search(
            [("partner_id", "=", self.partner.id), ("type_id", "=", self._kind("rating").id)]
        )
        self.assertEqual((signal.points, str(signal.date)), (10, "2026-03-10"))

    def test_closed_customer_is_not_assessed(self):
        self._record("port_query")
        self.first.write({"state": "closed", "closed_on": "2026-03-10"})
        told = self.partner.vip_explain_risk()
        self.assertEqual((told["score"], told["level"], told["contributions"]), (0, False, []))
        self.assertFalse(self._assess(), "a second run writes nothing")

    # ------------------------------------------------------------
    # pulse
    # ------------------------------------------------------------

    def test_pulse_fades(self):
        self.member.with_user(self.users["manager_a"]).action_pulse_red()
        self.assertEqual(self._points(), {"pulse": 20})
        for day, points in (("2026-04-24", 10), ("2026-06-08", 0)):
            with freeze_time(f"{day} 02:00:00"):
                self._assess()
                self.assertEqual(self._points().get("pulse", 0), points)

    def test_pulse_latest_counts(self):
        member = self.member.with_user(self.users["manager_a"])
        member.action_pulse_red()
        member.action_pulse_amber()
        self.assertEqual(self._points(), {"pulse": 10})
        member.action_pulse_green()
        self.assertEqual(self._points(), {})
        self.assertEqual(self.Signal.search_count([("partner_id", "=", self.partner.id)]), 3)

    def test_pulse_unknown_colour(self):
        with self.assertRaisesRegex(UserError, "“blue” is no colour"):
            self.member.with_user(self.users["manager_a"]).pulse("blue")

    def test_pulse_switched_off(self):
        self._kind("pulse").active = False
        with self.assertRaisesRegex(UserError, "switched off"):
            self.member.with_user(self.users["manager_a"]).pulse("red")

    def test_pulse_of_others_customer(self):
        with self.assertRaises(AccessError):
            self.member.with_user(self.users["manager_b"]).pulse("red")
        with self.assertRaises(AccessError):
            self._record("pulse", user="desk", colour="red")

    # ------------------------------------------------------------
    # recording
    # ------------------------------------------------------------

    def test_hotline_records(self):
        signal = self._record("port_query", user="desk", note="Asked how long porting takes")
        self.assertEqual(signal.points, 40)
        self.assertEqual(signal.text, "Asked how long porting takes")
        form = Form(self.Signal.with_user(self.users["desk"]))
        form.partner_id = self.partner
        form.type_id = self._kind("port_query")
        self.assertTrue(form.save())

    def test_own_kind(self):
        kind = (
            self.env["vip.risk.signal.type"]
            .with_user(self.users["boss"])
            .create({"name": "Moved house", "code": "moved", "points": 12, "span": 60})
        )
        self.Signal.with_user(self.users["manager_a"]).create(
            {"partner_id": self.partner.id, "type_id": kind.id}
        )
        self.assertEqual(self._points(), {"moved": 12})

    def test_worked_out_is_not_recorded(self):
        with self.assertRaisesRegex(UserError, "“Spend drop” is worked out"):
            self._record("drop", user="manager_a")

    def test_recorded_in_the_future(self):
        with self.assertRaisesRegex(ValidationError, "lies in the future"):
            self._record("port_query", date="2026-03-11")

    def test_colour_needed(self):
        with self.assertRaisesRegex(ValidationError, "choose red, amber or green"):
            self._record("pulse")

    def test_colour_only_for_pulse(self):
        with self.assertRaisesRegex(ValidationError, "has no colour"):
            self._record("port_query", colour="red")

    def test_stranger_is_not_recorded(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaisesRegex(UserError, "not in the VIP programme"):
            self._record("port_query", stranger, user="desk")

    def test_deleting(self):
        signal = self._record("port_query")
        with self.assertRaises(AccessError):
            signal.with_user(self.users["manager_a"]).unlink()
        signal.with_user(self.users["boss"]).unlink()
        self.assertEqual(self._points(), {})
        self.first.state = "suspended"
        counted = self.Signal.search([("partner_id", "=", self.partner.id)])
        with self.assertRaisesRegex(UserError, "worked out from what the programme knows"):
            counted.with_user(self.users["boss"]).unlink()

    # ------------------------------------------------------------
    # configuration
    # ------------------------------------------------------------

    def test_weights_that_sum_to_zero(self):
        kinds = self.env["vip.risk.signal.type"].search([])
        (kinds - self._kind("gift")).active = False
        with self.assertRaisesRegex(ValidationError, "sum to zero"):
            self._kind("gift").points = 0
        with self.assertRaisesRegex(ValidationError, "sum to zero"):
            self._kind("gift").active = False

    def test_last_weight_is_not_deleted(self):
        kind = self.env["vip.risk.signal.type"].create({"name": "Own", "code": "own", "points": 5})
        (self.env["vip.risk.signal.type"].search([]) - kind).active = False
        with self.assertRaisesRegex(ValidationError, "sum to zero"):
            kind.unlink()

    def test_thresholds_in_the_wrong_direction(self):
        with self.assertRaisesRegex(ValidationError, "the first must be the higher one"):
            self._kind("drop").threshold_less = 50
        with self.assertRaisesRegex(ValidationError, "the first must be the shorter time"):
            self._kind("contract").threshold = 90

    def test_threshold_of_nothing(self):
        with self.assertRaisesRegex(ValidationError, "hold for everybody"):
            self._kind("missed").threshold = 0

    def test_threshold_is_a_share(self):
        with self.assertRaisesRegex(ValidationError, "at most 100 percent"):
            self._kind("unused").threshold = 101

    def test_window_of_nothing(self):
        with self.assertRaisesRegex(ValidationError, "must be above zero"):
            self._kind("pulse").span = 0

    def test_pulse_fades_in_days(self):
        with self.assertRaisesRegex(ValidationError, "counted in days"):
            self._kind("pulse").span_unit = "month"

    def test_lesser_weight(self):
        with self._violates(CheckViolation, "vip_risk_signal_type_points_order"):
            self._kind("drop").points_less = 26
            self.env.flush_all()

    def test_weight_in_range(self):
        with self._violates(CheckViolation, "vip_risk_signal_type_points_range"):
            self._kind("drop").points = 101
            self.env.flush_all()

    def test_negative_threshold(self):
        with self._violates(CheckViolation, "vip_risk_signal_type_threshold_positive"):
            self._kind("drop").threshold_less = -1
            self.env.flush_all()

    def test_bands_in_the_wrong_order(self):
        with self._violates(CheckViolation, "res_company_vip_risk_bands"):
            self.company.vip_risk_medium = 60
            self.env.flush_all()

    def test_shipped_is_switched_off_not_deleted(self):
        with self.assertRaisesRegex(UserError, "Switch it off instead"):
            self._kind("gift").unlink()

    def test_switched_off_counts_nothing(self):
        self._record("port_query")
        self._kind("port_query").active = False
        self._assess()
        self.assertEqual(self._points(), {})

    def test_weights_hold_from_the_next_assessment(self):
        self._record("port_query")
        self._kind("port_query").points = 50
        self.assertFalse(self.company.vip_risk_day)
        while self.Member._assess_next(self.company):
            pass
        self.env.invalidate_all()
        self.assertEqual(self._points(), {"port_query": 50})

    def test_bands_hold_from_the_next_assessment(self):
        """Of this company, and soon; what is saved unchanged asks for nothing."""
        other = self.env["res.company"].create({"name": "Another company"})
        today = self.company._vip_today()
        (self.company | other).write({"vip_risk_day": today, "vip_risk_done": -1})
        cron = self.env.ref("vip_retention.ir_cron_risk")
        asked = [("cron_id", "=", cron.id)]
        self.env["ir.cron.trigger"].search(asked).unlink()
        self._record("port_query")
        self.assertEqual(self.member.risk_level, "medium")
        self.company.write({"vip_risk_medium": 30, "vip_risk_high": 60})
        self.assertEqual(self.company.vip_risk_day, today)
        self.company.vip_risk_high = 40
        self.assertFalse(self.company.vip_risk_day)
        self.assertEqual(other.vip_risk_day, today)
        self.assertTrue(self.env["ir.cron.trigger"].search(asked))
        while self.Member._assess_next(self.company):
            pass
        self.env.invalidate_all()
        self.assertEqual(self.member.risk_level, "high")

    # ------------------------------------------------------------
    # every night
    # ------------------------------------------------------------

    def test_night_in_batches(self):
        others = [self._create_customer(f"C{i}") for i in range(5)]
        with patch.object(vip_membership_risk, "BATCH", 2):
            rounds = 1
            while self.Member._assess_next(self.company):
                rounds += 1
        self.assertGreaterEqual(rounds, 4)
        self.env.invalidate_all()
        self.assertEqual({p.vip_membership_id.risk_level for p in others}, {"low"})
        self.assertFalse(self.Member._assess_next(self.company), "once a day")
        self.assertFalse(self._assess(), "a second run writes nothing")

    def test_night_interrupted_goes_on(self):
        """Where the time is over after a batch, the next run goes on behind it."""
        for i in range(5):
            self._create_customer(f"C{i}")
        Cron = type(self.env["ir.cron"])
        assess, first, second = self.Member._assess_risk, [], []

        def night(batches, left):
            def count(_self, company, whose=None):
                batches.append(whose)
                return assess(company, whose)

            with (
                patch.object(type(self.Member), "_assess_risk", count),
                patch.object(Cron, "_commit_progress", lambda *_args, **_kw: left(batches)),
                patch.object(vip_membership_risk, "BATCH", 2),
            ):
                self.Member._cron_assess_risk()

        self.env["res.company"].search([("id", "!=", self.company.id)]).write(
            {"vip_risk_day": self.company._vip_today(), "vip_risk_done": -1}
        )
        night(first, lambda batches: 0 if batches else 1)
        self.assertEqual(len(first), 1)
        self.assertGreater(self.company.vip_risk_done, 0)
        night(second, lambda batches: 1)
        self.assertEqual(self.company.vip_risk_done, -1)
        self.assertGreaterEqual(len(second), 3)
        self.env.invalidate_all()
        self.assertFalse(
            self.Member.search([("risk_level", "=", False), ("closed_on", "=", False)])
        )

    def test_night_meets_somebody_at_work(self):
        """Who changed a customer meanwhile wins; the batch is assessed again with a fresh view."""
        tries = []

        def collide(_self, company):
            tries.append(company)
            if len(tries) == 1:
                raise SerializationFailure
            return False

        with (
            patch.object(type(self.Member), "_assess_next", collide),
            patch.object(self.env.cr, "rollback") as rollback,
        ):
            self.assertFalse(self.Member._assess_next_in_peace(self.company))
        self.assertEqual(len(tries), 2)
        rollback.assert_called_once_with()

    def test_colour_that_fades_moves_nothing(self):
        """What happened last stays told: the colour fades every few days."""
        self._record("pulse", colour="red")
        self._record("port_query")
        self.assertEqual((self.member.risk_score, self.member.risk_change), (60, 40))
        with freeze_time("2026-03-20 02:00:00"):
            self.assertEqual(self._assess(), 1)
            self.assertEqual(self.member.risk_level, "medium", "the level did move")
        with freeze_time("2026-03-30 02:00:00"):
            self._assess()
            self.assertEqual((self.member.risk_score, str(self.member.risk_on)), (56, "2026-03-20"))
            before = self.member.risk_before
            self.assertEqual((before["score"], before["level"]), (60, "high"))
            self.assertEqual(self.member.risk_change, -4)
            self.assertEqual(self.member.risk_moved, "Manager's own judgement -4")
            self.assertFalse(self._assess(), "a second run writes nothing")

    def test_moved_in_a_list(self):
        others = [self._create_customer(f"C{i}") for i in range(4)]
        for partner in (self.partner, *others):
            self._record("port_query", partner)
            self._record("pulse", partner, colour="amber")
        members = self.partner.vip_membership_id.union(*(p.vip_membership_id for p in others))
        counts = []
        for some in (members[:2], members[:2], members):  # the first one warms up
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.assertEqual(set(some.mapped("risk_moved")), {"Manager's own judgement +10"})
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[1], counts[2])

    def test_signal_that_is_switched_off_is_not_recorded(self):
        self._kind("port_query").active = False
        with self.assertRaisesRegex(UserError, "switched off, so it would count nothing"):
            self._record("port_query", user="desk")

    def test_future_months_marked_complete(self):
        months = [date(2026, n, 1) for n in range(5, 11)]
        self.env["vip.billing.month"]._ensure(self.company, months, complete=True)
        last = date(2026, 2, 1)
        self.assertEqual(self.Member._months_of_risk(self.company, TODAY), (last, False))

    def test_month_of_bills_that_never_came(self):
        """Nobody's spend dropped because an import was forgotten."""
        bills = self.env["vip.billing.fact"].search([("month", "=", "2026-01-01")])
        bills.unlink()
        months = [("company_id", "=", self.company.id), ("month", "=", "2026-01-01")]
        self._assess()
        self.assertEqual(self._points(), {"drop": 15}, "a month that is on the list counts")
        self.env["vip.billing.month"].search(months).unlink()
        self._assess()
        self.assertEqual(self._points(), {})
        self.assertIn("drop", {one["code"] for one in self.partner.vip_explain_risk()["unknown"]})

    def test_score_is_capped(self):
        kinds = self._kind("port_query") | self._kind("pulse")
        kinds.points = 100
        self._rise()
        self.assertEqual(self.member.risk_score, 100)


@tagged("post_install", "-at_install", "vip_risk")
class TestHighRisk(RiskCase):
    """What is done about it."""

    def test_a_task_once(self):
        self._rise()
        self.assertEqual((self.member.risk_score, self.member.risk_level), (60, "high"))
        task = self._tasks()
        self.assertEqual(task.user_id, self.users["manager_a"])
        self.assertEqual(task.date_deadline, TODAY + timedelta(days=2))
        self._assess()
        task.action_done()
        self._assess()
        self.assertFalse(self._tasks(), "once for a rise")

    def test_once_more_after_another_rise(self):
        self._rise()
        self._tasks().action_done()
        self._record("pulse", colour="green")
        self.assertEqual(self.member.risk_level, "medium")
        self._record("pulse", colour="red")
        self.assertEqual(len(self._tasks()), 1)

    def test_diamond_has_a_case(self):
        self._assign(self.plain, self.users["manager_c"], self.county)
        self._rise(self.plain)
        member = self.plain.vip_membership_id
        self.assertFalse(self._tasks(member))
        case = self.Case.search([("partner_id", "=", self.plain.id)])
        self.assertEqual((case.source, case.user_id), ("risk", self.users["manager_c"]))
        self.assertEqual(str(case.company_id._vip_local(case.deadline).date()), "2026-03-12")
        self.assertFalse(case.departure_id)
        self._assess()
        self.assertEqual(self.Case.search_count([("partner_id", "=", self.plain.id)]), 1)

    def test_nobody_to_tell(self):
        self.member._assign(self.env["res.users"], self.county)
        self._rise()
        self.assertFalse(self._tasks())
        self.member._assign(self.users["manager_b"], self.city)
        self._assess()
        self.assertEqual(self._tasks().user_id, self.users["manager_b"])

    def test_spoken_to_already(self):
        self._leaves()
        self._rise()
        self.assertEqual(self.member.risk_level, "high")
        self.assertFalse(self._tasks())

    def test_final_refusal_is_respected(self):
        self._leaves().action_refuse()
        self._rise()
        self.assertEqual(self.member.risk_level, "high")
        self.assertFalse(self._tasks())

    def test_left_in_peace(self):
        self.member.do_not_disturb = True
        self._rise()
        self.assertFalse(self._tasks())
        self.member.do_not_disturb = False
        self._assess()
        self.assertTrue(self._tasks())

    def test_no_tier(self):
        zhou = self._create_customer("Zhou", number="13800138009")
        self._rise(zhou)
        self.assertEqual(zhou.vip_membership_id.risk_level, "high")
        self.assertFalse(self._tasks(zhou.vip_membership_id))

    def test_protected_at_once(self):
        self.member.joined_on = add_months(TODAY, -3)
        self.company.vip_protected_amount = 0
        self.Member._follow_protected(self.company)
        self.assertFalse(self.member.protected)
        self._rise()
        self.assertTrue(self.member.protected)
        self._record("pulse", colour="green")
        self.assertFalse(self.member.protected)

    # ------------------------------------------------------------
    # putting off
    # ------------------------------------------------------------

    def _postpone(self, day="2026-03-30", reason="On holiday", user="manager_a"):
        return self.member.with_user(self.users[user]).postpone_risk(day, reason)

    def test_postpone(self):
        self._rise()
        self._postpone()
        self.assertEqual(str(self._tasks().date_deadline), "2026-03-30")
        told = self.partner.vip_explain_risk()
        self.assertEqual(told["postponed_until"], "2026-03-30")

    def test_postponed_is_not_told_again_before(self):
        self._rise()
        self._postpone()
        self._tasks().action_done()
        self._record("pulse", colour="green")
        self._record("pulse", colour="red")
        self.assertFalse(self._tasks())
        with freeze_time("2026-03-30 02:00:00"):
            self._record("pulse", colour="red")
            self.assertTrue(self._tasks())

    def test_postpone_a_case(self):
        self._assign(self.plain, self.users["manager_c"], self.county)
        self._rise(self.plain)
        member = self.plain.vip_membership_id.with_user(self.users["manager_c"])
        member.postpone_risk("2026-03-20", "Abroad")
        case = self.Case.search([("partner_id", "=", self.plain.id)])
        self.assertEqual(str(case.company_id._vip_local(case.deadline).date()), "2026-03-20")
        self.assertEqual(str(case.activity_ids.date_deadline), "2026-03-20")

    def test_postpone_dialog(self):
        self._rise()
        action = self.member.with_user(self.users["manager_a"]).action_postpone_risk()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.users["manager_a"])
            .with_context(**action["context"])
            .create({"day": "2026-03-30", "reason": "On holiday"})
        )
        wizard.action_confirm()
        self.assertEqual(self.member.risk_postpone_reason, "On holiday")

    def test_postpone_without_reason(self):
        self._rise()
        with self.assertRaisesRegex(UserError, "Say why"):
            self._postpone(reason=" ")

    def test_postpone_too_long(self):
        self._rise()
        with self.assertRaisesRegex(UserError, "30 days at most"):
            self._postpone("2026-04-10")
        self._postpone("2026-04-09")

    def test_postpone_again(self):
        """30 days in all since somebody was told, not each time."""
        self._rise()
        self._postpone("2026-04-05")
        with freeze_time("2026-04-04 02:00:00"):
            with self.assertRaisesRegex(UserError, "30 days at most since the risk rose"):
                self._postpone("2026-04-10")
            self._postpone("2026-04-09")

    def test_postpone_until_today(self):
        self._rise()
        with self.assertRaisesRegex(UserError, "Choose a day after today"):
            self._postpone("2026-03-10")

    def test_postpone_low_risk(self):
        with self.assertRaisesRegex(UserError, "not high"):
            self._postpone()

    def test_postpone_others_customer(self):
        self._rise()
        with self.assertRaises(AccessError):
            self._postpone(user="manager_b")

    # ------------------------------------------------------------
    # left in peace
    # ------------------------------------------------------------

    def _assign_plain(self):
        self._assign(self.plain, self.users["manager_c"], self.county)
        return self.plain.vip_membership_id

    def _cases(self, partner=None):
        return self.Case.search([("partner_id", "=", (partner or self.plain).id)])

    def test_diamond_who_finally_refused_has_no_case(self):
        """Whether or not he named a day: nobody asks him again, and the night goes on."""
        for effective_on in ("2026-03-30", False):
            with self.subTest(effective_on), self.env.cr.savepoint() as savepoint:
                member = self._assign_plain()
                refused = self._leaves(self.plain, effective_on=effective_on)
                refused.action_refuse()
                self._rise(self.plain)
                self.assertEqual(member.risk_level, "high")
                self._assess()
                self.assertEqual(self._cases(), refused)
                self.assertFalse(self._tasks(member))
                self.assertTrue(member.has_decided)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_refusal_taken_back(self):
        member = self._assign_plain()
        refused = self._leaves(self.plain)
        refused.action_refuse()
        self._rise(self.plain)
        refused.sudo().departure_id.action_withdraw()
        self.env.invalidate_all()
        self.assertFalse(member.has_decided)
        self._assess()
        self.assertEqual(len(self._cases() - refused), 1)

    def test_without_an_open_number_nobody_is_told(self):
        """His number passed to somebody else, the others have other customers to look after."""
        self.env.cr.execute(
            "UPDATE vip_service_number SET date_to = '2026-03-01' WHERE partner_id = %s",
            [self.partner.id],
        )
        self.env.invalidate_all()
        self._rise()
        self.assertEqual(self.member.risk_level, "high")
        self.assertFalse(self._tasks())

    def test_diamond_who_has_left(self):
        member = self._assign_plain()
        self._rise(self.plain)
        case = self._cases()
        asked = self._leaves(self.plain, effective_on="2026-03-10")
        asked.sudo().departure_ids.with_user(self.users["boss"]).take_effect("2026-03-10")
        self.env.invalidate_all()
        self.assertEqual(str(member.closed_on), "2026-03-10")
        self._assess()
        self.assertFalse(member.risk_level)
        self.assertFalse(member.risk_told_on)
        self.assertEqual(self._cases(), case)

    def test_one_who_refused_does_not_stop_the_others(self):
        """The night tells of all the others in one go."""
        self._assign_plain()
        self._leaves(self.plain).action_refuse()
        other = self._create_vip("Qian", self.diamond)
        self._assign(other, self.users["manager_c"], self.county)
        self.env["vip.risk.signal.type"].search([("code", "=", "port_query")]).points = 70
        with patch.object(type(self.member), "_renew_risk"):
            for partner in (self.plain, other, self.partner):
                self._record("port_query", partner)
        self._assess()
        self.assertEqual(len(self._cases()), 1)
        self.assertEqual(self._cases(other).source, "risk")
        self.assertTrue(self._tasks())

    # ------------------------------------------------------------
    # when it has fallen
    # ------------------------------------------------------------

    def test_untouched_task_is_closed(self):
        self.company.partner_id.lang = "en_US"
        self._rise()
        self.assertTrue(self._tasks())
        self._record("pulse", colour="green")
        self.assertFalse(self._tasks())
        self.assertIn("no longer high", self.member.message_ids[0].body)

    def test_task_that_somebody_wrote_on_stays(self):
        self._rise()
        self._tasks().note = "Called, he is on the train"
        self._record("pulse", colour="green")
        self.assertEqual(len(self._tasks()), 1)

    def test_task_that_was_put_off_stays(self):
        self._rise()
        self._postpone()
        self._record("pulse", colour="green")
        self.assertEqual(len(self._tasks()), 1)

    def test_task_of_his_own_stays(self):
        self._record("port_query")
        own = self.member.activity_schedule(
            "vip_retention.mail_activity_type_risk", user_id=self.users["manager_a"].id
        )
        self._record("pulse", colour="red")
        self._record("pulse", colour="green")
        self.assertEqual(self._tasks(), own)

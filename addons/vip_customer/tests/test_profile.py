"""How complete profiles are, what is asked next, what was collected, and from whom all of it is kept."""

from datetime import date
from random import Random

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tests import tagged

from .care_common import CareCase

# Standard 4.5: item -> weight, whether silver is asked
STANDARD = {
    "birthday": (15, True),
    "channel": (15, True),
    "hours": (15, True),
    "employer": (10, False),
    "family": (5, False),
    "hobby": (10, True),
    "newspaper": (5, False),
    "water": (5, False),
    "gift": (5, False),
    "travel": (5, False),
    "handset": (5, False),
    "other_operator": (5, False),
}
CONSENT = {"employer", "family", "travel", "other_operator"}


class ProfileCase(CareCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kinds = cls.env["vip.preference.type"].search(Domain.TRUE).grouped("code")

    @classmethod
    def _tell(cls, member, code, day="2026-03-01"):
        kind = cls.kinds[code]
        return cls.env["vip.preference"].create(
            {
                "partner_id": member.partner_id.id,
                "type_id": kind.id,
                "option_id": kind.option_ids[:1].id,
                "value": "Told",
                "date": day,
                "consent": True,
            }
        )


@tagged("vip_care")
class TestProfile(ProfileCase):
    def test_standard(self):
        shipped = {
            code: (kind.weight, kind._is_asked_of(self.silver), kind.consent_needed)
            for code, kind in self.kinds.items()
        }
        self.assertEqual(shipped, {code: (*row, code in CONSENT) for code, row in STANDARD.items()})
        for tier in (self.gold, self.diamond):
            self.assertTrue(all(kind._is_asked_of(tier) for kind in self.kinds.values()))

    def test_completeness(self):
        """By hand: silver is asked 55, of which 40 are known; gold is asked 100."""
        silver, gold = self._member("Silver", self.silver), self._member("Gold", self.gold)
        nobody = self._member("Nobody")
        members = silver | gold | nobody
        members.birthday = date(1964, 2, 29)
        for member in members:
            self._tell(member, "hours", "2024-03-10")  # 24 months old today
            self._tell(member, "hobby")
            self._tell(member, "channel", "2024-03-09")  # a day too old
            self._tell(member, "gift")
        self.assertEqual(silver.completeness, 40 * 100 // 55)
        self.assertEqual(gold.completeness, 45)
        self.assertEqual(nobody.completeness, silver.completeness)

    def test_nothing_known_and_everything(self):
        member = self._member("Wei", self.diamond)
        self.assertEqual((member.completeness, member.ask_next), (0, "Birthday and calendar"))
        member.birthday = date(1964, 2, 29)
        for code in STANDARD.keys() - {"birthday"}:
            self._tell(member, code)
        self.env.invalidate_all()
        self.assertEqual((member.completeness, member.ask_next), (100, False))

    def test_ask_next(self):
        member = self._member("Wei", self.silver)
        member.birthday = date(1964, 2, 29)
        self._tell(member, "channel", "2020-01-01")
        self._tell(member, "hours")
        self.assertEqual(member.ask_next_id, self.kinds["hobby"], "missing comes first")
        self._tell(member, "hobby", "2019-01-01")
        self.env.invalidate_all()
        self.assertEqual(member.ask_next_id, self.kinds["hobby"], "then the oldest")
        self.assertEqual(member.ask_next, f"Hobbies (told on {self._day(date(2019, 1, 1))})")

    def test_archived_item_is_not_asked(self):
        member = self._member("Wei", self.silver)
        self.kinds["birthday"].active = False
        self.assertEqual(member.ask_next_id, self.kinds["channel"])

    def test_books_agree(self):
        """What is searched and reported in SQL is what the page works out."""
        dice = Random(4)
        members = self.env["vip.membership"]
        for index in range(40):
            tier = dice.choice((self.silver, self.gold, self.diamond, None))
            member = self._member(f"Customer {index}", tier)
            members |= member
            if dice.random() < 0.5:
                member.birthday = date(1964, 2, 29)
            for code in STANDARD.keys() - {"birthday"}:
                if dice.random() < 0.5:
                    self._tell(
                        member, code, dice.choice(("2026-03-01", "2024-03-09", "2024-03-10"))
                    )
        self.env.invalidate_all()
        among = Domain("id", "in", members.ids)
        for limit in (0, 25, 40, 54, 55, 100):
            for operator, matches in (
                ("<", lambda m, limit=limit: m.completeness < limit),
                ("<=", lambda m, limit=limit: m.completeness <= limit),
                (">", lambda m, limit=limit: m.completeness > limit),
                (">=", lambda m, limit=limit: m.completeness >= limit),
                ("=", lambda m, limit=limit: m.completeness == limit),
                ("!=", lambda m, limit=limit: m.completeness != limit),
            ):
                with self.subTest(operator=operator, limit=limit):
                    found = members.search(among & Domain("completeness", operator, limit))
                    self.assertEqual(found, members.filtered(matches).sorted())
        rows = self.env["vip.profile.report"]._read_group(
            [("partner_id", "in", members.partner_id.ids)],
            ["partner_id", "state"],
            ["weight:sum"],
        )
        weights = {(partner, state): weight for partner, state, weight in rows}
        for member in members.filtered("tier_id"):
            of = [weights.get((member.partner_id, s), 0) for s in ("known", "outdated", "missing")]
            self.assertEqual(100 * of[0] // sum(of), member.completeness)
        self.assertFalse(
            [key for key in weights if not key[0].vip_membership_id.tier_id], "no tier, no row"
        )

    def test_completeness_of_no_number(self):
        member = self._member("Wei", self.silver)
        for operator in ("<", "<=", ">", ">=", "="):
            for value in ("x", "nan", [5], 10**400):
                if operator == "=" and isinstance(value, list):
                    continue  # a list of numbers is what "=" may be given
                with (
                    self.subTest(operator=operator, value=value),
                    self.assertRaisesRegex(UserError, "cannot be compared with “"),
                ):
                    member.search([("completeness", operator, value)])
        among = Domain("id", "=", member.id)
        for value in (10**12, 10**40, "50", 50.5):
            with self.subTest(value=value):
                self.assertEqual(member.search(among & Domain("completeness", "<", value)), member)

    def test_birthday_in_the_future(self):
        member = self._member("Wei")
        member.birthday = self.today
        with self.assertRaisesRegex(ValidationError, "cannot have been born"):
            member.birthday = date(2026, 3, 11)

    # ------------------------------------------------------------
    # the report
    # ------------------------------------------------------------

    def _report(self, groupby, *aggregates):
        return self.env["vip.profile.report"]._read_group(
            [("company_id", "=", self.company.id)], groupby, aggregates
        )

    def test_coverage_of_each_item(self):
        first, second = self._member("Wei", self.silver), self._member("Li", self.gold)
        self._tell(first, "hobby")
        self._tell(second, "hobby", "2020-01-01")
        rows = {
            kind.code: row
            for kind, *row in self._report(
                ["type_id"], "known:sum", "outdated:sum", "missing:sum", "coverage:avg"
            )
        }
        self.assertEqual(rows["hobby"], [1, 1, 0, 0.5])
        self.assertEqual(rows["gift"], [0, 0, 1, 0])

    def test_distribution_of_answers(self):
        for index in range(5):
            member = self._member(f"Customer {index}", self.silver)
            preference = self._tell(member, "hours")
            preference.option_id = self.kinds["hours"].option_ids[index % 2]
        rows = self._report(["option_id", "tier_id", "team_id", "manager_id"], "__count")
        self.assertEqual(
            [row for row in rows if row[0]],
            [
                (option, self.silver, self.city, self.users["manager_a"], count)
                for option, count in zip(self.kinds["hours"].option_ids, (3, 2), strict=False)
            ],
        )

    def test_ids_are_unique(self):
        for index in range(3):
            self._member(f"Customer {index}", self.diamond)
        ids = self.env["vip.profile.report"].search([]).ids
        self.assertEqual(len(ids), len(set(ids)))

    def test_ids_beyond_four_bytes(self):
        """An item added late does not push the ids of the rows out of what the database can hold."""
        member = self._member("Wei", self.silver)
        kind = self.env["vip.preference.type"].create({"name": "Pets", "code": "pets"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE vip_preference_type SET id = 2000000000 WHERE id = %s", (kind.id,)
        )
        self.env.invalidate_all()
        rows = self.env["vip.profile.report"].search([("partner_id", "=", member.partner_id.id)])
        self.assertEqual(
            rows.filtered(lambda row: row.type_id.id == 2_000_000_000).state, "missing"
        )
        self.assertEqual(rows.browse(rows.ids).mapped("partner_id"), member.partner_id)


@tagged("post_install", "-at_install", "vip_security")
class TestProfileIsPrivate(ProfileCase):
    """Closed to the desk, to other account managers (deputies excepted) and to leads of other branches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._member("Wei", cls.diamond)
        cls.partner = cls.member.partner_id
        cls.member.birthday = date(1964, 2, 29)
        cls.secret = cls._tell(cls.member, "hobby")
        cls.secret.value = "Collects stamps"
        cls.choice = cls._tell(cls.member, "hours")
        cls._contact(cls.member, summary="Talked of his stamps")
        cls.users["lead_far"] = cls._create_user("lead_far", "lead")
        cls.county.user_id = cls.users["lead_far"]
        for role in set(cls.OUTSIDE) - {"portal"}:
            cls.users[role].group_ids |= cls.env.ref("base.group_allow_export")
        cls.env.flush_all()

    OUTSIDE = ("desk", "manager_b", "lead_far", "employee", "importer", "portal")
    INSIDE = ("manager_a", "lead", "boss", "auditor")

    def _as(self, role, record):
        self.env.flush_all()
        self.env.invalidate_all()
        return record.with_user(self.users[role])

    def _records(self):
        report = self.env["vip.profile.report"].search([("partner_id", "=", self.partner.id)])
        contact = self.env["vip.interaction"].search([("partner_id", "=", self.partner.id)])
        return {
            self.member: ["birthday", "completeness", "ask_next", "preference_ids"],
            self.secret: ["value", "answer", "consent"],
            report[:1]: ["state", "option_id", "told_on"],
            contact: ["summary"],
        }

    def _doors(self, role):
        """(what, call) of every way to learn something; each returns what was learned, if anything."""
        for record, names in self._records().items():
            model = record._name
            of_him = [("partner_id", "=", self.partner.id)]
            stored = [name for name in names if record._fields[name].store or not record._auto]

            def mine(record=record):
                return self._as(role, record)

            yield f"{model} read", lambda mine=mine, names=names: mine().read(names)
            yield (
                f"{model} export",
                lambda mine=mine, names=names: mine().export_data(names)["datas"],
            )
            yield f"{model} search", lambda mine=mine, of_him=of_him: mine().search(of_him).ids
            for name in stored:
                yield (
                    f"{model} group by {name}",
                    lambda mine=mine, name=name, of_him=of_him: mine().formatted_read_group(
                        of_him,
                        [f"{name}:day" if mine()._fields[name].type == "date" else name],
                        ["__count"],
                    ),
                )
                yield (
                    f"{model} sort by {name}",
                    lambda mine=mine, name=name, of_him=of_him: (
                        mine().search(of_him, order=f"{name} desc").ids
                    ),
                )
        # what contacts, which everybody inside may read, would say of him
        guesses = [
            ("vip_membership_id.preference_ids.value", "ilike", "stamps"),
            ("vip_membership_id.preference_ids.option_id", "=", self.choice.option_id.id),
            ("vip_membership_id.completeness", ">", 0),
            ("vip_membership_id.birthday", "=", "1964-02-29"),
            ("vip_membership_id.last_contact_on", "!=", False),
            ("child_ids.vip_membership_id.preference_ids.value", "ilike", "stamps"),
        ]
        for guess in guesses:
            yield (
                f"contact by {guess[0]}",
                lambda guess=guess: self._as(role, self.partner).search([guess]).ids,
            )
        for path in (
            "vip_membership_id/preference_ids/value",
            "vip_membership_id/birthday",
            "vip_membership_id/ask_next",
        ):
            yield (
                f"contact export {path}",
                lambda path=path: list(
                    filter(any, self._as(role, self.partner).export_data([path])["datas"])
                ),
            )
        yield (
            "contact grouped",
            lambda: [
                row
                for row in self._as(role, self.partner).formatted_read_group(
                    [("id", "=", self.partner.id)], ["vip_membership_id.birthday:year"]
                )
                if row["vip_membership_id.birthday:year"]
            ],
        )

    def _learned(self, call):
        try:
            with self.env.cr.savepoint():
                return call()
        except (UserError, ValueError):
            return None

    def test_outside(self):
        for role in self.OUTSIDE:
            for what, call in self._doors(role):
                with self.subTest(role=role, door=what):
                    self.assertFalse(self._learned(call))

    def test_inside(self):
        for role in self.INSIDE:
            for model in self._records():
                with self.subTest(role=role, model=model._name):
                    self.assertTrue(self._as(role, model).read())

    def test_deputy(self):
        """He sees the profile while he stands in, and not a day longer."""
        term = self.env["vip.manager.deputy"].create(
            {
                "manager_id": self.users["manager_a"].id,
                "deputy_id": self.users["manager_b"].id,
                "date_from": self.today,
                "date_to": self.today,
                "company_id": self.company.id,
            }
        )
        for record in self._records():
            with self.subTest(model=record._name):
                self.assertTrue(self._as("manager_b", record).read())
        term.write({"date_from": "2026-03-08", "date_to": "2026-03-09"})
        for record in self._records():
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                self._as("manager_b", record).read()

    def test_manager_of_another_company(self):
        rival = self.env["res.company"].create({"name": "Rival"})
        boss = self.users["boss"]
        boss.write({"company_ids": [Command.set(rival.ids)], "company_id": rival.id})
        for record in self._records():
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                self._as("boss", record).with_context(allowed_company_ids=rival.ids).read()

import importlib.util
from datetime import date
from pathlib import Path

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .care_common import CareCase
from .import_common import VipImportCase

SCRIPT = Path(__file__).parents[1] / "migrations" / "19.0.1.1.0" / "post-migrate.py"


@tagged("post_install", "-at_install", "vip_portfolio")
class TestAssignment(CareCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Assignment = cls.env["vip.manager.assignment"]
        cls.a, cls.b, cls.c = (cls.users[f"manager_{name}"] for name in "abc")
        with freeze_time("2026-02-10 02:00:00"):
            cls.member = cls._member("Wei", number="13800138000")
        cls.member_as_lead = cls.member.with_user(cls.users["lead"])

    def _rows(self, member=None):
        """The assignments as (manager, from, until), in the order in which they were made."""
        rows = self.Assignment.search(
            [("partner_id", "=", (member or self.member).partner_id.id)], order="id"
        )
        return [
            (row.manager_id, str(row.date_from), row.date_to and str(row.date_to)) for row in rows
        ]

    def _assign(self, manager, day=None, team=None):
        return self.member_as_lead.assign(
            manager and manager.id, (team or self.city).id, day and str(day)
        )

    # ------------------------------------------------------------
    # who was responsible when
    # ------------------------------------------------------------

    def test_new_manager_today(self):
        self._assign(self.b)
        self.assertEqual(
            self._rows(),
            [(self.a, "2026-02-10", "2026-03-09"), (self.b, "2026-03-10", False)],
        )
        self.assertEqual(self.member.manager_id, self.b)

    def test_same_day_is_replaced(self):
        self._assign(self.b)
        self._assign(self.c)
        self.assertEqual(
            self._rows(),
            [
                (self.a, "2026-02-10", "2026-03-09"),
                (self.b, "2026-03-10", "2026-03-09"),
                (self.c, "2026-03-10", False),
            ],
        )
        self.assertEqual(self.member.manager_id, self.c)

    def test_second_call_writes_nothing(self):
        self._assign(self.b)
        before = self.Assignment.search(Domain.TRUE).mapped("write_date")
        rows = self._rows()
        with freeze_time("2026-03-10 05:00:00"):
            self._assign(self.b)
            self._assign(self.b, "2026-04-01")
        self.assertEqual(self._rows(), rows)
        self.assertEqual(self.Assignment.search(Domain.TRUE).mapped("write_date"), before)

    def test_nobody_stays_nobody(self):
        member = self._create_customer("Nobody's").vip_membership_id
        member._assign(self.env["res.users"], self.env["crm.team"])
        self.assertFalse(self._rows(member))

    def test_nobody_is_responsible_any_more(self):
        self._assign(None)
        self.assertEqual(self._rows()[-1], (self.env["res.users"], "2026-03-10", False))
        self.assertFalse(self.member.manager_id)
        self.assertEqual(self.member.team_id, self.city)

    def test_branch_changes(self):
        self._assign(self.a, team=self.county)
        self.assertEqual(len(self._rows()), 2)
        self.assertEqual(self.member.team_id, self.county)

    def test_agreed_for_later(self):
        self._assign(self.b, "2026-04-01")
        self.assertEqual(self.member.manager_id, self.a)
        self.assertEqual(
            self._rows(),
            [(self.a, "2026-02-10", "2026-03-31"), (self.b, "2026-04-01", False)],
        )
        self.assertIn(self.b.name, self.member.agreed)
        with freeze_time("2026-03-31 15:30:00"):  # 23:30 in Shanghai
            self.Assignment._cron_project()
            self.assertEqual(self.member.manager_id, self.a)
        with freeze_time("2026-03-31 16:30:00"):  # the day has come there
            self.Assignment._cron_project()
            self.assertEqual(self.member.manager_id, self.b)
            self.env.invalidate_all()
            self.assertFalse(self.member.agreed)

    def test_agreed_is_replaced(self):
        self._assign(self.b, "2026-04-01")
        self._assign(self.c, "2026-03-20")
        self.assertEqual(
            self._rows(),
            [
                (self.a, "2026-02-10", "2026-03-19"),
                (self.b, "2026-04-01", "2026-03-31"),
                (self.c, "2026-03-20", False),
            ],
        )
        with freeze_time("2026-04-01 02:00:00"):
            self.Assignment._cron_project()
            self.assertEqual(self.member.manager_id, self.c)

    def test_agreed_is_taken_back(self):
        """Assigning who is responsible anyway, from today on."""
        self._assign(self.b, "2026-04-01")
        self._assign(self.a)
        self.assertFalse(self.member.agreed)
        with freeze_time("2026-04-01 02:00:00"):
            self.Assignment._cron_project()
            self.assertEqual(self.member.manager_id, self.a)

    def test_projection_twice(self):
        self._assign(self.b, "2026-03-11")
        with freeze_time("2026-03-11 02:00:00"):
            self.assertEqual(self.Assignment._project(self.company), 1)
            self.assertEqual(self.Assignment._project(self.company), 0)

    def test_states_and_days(self):
        self._assign(self.b)
        self._assign(self.c)
        self._assign(self.b, "2026-04-01")
        rows = self.Assignment.search([("partner_id", "=", self.member.partner_id.id)], order="id")
        self.assertEqual(rows.mapped("state"), ["past", "replaced", "current", "agreed"])
        for row in rows:
            with self.subTest(state=row.state):
                self.assertEqual(rows.search([("state", "=", row.state)]) & rows, row)
        self.assertEqual(rows.search([("state", "!=", "replaced")]) & rows, rows - rows[1])
        for day, manager in (
            ("2026-02-09", self.env["res.users"]),
            ("2026-02-10", self.a),
            ("2026-03-09", self.a),
            ("2026-03-10", self.c),
            ("2026-03-31", self.c),
            ("2026-04-01", self.b),
        ):
            with self.subTest(day=day):
                found = rows.search([("on_day", "=", day)]) & rows
                self.assertEqual(found.manager_id, manager)

    def test_page(self):
        action = self.member_as_lead.action_view_assignments()
        self.assertEqual(action["domain"], [("partner_id", "=", self.member.partner_id.id)])
        self.assertEqual(action["res_model"], "vip.manager.assignment")

    def test_dialog(self):
        context = self.member_as_lead.action_assign()["context"]
        dialog = Form(
            self.env["vip.manager.assign"].with_user(self.users["lead"]).with_context(**context)
        )
        self.assertEqual(dialog.day, date(2026, 3, 10))
        dialog.manager_id = self.b
        dialog.day = date(2026, 4, 1)
        dialog.save().action_confirm()
        self.assertEqual(self._rows()[-1], (self.b, "2026-04-01", False))

    # ------------------------------------------------------------
    # refusals
    # ------------------------------------------------------------

    def test_past_day(self):
        with self.assertRaisesRegex(UserError, "before today is settled"):
            self._assign(self.b, "2026-03-09")

    def test_archived_user(self):
        self.b.active = False
        with self.assertRaisesRegex(UserError, "vip_test_manager_b .* is archived"):
            self._assign(self.b)

    def test_user_without_the_role(self):
        with self.assertRaisesRegex(UserError, "vip_test_desk .* is no account manager"):
            self._assign(self.users["desk"])

    def test_user_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.b.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRaisesRegex(UserError, "not an internal user of Test Mobile"):
            self._assign(self.b)

    def test_by_hand(self):
        values = {
            "partner_id": self.member.partner_id.id,
            "company_id": self.company.id,
            "manager_id": self.b.id,
            "date_from": "2026-01-01",
        }
        for user in ("boss", "lead", "manager_a"):
            with self.subTest(user=user), self.assertRaises(AccessError):
                self.Assignment.with_user(self.users[user]).create(values)

    def test_change_and_delete(self):
        row = self.Assignment.search([("partner_id", "=", self.member.partner_id.id)])
        with self.assertRaisesRegex(UserError, "Who was responsible is evidence"):
            row.write({"manager_id": self.b.id})
        with self.assertRaisesRegex(UserError, "Who was responsible is evidence"):
            row.unlink()

    def test_raw_changes(self):
        refused = psycopg2.errors.IntegrityConstraintViolation
        for change in (
            "UPDATE vip_manager_assignment SET manager_id = NULL WHERE partner_id = %s",
            "UPDATE vip_manager_assignment SET date_from = date_from - 1 WHERE partner_id = %s",
            "DELETE FROM vip_manager_assignment WHERE partner_id = %s",
        ):
            with (
                self.subTest(change=change),
                self._violates(refused, "vip_manager_assignment_protected"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(change, [self.member.partner_id.id])

    def test_raw_overlap(self):
        refused = psycopg2.errors.IntegrityConstraintViolation
        with (
            self._violates(refused, "vip_manager_assignment_protected"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                """INSERT INTO vip_manager_assignment (partner_id, company_id, date_from, date_to)
                   VALUES (%s, %s, '2026-01-01', '2026-02-15')""",
                [self.member.partner_id.id, self.company.id],
            )

    def test_membership_stays(self):
        member = self._member("Without anything else")
        with self.assertRaisesRegex(UserError, "Who was responsible for “Without anything else”"):
            member.unlink()

    # ------------------------------------------------------------
    # other doors
    # ------------------------------------------------------------

    def test_contact_merge(self):
        plain = self.env["res.partner"].create({"name": "Same person"})
        wizard = self.env["base.partner.merge.automatic.wizard"]
        with mute_logger("odoo.addons.base.partner.merge"):
            wizard._merge((plain + self.member.partner_id).ids, self.member.partner_id)
        self.assertFalse(plain.exists())
        self.assertEqual(self._rows(), [(self.a, "2026-02-10", False)])

    def test_migration(self):
        """Who is responsible when the addon is upgraded is so from then on, and stays; shipped channels and
        preferences learn what is new about them, but nothing that somebody said is changed."""
        member = self._create_customer("Upgraded").vip_membership_id
        member.write({"manager_id": self.b.id, "team_id": self.city.id})
        phone, visit, hall = (
            self.env.ref(f"vip_customer.channel_{code}") for code in ("phone", "visit", "hall")
        )
        (phone + visit).fulfils_ids = False
        hall.fulfils_ids = visit
        family, water, hours = (
            self.env.ref(f"vip_customer.preference_type_{code}")
            for code in ("family", "water", "hours")
        )
        (family + water + hours).write({"kind": "text", "tier_ids": False})
        self.env["vip.preference"].search([("type_id", "in", (water + hours).ids)]).unlink()
        self.env["vip.preference"].create(
            {"partner_id": member.partner_id.id, "type_id": hours.id, "value": "After work"}
        )
        self.env.flush_all()
        spec = importlib.util.spec_from_file_location("migration", SCRIPT)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        # the script takes the database's today
        with freeze_time(self.env.cr.now()):
            for _ in range(2):
                script.migrate(self.env.cr, "19.0.1.0.0")
                self.env.invalidate_all()
                self.assertEqual([row[0] for row in self._rows(member)], [self.b])
            self.assertEqual(self.Assignment._project(self.company), 0)
        self.assertEqual(member.manager_id, self.b)
        self.assertEqual(phone.fulfils_ids, phone)
        self.assertEqual(visit.fulfils_ids, visit + phone)
        self.assertEqual(hall.fulfils_ids, visit)
        self.assertEqual((water.kind, hours.kind), ("choice", "text"))
        self.assertEqual(family.tier_ids, self.gold + self.diamond)
        self.assertFalse(hours.tier_ids)


@tagged("post_install", "-at_install", "vip_portfolio")
class TestAssignmentByImport(VipImportCase):
    def _rows(self):
        rows = self.env["vip.manager.assignment"].search(
            [("partner_id.ref", "=", "K1"), ("company_id", "=", self.company.id)], order="id"
        )
        return [(row.manager_id, str(row.date_from), row.date_to) for row in rows]

    def test_import(self):
        """A file assigns from today on; the same file again writes nothing, nor does it undo what is
        agreed for later."""
        a, b = self.users["manager_a"], self.users["manager_b"]
        file = "customer_code,name,manager,branch\nK1,Wei,vip_test_manager_a,City\n"
        self._import(file, "customers")
        self.assertEqual(self._rows(), [(a, "2026-03-10", False)])
        member = self.env["res.partner"].search([("ref", "=", "K1")]).vip_membership_id
        member._assign(b, self.city, date(2026, 4, 1))
        rows = self._rows()
        self._import(file, "customers")
        self.assertEqual(self._rows(), rows)
        with freeze_time("2026-03-20 02:00:00"):
            self._import(file.replace("manager_a", "manager_c"), "customers")
        self.assertEqual(self._rows()[-1], (self.users["manager_c"], "2026-03-20", False))

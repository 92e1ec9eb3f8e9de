from contextlib import suppress

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .doors_common import ROLES
from .evidence_common import EvidenceCase

PROTECTED = "Past tiers are evidence: nobody can change, delete or overlap them."

# A value that differs, for every column of the table but ``date_to``.
OTHER_VALUES = {
    "id": "id + 1000000",
    "partner_id": "(SELECT max(id) FROM res_partner)",
    "company_id": "(SELECT max(id) FROM res_company WHERE id <> company_id)",
    "tier_id": "NULL",
    "date_from": "date_from - 1",
    "valid_until": "valid_until + 365",
    "source": "'override'",
    "run_id": "NULL",
    "override_id": "(SELECT max(id) FROM vip_tier_override)",
    "reason": "'Nobody will notice'",
}


@tagged("post_install", "-at_install", "vip_security")
class TestHistoryProtected(EvidenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.book["own"]["res.partner"]
        cls.row = cls.book["own"]["vip.tier.history"]

    def _rows(self):
        self.env.cr.execute("SELECT * FROM vip_tier_history ORDER BY id")
        return self.env.cr.fetchall()

    def _values(self, **values):
        return {
            "partner_id": self.partner.id,
            "company_id": self.company.id,
            "tier_id": self.diamond.id,
            "date_from": "2026-03-10",
            "source": "run",
            **values,
        }

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def test_create(self):
        for role in ROLES:
            with self.subTest(role=role), self._assert_refused(AccessError):
                self._as(role, self.row.browse()).create(self._values())

    def test_create_by_import(self):
        names = ["partner_id/.id", "company_id/.id", "tier_id/.id", "date_from", "source"]
        rows = [
            [str(self.partner.id), str(self.company.id), str(self.diamond.id), "2026-03-10", "run"]
        ]
        for role in ("manager_a", "boss", "approver"):
            with self.subTest(role=role):
                result = self._as(role, self.row.browse()).load(names, rows)
                self.assertFalse(result["ids"])
                self.assertTrue(result["messages"])
                self.assertEqual(self._rows(), self.before)

    def test_write(self):
        for role in ROLES:
            with self.subTest(role=role), self._assert_refused():
                self._as(role, self.row).write({"tier_id": self.diamond.id})

    def test_unlink(self):
        for role in ROLES:
            with self.subTest(role=role), self._assert_refused():
                self._as(role, self.row).unlink()

    def test_superuser_writes_and_deletes_nothing_either(self):
        for context in (
            {},
            {"force": True, "install_mode": True, "_force_unlink": True, "module": "base"},
        ):
            row = self.row.sudo().with_context(**context)
            with (
                self.subTest(context=context, door="write"),
                self._assert_refused(message=PROTECTED),
            ):
                row.write({"reason": "Nobody will notice"})
            with (
                self.subTest(context=context, door="unlink"),
                self._assert_refused(message=PROTECTED),
            ):
                row.unlink()
            with self.subTest(context=context, door="write nothing"), self._assert_refused():
                row.write({})
            with self.subTest(context=context, door="assign"), self._assert_refused():
                row.tier_id = self.diamond

    def test_below_the_orm(self):
        """What skips ``write`` meets the triggers."""
        with self.subTest(door="_write"), self._assert_refused(IntegrityError):
            self.row.sudo()._write({"tier_id": self.diamond.id})

    def test_import_changes_nothing(self):
        self.env["ir.model.data"].create(
            {"module": "__test__", "name": "row", "model": self.row._name, "res_id": self.row.id}
        )
        for record in (self._as("boss", self.row.browse()), self.row.sudo().browse()):
            result = record.load(["id", "reason"], [["__test__.row", "Nobody will notice"]])
            self.assertFalse(result["ids"])
            self.assertEqual(self._rows(), self.before)

    def test_through_the_parents(self):
        commands = [
            ("create", [(0, 0, self._values())]),
            ("update", [(1, self.row.id, {"reason": "Nobody will notice"})]),
            ("delete", [(2, self.row.id)]),
            ("unlink", [(3, self.row.id)]),
            ("clear", [(5,)]),
        ]
        member = self.book["own"]["vip.membership"]
        for role in ("manager_a", "lead", "boss", "approver"):
            for name, command in commands:
                with self.subTest(role=role, command=name):
                    # refused, or without effect
                    with suppress(UserError), self.env.cr.savepoint():
                        self._as(role, member).write({"history_ids": command})
                        self.env.flush_all()
                    self.env.invalidate_all()
                    self.assertEqual(self._rows(), self.before)

    # ------------------------------------------------------------
    # what rows refer to
    # ------------------------------------------------------------

    def test_contact_is_not_deleted(self):
        with self._assert_refused(UserError, "cannot be deleted"):
            self.partner.unlink()

    def test_membership_is_not_deleted(self):
        with self._assert_refused(UserError, "cannot be"):
            self._as("boss", self.book["own"]["vip.membership"]).unlink()

    def test_membership_with_an_override_only_is_not_deleted(self):
        partner = self._create_customer("Promised")
        self.env["vip.tier.override"].create(
            {
                "partner_id": partner.id,
                "tier_id": self.gold.id,
                "date_to": "2026-12-31",
                "reason": "Promised",
            }
        )
        with self._assert_refused(UserError, "cannot be"):
            partner.vip_membership_id.unlink()

    def test_membership_without_records_can_be_deleted(self):
        partner = self._create_customer("Mistaken")
        self._as("boss", partner.vip_membership_id).unlink()
        self.assertFalse(partner.vip_membership_id)

    def test_tier_is_not_deleted(self):
        with self._assert_refused(UserError, "cannot be"):
            self._as("boss", self.silver).unlink()

    def test_run_is_not_deleted(self):
        with self._assert_refused(UserError, "stays as evidence"):
            self._as("boss", self.row.run_id).unlink()

    def test_policy_is_not_deleted(self):
        with self._assert_refused(UserError, "cannot"):
            self._as("boss", self.row.run_id.policy_id).unlink()

    def test_override_is_not_deleted(self):
        override = self.book["own"]["vip.tier.override"]
        self._as("approver", override).action_approve()
        self.before = self._rows()
        self.assertTrue(self.env["vip.tier.history"].search([("override_id", "=", override.id)]))
        with self._assert_refused(UserError, "stays as evidence"):
            self._as("boss", override).unlink()

    def test_company_is_not_deleted(self):
        with self._assert_refused(IntegrityError):
            self.rival_company.unlink()

    @mute_logger("odoo.sql_db")
    def test_no_cascade_in_sql(self):
        referred = {
            "res_partner": self.partner.id,
            "vip_tier": self.silver.id,
            "vip_tier_run": self.row.run_id.id,
            "res_company": self.rival_company.id,
        }
        for table, record_id in referred.items():
            with self.subTest(table=table), self._assert_refused(IntegrityError):
                self.env.cr.execute(
                    SQL("DELETE FROM %s WHERE id = %s", SQL.identifier(table), record_id)
                )

    def test_foreign_keys_restrict(self):
        for field in self.row._fields.values():
            if field.type == "many2one" and field.store:
                self.assertEqual(field.ondelete, "restrict", field)

    # ------------------------------------------------------------
    # contact merges
    # ------------------------------------------------------------

    def _merge(self, partners, destination, role=None):
        wizard = self.env["base.partner.merge.automatic.wizard"]
        if role:
            self.users[role].group_ids |= self.env.ref("base.group_partner_manager")
            wizard = self._as(role, wizard)
        wizard._merge(partners.ids, destination)

    def test_merge_into_an_ordinary_contact(self):
        other = self.env["res.partner"].create({"name": "Own", "email": "own@example.com"})
        for role in (None, "employee", "boss"):
            with (
                self.subTest(role=role),
                self._assert_refused(UserError, "choose this contact as the destination"),
            ):
                self._merge(self.partner | other, other, role)

    def test_merge_of_two_customers(self):
        both = self.partner | self.book["far"]["res.partner"]
        for role in (None, "employee", "boss"):
            with self.subTest(role=role), self._assert_refused(UserError, "are both customers"):
                self._merge(both, self.partner, role)

    def test_merge_into_the_customer(self):
        other = self.env["res.partner"].create({"name": "Own", "email": "own@example.com"})
        self._merge(self.partner | other, self.partner)
        self.assertFalse(other.exists())
        self.assertEqual(self._rows(), self.before)
        self.assertEqual(self.partner.vip_membership_id.partner_id, self.partner)

    # ------------------------------------------------------------
    # SQL
    # ------------------------------------------------------------

    def test_sql_update_of_every_column(self):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'vip_tier_history'"
        )
        columns = {name for (name,) in self.env.cr.fetchall()}
        self.assertEqual(columns, {*OTHER_VALUES, "date_to"})
        for column, value in OTHER_VALUES.items():
            for end in ("", ", date_to = '2026-12-31'"):
                with (
                    self.subTest(column=column, end=end),
                    self._assert_refused(IntegrityError, "is protected"),
                ):
                    self.env.cr.execute(
                        f"UPDATE vip_tier_history SET {column} = {value}{end} WHERE id = {self.row.id}"  # noqa: S608
                    )

    def _close(self, day="2026-03-09"):
        self.env.cr.execute(
            SQL("UPDATE vip_tier_history SET date_to = %s WHERE id = %s", day, self.row.id)
        )
        self.before = self._rows()

    def test_sql_end_can_be_set_once(self):
        self._close()
        for value in ("'2026-12-31'", "'2026-02-01'", "NULL", "date_to"):
            with self.subTest(value=value), self._assert_refused(IntegrityError, "is protected"):
                self.env.cr.execute(
                    f"UPDATE vip_tier_history SET date_to = {value} WHERE id = {self.row.id}"  # noqa: S608
                )

    def test_sql_end_before_begin(self):
        with self._assert_refused(IntegrityError, "vip_tier_history_protected"):
            self.env.cr.execute(
                f"UPDATE vip_tier_history SET date_to = date_from - 2 WHERE id = {self.row.id}"  # noqa: S608
            )

    def test_sql_update_of_nothing(self):
        """An open row that stays open is no end being set."""
        with self._assert_refused(IntegrityError, "is protected"):
            self.env.cr.execute("UPDATE vip_tier_history SET reason = reason")

    def test_sql_delete(self):
        for statement in (
            "DELETE FROM vip_tier_history",
            f"DELETE FROM vip_tier_history WHERE id = {self.row.id}",  # noqa: S608
            f"WITH d AS (DELETE FROM vip_tier_history WHERE id = {self.row.id} RETURNING id) SELECT * FROM d",  # noqa: S608
        ):
            with (
                self.subTest(statement=statement),
                self._assert_refused(IntegrityError, "DELETE refused"),
            ):
                self.env.cr.execute(statement)

    def test_sql_truncate(self):
        for tables in (
            "vip_tier_history",
            "vip_tier_history, vip_tier_run CASCADE",
            "vip_tier_run CASCADE",
            "vip_tier CASCADE",
            "vip_tier_override CASCADE",
            "res_partner CASCADE",
            "res_company RESTART IDENTITY CASCADE",
        ):
            with (
                self.subTest(tables=tables),
                self._assert_refused(IntegrityError, "TRUNCATE refused"),
            ):
                # no events of earlier statements may wait in a table that is truncated
                self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
                self.env.cr.execute(f"TRUNCATE {tables}")

    def _insert(self, date_from, date_to=None, conflict=None):
        self.env.cr.execute(
            SQL(
                """INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, date_to, source)
                   VALUES (%s, %s, %s, %s, %s, 'run') %s""",
                self.partner.id,
                self.company.id,
                self.diamond.id,
                date_from,
                date_to,
                conflict or SQL(),
            )
        )

    def test_sql_insert_overlapping_the_open_row(self):
        for date_from, date_to in (
            ("2026-01-01", "2026-02-01"),
            ("2026-02-01", "2026-02-01"),
            ("2026-03-01", "2026-03-31"),
            ("2020-01-01", "2030-12-31"),
        ):
            with (
                self.subTest(date_from=date_from, date_to=date_to),
                self._assert_refused(IntegrityError, "rows overlap"),
            ):
                self._insert(date_from, date_to)

    def test_sql_insert_overlapping_a_closed_row(self):
        self._close()
        for date_from, date_to in (
            ("2026-01-01", "2026-02-01"),
            ("2026-03-09", None),
            ("2020-01-01", None),
            ("2026-02-10", "2026-02-11"),
        ):
            with (
                self.subTest(date_from=date_from, date_to=date_to),
                self._assert_refused(IntegrityError, "rows overlap"),
            ):
                self._insert(date_from, date_to)

    def test_sql_insert_of_rows_that_overlap_each_other(self):
        partner = self._create_customer("New")
        with self._assert_refused(IntegrityError, "rows overlap"):
            self.env.cr.execute(
                SQL(
                    """INSERT INTO vip_tier_history (partner_id, company_id, date_from, date_to, source)
                       VALUES (%(p)s, %(c)s, '2025-01-01', '2025-06-30', 'run'),
                              (%(p)s, %(c)s, '2025-06-30', '2025-12-31', 'run')""",
                    p=partner.id,
                    c=self.company.id,
                )
            )

    def test_sql_second_open_row(self):
        with self._assert_refused(IntegrityError, "vip_tier_history_open_uniq"):
            self._insert("2027-01-01")

    def test_sql_upsert(self):
        with self._assert_refused(IntegrityError, "is protected"):
            self._insert(
                "2027-01-01",
                conflict=SQL(
                    """ON CONFLICT (partner_id) WHERE date_to IS NULL
                       DO UPDATE SET tier_id = excluded.tier_id"""
                ),
            )

    def test_sql_row_replaced_on_its_day_frees_the_day(self):
        """A row that ends the day before it began is evidence only; it overlaps nothing."""
        self._close("2026-01-31")
        self._insert("2026-02-01")
        self.env.invalidate_all()
        self.assertEqual(
            self._history(self.partner),
            [
                ("silver", "2026-02-01", "2026-01-31", "run"),
                ("diamond", "2026-02-01", False, "run"),
            ],
        )

    # ------------------------------------------------------------
    # what the user is told; the way out
    # ------------------------------------------------------------

    def test_message_over_rpc(self):
        """Odoo finds the declared constraint behind the trigger's error, and shows its sentence."""
        for statement in (
            "DELETE FROM vip_tier_history",
            "UPDATE vip_tier_history SET reason = 'x'",
            "UPDATE vip_tier_history SET date_to = date_from - 2",
        ):
            with self.subTest(statement=statement):
                with (
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(IntegrityError) as caught,
                    self.env.cr.savepoint(),
                ):
                    self.env.cr.execute(statement)
                # as ``odoo.service.model.retrying`` does
                self.assertEqual(caught.exception.diag.table_name, self.row._table)
                self.assertEqual(self.row._sql_error_to_message(caught.exception), PROTECTED)

    def test_only_uninstalling_drops_the_protection(self):
        with self.env.cr.savepoint() as savepoint:
            self.row._drop_protection()
            self.env.cr.execute(
                """SELECT tgname FROM pg_trigger
                    WHERE tgrelid = 'vip_tier_history'::regclass AND NOT tgisinternal"""
            )
            self.assertFalse(self.env.cr.fetchall())
            self.env.cr.execute(
                "SELECT proname FROM pg_proc WHERE proname LIKE 'vip\\_tier\\_history%'"
            )
            self.assertFalse(self.env.cr.fetchall())
            savepoint.rollback()
        with self._assert_refused(AccessError):
            self.env["vip.tier.history"].with_user(self.users["boss"]).create(self._values())

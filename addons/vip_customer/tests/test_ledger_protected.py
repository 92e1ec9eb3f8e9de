from contextlib import suppress

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .doors_common import ROLES
from .evidence_common import EvidenceCase

LEDGER = "The ledger of redemptions is evidence"
GOODWILL = "Goodwill entries are evidence"

# A value that differs, for every column that stays what it was when the row was written.
FROZEN = {
    "id": "id + 1000000",
    "partner_id": "(SELECT max(id) FROM res_partner)",
    "company_id": "(SELECT max(id) FROM res_company WHERE id <> company_id)",
    "benefit_id": "(SELECT min(id) FROM vip_benefit)",
    "entitlement_id": "(SELECT max(id) FROM vip_entitlement)",
    "tier_id": "(SELECT min(id) FROM vip_tier WHERE id <> tier_id)",
    "quantity": "quantity + 1",
    "date": "date - 1",
    "unit_value": "0",
    "value": "NULL",
    "channel_id": "(SELECT min(id) FROM vip_channel)",
    "identity_check": "'known'",
    "note": "'Nobody will notice'",
    "origin": "'another'",
    "requested_by": "NULL",
    "corrects_id": "id",
}
# Who moved it is noted once.
NOTED = {
    "approved_by": "approved",
    "issued_by": "issued",
    "issued_on": "issued",
    "delivered_by": "delivered",
    "delivered_on": "delivered",
    "cancelled_by": "cancelled",
}
FREE = {"state", "create_uid", "create_date", "write_uid", "write_date"}
STATES = ("requested", "approved", "issued", "delivered", "cancelled")
STEPS = {
    ("requested", "approved"),
    ("approved", "issued"),
    ("issued", "delivered"),
    *((state, "cancelled") for state in ("requested", "approved", "issued")),
}
GOODWILL_VALUES = {
    "id": "id + 1000000",
    "entitlement_id": "(SELECT max(id) FROM vip_entitlement)",
    "partner_id": "(SELECT max(id) FROM res_partner)",
    "company_id": "(SELECT max(id) FROM res_company WHERE id <> company_id)",
    "quantity": "quantity + 1",
    "user_id": "NULL",
    "kind": "'rise'",
    "date": "date - 1",
    "reason": "'Nobody will notice'",
}


@tagged("post_install", "-at_install", "vip_security")
class TestLedgerProtected(EvidenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = cls.book["own"]
        cls.partner, cls.line = own["res.partner"], own["vip.entitlement"]
        cls.redemptions = {
            "requested": own["vip.redemption"],
            **{state: own[f"{state} redemption"] for state in STATES[1:4]},
        }
        cls.redemptions["cancelled"] = cls.env["vip.redemption"]._redeem(
            cls.partner.vip_membership_id, cls.lounge, 1
        )
        boss = cls.users["boss"].id
        steps = {"approved": {"approved_by": boss}, "cancelled": {"cancelled_by": boss}}
        cls.redemptions["cancelled"]._advance("cancelled", **steps["cancelled"])
        cls.line._use(-1)
        cls.row, cls.goodwill = cls.redemptions["delivered"], own["vip.goodwill"]
        cls.env.flush_all()

    def _rows(self):
        rows = []
        for table in ("vip_redemption", "vip_goodwill", "vip_entitlement"):
            self.env.cr.execute(SQL("SELECT * FROM %s ORDER BY id", SQL.identifier(table)))
            rows.append(self.env.cr.fetchall())
        return rows

    def _values(self, **values):
        return {
            "partner_id": self.partner.id,
            "benefit_id": self.lounge.id,
            "entitlement_id": self.line.id,
            "tier_id": self.silver.id,
            "quantity": 1,
            "date": "2026-03-10",
            "state": "delivered",
            **values,
        }

    def _goodwill_values(self):
        return {
            "partner_id": self.partner.id,
            "company_id": self.company.id,
            "entitlement_id": self.line.id,
            "quantity": 5,
            "reason": "For me",
            "date": "2026-03-10",
        }

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def test_create(self):
        entitlement = {
            "partner_id": self.partner.id,
            "benefit_id": self.lounge.id,
            "period": "once",
        }
        for role in ROLES:
            for records, values in (
                (self.row, self._values()),
                (self.goodwill, self._goodwill_values()),
                (self.line, entitlement),
            ):
                with (
                    self.subTest(role=role, model=records._name),
                    self._assert_refused(AccessError),
                ):
                    self._as(role, records.browse()).create(values)

    def test_create_is_refused_whoever_may_create(self):
        """A right given by mistake opens nothing: the door is the only way in."""
        for records, values in (
            (self.row, self._values()),
            (self.goodwill, self._goodwill_values()),
        ):
            self.env["ir.model.access"].create(
                {
                    "name": "by mistake",
                    "model_id": self.env["ir.model"]._get_id(records._name),
                    "group_id": self.env.ref("vip_customer.group_vip_manager").id,
                    "perm_create": True,
                    "perm_write": True,
                    "perm_unlink": True,
                }
            )
            with self.subTest(model=records._name), self._assert_refused(AccessError, "by hand"):
                self._as("boss", records.browse()).create(values)
            with self.subTest(model=records._name), self._assert_refused(UserError):
                self._as("boss", records).write({"quantity": 9})
            with self.subTest(model=records._name), self._assert_refused(UserError):
                self._as("boss", records).unlink()

    def test_create_by_import(self):
        names = [
            "partner_id/.id",
            "benefit_id/.id",
            "entitlement_id/.id",
            "tier_id/.id",
            "quantity",
        ]
        names += ["date", "state"]
        row = [str(value) for value in self._values().values()]
        for role in ("manager_a", "boss", "approver"):
            with self.subTest(role=role):
                result = self._as(role, self.row.browse()).load(names, [row])
                self.assertFalse(result["ids"])
                self.assertTrue(result["messages"])
                self.assertEqual(self._rows(), self.before)

    def test_write_and_unlink(self):
        for role in ROLES:
            for record in (self.row, self.goodwill, self.line):
                with self.subTest(role=role, model=record._name), self._assert_refused():
                    self._as(role, record).write({"quantity": 9})
                with self.subTest(role=role, model=record._name), self._assert_refused():
                    self._as(role, record).unlink()

    def test_superuser_changes_no_frozen_field(self):
        contexts = (
            {},
            {"force": True, "install_mode": True, "_force_unlink": True, "module": "base"},
        )
        self.assertEqual(set(FROZEN) - {"id"}, set(self.row._frozen_fields))
        for context in contexts:
            row = self.row.sudo().with_context(**context)
            for name in row._frozen_fields:
                value = row._fields[name].convert_to_write(row[name], row)
                with (
                    self.subTest(context=context, field=name),
                    self._assert_refused(message=LEDGER),
                ):
                    row.write({name: value})  # not even to what it is
            with self.subTest(context=context), self._assert_refused(message=LEDGER):
                row.quantity = 9
            for record, message in (
                (row, LEDGER),
                (self.goodwill.with_context(**context), GOODWILL),
            ):
                with self.subTest(context=context), self._assert_refused(message=message):
                    record.unlink()
            with self.subTest(context=context), self._assert_refused(message=GOODWILL):
                self.goodwill.sudo().with_context(**context).write({"reason": "Other"})

    def test_below_the_orm(self):
        """What skips ``write`` meets the triggers."""
        for record, values in ((self.row, {"quantity": 9}), (self.goodwill, {"quantity": 9})):
            with self.subTest(model=record._name), self._assert_refused(IntegrityError):
                record.sudo()._write(values)

    def test_import_changes_nothing(self):
        self.env["ir.model.data"].create(
            {"module": "__test__", "name": "row", "model": self.row._name, "res_id": self.row.id}
        )
        for record in (self._as("boss", self.row.browse()), self.row.sudo().browse()):
            result = record.load(["id", "note"], [["__test__.row", "Nobody will notice"]])
            self.assertFalse(result["ids"])
            self.assertEqual(self._rows(), self.before)

    def test_through_the_parents(self):
        commands = [
            [(0, 0, self._values())],
            [(1, self.row.id, {"quantity": 9})],
            [(2, self.row.id)],
            [(3, self.row.id)],
            [(5,)],
            [(6, 0, [])],
        ]
        parents = [
            (self.line, "redemption_ids"),
            (self.row, "correction_ids"),
            (self.book["own"]["vip.membership"], "redemption_ids"),
            (self.book["own"]["vip.membership"], "entitlement_ids"),
        ]
        for role in ("desk", "manager_a", "boss", "approver"):
            for parent, name in parents:
                for command in commands:
                    with self.subTest(role=role, parent=parent._name, command=command[0]):
                        # refused, or without effect
                        with suppress(UserError, KeyError), self.env.cr.savepoint():
                            self._as(role, parent).write({name: command})
                            self.env.flush_all()
                        self.env.invalidate_all()
                        self.assertEqual(self._rows(), self.before)

    # ------------------------------------------------------------
    # what rows refer to
    # ------------------------------------------------------------

    def test_what_is_in_use_is_not_deleted(self):
        for record, error in (
            (self.partner, UserError),
            (self.lounge, UserError),
            (self.silver, UserError),
            (self.book["own"]["vip.membership"], UserError),
            (self.lounge.category_id, IntegrityError),
            (self.rival_company, IntegrityError),
        ):
            with self.subTest(model=record._name), self._assert_refused(error):
                record.unlink()

    def test_who_acted_is_not_deleted(self):
        self._as("desk", self.redemptions["approved"]).action_deliver()
        self.env.flush_all()
        self.before = self._rows()
        with self._assert_refused(IntegrityError):
            self.users["desk"].unlink()

    @mute_logger("odoo.sql_db")
    def test_no_cascade_in_sql(self):
        referred = {
            "res_partner": self.partner.id,
            "vip_benefit": self.lounge.id,
            "vip_entitlement": self.line.id,
            "vip_tier": self.silver.id,
            "res_company": self.rival_company.id,
        }
        for table, record_id in referred.items():
            with self.subTest(table=table), self._assert_refused(IntegrityError):
                self.env.cr.execute(
                    SQL("DELETE FROM %s WHERE id = %s", SQL.identifier(table), record_id)
                )

    def test_foreign_keys_restrict(self):
        for record in (self.row, self.goodwill):
            for field in record._fields.values():
                if field.type == "many2one" and field.store and field.name not in FREE:
                    self.assertEqual(field.ondelete, "restrict", field)

    def test_contact_merges(self):
        other = self.env["res.partner"].create({"name": "Own", "email": "own@example.com"})
        wizard = self.env["base.partner.merge.automatic.wizard"]
        far = self.book["far"]["res.partner"]
        for partners, destination in (
            (self.partner | other, other),
            (self.partner | far, self.partner),
            (self.partner | far, far),
        ):
            with self.subTest(destination=destination.name), self._assert_refused(UserError):
                wizard._merge(partners.ids, destination)
        wizard._merge((self.partner | other).ids, self.partner)
        self.assertEqual(self._rows(), self.before)

    # ------------------------------------------------------------
    # SQL
    # ------------------------------------------------------------

    def _columns(self, table):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        return {name for (name,) in self.env.cr.fetchall()}

    def test_sql_update_of_every_frozen_column(self):
        self.assertEqual(self._columns("vip_redemption"), {*FROZEN, *NOTED, *FREE})
        for state, row in self.redemptions.items():
            for column, value in FROZEN.items():
                with (
                    self.subTest(column=column, state=state),
                    self._assert_refused(IntegrityError, "is protected"),
                ):
                    self.env.cr.execute(
                        f"UPDATE vip_redemption SET {column} = {value} WHERE id = {row.id}"  # noqa: S608
                    )

    def test_sql_who_moved_it_is_noted_once(self):
        redemption = self.redemptions["requested"]
        steps = {
            "approved": {"approved_by": self.users["boss"].id},
            "issued": {"issued_by": self.users["desk"].id, "issued_on": "2026-03-10 02:00:00"},
            "delivered": {
                "delivered_by": self.users["desk"].id,
                "delivered_on": "2026-03-10 02:00:00",
            },
        }
        for state, values in steps.items():
            redemption._advance(state, **values)
        cancelled = self.redemptions["cancelled"]
        self.before = self._rows()
        for column, state in NOTED.items():
            row = cancelled if state == "cancelled" else redemption
            other = "now()" if column.endswith("_on") else str(self.users["auditor"].id)
            for value in (other, "NULL"):
                with (
                    self.subTest(column=column, value=value),
                    self._assert_refused(IntegrityError, "is protected"),
                ):
                    self.env.cr.execute(
                        f"UPDATE vip_redemption SET {column} = {value} WHERE id = {row.id}"  # noqa: S608
                    )

    def test_sql_states_are_not_skipped(self):
        for old in STATES:
            for new in STATES:
                statement = SQL(
                    "UPDATE vip_redemption SET state = %s WHERE id = %s",
                    new,
                    self.redemptions[old].id,
                )
                with self.subTest(old=old, new=new):
                    if old == new or (old, new) in STEPS:
                        with self.env.cr.savepoint() as savepoint:
                            self.env.cr.execute(statement)
                            savepoint.rollback()
                    else:
                        with self._assert_refused(IntegrityError, "is protected"):
                            self.env.cr.execute(statement)

    def test_sql_update_of_goodwill(self):
        self.assertEqual(self._columns("vip_goodwill"), set(GOODWILL_VALUES))
        for column, value in GOODWILL_VALUES.items():
            with (
                self.subTest(column=column),
                self._assert_refused(IntegrityError, "is protected"),
            ):
                self.env.cr.execute(
                    f"UPDATE vip_goodwill SET {column} = {value} WHERE id = {self.goodwill.id}"  # noqa: S608
                )

    def test_sql_delete(self):
        for table in ("vip_redemption", "vip_goodwill"):
            for statement in (
                f"DELETE FROM {table}",  # noqa: S608
                f"WITH d AS (DELETE FROM {table} RETURNING id) SELECT * FROM d",  # noqa: S608
            ):
                with (
                    self.subTest(statement=statement),
                    self._assert_refused(IntegrityError, "DELETE refused"),
                ):
                    self.env.cr.execute(statement)

    def test_sql_truncate(self):
        for tables in (
            "vip_redemption CASCADE",
            "vip_goodwill CASCADE",
            "vip_entitlement CASCADE",
            "vip_benefit CASCADE",
            "vip_tier CASCADE",
            "vip_channel CASCADE",
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

    def test_sql_of_an_entitlement(self):
        """Backstops of what the programme counts."""
        for change, constraint in (
            ("used = granted + 1, remaining = -1", "vip_entitlement_used_within"),
            ("used = -1, remaining = granted + 1", "vip_entitlement_counts"),
            ("goodwill = -1", "vip_entitlement_counts"),
            ("remaining = remaining + 1", "vip_entitlement_counts"),
            ("granted = granted + 1", "vip_entitlement_counts"),
            ("granted = used - 1, remaining = -1", "vip_entitlement_used_within"),
        ):
            with self.subTest(change=change), self._assert_refused(IntegrityError, constraint):
                self.env.cr.execute(
                    f"UPDATE vip_entitlement SET {change} WHERE id = {self.line.id}"  # noqa: S608
                )
        for kind in ("warn", "allow"):
            with self.subTest(kind=kind), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    SQL(
                        """UPDATE vip_entitlement SET when_exhausted = %s, used = granted + 1,
                                  remaining = -1 WHERE id = %s""",
                        kind,
                        self.line.id,
                    )
                )
                savepoint.rollback()

    def test_sql_second_entitlement(self):
        for table, constraint in (
            ("date_from", "vip_entitlement_period_uniq"),
            ("date_from + 1", None),
        ):
            statement = SQL(
                """INSERT INTO vip_entitlement (partner_id, company_id, benefit_id, period, date_from,
                                                granted, goodwill, used, remaining, when_exhausted)
                   SELECT partner_id, company_id, benefit_id, period, %s, 1, 0, 0, 1, 'block'
                     FROM vip_entitlement WHERE id = %s""",
                SQL(table),
                self.line.id,
            )
            if constraint:
                with self._assert_refused(IntegrityError, constraint):
                    self.env.cr.execute(statement)
            else:
                with self.env.cr.savepoint() as savepoint:
                    self.env.cr.execute(statement)
                    savepoint.rollback()

    def test_sql_counter_entries_are_negative(self):
        names = "partner_id, company_id, benefit_id, entitlement_id, tier_id, date, state"
        for quantity, corrects in ((0, "NULL"), (-1, "NULL"), (1, "id"), (0, "id")):
            with (
                self.subTest(quantity=quantity, corrects=corrects),
                self._assert_refused(IntegrityError, "vip_redemption_protected"),
            ):
                self.env.cr.execute(
                    f"""INSERT INTO vip_redemption ({names}, quantity, corrects_id)
                        SELECT {names}, {quantity}, {corrects} FROM vip_redemption
                         WHERE id = {self.row.id}"""  # noqa: S608
                )

    def test_sql_same_request_twice(self):
        told = self.partner.with_user(self.users["desk"]).vip_redeem("TEST_LOUNGE", 1, "call 1")
        self.env.flush_all()
        self.before = self._rows()
        with self._assert_refused(IntegrityError, "vip_redemption_origin_uniq"):
            self.env.cr.execute(
                SQL(
                    """INSERT INTO vip_redemption (partner_id, company_id, benefit_id, entitlement_id,
                                                   tier_id, date, state, quantity, origin)
                       SELECT partner_id, company_id, benefit_id, entitlement_id, tier_id, date, state,
                              quantity, origin FROM vip_redemption WHERE id = %s""",
                    told["redemption_id"],
                )
            )

    # ------------------------------------------------------------
    # what the user is told; the way out
    # ------------------------------------------------------------

    def test_message_over_rpc(self):
        """Odoo finds the declared constraint behind the trigger's error, and shows its sentence."""
        for record, message, statement in (
            (self.row, LEDGER, "DELETE FROM vip_redemption"),
            (self.row, LEDGER, "UPDATE vip_redemption SET quantity = 9"),
            (self.goodwill, GOODWILL, "DELETE FROM vip_goodwill"),
            (self.goodwill, GOODWILL, "UPDATE vip_goodwill SET quantity = 9"),
        ):
            with self.subTest(statement=statement):
                with (
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(IntegrityError) as caught,
                    self.env.cr.savepoint(),
                ):
                    self.env.cr.execute(statement)
                # as ``odoo.service.model.retrying`` does
                self.assertEqual(caught.exception.diag.table_name, record._table)
                self.assertIn(message, record._sql_error_to_message(caught.exception))

    def test_only_uninstalling_drops_the_protection(self):
        with self.env.cr.savepoint() as savepoint:
            for record in (self.row, self.goodwill):
                record._drop_protection()
                self.env.cr.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                    [record._table],
                )
                self.assertFalse(self.env.cr.fetchall())
                self.env.cr.execute(
                    "SELECT proname FROM pg_proc WHERE proname LIKE %s", [f"{record._table}%"]
                )
                self.assertFalse(self.env.cr.fetchall())
            savepoint.rollback()
        with self._assert_refused(IntegrityError):
            self.env.cr.execute("DELETE FROM vip_goodwill")

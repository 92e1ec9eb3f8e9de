from odoo.tools import SQL


def uninstall_hook(env):
    """Open what protects the past, so that contacts, users and tiers that came with the addon can go
    with it: drop the functions behind the triggers of history and ledgers (the triggers go with the
    tables), and the foreign keys that restrict."""
    for name in ("vip.tier.history", "vip.redemption", "vip.goodwill", "vip.manager.assignment"):
        env[name]._drop_protection()
    env.cr.execute("DROP INDEX IF EXISTS res_partner_vip_phone_idx")
    tables = tuple(env[name]._table for name in env if name.startswith("vip.") and env[name]._auto)
    keys = env.execute_query(
        SQL(
            """SELECT r.relname, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
                WHERE c.contype = 'f' AND c.confdeltype = 'r' AND r.relname IN %s""",
            tables,
        )
    )
    for table, key in keys:
        env.cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(key))
        )
    env.cr.execute(
        """
        DELETE FROM ir_model_data d
         WHERE d.module <> 'vip_customer'
           AND (d.model = 'ir.model.inherit' AND d.res_id IN (
                    SELECT i.id FROM ir_model_inherit i JOIN ir_model m ON m.id = i.model_id
                     WHERE m.model LIKE 'vip.%')
                OR d.model = 'ir.model.fields.selection' AND d.res_id IN (
                    SELECT s.id FROM ir_model_fields_selection s
                      JOIN ir_model_fields f ON f.id = s.field_id WHERE f.model LIKE 'vip.%'))
        """
    )

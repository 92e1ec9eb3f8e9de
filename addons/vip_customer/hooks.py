from odoo.tools import SQL


def uninstall_hook(env):
    """Open what protects the past, so that contacts, users and tiers that came with the addon can go
    with it: drop the functions behind the triggers of the tier history (the triggers go with the
    table), and the foreign keys that restrict."""
    env["vip.tier.history"]._drop_protection()
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

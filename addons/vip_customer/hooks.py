from odoo.tools import SQL


def uninstall_hook(env):
    release(env, "vip_customer")
    env.cr.execute("DROP INDEX IF EXISTS res_partner_vip_phone_idx")


def release(env, addon):
    """Open what keeps the records of an addon, so that Odoo can take them away with it, whatever they
    refer to and whatever came with the addon.

    Dropped are the functions behind the triggers of histories and ledgers (the triggers go with the
    tables), and the foreign keys that restrict, from and to the addon's tables. Tasks of a kind that goes
    go before it, and the yearly parts of numberings, whose counters Odoo would leave behind. What other
    modules note of the addon's models (which of theirs they inherit, which of their values they choose
    from) is forgotten: Odoo would keep it.
    """
    models = [model for model in env.values() if model._original_module == addon]
    for model in models:
        if isinstance(model, env.registry["vip.evidence.mixin"]) and not model._abstract:
            model._drop_protection()
    _drop_restricting_keys(env, [model._table for model in models if model._auto])
    env["mail.activity"].with_context(active_test=False).search(
        [("activity_type_id", "in", _records_of(env, addon, "mail.activity.type"))]
    ).unlink()
    numberings = env["ir.sequence"].browse(_records_of(env, addon, "ir.sequence")).exists()
    numberings.date_range_ids.unlink()
    env.cr.execute(
        SQL(
            """
            DELETE FROM ir_model_data d
             WHERE d.module <> %(addon)s
               AND (d.model = 'ir.model.inherit' AND d.res_id IN (
                        SELECT i.id FROM ir_model_inherit i JOIN ir_model m ON m.id = i.model_id
                         WHERE m.model IN %(models)s)
                    OR d.model = 'ir.model.fields.selection' AND d.res_id IN (
                        SELECT s.id FROM ir_model_fields_selection s
                          JOIN ir_model_fields f ON f.id = s.field_id WHERE f.model IN %(models)s))
            """,
            addon=addon,
            models=tuple(model._name for model in models),
        )
    )


def _drop_restricting_keys(env, tables):
    keys = env.execute_query(
        SQL(
            """SELECT r.relname, c.conname
                 FROM pg_constraint c
                 JOIN pg_class r ON r.oid = c.conrelid
                 JOIN pg_class f ON f.oid = c.confrelid
                WHERE c.contype = 'f' AND c.confdeltype = 'r'
                  AND (r.relname IN %(tables)s OR f.relname IN %(tables)s)""",
            tables=tuple(tables),
        )
    )
    for table, key in keys:
        env.cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(key))
        )


def _records_of(env, addon, model):
    """Ids of the records of a model that came with an addon."""
    names = env["ir.model.data"].search([("module", "=", addon), ("model", "=", model)])
    return names.mapped("res_id")

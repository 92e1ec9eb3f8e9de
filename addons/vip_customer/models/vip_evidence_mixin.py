from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class VipEvidenceMixin(models.AbstractModel):
    """Rows that stay as they were written: the history of tiers, the ledgers.

    ``create`` is for the superuser, ``unlink`` always refuses, ``write`` refuses the ``_frozen_fields``
    (everything where none are named), whatever the context. Triggers refuse the same to raw SQL: deleting,
    truncating, and changes for which ``_refused_change`` holds. They name the constraint ``protected``,
    which each model declares and whose message Odoo shows. Foreign keys restrict, so no cascade gets here;
    uninstalling drops the functions behind the triggers (``_drop_protection``).

    With ``_refuse_overlap`` the rows of a customer (``partner_id``), from ``date_from`` to ``date_to`` with
    both included and an empty ``date_to`` for the open one, may not overlap either. A row that ends the day
    before it began counts as never in force.
    """

    _name = "vip.evidence.mixin"
    _description = "VIP evidence"

    _frozen_fields = None
    # condition on the rows OLD and NEW of an update
    _refused_change = SQL("TRUE")
    _refuse_overlap = False

    def init(self):
        if not self._abstract:
            self._protect()
            if self._refuse_overlap:
                self._protect_overlap()

    def _protect(self):
        cr, names = self.env.cr, self._protection_names()
        cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(function)s() RETURNS trigger AS $$
                BEGIN
                    RAISE EXCEPTION '%% is protected: %% refused', TG_TABLE_NAME, TG_OP
                    USING ERRCODE = 'integrity_constraint_violation',
                          TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_protected';
                END $$ LANGUAGE plpgsql;

                CREATE OR REPLACE TRIGGER %(row)s BEFORE UPDATE ON %(table)s
                    FOR EACH ROW WHEN (%(change)s) EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(delete)s BEFORE DELETE ON %(table)s
                    FOR EACH ROW EXECUTE FUNCTION %(function)s();
                CREATE OR REPLACE TRIGGER %(truncate)s BEFORE TRUNCATE ON %(table)s
                    EXECUTE FUNCTION %(function)s();
                """,
                change=self._refused_change,
                **names,
            )
        )

    def _protect_overlap(self):
        # an exclusion constraint says the same, and is 8 times slower at a million customers
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(overlap)s() RETURNS trigger AS $$
                BEGIN
                    PERFORM FROM added a JOIN %(table)s h
                         ON h.partner_id = a.partner_id AND h.id <> a.id
                        AND h.date_from <= coalesce(a.date_to, 'infinity')
                        AND a.date_from <= coalesce(h.date_to, 'infinity')
                      WHERE coalesce(h.date_to >= h.date_from, TRUE)
                        AND coalesce(a.date_to >= a.date_from, TRUE);
                    IF FOUND THEN
                        RAISE EXCEPTION '%% is protected: rows overlap', TG_TABLE_NAME
                        USING ERRCODE = 'integrity_constraint_violation',
                              TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_protected';
                    END IF;
                    RETURN NULL;
                END $$ LANGUAGE plpgsql;

                CREATE OR REPLACE TRIGGER %(trigger)s
                    AFTER INSERT ON %(table)s REFERENCING NEW TABLE AS added
                    FOR EACH STATEMENT EXECUTE FUNCTION %(overlap)s();
                """,
                trigger=SQL.identifier(f"{self._table}_protect_overlap"),
                **self._protection_names(),
            )
        )

    def _protection_names(self):
        table = self._table
        return {
            "table": SQL.identifier(table),
            "function": SQL.identifier(f"{table}_refuse"),
            "overlap": SQL.identifier(f"{table}_refuse_overlap"),
            "row": SQL.identifier(f"{table}_protect_row"),
            "delete": SQL.identifier(f"{table}_protect_delete"),
            "truncate": SQL.identifier(f"{table}_protect_truncate"),
        }

    @api.model
    def _drop_protection(self):
        self.env.cr.execute(
            SQL(
                "DROP FUNCTION IF EXISTS %(function)s(), %(overlap)s() CASCADE",
                **self._protection_names(),
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self._refusal_by_hand())
        return super().create(vals_list)

    def write(self, vals):
        if self._frozen_fields is None or self._frozen_fields & vals.keys():
            raise UserError(self._refusal())
        return super().write(vals)

    def unlink(self):  # pylint: disable=method-required-super
        # not ``ondelete``: uninstalling skips that, and nothing but dropping the table may delete
        raise UserError(self._refusal())  # pylint: disable=no-raise-unlink,raise-unlink-override

    def _refusal_by_hand(self):
        """What somebody is told who would write a row himself."""
        raise NotImplementedError

    def _refusal(self):
        """What somebody is told who would change or delete a row: the message of ``protected`` once more,
        because only a literal is exported as a sentence of the code."""
        raise NotImplementedError

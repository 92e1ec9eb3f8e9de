from odoo import fields


class UncheckedMany2one(fields.Many2one):
    """A many2one without a foreign key, for tables that are written by the million.

    PostgreSQL looks every key up in its own table for every row; on a run's lines that was three
    quarters of the time. Only for columns the programme fills itself, from rows it has just read, and
    whose records refuse to be deleted while they are in use.
    """

    def update_db_foreign_key(self, model, column):
        """Declare nothing to the database."""

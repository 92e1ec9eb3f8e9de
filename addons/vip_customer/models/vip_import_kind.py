from odoo import models
from odoo.tools import SQL

from ..tools.import_rows import Currency

# Of the rows of one number, one per owner, whose the day or month from ``first_day`` to ``last_day`` is.
# First who is known to own it on the last day; then who owned it till then at least, or till it closed
# within, the earliest of them; then who had it last. What is from before the first owner is his.
OWNER_ORDER = SQL(
    """
    o.begun_on <= o.last_day AND o.ended_on >= o.last_day DESC NULLS LAST,
    coalesce(o.begun_on <= o.last_day, TRUE) DESC,
    o.ended_on >= o.first_day DESC,
    CASE WHEN o.ended_on >= o.first_day THEN o.ended_on END,
    o.ended_on DESC,
    o.id
    """
)


class VipImportKind(models.AbstractModel):
    """What one kind of import does with the rows of a file.

    HOW TO ADD A KIND

    Extend the selection ``kind`` of ``vip.import`` (in another addon also ``HEADERS`` of
    ``tools/import_rows.py`` and ``_row_refusals`` of ``vip.import``) and write a model
    ``vip.import.<kind>`` that inherits this one and defines the methods below. It always runs as
    superuser, for the import in whose name it works, after that checked the caller.

    HOW IT WORKS

    ``vip.import`` reads the file and copies what the cells say into the temporary table
    ``vip_import_stage`` (``line`` and one column each), and what they do not say into
    ``vip_import_error``. ``_resolve`` compares the stage with the book, set by set: it adds further
    errors and leaves ``vip_import_row`` with the good rows and the ``outcome`` of each: ``created``,
    ``changed`` or ``unchanged``. ``_write`` then makes it true and writes nothing that is unchanged.
    """

    _name = "vip.import.kind"
    _description = "Kind of import"

    # Bigger files take longer than somebody likes to look at a waiting page; some 30 000 bills.
    _background_bytes = 1024 * 1024

    def _columns(self, job):
        """The columns of the file, a ``tools.import_rows.Kind``."""
        raise NotImplementedError

    def _column_types(self):
        """dict column -> SQL type of its values, where that is not text."""
        return {}

    def _resolve(self, job):
        """Fill ``vip_import_row``, write nothing else."""
        raise NotImplementedError

    def _write(self, job):
        """Make the rows of ``vip_import_row`` true."""
        raise NotImplementedError

    def _remarks(self, job):
        """Sentences about good rows that a person should know of."""
        return []

    # ------------------------------------------------------------
    # TOOLS OF THE KINDS
    # ------------------------------------------------------------

    def _currency(self, job):
        currency = job.company_id.currency_id
        return Currency(currency.name, currency.symbol, currency.decimal_places)

    def _refuse(self, column, code, condition, detail=None):
        """Refuse the resolved rows for which a condition holds.

        :param column: column of the file that the error names, also its value
        :param code: key of ``ROW_REFUSALS``
        :param SQL condition: on the row ``r``
        :param SQL detail: what the sentence names besides
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO vip_import_error (line, "column", value, code, detail)
                   SELECT r.line, %s, r.%s::text, %s, %s FROM vip_import_row r WHERE %s""",
                column,
                SQL.identifier(column),
                code,
                detail or SQL("NULL"),
                condition,
            )
        )

    def _refuse_faults(self, column, codes):
        """Refuse the resolved rows by a column of theirs that holds a code of ``ROW_REFUSALS``.

        :param codes: dict code -> column of the file that the error names
        """
        name = SQL.identifier("r", column)
        faults = self.env.execute_query(
            SQL("SELECT DISTINCT %s FROM vip_import_row r WHERE %s IS NOT NULL", name, name)
        )
        for [code] in faults:
            self._refuse(codes[code], code, SQL("%s = %s", name, code))

    def _refuse_twins(self, column, code, key, condition):
        """Refuse resolved rows that share a key with another row, naming that row's line.

        :param SQL key: expression on the row ``r``
        :param SQL condition: on the row ``r``, which rows take part
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_import_error (line, "column", value, code, detail)
                SELECT r.line, %(column)s, r.%(name)s::text, %(code)s,
                       CASE WHEN r.line = t.first THEN t.last ELSE t.first END::text
                  FROM vip_import_row r
                  JOIN (SELECT %(key)s AS key, min(r.line) AS first, max(r.line) AS last
                          FROM vip_import_row r WHERE %(condition)s
                         GROUP BY 1 HAVING count(*) > 1) t ON t.key = %(key)s
                 WHERE %(condition)s
                """,
                column=column,
                name=SQL.identifier(column),
                code=code,
                key=key,
                condition=condition,
            )
        )

    def _drop_refused(self):
        self.env.cr.execute(
            "DELETE FROM vip_import_row r USING vip_import_error e WHERE r.line = e.line"
        )

    def _find_customers(self, job):
        """Temporary table ``vip_import_customer``: the contact of each code of the stage, NULL where
        several bear it. A customer of the company's programme goes before another contact; contacts
        of other companies and customers of their programmes do not count."""
        self._create_table(
            "vip_import_customer",
            SQL(
                """
                SELECT p.ref AS code,
                       CASE WHEN count(m.id) = 1 THEN max(p.id) FILTER (WHERE m.id IS NOT NULL)
                            WHEN count(*) = 1 THEN max(p.id) END AS partner_id
                  FROM res_partner p
                  LEFT JOIN vip_membership m ON m.partner_id = p.id
                 WHERE p.ref IN (SELECT customer_code FROM vip_import_stage)
                   AND (p.company_id IS NULL OR p.company_id = %(company)s)
                   AND (m.id IS NULL OR m.company_id = %(company)s)
                 GROUP BY p.ref
                """,
                company=job.company_id.id,
            ),
        )

    def _rows_by_number(self, job, first_day, last_day, code):
        """The rows of the stage with a number: ``partner_id`` who owned it from one day to another,
        ``number_id`` and ``fault``.

        :param SQL first_day: on the row ``s``; ``last_day`` likewise
        :param code: the fault where the row names another customer
        """
        return SQL(
            """
            SELECT s.*, n.partner_id, n.id AS number_id,
                   CASE WHEN n.id IS NULL THEN 'number_unknown'
                        WHEN s.customer_code IS NULL THEN NULL
                        WHEN c.code IS NULL THEN 'customer_unknown'
                        WHEN c.partner_id IS DISTINCT FROM n.partner_id THEN %(code)s
                   END AS fault
              FROM vip_import_stage s
              LEFT JOIN vip_import_customer c ON c.code = s.customer_code
              LEFT JOIN LATERAL (
                    SELECT o.id, o.partner_id
                      FROM (SELECT n.id, n.partner_id,
                                   coalesce(n.date_from, n.activated_on) AS begun_on,
                                   coalesce(n.date_to, n.closed_on - 1, 'infinity') AS ended_on,
                                   %(first_day)s AS first_day, %(last_day)s AS last_day
                              FROM vip_service_number n
                             WHERE n.number = s.number AND n.company_id = %(company)s) o
                     ORDER BY %(owner_order)s LIMIT 1
                   ) n ON TRUE
             WHERE s.number IS NOT NULL
            """,
            company=job.company_id.id,
            first_day=first_day,
            last_day=last_day,
            code=code,
            owner_order=OWNER_ORDER,
        )

    def _join_programme(self, job, table):
        """Give a membership to those contacts of a temporary table who have none."""
        newcomers = self.env.execute_query(
            SQL(
                """SELECT DISTINCT r.partner_id FROM %s r
                     JOIN res_partner p ON p.id = r.partner_id WHERE p.vip_membership_id IS NULL""",
                SQL.identifier(table),
            )
        )
        self.env["vip.membership"]._ensure([partner for [partner] in newcomers], job.company_id)

    def _use_known_spellings(self, job):
        """Where a number of the stage is in the book in another spelling, write it like that: +86 138…
        and 138… are one telephone number. Two spellings of one new number become one as well."""
        cr = self.env.cr
        company = job.company_id
        # Telling a telephone number costs far more than a row: only numbers that end like one in the
        # book, or like another one of the file, are looked at.
        cr.execute(
            SQL(
                """
                WITH unknown AS (
                    SELECT DISTINCT s.number, right(s.number, 8) AS ending FROM vip_import_stage s
                     WHERE s.number IS NOT NULL AND NOT EXISTS (
                        SELECT FROM vip_service_number n
                         WHERE n.number = s.number AND n.company_id = %(company)s)
                ), endings AS (
                    SELECT right(number_e164, 8) AS ending FROM vip_service_number
                     WHERE company_id = %(company)s AND number_e164 IS NOT NULL
                     UNION ALL SELECT ending FROM unknown GROUP BY 1 HAVING count(*) > 1
                )
                SELECT number FROM unknown WHERE ending IN (SELECT ending FROM endings)
                """,
                company=company.id,
            )
        )
        Number = self.env["vip.service.number"]
        found = (
            (number, Number._to_e164(number, company.country_id)) for [number] in cr.fetchall()
        )
        spellings = [(number, e164) for number, e164 in found if e164]
        if spellings:
            values = SQL(", ").join(SQL("(%s, %s)", *pair) for pair in spellings)
            self._create_table(
                "vip_import_spelling",
                SQL("SELECT * FROM (VALUES %s) v (number, e164)", values),
            )
            cr.execute(
                SQL(
                    """
                    UPDATE vip_import_stage s SET number = k.known
                      FROM (SELECT p.number,
                                   coalesce((SELECT n.number FROM vip_service_number n
                                              WHERE n.company_id = %s AND n.number_e164 = p.e164
                                              ORDER BY n.state = 'closed', n.id DESC LIMIT 1),
                                            min(p.number) OVER (PARTITION BY p.e164)) AS known
                              FROM vip_import_spelling p) k
                     WHERE k.number = s.number AND k.known <> s.number
                    """,
                    company.id,
                )
            )

    def _create_table(self, name, query):
        """A temporary table with the rows of a query, known to the planner; gone with the
        transaction."""
        self._drop_table(name)
        table = SQL.identifier(name)
        self.env.cr.execute(SQL("CREATE TEMP TABLE %s ON COMMIT DROP AS %s", table, query))
        self.env.cr.execute(SQL("ANALYZE %s", table))

    def _create_empty_table(self, name, columns):
        """A temporary table; ``columns`` is a dict name -> type."""
        self._drop_table(name)
        definition = SQL(", ").join(
            SQL("%s %s", SQL.identifier(n), SQL(t)) for n, t in columns.items()
        )
        self.env.cr.execute(
            SQL("CREATE TEMP TABLE %s (%s) ON COMMIT DROP", SQL.identifier(name), definition)
        )

    def _drop_table(self, name):
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(name)))

    def _batches(self, query, size=2000):
        """The rows of a query as lists of dicts, a list at a time out of the database."""
        cr = self.env.cr
        cr.execute(SQL("DECLARE vip_import_batches NO SCROLL CURSOR FOR %s", query))
        fetch = SQL("FETCH %s FROM vip_import_batches", size)
        yield from iter(lambda: self.env.execute_query_dict(fetch), [])
        cr.execute("CLOSE vip_import_batches")

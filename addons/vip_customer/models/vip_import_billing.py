from odoo import models
from odoo.tools import SQL

from ..tools.import_rows import billing_kind

FAULT_COLUMNS = {
    "number_unknown": "number",
    "number_of_another": "number",
    "customer_unknown": "customer_code",
    "customer_ambiguous": "customer_code",
    "number_ambiguous": "customer_code",
}


class VipImportBilling(models.AbstractModel):
    """Monthly bills.

    SPECIFICATION

    A row with a number is booked on the number, to the customer who owned it on the last day of the
    month (or when it closed earlier in that month). A row with only the customer's code is booked on
    his only open number, refused where he has several, and booked on the customer where he has none; a
    bill that he has already in that month is corrected where it stands. Number and code that contradict
    each other are refused, and so are two rows for one bill. A contact who gets a bill joins the
    programme.

    A bill that is there already is replaced where the file says something else. Negative amounts are
    credit notes. An empty cell of arrears suspensions changes nothing; a new bill has none.
    """

    _name = "vip.import.billing"
    _description = "Import of bills"
    _inherit = "vip.import.kind"

    def _columns(self, job):
        return billing_kind(job.company_id._vip_today(), self._currency(job))

    def _column_types(self):
        return {"month": "date", "amount": "numeric", "arrears_suspensions": "int"}

    # ------------------------------------------------------------
    # RESOLVING
    # ------------------------------------------------------------

    def _resolve(self, job):
        self._use_known_spellings(job)
        self._find_customers(job)
        self._create_table("vip_import_row", self._booked_rows(job))
        self._refuse_faults("fault", FAULT_COLUMNS)
        self._drop_refused()
        # one number and month, or one customer and month, as a bigint: quick to group by
        bill = SQL(
            "coalesce(r.number_id, -r.partner_id) * 100000::bigint + (r.month - date '1970-01-01')"
        )
        self._refuse_twins("month", "bill_twice", bill, SQL("TRUE"))
        self._drop_refused()

    def _booked_rows(self, job):
        """The stage with customer, number and the bill that is there already."""
        return SQL(
            """
            SELECT b.line, b.number, b.customer_code, b.month, b.amount, b.partner_id, b.number_id,
                   coalesce(b.arrears_suspensions, f.arrears_suspensions, 0) AS arrears_suspensions,
                   b.fault,
                   CASE WHEN f.id IS NULL THEN 'created'
                        WHEN f.amount = b.amount AND f.partner_id = b.partner_id
                         AND f.arrears_suspensions
                             = coalesce(b.arrears_suspensions, f.arrears_suspensions)
                        THEN 'unchanged' ELSE 'changed' END AS outcome
              FROM (%(by_number)s UNION ALL %(by_customer)s) b
              LEFT JOIN LATERAL (
                    SELECT * FROM vip_billing_fact f
                     WHERE f.number_id = b.number_id AND f.month = b.month
                     UNION ALL
                    SELECT * FROM vip_billing_fact f
                     WHERE b.number_id IS NULL AND f.number_id IS NULL
                       AND f.partner_id = b.partner_id AND f.month = b.month
                   ) f ON TRUE
            """,
            by_number=self._rows_by_number(
                job,
                SQL("s.month"),
                SQL("(s.month + interval '1 month')::date - 1"),
                "number_of_another",
            ),
            by_customer=self._rows_by_customer(job),
        )

    def _rows_by_customer(self, job):
        return SQL(
            """
            SELECT s.*, c.partner_id,
                   CASE WHEN plain.id IS NOT NULL AND own.bills = 0 THEN NULL
                        WHEN plain.id IS NULL AND own.bills = 1 THEN own.billed_id
                        ELSE own.open_id END AS number_id,
                   CASE WHEN c.code IS NULL THEN 'customer_unknown'
                        WHEN c.partner_id IS NULL THEN 'customer_ambiguous'
                        WHEN own.open_numbers > 1 OR (own.open_numbers = 0 AND own.bills > 1)
                        THEN 'number_ambiguous'
                   END AS fault
              FROM vip_import_stage s
              LEFT JOIN vip_import_customer c ON c.code = s.customer_code
              LEFT JOIN vip_billing_fact plain
                ON plain.partner_id = c.partner_id AND plain.month = s.month
               AND plain.number_id IS NULL
              LEFT JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE n.is_open) AS open_numbers,
                           min(n.id) FILTER (WHERE n.is_open) AS open_id,
                           count(f.id) AS bills, min(f.number_id) AS billed_id
                      FROM (SELECT id, state <> 'closed' AND date_to IS NULL AS is_open
                              FROM vip_service_number
                             WHERE partner_id = c.partner_id AND company_id = %(company)s) n
                      LEFT JOIN vip_billing_fact f
                        ON f.number_id = n.id AND f.month = s.month AND f.partner_id = c.partner_id
                   ) own ON TRUE
             WHERE s.number IS NULL
            """,
            company=job.company_id.id,
        )

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    def _write(self, job):
        self._join_programme(job, "vip_import_row")
        self._upsert(job, SQL("(number_id, month) WHERE number_id IS NOT NULL"), SQL("IS NOT NULL"))
        self._upsert(job, SQL("(partner_id, month) WHERE number_id IS NULL"), SQL("IS NULL"))
        months = self.env.execute_query(SQL("SELECT DISTINCT month FROM vip_import_row"))
        self.env["vip.billing.month"]._ensure(
            job.company_id, [month for [month] in months], complete=job.month_complete
        )

    def _upsert(self, job, bill, has_number):
        """Write the created and changed bills, with a number or without one."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_billing_fact AS f (partner_id, number_id, month, amount,
                                                   arrears_suspensions, company_id, import_id)
                SELECT partner_id, number_id, month, amount, arrears_suspensions, %(company)s, %(job)s
                  FROM vip_import_row
                 WHERE outcome <> 'unchanged' AND number_id %(has_number)s
                    ON CONFLICT %(bill)s DO UPDATE
                   SET partner_id = excluded.partner_id, amount = excluded.amount,
                       arrears_suspensions = excluded.arrears_suspensions,
                       import_id = excluded.import_id
                """,
                company=job.company_id.id,
                job=job.id,
                has_number=has_number,
                bill=bill,
            )
        )

    def _remarks(self, job):
        [[credit_notes]] = self.env.execute_query(
            SQL("SELECT count(*) FROM vip_import_row WHERE amount < 0")
        )
        if not credit_notes:
            return []
        return [self.env._("%s rows are credit notes (negative amounts).", credit_notes)]

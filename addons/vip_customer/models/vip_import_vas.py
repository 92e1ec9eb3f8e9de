from odoo import models
from odoo.tools import SQL

from ..tools.import_rows import SERVICES, folded, vas_kind
from .vip_vas_use import ENDED, IMPORT, TAKEN_UP

FAULT_COLUMNS = {
    "number_unknown": "number",
    "number_of_another_then": "number",
    "customer_unknown": "customer_code",
    "customer_ambiguous": "customer_code",
    "number_needed": "customer_code",
    "service_unknown": "service",
    "service_ambiguous": "service",
    "ended_early": "ended_on",
}
# One customer, number and service; of two rows ``a`` and ``b``.
SAME_SERVICE = SQL(
    "a.partner_id = b.partner_id AND a.vas_id = b.vas_id "
    "AND a.number_id IS NOT DISTINCT FROM b.number_id"
)
# They were taken up at the same time; one may begin on the day the other ended.
OVERLAP = SQL(
    "(a.taken_up_on = b.taken_up_on OR (a.taken_up_on < coalesce(b.ended_on, 'infinity') "
    "AND b.taken_up_on < coalesce(a.ended_on, 'infinity')))"
)


class VipImportVas(models.AbstractModel):
    """Value-added services that customers use.

    SPECIFICATION

    A row with a number is booked on the number, to the customer who owned it on the day the service was
    taken up. A row with only the customer's code stays where he has this service from that day already;
    else it is booked on his only open number, refused where he has several, and booked on the customer
    where he has none. Number and code that contradict each other are refused. A contact who uses a service
    joins the programme.

    A row is the use of that customer, number and service that was taken up on its day. ``ended_on`` closes
    it, or corrects its end; an empty cell changes nothing. Where there is none, an open use that was only
    shown is taken up; else the row is a new use. A row that is from the same time as another use of the
    service, in the file or in the book, is refused.
    """

    _name = "vip.import.vas"
    _description = "Import of value-added services"
    _inherit = "vip.import.kind"

    def _columns(self, job):
        return vas_kind(job.company_id._vip_today())

    def _column_types(self):
        return {"taken_up_on": "date", "ended_on": "date"}

    # ------------------------------------------------------------
    # RESOLVING
    # ------------------------------------------------------------

    def _resolve(self, job):
        self._use_known_spellings(job)
        self._find_customers(job)
        self._find_services()
        self._create_table("vip_import_row", self._booked_rows(job))
        self._refuse_faults("fault", FAULT_COLUMNS)
        self._drop_refused()
        use = SQL("(r.partner_id, coalesce(r.number_id, 0), r.vas_id, r.taken_up_on)::text")
        self._refuse_twins("taken_up_on", "use_twice", use, SQL("TRUE"))
        self._drop_refused()
        self._refuse_overlaps_in_file()
        self._drop_refused()
        # a row that is refused closes nothing: another one may have counted on it
        while self._refuse_overlaps():
            self._drop_refused()
        self._take_up_what_was_shown()

    def _find_services(self):
        """Temporary table ``vip_import_service``: the service of each name of the stage, or the fault."""
        known = self._known_services()
        names = self.env.execute_query(SQL("SELECT DISTINCT service FROM vip_import_stage"))
        rows = []
        for [name] in names:
            found = known.get(folded(name), set())
            fault = {0: "service_unknown", 1: None}.get(len(found), "service_ambiguous")
            rows.append((name, None if fault else min(found), fault))
        values = SQL(", ").join(SQL("(%s, %s::int, %s)", *row) for row in rows)
        self._create_table(
            "vip_import_service",
            SQL("SELECT * FROM (VALUES %s) v (service, vas_id, fault)", values)
            if rows
            else SQL("SELECT NULL AS service, NULL::int AS vas_id, NULL AS fault LIMIT 0"),
        )

    def _known_services(self):
        """dict of codes, and of names in every language -> ids of services; a code goes before a name.
        What is not offered any more is known all the same."""
        catalogue = self.env.execute_query(SQL("SELECT id, code, name FROM vip_vas"))
        known = {}
        for vas_id, code, names in catalogue:
            for name in {*names.values(), *SERVICES.get(code, ())}:
                known.setdefault(folded(name), set()).add(vas_id)
        return {**known, **{folded(code): {vas_id} for vas_id, code, _names in catalogue}}

    def _booked_rows(self, job):
        """The stage with customer, number, service and the use that is there already."""
        return SQL(
            """
            SELECT b.line, b.number, b.customer_code, b.service, b.taken_up_on,
                   coalesce(b.ended_on, u.ended_on) AS ended_on,
                   b.partner_id, b.number_id, v.vas_id, u.id AS use_id,
                   CASE WHEN b.fault IS NOT NULL THEN b.fault
                        WHEN v.fault IS NOT NULL THEN v.fault
                        WHEN b.ended_on < b.taken_up_on THEN 'ended_early' END AS fault,
                   CASE WHEN u.id IS NULL THEN 'created'
                        WHEN u.ended_on IS NOT DISTINCT FROM coalesce(b.ended_on, u.ended_on)
                        THEN 'unchanged' ELSE 'changed' END AS outcome
              FROM (%(by_number)s UNION ALL %(by_customer)s) b
              JOIN vip_import_service v ON v.service = b.service
              LEFT JOIN vip_vas_use u
                ON u.partner_id = b.partner_id AND u.vas_id = v.vas_id
               AND u.number_id IS NOT DISTINCT FROM b.number_id AND u.taken_up_on = b.taken_up_on
            """,
            by_number=self._rows_by_number(
                job, SQL("s.taken_up_on"), SQL("s.taken_up_on"), "number_of_another_then"
            ),
            by_customer=self._rows_by_customer(job),
        )

    def _rows_by_customer(self, job):
        return SQL(
            """
            SELECT s.*, c.partner_id,
                   CASE WHEN own.uses = 1 THEN own.used_id ELSE own.open_id END AS number_id,
                   CASE WHEN c.code IS NULL THEN 'customer_unknown'
                        WHEN c.partner_id IS NULL THEN 'customer_ambiguous'
                        WHEN own.uses > 1 OR (own.uses = 0 AND own.open_numbers > 1)
                        THEN 'number_needed'
                   END AS fault
              FROM vip_import_stage s
              JOIN vip_import_service v ON v.service = s.service
              LEFT JOIN vip_import_customer c ON c.code = s.customer_code
              LEFT JOIN LATERAL (
                    SELECT count(u.id) AS uses, min(u.number_id) AS used_id,
                           min(n.open_numbers) AS open_numbers, min(n.open_id) AS open_id
                      FROM (SELECT count(*) AS open_numbers, min(id) AS open_id
                              FROM vip_service_number
                             WHERE partner_id = c.partner_id AND company_id = %(company)s
                               AND state <> 'closed' AND date_to IS NULL) n
                      LEFT JOIN vip_vas_use u
                        ON u.partner_id = c.partner_id AND u.vas_id = v.vas_id
                       AND u.taken_up_on = s.taken_up_on
                   ) own ON TRUE
             WHERE s.number IS NULL
            """,
            company=job.company_id.id,
        )

    def _refuse_overlaps_in_file(self):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_import_error (line, "column", value, code, detail)
                SELECT a.line, 'taken_up_on', a.taken_up_on::text, 'use_overlaps_line',
                       min(b.line)::text
                  FROM vip_import_row a JOIN vip_import_row b ON %s AND %s AND a.line <> b.line
                 GROUP BY a.line, a.taken_up_on
                """,
                SAME_SERVICE,
                OVERLAP,
            )
        )

    def _refuse_overlaps(self):
        """Refuse rows from the same time as a use in the book that no row of the file is about.

        :return: whether there were any
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_import_error (line, "column", value, code, detail)
                SELECT a.line, 'taken_up_on', a.taken_up_on::text, 'use_overlaps',
                       min(b.taken_up_on)::text
                  FROM vip_import_row a JOIN vip_vas_use b ON %s AND %s
                 WHERE b.taken_up_on IS NOT NULL
                   AND NOT EXISTS (SELECT FROM vip_import_row r WHERE r.use_id = b.id)
                 GROUP BY a.line, a.taken_up_on
                """,
                SAME_SERVICE,
                OVERLAP,
            )
        )
        return self.env.cr.rowcount > 0

    def _take_up_what_was_shown(self):
        """The first row that may tell of it takes up an open use that was only shown."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_import_row r SET use_id = t.use_id, outcome = 'changed'
                  FROM (SELECT DISTINCT ON (b.id) b.id AS use_id, a.line
                          FROM vip_vas_use b JOIN vip_import_row a ON %s
                         WHERE b.taken_up_on IS NULL AND b.ended_on IS NULL AND a.use_id IS NULL
                           AND coalesce(a.ended_on >= b.shown_on, TRUE)
                         ORDER BY b.id, a.taken_up_on) t
                 WHERE t.line = r.line
                """,
                SAME_SERVICE,
            )
        )

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    def _write(self, job):
        self._join_programme(job, "vip_import_row")
        terms = {
            "company": job.company_id.id,
            "user": job.user_id.id,
            "source": IMPORT,
            "state": SQL("CASE WHEN r.ended_on IS NULL THEN %s ELSE %s END", TAKEN_UP, ENDED),
            "now": self.env.cr.now(),
        }
        # what ends makes room for what begins
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_vas_use u
                   SET taken_up_on = r.taken_up_on, ended_on = r.ended_on, state = %(state)s,
                       write_uid = %(user)s, write_date = %(now)s
                  FROM vip_import_row r
                 WHERE r.use_id = u.id AND r.outcome = 'changed'
                """,
                **terms,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO vip_vas_use (partner_id, number_id, vas_id, taken_up_on, ended_on, state,
                                         source, company_id, create_uid, create_date, write_uid,
                                         write_date)
                SELECT r.partner_id, r.number_id, r.vas_id, r.taken_up_on, r.ended_on, %(state)s,
                       %(source)s, %(company)s, %(user)s, %(now)s, %(user)s, %(now)s
                  FROM vip_import_row r
                 WHERE r.outcome = 'created'
                """,
                **terms,
            )
        )

from collections import defaultdict

from odoo import models
from odoo.tools import SQL, format_date

from odoo.addons.vip_customer.tools.import_rows import folded

from ..tools.departure_rows import departures_kind
from .vip_departure import ANNOUNCED, EFFECTIVE, LIST, SUSPENSION

FAULT_COLUMNS = {
    "number_unknown": "number",
    "number_of_another_then": "number",
    "customer_unknown": "customer_code",
    "customer_ambiguous": "customer_code",
    "departing_number_needed": "customer_code",
    "effective_on_missing": "effective_on",
    "requested_on_missing": "requested_on",
    "departs_early": "effective_on",
    "channel_unknown": "channel",
    "channel_ambiguous": "channel",
    "reason_unknown": "reason",
    "reason_ambiguous": "reason",
}
# A row ``s`` of the file tells of the departure ``d`` of its number or customer.
SAME_REQUEST = SQL(
    """
    d.kind = s.kind
    AND coalesce(d.requested_on = s.requested_on,
                 d.effective_on = coalesce(s.effective_on, s.requested_on))
    """
)
# The day of a row ``r``, and whether it has come.
DAY = SQL("coalesce(r.effective_on, r.requested_on)")


class VipImportDepartures(models.AbstractModel):
    """The daily list of numbers that leave.

    SPECIFICATION

    A row with a number is about who owned it on the day; one with only the customer's code is about his
    only open number, about the departure that is recorded of him already, and about himself where he has
    no numbers. With several it is refused.

    A row is the departure of that kind that is announced; its day is that of the company's own system, so
    another one moves it, and the departure's messages say so. Channel, reason and day of the request are
    filled in where nobody knew them. Where the number is closed since the request, the row tells of that
    closing, and gives a closing without a record its request; a number that had closed before is refused.
    What a customer withdrew stays withdrawn while it is still in the list: the list is slower than he is.
    Every other row is a new departure, announced, or effective where its day has come.
    """

    _name = "vip.import.departures"
    _description = "Import of departures"
    _inherit = "vip.import.kind"

    def _columns(self, job):
        return departures_kind(job.company_id._vip_today())

    def _column_types(self):
        return {"requested_on": "date", "effective_on": "date"}

    # ------------------------------------------------------------
    # RESOLVING
    # ------------------------------------------------------------

    def _resolve(self, job):
        self._use_known_spellings(job)
        self._find_customers(job)
        for column, table in (("channel", "vip_channel"), ("reason", "vip_retention_reason")):
            self._find_named(column, table)
        self._create_table("vip_import_row", self._booked_rows(job))
        # whatever PostgreSQL knows of the departures: those of the last file may be new to it
        self.env.cr.execute("CREATE INDEX ON vip_import_row (departure_id)")
        self._refuse_faults("fault", FAULT_COLUMNS)
        self._drop_refused()
        self._refuse_days()
        self._drop_refused()
        self._refuse_doubles(job)
        self._drop_refused()

    def _find_named(self, column, table):
        """Temporary table ``vip_import_<column>``: the record of each name of the stage, or the fault. A
        code goes before a name in any language; what is archived is known all the same."""
        catalogue = self.env.execute_query(
            SQL("SELECT id, code, name FROM %s", SQL.identifier(table))
        )
        known = {}
        for record_id, _code, names in catalogue:
            for name in names.values():
                known.setdefault(folded(name), set()).add(record_id)
        known |= {folded(code): {record_id} for record_id, code, _names in catalogue}
        told = self.env.execute_query(
            SQL(
                "SELECT DISTINCT %(name)s FROM vip_import_stage WHERE %(name)s IS NOT NULL",
                name=SQL.identifier(column),
            )
        )
        rows = []
        for [name] in told:
            found = known.get(folded(name), set())
            fault = {0: f"{column}_unknown", 1: None}.get(len(found), f"{column}_ambiguous")
            rows.append(SQL("(%s, %s::int, %s)", name, None if fault else min(found), fault))
        none = SQL("(NULL, NULL::int, NULL)")
        self._create_table(
            f"vip_import_{column}",
            SQL(
                "SELECT * FROM (VALUES %s) v (name, record_id, fault) WHERE name IS NOT NULL",
                SQL(", ").join(rows or [none]),
            ),
        )

    def _booked_rows(self, job):
        """The stage with customer, number, and the departure that is recorded already."""
        return SQL(
            """
            SELECT s.line, s.number, s.customer_code, s.kind, s.requested_on, s.effective_on, s.channel,
                   s.reason, s.partner_id, s.number_id, c.record_id AS channel_id,
                   w.record_id AS reason_id, d.id AS departure_id, d.state AS known_state,
                   d.effective_on AS known_day, s.closed_on, s.begun_on,
                   CASE WHEN s.fault IS NOT NULL THEN s.fault
                        WHEN c.fault IS NOT NULL THEN c.fault
                        WHEN w.fault IS NOT NULL THEN w.fault
                        WHEN s.kind <> 'suspension' AND s.effective_on IS NULL
                        THEN 'effective_on_missing'
                        WHEN s.effective_on IS NULL AND s.requested_on IS NULL
                        THEN 'requested_on_missing'
                        WHEN s.effective_on < s.requested_on
                          OR d.state = 'announced'
                             AND coalesce(s.effective_on, d.effective_on)
                                 < coalesce(d.requested_on, s.requested_on)
                        THEN 'departs_early' END AS fault,
                   CASE WHEN d.id IS NULL THEN 'created'
                        WHEN d.state = 'announced'
                         AND (d.effective_on, d.requested_on, d.channel_id, d.reason_id)
                             IS DISTINCT FROM
                             (coalesce(s.effective_on, d.effective_on),
                              coalesce(d.requested_on, s.requested_on),
                              coalesce(d.channel_id, c.record_id), coalesce(d.reason_id, w.record_id))
                        THEN 'changed'
                        WHEN d.state = 'effective' AND d.remark = 'no_record' THEN 'changed'
                        ELSE 'unchanged' END AS outcome
              FROM (SELECT b.*,
                           CASE WHEN n.id IS NULL THEN m.closed_on
                                WHEN n.state = 'closed' THEN n.closed_on END AS closed_on,
                           coalesce(n.date_from, n.activated_on) AS begun_on
                      FROM (%(by_number)s UNION ALL %(by_customer)s) b
                      LEFT JOIN vip_service_number n ON n.id = b.number_id
                      LEFT JOIN vip_membership m ON m.partner_id = b.partner_id) s
              LEFT JOIN vip_import_channel c ON c.name = s.channel
              LEFT JOIN vip_import_reason w ON w.name = s.reason
              LEFT JOIN LATERAL (
                    SELECT d.* FROM vip_departure d
                     WHERE d.partner_id = s.partner_id
                       AND d.number_id IS NOT DISTINCT FROM s.number_id
                       AND (d.state = 'announced' AND d.kind = s.kind
                            OR %(same)s
                            -- the number closed since: by this
                            OR d.state = 'effective' AND d.reopened_on IS NULL
                               AND d.kind <> 'suspension' AND s.kind <> 'suspension'
                               AND s.closed_on >= coalesce(s.requested_on, s.effective_on))
                     ORDER BY d.state = 'announced' DESC, d.state = 'effective' DESC, d.id DESC
                     LIMIT 1
                   ) d ON TRUE
            """,
            by_number=self._rows_by_number(
                job,
                SQL("coalesce(s.requested_on, s.effective_on)"),
                SQL("coalesce(s.effective_on, s.requested_on)"),
                "number_of_another_then",
            ),
            by_customer=self._rows_by_customer(job),
            same=SAME_REQUEST,
        )

    def _rows_by_customer(self, job):
        """The rows of the stage without a number, with that of the departure that is recorded already,
        else the only open one, else the one that closed last."""
        return SQL(
            """
            SELECT s.*, c.partner_id,
                   CASE WHEN known.found = 1 THEN known.number_id
                        WHEN own.open_numbers = 1 THEN own.open_id
                        WHEN own.open_numbers = 0 THEN own.last_id END AS number_id,
                   CASE WHEN c.code IS NULL THEN 'customer_unknown'
                        WHEN c.partner_id IS NULL THEN 'customer_ambiguous'
                        WHEN known.found <> 1 AND own.open_numbers > 1 THEN 'departing_number_needed'
                   END AS fault
              FROM vip_import_stage s
              LEFT JOIN vip_import_customer c ON c.code = s.customer_code
              LEFT JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE state <> 'closed') AS open_numbers,
                           min(id) FILTER (WHERE state <> 'closed') AS open_id,
                           (array_agg(id ORDER BY closed_on DESC, id DESC))[1] AS last_id
                      FROM vip_service_number
                     WHERE partner_id = c.partner_id AND company_id = %(company)s
                       AND date_to IS NULL
                   ) own ON TRUE
              LEFT JOIN LATERAL (
                    SELECT count(*) AS found, min(d.number_id) AS number_id
                      FROM vip_departure d
                     WHERE d.partner_id = c.partner_id AND %(same)s
                   ) known ON TRUE
             WHERE s.number IS NULL
            """,
            company=job.company_id.id,
            same=SAME_REQUEST,
        )

    def _refuse_days(self):
        """What is not recorded cannot have happened before the number was there, or after it left."""
        is_new = SQL("r.departure_id IS NULL")
        left = SQL("%s AND r.closed_on < coalesce(r.requested_on, r.effective_on)", is_new)
        detail = SQL("r.closed_on::text")
        of_number, of_customer = (
            SQL("%s AND r.number_id IS %s NULL", left, SQL(word)) for word in ("NOT", "")
        )
        self._refuse("number", "number_closed", of_number, detail)
        self._refuse("customer_code", "customer_left", of_customer, detail)
        self._refuse(
            "effective_on",
            "departs_before_activation",
            SQL("%s AND r.effective_on < r.begun_on", is_new),
            SQL("r.begun_on::text"),
        )

    def _refuse_doubles(self, job):
        """Of one number, or of a customer without numbers, one departure is announced; suspensions that
        are over stand beside it."""
        over = SQL("r.kind = %s AND %s <= %s", SUSPENSION, DAY, job.company_id._vip_today())
        whose = SQL("(r.partner_id, coalesce(r.number_id, 0))::text")
        self._refuse_twins("kind", "departure_twice", whose, SQL("NOT (%s)", over))
        self._drop_refused()
        self._refuse_twins("kind", "departure_twice", SQL("(%s, %s)::text", whose, DAY), over)
        labels = dict(self.env["vip.departure"]._fields["kind"]._description_selection(self.env))
        for kind, label in labels.items():
            self._refuse(
                "kind",
                "departure_announced",
                SQL(
                    """r.departure_id IS NULL AND NOT (%s) AND EXISTS (
                            SELECT FROM vip_departure d
                             WHERE d.partner_id = r.partner_id AND d.state = %s AND d.kind = %s
                               AND d.number_id IS NOT DISTINCT FROM r.number_id)""",
                    over,
                    ANNOUNCED,
                    kind,
                ),
                SQL("%s", label),
            )

    def _remarks(self, job):
        today = job.company_id._vip_today()
        [[due, still_there]] = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FILTER (WHERE outcome = 'created' AND %s <= %s),
                       count(*) FILTER (WHERE known_state = 'withdrawn')
                  FROM vip_import_row r
                """,
                DAY,
                today,
            )
        )
        remarks = []
        if due:
            remarks.append(
                self.env._(
                    "Effective at once, because their day was not after %(today)s: %(count)s.",
                    today=format_date(self.env, today),
                    count=due,
                )
            )
        if still_there:
            remarks.append(
                self.env._(
                    "Still in the list although the customer withdrew, and left withdrawn: %s.",
                    still_there,
                )
            )
        return remarks

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    def _write(self, job):
        self._join_programme(job, "vip_import_row")
        terms = {
            "company": job.company_id.id,
            "import": job.id,
            "user": job.user_id.id,
            "source": LIST,
            "today": job.company_id._vip_today(),
            "now": self.env.cr.now(),
        }
        due = self._change_announced(terms)
        self._give_requests(terms)
        due |= self._create_departures(terms)
        self.env["vip.departure"]._take_effect(due)

    def _change_announced(self, terms):
        """:return: what is due now: dict id -> day"""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE vip_departure d
                   SET effective_on = coalesce(r.effective_on, d.effective_on),
                       requested_on = coalesce(d.requested_on, r.requested_on),
                       channel_id = coalesce(d.channel_id, r.channel_id),
                       reason_id = coalesce(d.reason_id, r.reason_id),
                       write_uid = %(user)s, write_date = %(now)s
                  FROM vip_import_row r
                 WHERE r.departure_id = d.id AND r.outcome = 'changed' AND r.known_state = 'announced'
                RETURNING d.id, r.known_day, d.effective_on, d.effective_on <= %(today)s
                """,
                **terms,
            )
        )
        departures = self.env["vip.departure"]
        departures.invalidate_model()
        moved = defaultdict(list)
        for departure_id, old, new, _is_due in rows:
            if old != new:
                moved[old, new].append(departure_id)
        for (old, new), departure_ids in moved.items():
            self._log_moved(departure_ids, old, new, terms)
        before = {departures.browse(row[0]): row[1] for row in rows if row[1] != row[2]}
        departures.union(*before)._after_moved(before)
        return {row[0]: row[2] for row in rows if row[3]}

    def _log_moved(self, departure_ids, old, new, terms):
        """A note on each departure whose day the list moved; at once, because a note of Odoo's own takes
        as long as a hundred rows of the list."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO mail_message (model, res_id, message_type, subtype_id, author_id, body, date,
                                          is_internal, create_uid, create_date, write_uid, write_date)
                SELECT 'vip.departure', unnest(%(departures)s), 'notification', %(subtype)s, %(author)s,
                       %(body)s, %(now)s, TRUE, %(user)s, %(now)s, %(user)s, %(now)s
                """,
                departures=departure_ids,
                subtype=self.env.ref("mail.mt_note").id,
                author=self.env.user.partner_id.id,
                body=self.env._(
                    "The daily list moved the day from %(old)s to %(new)s.",
                    old=format_date(self.env, old) or "-",
                    new=format_date(self.env, new),
                ),
                **terms,
            )
        )
        self.env["vip.departure"].invalidate_model(["message_ids"])

    def _give_requests(self, terms):
        """Closings without a record have one now; their day stays the day on which they happened."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_departure d
                   SET kind = r.kind, requested_on = r.requested_on, channel_id = r.channel_id,
                       reason_id = coalesce(r.reason_id, d.reason_id), source = %(source)s, remark = NULL,
                       import_id = %(import)s, write_uid = %(user)s, write_date = %(now)s
                  FROM vip_import_row r
                 WHERE r.departure_id = d.id AND r.outcome = 'changed' AND r.known_state = 'effective'
                """,
                **terms,
            )
        )

    def _create_departures(self, terms):
        """:return: what is due now: dict id -> day"""
        Departure = self.env["vip.departure"]
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO vip_departure (partner_id, company_id, number_id, kind, requested_on,
                                           effective_on, state, channel_id, reason_id, source,
                                           import_id, create_uid, create_date, write_uid, write_date)
                SELECT q.partner_id, %(company)s, q.number_id, q.kind, q.requested_on,
                       CASE WHEN q.happened THEN q.day ELSE q.effective_on END,
                       CASE WHEN q.happened THEN 'effective' ELSE 'announced' END,
                       q.channel_id, q.reason_id, %(source)s, %(import)s, %(user)s, %(now)s, %(user)s,
                       %(now)s
                  FROM (SELECT r.*, %(day)s AS day,
                               -- a suspension that is over may stand beside what is announced
                               r.kind = 'suspension' AND %(day)s <= %(today)s AS happened
                          FROM vip_import_row r WHERE r.outcome = 'created' ORDER BY r.line) q
                RETURNING id, kind, state, effective_on
                """,
                day=DAY,
                **terms,
            )
        )
        Departure.invalidate_model()
        due = {
            departure_id: day
            for departure_id, _kind, state, day in rows
            if state == ANNOUNCED and day and day <= terms["today"]
        }
        Departure.browse(row[0] for row in rows if row[0] not in due)._after_announced()
        Departure.browse(row[0] for row in rows if row[2] == EFFECTIVE)._after_effective()
        return due

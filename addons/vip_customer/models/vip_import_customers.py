from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from ..tools.import_rows import customers_kind

CONTACT_FIELDS = ("name", "email", "street", "city")
NUMBER_FIELDS = ("state", "activated_on", "plan", "contract_end")
QUIET = {"tracking_disable": True, "mail_create_nosubscribe": True, "mail_create_nolog": True}

FAULT_COLUMNS = {
    "customer_fault": {"customer_ambiguous": "customer_code"},
    "manager_fault": {"manager_unknown": "manager", "manager_ambiguous": "manager"},
    "branch_fault": {"branch_unknown": "branch", "branch_ambiguous": "branch"},
    "date_fault": {"activated_late": "activated_on"},
}


class VipImportCustomers(models.AbstractModel):
    """Customers and their numbers.

    SPECIFICATION

    A customer is the contact with the code as its reference, in the company of the import or in none;
    a new one is created in that company. He may have several rows, one for each number; what they say
    about him must not differ. Only what the file says is changed: an empty cell erases nothing, a
    number that is not in the file stays as it is.

    A number belongs to one customer while it is open. A number that is open with another customer is
    refused, unless the same file closes it there. ``activated_on`` belongs to the number, and to the
    customer where the row has no number. Branches are sales teams by name, account managers users of
    the company by login or name.
    """

    _name = "vip.import.customers"
    _description = "Import of customers"
    _inherit = "vip.import.kind"
    _background_bytes = 100 * 1024  # contacts are made by the ORM, some 1 000 a second

    def _columns(self, job):
        return customers_kind(job.company_id._vip_today())

    def _column_types(self):
        return dict.fromkeys(("activated_on", "birthday", "contract_end"), "date")

    # ------------------------------------------------------------
    # RESOLVING
    # ------------------------------------------------------------

    def _resolve(self, job):
        self._use_known_spellings(job)
        self._find_customers(job)
        self._find_managers(job)
        self._find_branches(job)
        self._create_table("vip_import_row", self._known_rows(job))
        self.env.cr.execute("CREATE INDEX ON vip_import_row (customer_code)")
        for fault, codes in FAULT_COLUMNS.items():
            self._refuse_faults(fault, codes)
        self._refuse_contradictions()
        self._refuse_claims()
        self._refuse_taken(job)
        self._create_table("vip_import_person", self._persons())
        self._refuse_nameless()
        self._judge()

    def _find_managers(self, job):
        """Temporary table ``vip_import_manager``: the user of each name, NULL where several bear it."""
        self._create_table(
            "vip_import_manager",
            SQL(
                """
                SELECT s.manager AS name,
                       coalesce(min(u.id) FILTER (WHERE lower(u.login) = lower(s.manager)),
                                CASE WHEN count(*) = 1 THEN min(u.id) END) AS user_id
                  FROM (SELECT DISTINCT manager FROM vip_import_stage) s
                  JOIN (SELECT u.id, u.login, p.name FROM res_users u
                          JOIN res_partner p ON p.id = u.partner_id
                          JOIN res_company_users_rel c ON c.user_id = u.id AND c.cid = %s
                         WHERE u.active AND NOT u.share) u
                    ON lower(s.manager) IN (lower(u.login), lower(u.name))
                 GROUP BY s.manager
                """,
                job.company_id.id,
            ),
        )

    def _find_branches(self, job):
        """Temporary table ``vip_import_branch``: the sales team of each name in any language, NULL
        where several bear it."""
        self._create_table(
            "vip_import_branch",
            SQL(
                """
                SELECT s.branch AS name, CASE WHEN count(*) = 1 THEN min(t.id) END AS team_id
                  FROM (SELECT DISTINCT branch FROM vip_import_stage) s
                  JOIN crm_team t
                    ON EXISTS (SELECT FROM jsonb_each_text(t.name) n WHERE lower(n.value) = lower(s.branch))
                 WHERE t.active AND (t.company_id IS NULL OR t.company_id = %s)
                 GROUP BY s.branch
                """,
                job.company_id.id,
            ),
        )

    def _known_rows(self, job):
        """The stage with customer, number, manager and branch as the book knows them."""
        return SQL(
            """
            SELECT s.*, c.partner_id, u.user_id, b.team_id, n.id AS number_id, NULL::text AS outcome,
                   coalesce(s.number_state, n.state, 'active') <> 'closed' AS is_open,
                   n.date_to IS NULL AND (
                       coalesce(s.number_state, n.state), coalesce(s.activated_on, n.activated_on),
                       coalesce(s.plan, n.plan), coalesce(s.contract_end, n.contract_end)
                   ) IS DISTINCT FROM (n.state, n.activated_on, n.plan, n.contract_end)
                   AS number_changed,
                   CASE WHEN c.code IS NOT NULL AND c.partner_id IS NULL THEN 'customer_ambiguous' END
                   AS customer_fault,
                   CASE WHEN s.manager IS NULL OR u.user_id IS NOT NULL THEN NULL
                        WHEN u.name IS NULL THEN 'manager_unknown' ELSE 'manager_ambiguous' END
                   AS manager_fault,
                   CASE WHEN s.branch IS NULL OR b.team_id IS NOT NULL THEN NULL
                        WHEN b.name IS NULL THEN 'branch_unknown' ELSE 'branch_ambiguous' END
                   AS branch_fault,
                   CASE WHEN coalesce(s.number_state, n.state) = 'closed'
                         AND s.activated_on > n.closed_on THEN 'activated_late' END
                   AS date_fault
              FROM vip_import_stage s
              LEFT JOIN vip_import_customer c ON c.code = s.customer_code
              LEFT JOIN vip_import_manager u ON u.name = s.manager
              LEFT JOIN vip_import_branch b ON b.name = s.branch
              LEFT JOIN LATERAL (
                    SELECT n.* FROM vip_service_number n
                     WHERE n.partner_id = c.partner_id AND n.number = s.number
                       AND n.company_id = %s
                       -- who passed the number on has it again only as another row
                       AND (n.date_to IS NULL OR s.number_state = 'closed')
                     ORDER BY n.date_to IS NULL DESC, n.state <> 'closed' DESC, n.id DESC
                     LIMIT 1
                   ) n ON TRUE
            """,
            job.company_id.id,
        )

    def _refuse_contradictions(self):
        """Refuse rows of one customer that say different things about him."""
        for column in (*CONTACT_FIELDS, "birthday", "birthday_calendar", "branch", "manager"):
            name = SQL.identifier(column)
            self._refuse(
                column,
                "contradiction",
                SQL(
                    """r.%(name)s IS NOT NULL AND r.customer_code IN (
                            SELECT customer_code FROM vip_import_row WHERE %(name)s IS NOT NULL
                             GROUP BY 1 HAVING min(%(name)s) <> max(%(name)s))""",
                    name=name,
                ),
                SQL(
                    """(SELECT min(o.line) FROM vip_import_row o
                         WHERE o.customer_code = r.customer_code AND o.%(name)s <> r.%(name)s)""",
                    name=name,
                ),
            )

    def _refuse_claims(self):
        """Refuse numbers that are in the file twice."""
        has_number = SQL("r.number IS NOT NULL")
        self._refuse_twins("number", "number_twice", SQL("(r.customer_code, r.number)"), has_number)
        self._refuse_twins(
            "number",
            "number_claimed",
            SQL("r.number"),
            SQL(
                """r.number IS NOT NULL AND r.is_open AND NOT EXISTS (
                        SELECT FROM vip_import_row o
                         WHERE o.customer_code = r.customer_code AND o.number = r.number
                           AND o.line < r.line)"""
            ),
        )
        self._drop_refused()

    def _refuse_taken(self, job):
        """Refuse numbers that are open with somebody else, whose row does not close them here."""
        self._refuse(
            "number",
            "number_taken",
            SQL(
                """r.is_open AND EXISTS (
                        SELECT FROM vip_service_number n
                         WHERE n.number = r.number AND n.company_id = %s
                           AND n.state <> 'closed' AND n.date_to IS NULL
                           AND n.partner_id IS DISTINCT FROM r.partner_id
                           AND NOT EXISTS (SELECT FROM vip_import_row o
                                            WHERE o.number_id = n.id AND NOT o.is_open))""",
                job.company_id.id,
            ),
        )
        self._drop_refused()

    def _persons(self):
        """What the good rows say about each customer, and whether it is news."""
        return SQL(
            """
            SELECT x.*, m.id AS membership_id,
                   (coalesce(x.name, p.name), coalesce(x.email, p.email),
                    coalesce(x.street, p.street), coalesce(x.city, p.city))
                   IS DISTINCT FROM (p.name, p.email, p.street, p.city) AS contact_changed,
                   m.id IS NULL
                   OR (coalesce(x.birthday, m.birthday),
                       coalesce(x.birthday_calendar, m.birthday_calendar),
                       coalesce(x.user_id, m.manager_id), coalesce(x.team_id, m.team_id),
                       CASE WHEN n.is_dated THEN m.joined_on
                            ELSE coalesce(x.joined_on, m.joined_on) END)
                   IS DISTINCT FROM (m.birthday, m.birthday_calendar, m.manager_id, m.team_id,
                                     m.joined_on) AS member_changed
              FROM (SELECT customer_code, max(partner_id) AS partner_id, max(name) AS name,
                           max(email) AS email, max(street) AS street, max(city) AS city,
                           max(birthday) AS birthday, max(birthday_calendar) AS birthday_calendar,
                           max(user_id) AS user_id, max(team_id) AS team_id,
                           min(activated_on) FILTER (WHERE number IS NULL) AS joined_on
                      FROM vip_import_row GROUP BY customer_code) x
              LEFT JOIN res_partner p ON p.id = x.partner_id
              LEFT JOIN vip_membership m ON m.partner_id = x.partner_id
              LEFT JOIN LATERAL (SELECT TRUE AS is_dated FROM vip_service_number n
                                  WHERE n.partner_id = x.partner_id AND n.activated_on IS NOT NULL
                                  LIMIT 1) n ON TRUE
            """
        )

    def _refuse_nameless(self):
        nameless = SQL(
            "SELECT customer_code FROM vip_import_person WHERE partner_id IS NULL AND name IS NULL"
        )
        self._refuse("name", "name_missing", SQL("r.customer_code IN (%s)", nameless))
        self._drop_refused()
        self.env.cr.execute(
            SQL("DELETE FROM vip_import_person WHERE customer_code IN (%s)", nameless)
        )

    def _judge(self):
        self.env.cr.execute(
            """
            UPDATE vip_import_row r
               SET outcome = CASE
                   WHEN p.partner_id IS NULL OR (r.number IS NOT NULL AND r.number_id IS NULL)
                   THEN 'created'
                   WHEN p.contact_changed OR p.member_changed
                        OR (r.number_id IS NOT NULL AND r.number_changed)
                   THEN 'changed' ELSE 'unchanged' END
              FROM vip_import_person p WHERE p.customer_code = r.customer_code
            """
        )

    def _remarks(self, job):
        [[customers]] = self.env.execute_query(
            SQL("SELECT count(*) FROM vip_import_person WHERE partner_id IS NULL")
        )
        [[numbers]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM vip_import_row WHERE number IS NOT NULL AND number_id IS NULL"
            )
        )
        return [
            self.env._(
                "New customers: %(customers)s. New numbers: %(numbers)s.",
                customers=customers,
                numbers=numbers,
            )
        ]

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    def _write(self, job):
        quiet = self.with_context(**QUIET)
        quiet._create_contacts(job)
        quiet._change_contacts()
        self._join_programme(job, "vip_import_person")
        self._change_members()
        self._assign_managers()
        quiet._change_numbers()
        quiet._create_numbers()

    def _create_contacts(self, job):
        Partner = self.env["res.partner"]
        created = []
        for batch in self._batches(SQL("SELECT * FROM vip_import_person WHERE partner_id IS NULL")):
            created += Partner.create(
                [
                    {
                        "ref": row["customer_code"],
                        "company_id": job.company_id.id,
                        **self._given(row, CONTACT_FIELDS),
                    }
                    for row in batch
                ]
            ).ids
        self.env.cr.execute(
            SQL(
                """UPDATE vip_import_person x SET partner_id = p.id FROM res_partner p
                    WHERE p.id = ANY(%s) AND p.ref = x.customer_code AND x.partner_id IS NULL""",
                created,
            )
        )

    def _change_contacts(self):
        changed = SQL(
            """SELECT * FROM vip_import_person
                WHERE membership_id IS NOT NULL AND contact_changed"""
        )
        for batch in self._batches(changed):
            for row in batch:
                partner = self.env["res.partner"].browse(row["partner_id"])
                partner.write(self._given(row, CONTACT_FIELDS))

    def _change_members(self):
        self.env["vip.membership"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_membership m
                   SET birthday = v.birthday, birthday_calendar = v.birthday_calendar,
                       joined_on = v.joined_on, write_uid = %(uid)s, write_date = %(now)s
                  FROM (SELECT m.id, coalesce(x.birthday, m.birthday) AS birthday,
                               coalesce(x.birthday_calendar, m.birthday_calendar)
                               AS birthday_calendar,
                               CASE WHEN EXISTS (SELECT FROM vip_service_number n
                                                  WHERE n.partner_id = m.partner_id
                                                    AND n.activated_on IS NOT NULL)
                                    THEN m.joined_on ELSE coalesce(x.joined_on, m.joined_on)
                               END AS joined_on
                          FROM vip_import_person x
                          JOIN vip_membership m ON m.partner_id = x.partner_id
                         WHERE x.member_changed) v
                 WHERE v.id = m.id AND (v.birthday, v.birthday_calendar, v.joined_on)
                       IS DISTINCT FROM (m.birthday, m.birthday_calendar, m.joined_on)
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.env["vip.membership"].invalidate_model()

    def _assign_managers(self):
        groups = self.env.execute_query(
            SQL(
                """
                SELECT manager_id, team_id, array_agg(id)
                  FROM (SELECT m.id, coalesce(x.user_id, m.manager_id) AS manager_id,
                               coalesce(x.team_id, m.team_id) AS team_id,
                               m.manager_id AS old_manager_id, m.team_id AS old_team_id
                          FROM vip_import_person x
                          JOIN vip_membership m ON m.partner_id = x.partner_id
                         WHERE x.member_changed) v
                 WHERE (manager_id, team_id) IS DISTINCT FROM (old_manager_id, old_team_id)
                 GROUP BY 1, 2
                """
            )
        )
        for manager_id, team_id, member_ids in groups:
            members = self.env["vip.membership"].browse(member_ids)
            members._assign(
                self.env["res.users"].browse(manager_id), self.env["crm.team"].browse(team_id)
            )

    def _change_numbers(self):
        groups = defaultdict(list)
        changed = SQL(
            """SELECT number_id, number_state AS state, activated_on, plan, contract_end
                 FROM vip_import_row WHERE number_id IS NOT NULL AND number_changed
                ORDER BY is_open, line"""
        )
        for batch in self._batches(changed):
            for row in batch:
                values = self._given(row, NUMBER_FIELDS)
                groups[tuple(values.items())].append(row["number_id"])
        # numbers that close come first: somebody else may open them in the same file
        for values, number_ids in groups.items():
            self.env["vip.service.number"].browse(number_ids).write(dict(values))

    def _create_numbers(self):
        created = SQL(
            """SELECT x.partner_id, r.number, r.number_state AS state, r.activated_on, r.plan,
                      r.contract_end
                 FROM vip_import_row r
                 JOIN vip_import_person x ON x.customer_code = r.customer_code
                WHERE r.number IS NOT NULL AND r.number_id IS NULL ORDER BY r.line"""
        )
        for batch in self._batches(created):
            self.env["vip.service.number"].create(
                [self._given(row, ("partner_id", "number", *NUMBER_FIELDS)) for row in batch]
            )

    def _given(self, row, names):
        return {name: row[name] for name in names if row[name] is not None}

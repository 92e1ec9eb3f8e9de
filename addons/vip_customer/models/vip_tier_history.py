from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

PROTECTED = "Past tiers are evidence: nobody can change, delete or overlap them."

# The temporary table a posting works on; its columns are what ``_post`` expects of its query.
CHANGE_COLUMNS = (
    "membership_id",
    "partner_id",
    "company_id",
    "base_tier_id",
    "base_valid_until",
    "tier_id",
    "valid_until",
    "movement",
    "date_from",
    "source",
    "run_id",
    "override_id",
    "reason",
)


class VipTierHistory(models.Model):
    """Who had which tier when, and why: the protected audit trail of the programme.

    SPECIFICATION

    One row per customer and stretch of time in which tier and validity stayed the same; ``date_from``
    and ``date_to`` are both included, an empty ``date_to`` is the open row, an empty tier says "none".
    A row that is replaced on the day it began gets ``date_to`` = ``date_from`` - 1 and stays.

    PROTECTION

    By ``vip.evidence.mixin``: nothing changes but ``date_to``, which is set once, below the ORM, and rows
    never overlap.

    The one place that writes rows is ``_post``, which keeps the memberships in step.
    """

    _name = "vip.tier.history"
    _description = "VIP tier history"
    _inherit = "vip.evidence.mixin"
    _order = "date_from desc, id desc"
    _log_access = False
    _rec_name = "tier_id"

    _refuse_overlap = True
    # ``date_to`` is set once
    _refused_change = SQL(
        """
        OLD.date_to IS NOT NULL OR NEW.date_to IS NULL
        OR (OLD.id, OLD.partner_id, OLD.company_id, OLD.tier_id, OLD.date_from, OLD.valid_until,
            OLD.source, OLD.run_id, OLD.override_id, OLD.reason)
           IS DISTINCT FROM
           (NEW.id, NEW.partner_id, NEW.company_id, NEW.tier_id, NEW.date_from, NEW.valid_until,
            NEW.source, NEW.run_id, NEW.override_id, NEW.reason)
        """
    )

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict", readonly=True)
    tier_id = fields.Many2one("vip.tier", ondelete="restrict", readonly=True)
    date_from = fields.Date(required=True, readonly=True, string="From")
    date_to = fields.Date(
        readonly=True, help="Last day, included. Empty while this is the case.", string="Until"
    )
    valid_until = fields.Date(readonly=True, string="Valid until")
    source = fields.Selection(
        [("run", "Tier run"), ("override", "Override"), ("closure", "Numbers closed or reopened")],
        required=True,
        readonly=True,
    )
    run_id = fields.Many2one(
        "vip.tier.run", ondelete="restrict", readonly=True, index="btree_not_null"
    )
    override_id = fields.Many2one(
        "vip.tier.override", ondelete="restrict", readonly=True, index="btree_not_null"
    )
    reason = fields.Char(readonly=True)

    _protected = models.Constraint("CHECK (date_to >= date_from - 1)", PROTECTED)
    _open_uniq = models.UniqueIndex(
        "(partner_id) WHERE date_to IS NULL",
        "A customer has one open row in the tier history.",
    )

    # ------------------------------------------------------------
    # PROTECTION
    # ------------------------------------------------------------

    def _refusal_by_hand(self):
        return self.env._(
            "The tier history is written by applied runs, overrides and closed numbers only, never by "
            "hand. Request an override instead."
        )

    def _refusal(self):
        return self.env._("Past tiers are evidence: nobody can change, delete or overlap them.")

    @api.depends("tier_id", "date_from")
    def _compute_display_name(self):
        for row in self:
            row.display_name = self.env._(
                "%(tier)s from %(date)s",
                tier=row.tier_id.name or self.env._("No tier"),
                date=format_date(self.env, row.date_from),
            )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _post(self, changes):
        """Make tier changes true: history rows, memberships, and what hangs on them.

        Caller runs as superuser after his own checks. Only memberships that change are written; a
        history row is written where the tier that counts or its validity changes.

        :param SQL changes: SELECT of ``CHANGE_COLUMNS``; tier NULL = none; at most one row per
            membership. It is evaluated once.
        :return: number of memberships changed
        :rtype: int
        :raise UserError: a change begins before the customer's latest history row; names the
            first day that works
        """
        cr = self.env.cr
        self.env.flush_all()
        columns = SQL(", ").join(SQL.identifier(name) for name in CHANGE_COLUMNS)
        cr.execute("DROP TABLE IF EXISTS vip_tier_change")
        cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE vip_tier_change ON COMMIT DROP AS
                SELECT c.*, m.tier_id AS old_tier_id, m.valid_until AS old_valid_until,
                       (m.tier_id, m.valid_until) IS DISTINCT FROM (c.tier_id, c.valid_until)
                           AS is_counted
                  FROM (SELECT %(columns)s FROM (%(changes)s) q) c
                  JOIN vip_membership m ON m.id = c.membership_id
                 WHERE (m.tier_id, m.valid_until, m.base_tier_id, m.base_valid_until, m.movement)
                       IS DISTINCT FROM
                       (c.tier_id, c.valid_until, c.base_tier_id, c.base_valid_until,
                        coalesce(c.movement, m.movement))
                """,
                columns=columns,
                changes=changes,
            )
        )
        cr.execute("ALTER TABLE vip_tier_change ADD PRIMARY KEY (membership_id)")
        cr.execute("ANALYZE vip_tier_change")
        self._check_dates()
        cr.execute(
            """
            UPDATE vip_tier_history h SET date_to = c.date_from - 1
              FROM vip_tier_change c
             WHERE h.partner_id = c.partner_id AND h.date_to IS NULL AND c.is_counted;

            INSERT INTO vip_tier_history (partner_id, company_id, tier_id, date_from, valid_until,
                                          source, run_id, override_id, reason)
            SELECT partner_id, company_id, tier_id, date_from, valid_until,
                   source, run_id, override_id, reason
              FROM vip_tier_change WHERE is_counted;
            """
        )
        cr.execute(
            SQL(
                """
                UPDATE vip_membership m
                   SET tier_id = c.tier_id, valid_until = c.valid_until,
                       base_tier_id = c.base_tier_id, base_valid_until = c.base_valid_until,
                       since = CASE WHEN c.tier_id IS NOT DISTINCT FROM c.old_tier_id THEN m.since
                                    WHEN c.tier_id IS NOT NULL THEN c.date_from END,
                       movement = coalesce(c.movement, m.movement),
                       write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
                  FROM vip_tier_change c WHERE c.membership_id = m.id
                """,
                self.env.uid,
            )
        )
        changed = cr.rowcount
        self.env["vip.membership"].invalidate_model()
        self.env["res.partner"].invalidate_model()
        self.invalidate_model()
        if changed:
            self._after_tier_changes()
        return changed

    @api.model
    def _check_dates(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT c.partner_id, c.date_from, h.date_from
                     FROM vip_tier_change c
                     JOIN vip_tier_history h ON h.partner_id = c.partner_id AND h.date_to IS NULL
                    WHERE c.is_counted AND h.date_from > c.date_from
                    ORDER BY h.date_from DESC, c.partner_id LIMIT 1"""
            )
        )
        for partner_id, day, latest in rows:
            raise UserError(
                self.env._(
                    "The tier of “%(customer)s” changed on %(latest)s already, so it cannot change on "
                    "%(day)s. The first day that works is %(latest)s.",
                    customer=self.env["res.partner"].browse(partner_id).display_name,
                    latest=format_date(self.env, latest),
                    day=format_date(self.env, day),
                )
            )

    @api.model
    def _after_tier_changes(self):
        """Hook for what follows a change of tier, meant to be extended set-based.

        Called inside the posting transaction as superuser. The changes are in the temporary table
        ``vip_tier_change`` (``CHANGE_COLUMNS``, ``old_tier_id``, ``old_valid_until``, ``is_counted``),
        which lives until the transaction ends.
        """
        self.env["vip.entitlement"]._follow_tier_changes()
        self.env["vip.care.touch"]._follow_tier_changes()

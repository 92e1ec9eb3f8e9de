from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..tools import quota
from ..tools.plain_text import is_text
from .vip_benefit import AUTOMATIC, STANDING
from .vip_entitlement import MOST_UNITS

REQUESTED, APPROVED, ISSUED, DELIVERED, CANCELLED = (
    "requested",
    "approved",
    "issued",
    "delivered",
    "cancelled",
)
ORIGIN_LENGTH = 64
# tries of a redemption that met another one on the same entitlement
TRIES = 20


class VipRedemption(models.Model):
    """One use of a benefit by one customer: the ledger of what was given.

    SPECIFICATION

    ``requested`` -> ``approved`` -> ``issued`` -> ``delivered``, or ``cancelled`` while it is not
    delivered. The units are taken when the redemption is created, also while it waits for approval;
    cancelling returns them. It waits where the benefit needs approval or its value is above the company's
    limit; then a lead or manager approves, never the one who requested it. Others begin as approved.

    Customer, benefit, tier, quantity, value, date, channel and how the customer's identity was checked are
    frozen when it is created. What was delivered is corrected by a counter-entry with a negative quantity
    (``corrects_id``), which returns units and value. Who moved a redemption, and when, is noted once and
    stays.

    ``_redeem`` is the one grant door: whatever gives a customer something goes through it. The same
    ``origin`` for the same customer and benefit gives nothing twice.

    PROTECTION

    By ``vip.evidence.mixin``: nothing but the state and who moved it changes, each step once.
    """

    _name = "vip.redemption"
    _description = "Redemption"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "vip.evidence.mixin",
        "vip.customer.record",
    ]
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _rec_names_search = ["partner_id", "benefit_id"]
    _frozen_fields = frozenset(
        {
            "partner_id",
            "company_id",
            "benefit_id",
            "entitlement_id",
            "tier_id",
            "quantity",
            "date",
            "unit_value",
            "value",
            "channel_id",
            "identity_check",
            "note",
            "origin",
            "requested_by",
            "corrects_id",
        }
    )
    # what is frozen, what a step notes twice, and steps out of order
    _refused_change = SQL(
        """
        (OLD.id, OLD.partner_id, OLD.company_id, OLD.benefit_id, OLD.entitlement_id, OLD.tier_id,
         OLD.quantity, OLD.date, OLD.unit_value, OLD.value, OLD.channel_id, OLD.identity_check, OLD.note,
         OLD.origin, OLD.requested_by, OLD.corrects_id)
        IS DISTINCT FROM
        (NEW.id, NEW.partner_id, NEW.company_id, NEW.benefit_id, NEW.entitlement_id, NEW.tier_id,
         NEW.quantity, NEW.date, NEW.unit_value, NEW.value, NEW.channel_id, NEW.identity_check, NEW.note,
         NEW.origin, NEW.requested_by, NEW.corrects_id)
        OR OLD.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by
        OR OLD.issued_by IS NOT NULL
           AND (NEW.issued_by, NEW.issued_on) IS DISTINCT FROM (OLD.issued_by, OLD.issued_on)
        OR OLD.delivered_by IS NOT NULL
           AND (NEW.delivered_by, NEW.delivered_on) IS DISTINCT FROM (OLD.delivered_by, OLD.delivered_on)
        OR OLD.cancelled_by IS NOT NULL AND NEW.cancelled_by IS DISTINCT FROM OLD.cancelled_by
        OR NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
           ('requested', 'approved'), ('requested', 'cancelled'),
           ('approved', 'issued'), ('approved', 'cancelled'),
           ('issued', 'delivered'), ('issued', 'cancelled'))
        """
    )
    _guarded_fields = _frozen_fields | {
        "state",
        "approved_by",
        "issued_by",
        "issued_on",
        "delivered_by",
        "delivered_on",
        "cancelled_by",
    }

    benefit_id = fields.Many2one(
        "vip.benefit", required=True, ondelete="restrict", readonly=True, index=True
    )
    category_id = fields.Many2one(related="benefit_id.category_id")
    provider_id = fields.Many2one(related="benefit_id.provider_id")
    unit = fields.Char(related="benefit_id.unit")
    entitlement_id = fields.Many2one(
        "vip.entitlement", required=True, ondelete="restrict", readonly=True, index=True
    )
    tier_id = fields.Many2one(
        "vip.tier",
        required=True,
        ondelete="restrict",
        readonly=True,
        help="The customer's tier when it was requested.",
    )
    tier_color = fields.Integer(related="tier_id.color")
    quantity = fields.Integer(required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    # value, no business of the desk
    unit_value = fields.Monetary(
        readonly=True,
        string="Value of a unit",
        aggregator=None,
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    value = fields.Monetary(
        readonly=True,
        string="Value given",
        groups="vip_customer.group_vip_user,vip_customer.group_vip_auditor",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    # how it came about
    channel_id = fields.Many2one("vip.channel", readonly=True, ondelete="restrict")
    identity_check = fields.Selection(
        [
            ("password", "Service password"),
            ("document", "Identity document"),
            ("card", "Membership card"),
            ("known", "Known in person"),
        ],
        readonly=True,
        string="Identity checked by",
    )
    origin = fields.Char(
        size=ORIGIN_LENGTH,
        readonly=True,
        copy=False,
        help="Key of the request in the system it came from; the same key gives nothing twice.",
    )
    note = fields.Text(readonly=True)
    corrects_id = fields.Many2one(
        "vip.redemption",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    correction_ids = fields.One2many("vip.redemption", "corrects_id", string="Corrections")
    # who did what
    state = fields.Selection(
        [
            (REQUESTED, "Requested"),
            (APPROVED, "Approved"),
            (ISSUED, "Issued"),
            (DELIVERED, "Delivered"),
            (CANCELLED, "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        index=True,
        group_expand="_group_expand_state",
    )
    requested_by = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", string="Requested by"
    )
    approved_by = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", string="Approved by"
    )
    issued_by = fields.Many2one("res.users", readonly=True, ondelete="restrict", string="Issued by")
    issued_on = fields.Datetime(readonly=True, string="Issued on")
    delivered_by = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", string="Delivered by"
    )
    delivered_on = fields.Datetime(readonly=True, string="Delivered on")
    cancelled_by = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", string="Cancelled by"
    )
    # today
    manager_id = fields.Many2one(related="partner_id.vip_manager_id", related_sudo=True)
    team_id = fields.Many2one(related="partner_id.vip_team_id", related_sudo=True)
    is_lowered = fields.Boolean(
        compute="_compute_is_lowered", string="Tier lowered since it was requested"
    )

    _origin_uniq = models.UniqueIndex(
        "(partner_id, benefit_id, origin) WHERE origin IS NOT NULL",
        "This request was redeemed already.",
    )
    _protected = models.Constraint(
        "CHECK (quantity <> 0 AND (quantity > 0) = (corrects_id IS NULL))",
        "The ledger of redemptions is evidence: entries are neither changed nor deleted. Cancel what is "
        "not delivered, correct what is by a counter-entry.",
    )

    # ------------------------------------------------------------
    # PROTECTION
    # ------------------------------------------------------------

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Nobody writes the ledger. At the desk one may add a message; an auditor only reads."""
        if message_operation == "create" and not self.env.user.has_group(
            "vip_customer.group_vip_desk"
        ):
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    def _refusal_by_hand(self):
        return self.env._(
            "Redemptions are not written by hand: use “Redeem”, which checks what the customer has left."
        )

    def _refusal(self):
        return self.env._(
            "The ledger of redemptions is evidence: entries are neither changed nor deleted. Cancel what "
            "is not delivered, correct what is by a counter-entry."
        )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("benefit_id", "quantity", "partner_id")
    def _compute_display_name(self):
        for redemption in self:
            redemption.display_name = self.env._(
                "%(benefit)s × %(quantity)s, %(customer)s",
                benefit=redemption.benefit_id.name or "",
                quantity=redemption.quantity,
                customer=redemption.partner_id.display_name or "",
            )

    @api.depends("tier_id", "partner_id.vip_tier_id")
    def _compute_is_lowered(self):
        for redemption in self:
            now = redemption.partner_id.vip_tier_id
            redemption.is_lowered = now.rank < redemption.tier_id.rank

    @api.model
    def _group_expand_state(self, states, _domain):
        """Columns for what is still to be done stand also where they are empty."""
        return [
            state
            for state, _label in self._fields["state"].selection
            if state in states or state in (REQUESTED, APPROVED, ISSUED)
        ]

    # ------------------------------------------------------------
    # THE GRANT DOOR
    # ------------------------------------------------------------

    @api.model
    def _redeem(self, member, benefit, quantity, origin=None, **details):
        """Give a customer units of a benefit. Run as superuser after checking the caller's rights.

        :param member: the customer's membership
        :param int quantity: whole units
        :param str origin: key of the request, up to 64 characters; a second redemption with it returns
            the first one
        :param details: ``date`` (today), ``channel_id``, ``identity_check``, ``note``
        :return: the redemption
        :raise UserError: naming what stands in the way and what the customer has left
        """
        self._check_quantity(quantity)
        self._check_origin(origin)
        if done := self._same_request(member, benefit, origin):
            return done
        redemption = self._take(member, benefit, quantity, origin, details)
        if not redemption:
            self._check_offered(member, benefit)
            line = self._entitlement(member, benefit, details.get("date"))
            # it may have been granted just now
            redemption = self._take(member, benefit, quantity, origin, details)
            if not redemption:
                line.invalidate_recordset()  # others may have changed it meanwhile
                raise UserError(self._used_up_sentence(line, quantity))
        return redemption

    @api.model
    def _take(self, member, benefit, quantity, origin, details):
        """Take units of the entitlement of today and write the line of the ledger, in one statement: of
        two people who take the last unit exactly one succeeds, and nobody holds the row for long. Of
        several entitlements it uses the one that ``_first_to_use`` chooses.

        :return: the redemption; empty where there is no entitlement or not enough is left
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH line AS (
                    SELECT e.id, m.partner_id, m.company_id, m.tier_id, d.today,
                           coalesce(c.vip_redemption_limit, 0) AS value_limit, b.needs_approval
                      FROM vip_membership m
                      JOIN res_company c ON c.id = m.company_id
                      LEFT JOIN resource_calendar r ON r.id = c.resource_calendar_id
                     CROSS JOIN LATERAL (
                           SELECT (%(now)s::timestamp AT TIME ZONE 'UTC'
                                   AT TIME ZONE coalesce(r.tz, 'UTC'))::date AS today) d
                      JOIN vip_benefit b ON b.id = %(benefit)s AND b.active IS TRUE
                           AND b.delivery <> 'standing'
                      JOIN vip_entitlement e ON e.partner_id = m.partner_id AND e.benefit_id = b.id
                           AND e.date_from <= d.today AND coalesce(e.date_to >= d.today, TRUE)
                     WHERE m.id = %(member)s AND m.tier_id IS NOT NULL
                     ORDER BY (e.is_unlimited IS TRUE OR e.remaining > 0) DESC,
                              (e.is_promised IS TRUE) DESC, e.date_to NULLS LAST
                     LIMIT 1
                ), taken AS (
                    UPDATE vip_entitlement e
                       SET used = used + %(quantity)s, remaining = remaining - %(quantity)s
                      FROM line
                     WHERE e.id = line.id
                       AND (e.is_promised IS TRUE OR e.is_unlimited IS TRUE OR e.granted <> 0)
                       AND (e.is_unlimited IS TRUE OR e.when_exhausted <> 'block'
                            OR e.used + %(quantity)s <= e.granted)
                       AND coalesce(%(day)s::date BETWEEN e.date_from AND line.today, TRUE)
                    RETURNING line.*, coalesce(e.unit_value, 0) AS unit_value
                ), written AS (
                    INSERT INTO vip_redemption (
                           partner_id, company_id, benefit_id, entitlement_id, tier_id, quantity, date,
                           unit_value, value, channel_id, identity_check, note, origin, state,
                           requested_by, create_uid, write_uid, create_date, write_date)
                    SELECT partner_id, company_id, %(benefit)s, id, tier_id, %(quantity)s,
                           coalesce(%(day)s::date, today), unit_value, %(quantity)s * unit_value,
                           %(channel)s, %(identity_check)s, %(note)s, %(origin)s,
                           CASE WHEN needs_approval IS TRUE
                                     OR %(quantity)s * unit_value > value_limit
                                THEN 'requested' ELSE 'approved' END,
                           %(uid)s, %(uid)s, %(uid)s, %(cr_now)s, %(cr_now)s
                      FROM taken
                    ON CONFLICT (partner_id, benefit_id, origin) WHERE origin IS NOT NULL DO NOTHING
                    RETURNING id, state
                )
                SELECT taken.id, written.id, written.state FROM taken LEFT JOIN written ON TRUE
                """,
                now=fields.Datetime.now(),
                member=member.id,
                benefit=benefit.id,
                quantity=quantity,
                day=details.get("date") or None,
                channel=details.get("channel_id") or None,
                identity_check=details.get("identity_check") or None,
                note=details.get("note") or None,
                origin=origin or None,
                uid=self.env.uid,
                cr_now=self.env.cr.now(),
            ),
            log_exceptions=False,  # who comes second is no fault, see ``_taking``
        )
        taken = self.env.cr.fetchone()
        if not taken:
            return self._same_request(member, benefit, origin)
        line_id, redemption_id, state = taken
        line = self.env["vip.entitlement"].browse(line_id)
        line.invalidate_recordset(["used", "remaining", "redemption_ids"])
        if not redemption_id:
            # whoever sent the same request at the same time was first
            line._use(-quantity)
            return self._same_request(member, benefit, origin)
        redemption = self.browse(redemption_id)
        if state == REQUESTED:
            redemption._ask_for_approval()
        redemption._after_redemption()
        return redemption

    @api.model
    def _same_request(self, member, benefit, origin):
        """The redemption that this request led to before; empty without one."""
        if not origin:
            return self.browse()
        domain = [("partner_id", "=", member.partner_id.id), ("benefit_id", "=", benefit.id)]
        return self.search([*domain, ("origin", "=", origin)], limit=1)

    @api.model
    def _check_quantity(self, quantity):
        if type(quantity) is not int or not 0 < quantity <= MOST_UNITS:
            raise UserError(
                self.env._(
                    "“%(quantity)s” is no quantity. Give a whole number from 1 to %(most)s.",
                    quantity=quantity,
                    most=MOST_UNITS,
                )
            )

    @api.model
    def _check_origin(self, origin):
        if origin and not (is_text(origin) and len(origin) <= ORIGIN_LENGTH):
            raise UserError(
                self.env._(
                    "“%(origin)s” is no key of a request: give a text of at most %(length)s characters.",
                    origin=origin,
                    length=ORIGIN_LENGTH,
                )
            )

    @api.model
    def _check_offered(self, member, benefit):
        if not member.tier_id:
            raise UserError(
                self.env._("“%s” is no VIP customer today.", member.partner_id.display_name)
            )
        if not benefit.active:
            raise UserError(self.env._("The benefit “%s” is not offered any more.", benefit.name))
        if benefit.delivery == STANDING:
            raise UserError(
                self.env._(
                    "“%s” is a standing right: it holds as long as the tier, there is nothing to redeem.",
                    benefit.name,
                )
            )

    @api.model
    def _entitlement(self, member, benefit, day):
        """The entitlement that a redemption on this day uses."""
        company = member.company_id
        today = company._vip_today()
        line = self.env["vip.entitlement"]._of(member.partner_id, benefit, today)
        if not line or not line._is_had():
            raise UserError(self._not_promised_sentence(member, benefit, today))
        if day and not line.date_from <= day <= today:
            raise UserError(
                self.env._(
                    "%(day)s is not in the period of “%(benefit)s” that runs now: choose a day from "
                    "%(first)s to %(today)s.",
                    day=format_date(self.env, day),
                    benefit=benefit.name,
                    first=format_date(self.env, line.date_from),
                    today=format_date(self.env, today),
                )
            )
        return line

    def _not_promised_sentence(self, member, benefit, today):
        promise = benefit.tier_benefit_ids.filtered(lambda p: p.tier_id == member.tier_id)
        if promise.period == quota.YEAR and benefit._is_counted(promise.quantity):
            return self.env["vip.entitlement"]._no_policy_sentence(member.company_id, today)
        if promise:
            return self.env._(
                "“%s” is given automatically, there is nothing to redeem.", benefit.name
            )
        return self.env._(
            "%(tier)s does not include “%(benefit)s”, so “%(customer)s” cannot redeem it.",
            tier=member.tier_id.name,
            benefit=benefit.name,
            customer=member.partner_id.display_name,
        )

    def _used_up_sentence(self, line, quantity):
        terms = {
            "benefit": line.benefit_id.name,
            "customer": line.partner_id.display_name,
            "granted": line.granted,
            "remaining": line.remaining,
            "quantity": quantity,
        }
        if line.remaining <= 0:
            return self.env._(
                "“%(benefit)s” is used up: “%(customer)s” had %(granted)s, and none is left.",
                **terms,
            )
        return self.env._(
            "“%(customer)s” has %(remaining)s left of “%(benefit)s”, not %(quantity)s.", **terms
        )

    def _ask_for_approval(self):
        """A task for the lead of the customer's branch, where there is one who did not ask himself."""
        self.ensure_one()
        lead = self.team_id.user_id
        if lead and lead != self.requested_by:
            self.activity_schedule(
                "vip_customer.mail_activity_type_redemption_approval", user_id=lead.id
            )

    def _after_redemption(self):
        """Hook for what follows a redemption, meant to be extended."""

    def _warning(self):
        """What the one who redeems has to know, or False."""
        self.ensure_one()
        line = self.entitlement_id
        if self.state == CANCELLED:
            return self.env._("This request was redeemed and cancelled before.")
        warnings = []
        if self.state == REQUESTED:
            warnings.append(self.env._("Waits for approval by a lead."))
        if line.when_exhausted == quota.WARN and not line.is_unlimited and line.remaining < 0:
            warnings.append(
                self.env._(
                    "Given beyond what was granted: %(used)s of %(granted)s.",
                    used=line.used,
                    granted=line.granted,
                )
            )
        return " ".join(warnings) or False

    @api.model
    def _at_once(self, call):
        """``call``, and again at once while others change the same entitlement.

        PostgreSQL refuses the later of two transactions that write one row, because his view of it is
        old. Odoo would run the request again after a random pause of up to seconds; as long as this
        transaction has written nothing, a fresh view is all it takes.
        """
        for _try in range(TRIES if self._has_written_nothing() else 0):
            try:
                return call()
            except SerializationFailure:
                self._begin_again()
        return call()

    @api.model
    def _taking(self, redeem):
        """``_at_once`` for what only takes units of one entitlement: who comes second sees what the first
        one left (READ COMMITTED), waits for the row, and loses no third time. That is safe because the
        statement that takes them asks whether there are enough."""
        if self._has_written_nothing():
            try:
                return redeem()
            except SerializationFailure:
                self._begin_again()
                self.env.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return redeem()

    @api.model
    def _has_written_nothing(self):
        self.env.flush_all()
        query = SQL("SELECT pg_current_xact_id_if_assigned() IS NULL")
        [(has_written_nothing,)] = self.env.execute_query(query)
        return has_written_nothing

    @api.model
    def _begin_again(self):
        self.env.cr.rollback()
        self.env.transaction.reset()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_approve(self):
        """Approve requests.

        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: he requested it himself, it is not waiting, or the customer has no tier any more
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may approve redemptions.")
            )
        self._require("read")
        self._members().check_access("write")
        for redemption in self:
            redemption._check_state(REQUESTED)
            if redemption.requested_by == self.env.user:
                raise UserError(
                    self.env._(
                        "You requested “%s” yourself; somebody else has to approve it.",
                        redemption.display_name,
                    )
                )
            if not redemption.partner_id.vip_tier_id:
                raise UserError(
                    self.env._(
                        "“%s” is no VIP customer any more. Cancel the request.",
                        redemption.partner_id.display_name,
                    )
                )
        self._advance(APPROVED, approved_by=self.env.uid)
        self.sudo().activity_feedback(["vip_customer.mail_activity_type_redemption_approval"])
        return True

    def action_issue(self):
        """Note that approved redemptions are handed out or ordered.

        :raise AccessError: the caller may not fulfil them
        :raise UserError: one of them is not approved
        """
        self._check_may_fulfil()
        for redemption in self:
            redemption._check_state(APPROVED)
        self._advance(ISSUED, issued_by=self.env.uid, issued_on=fields.Datetime.now())
        return True

    def action_deliver(self):
        """Note that the customer has what was approved or issued.

        :raise AccessError: the caller may not fulfil them
        :raise UserError: one of them is neither approved nor issued
        """
        self._check_may_fulfil()
        for redemption in self:
            redemption._check_state(APPROVED, ISSUED)
        self.filtered(lambda redemption: redemption.state == APPROVED).action_issue()
        self._advance(DELIVERED, delivered_by=self.env.uid, delivered_on=fields.Datetime.now())
        return True

    def action_cancel(self):
        """Cancel what is not delivered yet; the units return to the entitlement.

        :raise AccessError: the caller may not fulfil them
        :raise UserError: one of them is delivered, or cancelled already
        """
        return self._at_once(self._cancel)

    def _cancel(self):
        self._check_may_fulfil()
        for redemption in self:
            if redemption.state == DELIVERED:
                raise UserError(
                    self.env._(
                        "“%s” is delivered and cannot be cancelled. Correct it by a counter-entry.",
                        redemption.display_name,
                    )
                )
            if redemption.state == CANCELLED:
                raise UserError(self.env._("“%s” is cancelled already.", redemption.display_name))
        # Units are counted by the programme only, once each, however often the caller names it. They
        # return first: who comes second fails there, and finds what the other one did when he tries again.
        for redemption in (
            self.sudo().union().sorted(lambda redemption: redemption.entitlement_id.id)
        ):
            redemption.entitlement_id._use(-redemption.quantity)
        self._advance(CANCELLED, cancelled_by=self.env.uid)
        self.sudo().activity_unlink(["vip_customer.mail_activity_type_redemption_approval"])
        return True

    def action_correct(self):
        """Open the dialog that corrects a delivered redemption."""
        self._require_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct by a counter-entry"),
            "res_model": "vip.redemption.correct",
            "view_mode": "form",
            "target": "new",
            "context": {"default_redemption_id": self.id},
        }

    def correct(self, quantity, reason):
        """Return units of a delivered redemption by a counter-entry.

        :param int quantity: units to return, at most what no counter-entry returned before
        :param str reason: why
        :return: id of the counter-entry
        :raise AccessError: the caller is no lead, or may not change the customer
        :raise UserError: it is not delivered, or this is no quantity that can be returned
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may correct redemptions.")
            )
        self._require_one()
        self._members().check_access("write")
        self._check_quantity(quantity)
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("A correction needs a reason."))
        return self._at_once(lambda: self._correct(quantity, reason.strip())).id

    def _correct(self, quantity, reason):
        """``correct`` after its arguments were checked. Of two corrections at once the later one fails on
        the entitlement, and sees the other one when it tries again."""
        self._check_state(DELIVERED)
        left = self.quantity + sum(self.sudo().correction_ids.mapped("quantity"))
        if self.corrects_id or quantity > left:
            raise UserError(
                self.env._(
                    "Of “%(redemption)s”, %(left)s can be returned, not %(quantity)s.",
                    redemption=self.display_name,
                    left=0 if self.corrects_id else left,
                    quantity=quantity,
                )
            )
        return self.sudo()._counter(quantity, reason)

    def _counter(self, quantity, reason):
        self.entitlement_id._use(-quantity)
        now = fields.Datetime.now()
        return self.with_context(mail_create_nolog=True).create(
            {
                **{
                    name: self[name].id
                    for name in (
                        "partner_id",
                        "benefit_id",
                        "entitlement_id",
                        "tier_id",
                        "channel_id",
                    )
                },
                "corrects_id": self.id,
                "quantity": -quantity,
                "unit_value": self.unit_value,
                "value": -quantity * self.unit_value,
                "date": self.company_id._vip_today(),
                "note": reason,
                "requested_by": self.env.uid,
                "delivered_by": self.env.uid,
                "delivered_on": now,
                "state": DELIVERED,
            }
        )

    def _members(self):
        """The customers' memberships, as the caller may see them."""
        return self.env["vip.membership"].browse(
            # which membership a redemption belongs to is no secret from who may read the redemption
            self.sudo().partner_id.vip_membership_id.ids
        )

    def _check_may_fulfil(self):
        """Whoever may redeem may fulfil: the desk what is on request, for any customer; the account
        manager everything of his own."""
        self._require("read")
        if not self.env.user.has_group("vip_customer.group_vip_desk"):
            raise AccessError(self.env._("This needs a role at the desk of the VIP programme."))
        automatic = self.filtered(lambda redemption: redemption.benefit_id.delivery == AUTOMATIC)
        if automatic:  # none at all would still ask for the right to some memberships
            automatic._members().check_access("write")

    def _check_state(self, *states):
        self.ensure_one()
        if self.state in states:
            return
        labels = dict(self._fields["state"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "“%(redemption)s” is %(state)s, so this cannot be done with it now.",
                redemption=self.display_name,
                state=labels[self.state],
            )
        )

    def _advance(self, state, **values):
        """Write the next state; each passes the triggers of the ledger."""
        advanced = self.sudo()  # guarded: written by the actions only, which checked the caller
        advanced.write({"state": state, **values})
        advanced.flush_recordset()

    # ------------------------------------------------------------
    # AUTOMATIC BENEFITS
    # ------------------------------------------------------------

    @api.model
    def _give_automatic(self, company, day=None):
        """Turn what is left of automatic benefits into redemptions, set-based and ready to be issued;
        run as superuser. A second call writes none; what was cancelled or corrected is not given again.

        :param date day: today in the company without one
        :return: number of redemptions
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH due AS (
                    SELECT e.id, m.tier_id, least(e.remaining, e.granted - l.offered) AS quantity
                      FROM vip_entitlement e
                      JOIN vip_membership m ON m.partner_id = e.partner_id AND m.tier_id IS NOT NULL
                      JOIN vip_benefit b ON b.id = e.benefit_id AND b.delivery = 'automatic'
                           AND b.active IS TRUE
                     CROSS JOIN LATERAL (
                           SELECT coalesce(sum(r.quantity), 0)::int AS offered FROM vip_redemption r
                            WHERE r.entitlement_id = e.id AND r.quantity > 0) l
                     WHERE e.company_id = %(company)s AND e.remaining > 0
                       AND e.is_unlimited IS NOT TRUE
                       AND e.date_from <= %(today)s AND coalesce(e.date_to >= %(today)s, TRUE)
                ), taken AS (
                    UPDATE vip_entitlement e
                       SET used = e.used + due.quantity, remaining = e.remaining - due.quantity
                      FROM due WHERE due.id = e.id AND due.quantity > 0
                    RETURNING e.id, e.partner_id, e.benefit_id, due.tier_id, e.unit_value, due.quantity
                )
                INSERT INTO vip_redemption (company_id, partner_id, benefit_id, entitlement_id, tier_id,
                                            quantity, unit_value, value, date, state, requested_by,
                                            create_uid, write_uid, create_date, write_date)
                SELECT %(company)s, partner_id, benefit_id, id, tier_id, quantity, unit_value,
                       quantity * unit_value, %(today)s, 'approved', %(uid)s, %(uid)s, %(uid)s,
                       %(now)s, %(now)s
                  FROM taken
                """,
                company=company.id,
                today=day or company._vip_today(),
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        if self.env.cr.rowcount:
            self.env["vip.entitlement"].invalidate_model()
        return self.env.cr.rowcount

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools import quota, quota_sql
from ..unchecked_many2one import UncheckedMany2one
from .vip_tier_benefit import PERIODS

EXPIRING_DAYS = (60, 30)
# customers reminded in one transaction
REMINDER_BATCH = 500
# the biggest number of units that somebody may mean
MOST_UNITS = 1_000_000


class VipEntitlement(models.Model):
    """What one customer has of one benefit in one period, and what is left of it.

    SPECIFICATION

    One row per customer, benefit and period. ``granted`` = what the tier now held promises + goodwill, in
    full, no pro rata; ``remaining`` = ``granted`` - ``used``. A change of tier updates the row and never
    adds one: more is granted at once, less down to what was used, nothing less with
    ``keep_on_downgrade`` (``tools/quota.py``). ``year`` is the validity of the policy in force, ``month``
    a calendar month, ``once`` once in a membership's life (no last day).

    The row carries what its promise says: quantity (``is_promised`` is false where the tier has the
    benefit no more), value of a unit, and what happens when it is used up. Beyond what was granted
    ``block`` refuses, which the database ensures too; goodwill and kept rights without a promise block.

    ``_grant`` grants and re-grants set-based, changed rows only: when tiers change, when a period begins
    and when the matrix was edited. Rows are never deleted; a period that is over is closed by its date.
    No ``create_uid`` and the like: the ledger of redemptions and ``vip.goodwill`` say who did what.
    """

    _name = "vip.entitlement"
    _description = "Entitlement"
    _inherit = "vip.customer.record"
    _order = "date_from desc, partner_id, benefit_id"
    _rec_names_search = ["partner_id", "benefit_id"]
    _log_access = False
    _guarded_fields = frozenset(
        {
            "partner_id",
            "company_id",
            "benefit_id",
            "tier_id",
            "period",
            "date_from",
            "date_to",
            "is_promised",
            "quantity",
            "granted",
            "goodwill",
            "used",
            "remaining",
            "is_unlimited",
            "when_exhausted",
            "unit_value",
            "reminded_on",
        }
    )

    partner_id = fields.Many2one(readonly=True, index=False)
    company_id = UncheckedMany2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
        readonly=True,
        index=False,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    membership_id = fields.Many2one(related="partner_id.vip_membership_id")
    manager_id = fields.Many2one(related="partner_id.vip_membership_id.manager_id")
    team_id = fields.Many2one(related="partner_id.vip_membership_id.team_id")
    benefit_id = fields.Many2one(
        "vip.benefit", required=True, ondelete="restrict", readonly=True, index=True
    )
    category_id = fields.Many2one(related="benefit_id.category_id")
    delivery = fields.Selection(related="benefit_id.delivery")
    unit = fields.Char(related="benefit_id.unit")
    tier_id = UncheckedMany2one("vip.tier", readonly=True)
    # period
    period = fields.Selection(PERIODS, default=quota.YEAR, required=True, readonly=True)
    date_from = fields.Date(required=True, readonly=True, string="From")
    date_to = fields.Date(readonly=True, string="Until", help="Last day, included.")
    is_current = fields.Boolean(
        compute="_compute_is_current", search="_search_is_current", string="This period"
    )
    # quota
    is_promised = fields.Boolean(readonly=True, string="Promised by the tier")
    quantity = fields.Integer(readonly=True, string="Of the tier")
    goodwill = fields.Integer(readonly=True, default=0, required=True)
    granted = fields.Integer(readonly=True, default=0, required=True)
    used = fields.Integer(readonly=True, default=0, required=True)
    remaining = fields.Integer(compute="_compute_remaining", store=True, precompute=True)
    is_unlimited = fields.Boolean(readonly=True, string="Unlimited")
    when_exhausted = fields.Selection(
        [(quota.BLOCK, "Refuse"), (quota.WARN, "Give and warn"), (quota.ALLOW, "Give")],
        default=quota.BLOCK,
        required=True,
        readonly=True,
        string="When used up",
    )
    unit_value = fields.Monetary(readonly=True, string="Value of a unit", aggregator=None)
    remaining_value = fields.Monetary(compute="_compute_remaining_value", string="Value left")
    left = fields.Char(compute="_compute_left", string="Still left")
    reminded_on = fields.Date(readonly=True)
    redemption_ids = fields.One2many("vip.redemption", "entitlement_id", string="Redemptions")
    goodwill_ids = fields.One2many("vip.goodwill", "entitlement_id", string="Goodwill entries")

    _period_uniq = models.UniqueIndex(
        "(partner_id, benefit_id, date_from, period)",
        "A customer has one entitlement of a benefit in a period.",
    )
    _once_uniq = models.UniqueIndex(
        "(partner_id, benefit_id) WHERE period = 'once'",
        "A customer has one entitlement of a benefit that is given once.",
    )
    _used_within = models.Constraint(
        "CHECK (when_exhausted <> 'block' OR is_unlimited IS TRUE OR used <= granted)",
        "More of this benefit cannot be used than was granted.",
    )
    _counts = models.Constraint(
        "CHECK (used >= 0 AND goodwill >= 0 AND remaining = granted - used)",
        "What is left of an entitlement is what was granted less what is used.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("benefit_id", "partner_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(benefit)s, %(customer)s",
                benefit=line.benefit_id.name or "",
                customer=line.partner_id.display_name or "",
            )

    def _compute_is_current(self):
        today = {company: company._vip_today() for company in self.company_id}
        for line in self:
            day = today[line.company_id]
            line.is_current = line.date_from <= day and (not line.date_to or line.date_to >= day)

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            Domain("company_id", "=", company.id) & self._current(company._vip_today())
            for company in self.env.companies
        )

    @api.model
    def _current(self, day):
        """Domain of the entitlements whose period holds this day."""
        return Domain("date_from", "<=", day) & (
            Domain("date_to", "=", False) | Domain("date_to", ">=", day)
        )

    @api.depends("granted", "used")
    def _compute_remaining(self):
        for line in self:
            line.remaining = line.granted - line.used

    @api.depends("remaining", "unit_value", "is_unlimited")
    def _compute_remaining_value(self):
        for line in self:
            counted = 0 if line.is_unlimited else max(line.remaining, 0)
            line.remaining_value = counted * line.unit_value

    @api.depends("remaining", "granted", "is_unlimited")
    def _compute_left(self):
        for line in self:
            line.left = (
                self.env._("Unlimited")
                if line.is_unlimited
                else self.env._(
                    "%(left)s of %(granted)s", left=line.remaining, granted=line.granted
                )
            )

    # ------------------------------------------------------------
    # GRANTING
    # ------------------------------------------------------------

    @api.model
    def _grant(self, company, members=None, day=None):
        """Grant what the tiers promise and has no entitlement yet, bring the others in step.

        Run as superuser. Set-based; only rows that change are written, so a second call writes none.

        :param SQL members: condition on ``m``, the memberships; all of the company without one
        :param date day: the day whose periods count, today in the company without one
        :return: number of rows written
        :rtype: int
        """
        self.env.flush_all()
        periods = self._periods(company, day or company._vip_today())
        members = members or SQL("TRUE")
        written = self._follow_policy(company, periods, members)
        for statement in (quota_sql.update, quota_sql.insert):
            self.env.cr.execute(statement(company.id, periods, members))
            written += self.env.cr.rowcount
        if written:
            self.invalidate_model()
        return written

    @api.model
    def _periods(self, company, day):
        policy = self.env["vip.tier.policy"].sudo()._in_force(company, day)
        first = day.replace(day=1)
        return quota_sql.Periods(
            day,
            (first, first + relativedelta(months=1, days=-1)),
            (policy.date_from, policy.date_to) if policy else None,
        )

    @api.model
    def _follow_policy(self, company, periods, members):
        """The year is what the policy in force says: another policy that is superseded ends the day
        before, one that is put in force again with another last day keeps what was used."""
        if not periods.year:
            return 0
        first, last = periods.year
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_entitlement e
                   SET date_to = CASE WHEN e.date_from = %(first)s THEN %(last)s::date
                                      ELSE greatest(e.date_from, %(first)s) - 1 END
                  FROM vip_membership m
                 WHERE m.partner_id = e.partner_id AND m.company_id = %(company)s AND %(members)s
                   AND e.period = 'year'
                   AND CASE WHEN e.date_from = %(first)s THEN e.date_to <> %(last)s
                            ELSE e.date_from <= %(last)s
                                 AND e.date_to >= greatest(e.date_from, %(first)s) END
                """,
                company=company.id,
                members=members,
                first=first,
                last=last,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _follow_tier_changes(self):
        """Grant and re-grant after tiers changed; run as superuser by ``vip.tier.history``, whose
        changes are in the temporary table ``vip_tier_change``."""
        self._add_extras()
        rows = self.env.execute_query(SQL("SELECT DISTINCT company_id FROM vip_tier_change"))
        changed = SQL("m.id IN (SELECT membership_id FROM vip_tier_change)")
        for (company_id,) in rows:
            self._grant(self.env["res.company"].browse(company_id), changed)

    @api.model
    def _add_extras(self):
        """One more of what each rise, and each entry after the first, brings (a new card)."""
        self.env.cr.execute(
            """
            WITH extra AS (
                UPDATE vip_entitlement e
                   SET goodwill = goodwill + 1, granted = granted + 1, remaining = remaining + 1
                  FROM vip_tier_change c, vip_benefit b
                 WHERE e.partner_id = c.partner_id AND b.id = e.benefit_id
                   AND b.extra_on_rise IS TRUE AND b.active IS TRUE
                   AND e.period = 'once' AND c.movement IN ('enter', 'up')
                   AND c.tier_id IS DISTINCT FROM c.old_tier_id
                RETURNING e.id, e.company_id, e.partner_id, c.date_from
            )
            INSERT INTO vip_goodwill (entitlement_id, company_id, partner_id, quantity, kind, date)
            SELECT id, company_id, partner_id, 1, 'rise', date_from FROM extra
            """
        )
        if self.env.cr.rowcount:
            self.invalidate_model()

    @api.model
    def _cron_grant(self):
        """Hourly, because a period begins at midnight of the company: begin new periods and follow changes
        of the matrix; then turn what is given automatically into redemptions. Running it twice changes
        nothing."""
        for company in self.env["res.company"].search(Domain.TRUE):
            self._grant(company)
            self.env["vip.redemption"]._give_automatic(company)

    @api.model
    def action_grant(self):
        """Grant now what the hourly job would grant, in the companies at work.

        :raise AccessError: the caller is no manager of the programme
        """
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme may grant what the tiers promise.")
            )
        # entitlements are written by the programme only
        written = sum(self.sudo()._grant(company) for company in self.env.companies)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Entitlements brought up to date: %s.", written),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ------------------------------------------------------------
    # USING
    # ------------------------------------------------------------

    @api.model
    def _of(self, partner, benefit, day):
        """The entitlement of a customer for a benefit on a day; granted now where the hourly job has
        not come to it. Empty where he has none. Run as superuser."""
        domain = Domain("partner_id", "=", partner.id) & Domain("benefit_id", "=", benefit.id)
        found = self.search(domain & self._current(day))
        if (
            not any(line.is_promised for line in found)
            and partner.vip_tier_id in benefit.tier_benefit_ids.tier_id
        ):
            member = partner.vip_membership_id
            if self._grant(member.company_id, SQL("m.id = %s", member.id)):
                found = self.search(domain & self._current(day))
        return found._first_to_use()

    def _first_to_use(self):
        """Of what a customer has of one benefit at a time, the one that is used now.

        Several periods run at a time where tiers promise the benefit for different periods. What has
        something left comes first, then what the tier promises, then what is over first.
        """
        return self.sorted(
            lambda line: (
                not (line.is_unlimited or line.remaining > 0),
                not line.is_promised,
                line.date_to or date.max,
            )
        )[:1]

    def _is_had(self):
        """Whether there is anything of it: promised, kept or given as goodwill."""
        self.ensure_one()
        return bool(self.is_promised or self.is_unlimited or self.granted)

    def _use(self, quantity):
        """Take units, or give them back with a negative quantity.

        One conditional statement: of two people who take the last unit exactly one succeeds.

        :return: whether there was enough; False changes nothing
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """UPDATE vip_entitlement
                      SET used = used + %(quantity)s, remaining = remaining - %(quantity)s
                    WHERE id = %(id)s
                      AND (is_unlimited IS TRUE OR when_exhausted <> 'block' OR %(quantity)s < 0
                           OR used + %(quantity)s <= granted)""",
                quantity=quantity,
                id=self.id,
            ),
            log_exceptions=False,  # who comes second is no fault, see ``vip.redemption._at_once``
        )
        is_enough = bool(self.env.cr.rowcount)
        # where there is not enough, others may have changed all of it
        self.invalidate_recordset(["used", "remaining"] if is_enough else None)
        return is_enough

    def _plain(self):
        """One entry of ``vip_entitlements``."""
        self.ensure_one()
        return {
            **self.benefit_id._plain(),
            "granted": not self.is_unlimited and self.granted,
            "used": self.used,
            "remaining": not self.is_unlimited and self.remaining,
            "date_from": self.date_from.isoformat(),
            "date_to": self.date_to.isoformat() if self.date_to else False,
        }

    # ------------------------------------------------------------
    # GOODWILL
    # ------------------------------------------------------------

    def action_goodwill(self):
        """Open the dialog that gives goodwill or withdraws it."""
        self._require_one()
        return self.env["vip.goodwill.grant"]._action(self.partner_id, self.benefit_id)

    @api.model
    def _give_goodwill(self, partner, benefit, quantity, reason):
        """Add goodwill to a customer's entitlement of today, or withdraw it; run as superuser after
        checking the caller. A benefit his tier does not have gets an entitlement of its own.

        :raise UserError: no customer with a tier, no period, nothing to count, no reason, or more is
            withdrawn than was given and is unused
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Goodwill needs a reason."))
        if not quantity or abs(quantity) > MOST_UNITS:
            raise UserError(
                self.env._(
                    "“%s” is no quantity of goodwill. Give a whole number, negative to withdraw.",
                    quantity,
                )
            )
        member = partner.vip_membership_id
        if not member.tier_id:
            raise UserError(self.env._("“%s” is no VIP customer today.", partner.display_name))
        day = member.company_id._vip_today()
        if quantity > 0 and not benefit.active:
            raise UserError(self.env._("The benefit “%s” is not offered any more.", benefit.name))
        line = self._of(partner, benefit, day) or self._create_for_goodwill(member, benefit, day)
        if line.is_unlimited:
            raise UserError(
                self.env._(
                    "“%(customer)s” has “%(benefit)s” without limit; goodwill would add nothing.",
                    customer=partner.display_name,
                    benefit=benefit.name,
                )
            )
        self.env.cr.execute(
            SQL(
                """UPDATE vip_entitlement
                      SET goodwill = goodwill + %(quantity)s, granted = granted + %(quantity)s,
                          remaining = remaining + %(quantity)s
                    WHERE id = %(id)s AND goodwill + %(quantity)s >= 0
                      AND (%(quantity)s > 0 OR remaining + %(quantity)s >= 0)""",
                quantity=quantity,
                id=line.id,
            )
        )
        if not self.env.cr.rowcount:
            raise UserError(
                self.env._(
                    "Of the goodwill “%(customer)s” was given for “%(benefit)s”, %(left)s can be "
                    "withdrawn: the rest is used or was never given.",
                    customer=partner.display_name,
                    benefit=benefit.name,
                    left=max(min(line.goodwill, line.remaining), 0),
                )
            )
        self.env["vip.goodwill"].create(
            {
                "entitlement_id": line.id,
                "company_id": line.company_id.id,
                "partner_id": partner.id,
                "quantity": quantity,
                "reason": reason.strip(),
                "user_id": self.env.uid,
                "date": day,
            }
        )
        self.invalidate_model()
        return line

    @api.model
    def _create_for_goodwill(self, member, benefit, day):
        """An entitlement without a promise, for the policy year."""
        bounds = self._periods(member.company_id, day).year
        if not benefit._is_counted(1):
            raise UserError(
                self.env._("“%s” is nothing that can be given by the unit.", benefit.name)
            )
        if not bounds:
            raise UserError(self._no_policy_sentence(member.company_id, day))
        return self.create(
            {
                "partner_id": member.partner_id.id,
                "benefit_id": benefit.id,
                "tier_id": member.tier_id.id,
                "period": quota.YEAR,
                "date_from": bounds[0],
                "date_to": bounds[1],
                "is_promised": False,
                "quantity": 0,
                "is_unlimited": False,
                "unit_value": benefit.unit_value,
            }
        )

    def _no_policy_sentence(self, company, day):
        return self.env._(
            "The benefits of a year last as long as the policy in force, and %(company)s has none on "
            "%(day)s. Put a policy in force first.",
            company=company.name,
            day=format_date(self.env, day),
        )

    # ------------------------------------------------------------
    # EXPIRING
    # ------------------------------------------------------------

    @api.model
    def _cron_remind(self):
        """Daily: 60 and 30 days before a year ends, a task for who looks after a customer with something
        left, naming what; in batches of one transaction each. Running it twice reminds nobody twice."""
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            while self._remind(company, company._vip_today(), REMINDER_BATCH):
                if not cron._commit_progress():
                    return
            cron._commit_progress(1)

    @api.model
    def _remind(self, company, today, limit=None):
        """Remind of the lines of at most so many customers; False where nothing is left to do."""
        first, second = (timedelta(days=days) for days in EXPIRING_DAYS)
        last_days = [today + timedelta(days=days) for days in range(second.days + 1)]
        due = (
            Domain("company_id", "=", company.id)
            & self._current(today)
            & Domain("period", "=", quota.YEAR)
            & Domain("benefit_id.delivery", "=", "on_request")
            & Domain("benefit_id.active", "=", True)
            & Domain("date_to", "<=", today + first)
            & Domain("remaining", ">", 0)
            & Domain("is_unlimited", "=", False)
            & Domain("partner_id.vip_membership_id.tier_id", "!=", False)
            & (
                Domain("reminded_on", "=", False)
                | Domain.OR(
                    Domain("date_to", "=", day) & Domain("reminded_on", "<", day - second)
                    for day in last_days
                )
            )
        )
        groups = self._read_group(due, ["partner_id"], ["id:recordset"], limit=limit)
        lines = self.union(*(own for _partner, own in groups))
        lines._create_reminders(today)
        lines.write({"reminded_on": today})
        return bool(lines)

    def _create_reminders(self, today):
        """A task for who looks after each customer, if anybody does."""
        activity_type = self.env.ref("vip_customer.mail_activity_type_benefit_expiring")
        model_id = self.env["ir.model"]._get_id("vip.membership")
        tasks = []
        for member, own in self.grouped("membership_id").items():
            user = member._responsible()
            last_day = min(own.mapped("date_to"))
            tasks.append(
                {
                    "res_model_id": model_id,
                    "res_id": member.id,
                    "activity_type_id": activity_type.id,
                    "user_id": user.id,
                    "date_deadline": max(last_day - timedelta(days=EXPIRING_DAYS[1] // 2), today),
                    "note": own.with_context(lang=user.lang)._left_note(),
                }
            )
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [task for task in tasks if task["user_id"]]
        )

    def _left_note(self):
        """What is left, for the task of an account manager."""
        return self.env["ir.qweb"]._render("vip_customer.benefits_left", {"lines": self})

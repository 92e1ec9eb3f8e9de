from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import risk, risk_sql
from .vip_membership_protected import VipMembership as Protected

LEVELS = [(risk.LOW, "Low"), (risk.MEDIUM, "Medium"), (risk.HIGH, "High")]
# customers assessed in one statement
BATCH = 20_000
# A change of more customers' facts leaves their assessment to the scheduled action.
AT_ONCE = 500
# ``vip_risk_done`` of a company whose book is assessed for the day
FINISHED = -1
# a batch is tried so many times again
TRIES = 5


class VipMembership(models.Model):
    """How likely a customer is to leave.

    SPECIFICATION

    The score is the sum of what his signals count (``vip.risk.signal``), 100 at most; the level is its band.
    Both are worked out for everybody who has not left the programme, each night in batches and at once for
    whom something happened to, by one statement (``tools/risk_sql.py``) that writes changed rows only.
    ``risk_before`` is the assessment before the last one that moved something, ``risk_change`` what the score
    has gained since, ``risk_unknown`` the ids of the kinds about which nothing is known. That a colour fades
    moves nothing.
    """

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited
    _guarded_fields = Protected._guarded_fields | {
        "risk_score",
        "risk_level",
        "risk_on",
        "risk_change",
        "risk_before",
        "risk_unknown",
    }

    risk_score = fields.Integer(readonly=True, copy=False, string="Risk score", aggregator="avg")
    risk_level = fields.Selection(
        LEVELS, readonly=True, copy=False, string="Risk", index="btree_not_null"
    )
    risk_on = fields.Date(
        readonly=True, copy=False, string="Risk since", help="The day on which it moved last."
    )
    risk_change = fields.Integer(
        readonly=True,
        copy=False,
        string="Risk moved by",
        aggregator="avg",
        help="What the score has gained since the assessment before.",
    )
    risk_before = fields.Json(readonly=True, copy=False)
    risk_unknown = fields.Json(readonly=True, copy=False)
    risk_signal_ids = fields.Many2many(
        "vip.risk.signal", compute="_compute_risk_signal_ids", string="Risk signals"
    )

    def _compute_risk_signal_ids(self):
        signals = self.env["vip.risk.signal"].search(
            [("partner_id", "in", self.partner_id.ids), ("points", ">", 0)]
        )
        by_partner = signals.grouped("partner_id")
        for member in self:
            member.risk_signal_ids = by_partner.get(member.partner_id)

    def unlink(self):
        partner_ids = self.partner_id.ids
        result = super().unlink()
        # what was worked out of him goes with him
        self.env["vip.risk.signal"].sudo().search([("partner_id", "in", partner_ids)]).unlink()
        return result

    # ------------------------------------------------------------
    # LOW, MEDIUM, HIGH, and not by the alphabet
    # ------------------------------------------------------------

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name == "risk_level":
            field_name = "risk_score"
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _read_group_orderby(self, order, groupby_terms, query):
        level = groupby_terms.get("risk_level")
        if level is None:
            return super()._read_group_orderby(order, groupby_terms, query)
        rank = SQL("array_position(%s::varchar[], %s)", [key for key, _label in LEVELS], level)
        terms = {**groupby_terms, "risk_level": rank}
        result = super()._read_group_orderby(order, terms, query)
        groupby_terms.update({**terms, "risk_level": level})
        return result

    # ------------------------------------------------------------
    # ASSESSING, run as superuser
    # ------------------------------------------------------------

    def _renew_risk(self):
        """Assess these customers at once: something happened to them. Who does much to many of them
        (``vip_risk_later``) has them assessed when he is through."""
        if not self or self.env.context.get("vip_risk_later"):
            return
        if len(self) > AT_ONCE:
            self._assess_risk_soon(self.company_id)
            return
        for company, members in self.grouped("company_id").items():
            self._assess_risk(company, SQL("m.id = ANY(%s)", members.ids))

    def _renew_risk_of(self, *rules):
        """Assess those of these customers for whom one of these signals counts, or of whom it is not known:
        what happened to them may end it."""
        kinds = self.env["vip.risk.signal.type"].search([("rule", "in", rules)])
        signals = self.env["vip.risk.signal"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("type_id", "in", kinds.ids),
                ("points", ">", 0),
            ]
        )
        unknown = self.filtered(
            lambda member: not set(kinds.ids).isdisjoint(member.risk_unknown or ())
        )
        (unknown | signals.partner_id.vip_membership_id)._renew_risk()

    @api.model
    def _assess_risk(self, company, whose=None):
        """Assess customers of a company in one statement, and follow what changed.

        :param SQL whose: condition on the membership ``m``; None: all of the company
        :return: number of customers whose assessment changed
        :rtype: int
        """
        self.env.flush_all()
        whose = whose or SQL("TRUE")
        [(count,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM vip_membership m WHERE m.company_id = %s AND %s",
                company.id,
                whose,
            )
        )
        if not count:
            return 0
        today = company._vip_today()
        last_month, has_gap = self._months_of_risk(company, today)
        scope = risk_sql.Scope(
            company_id=company.id,
            members=whose,
            count=count,
            today=today,
            now=fields.Datetime.now(),
            tz=company._vip_tz(),
            last_month=last_month,
            has_gap=has_gap,
            medium=company.vip_risk_medium,
            high=company.vip_risk_high,
            uid=self.env.uid,
        )
        # compiling the statement takes longer than running it
        self.env.cr.execute("SET LOCAL jit = off")
        changes = self.env.execute_query(
            risk_sql.renew(self.env["vip.risk.signal.type"]._signals(), scope)
        )
        self.invalidate_model(
            ["risk_score", "risk_level", "risk_on", "risk_change", "risk_before", "risk_unknown"]
        )
        self.env["vip.risk.signal"].invalidate_model()
        moved = [
            member_id
            for member_id, before, after in changes
            if (before == risk.HIGH) != (after == risk.HIGH)
        ]
        self._follow_high_risk(company, moved, whose)
        return len(changes)

    @api.model
    def _months_of_risk(self, company, today):
        """The last month whose bills are all in, and whether a month before it was never told of."""
        months = self.env["vip.billing.month"].search(
            [("company_id", "=", company.id), ("month", "<=", today)],
            order="month desc",
            limit=risk.STALE_MONTHS + risk.RECENT_MONTHS + risk.EARLIER_MONTHS,
        )
        complete = set(months.filtered("complete").mapped("month"))
        last = risk.last_complete_month(today, complete)
        return last, bool(last) and risk.has_gap(last, set(months.mapped("month")))

    @api.model
    def _follow_high_risk(self, company, moved, whose):
        """What follows from high risk: protection, and that somebody is told.

        :param moved: ids of those who came into the band or left it
        :param SQL whose: condition on ``m``, those who were assessed
        """
        if moved:
            self._follow_protected(company, SQL("m.id = ANY(%s)", moved))
        self._tell_high_risk(company, whose)

    @api.model
    def _protected_besides(self, company):
        return SQL(
            "(%s OR coalesce(m.risk_level = 'high', FALSE))", super()._protected_besides(company)
        )

    # ------------------------------------------------------------
    # EVERY NIGHT
    # ------------------------------------------------------------

    @api.model
    def _assess_risk_soon(self, companies):
        """The whole book of these companies is assessed again when the scheduled action runs, which is
        soon."""
        if not companies:
            return
        companies.sudo().filtered("vip_risk_day").vip_risk_day = False
        if cron := self.env.ref("vip_retention.ir_cron_risk", raise_if_not_found=False):
            cron.sudo()._trigger()

    @api.model
    def _cron_assess_risk(self):
        """Once a day and company: assess the whole book, in batches. Hourly, because each company has its own
        midnight; where it was interrupted it goes on."""
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            while self._assess_next_in_peace(company):
                if not cron._commit_progress():
                    return
            if not cron._commit_progress(1):
                return

    @api.model
    def _assess_next_in_peace(self, company):
        """``_assess_next``; once more, with a fresh view, where somebody changed one of these customers
        meanwhile."""
        for _try in range(TRIES):
            try:
                return self._assess_next(company)
            except TransactionRollbackError:
                self.env.cr.rollback()
                self.env.transaction.reset()
        return self._assess_next(company)

    @api.model
    def _assess_next(self, company):
        """Assess the next batch of a company's book.

        :return: whether there may be another one today
        :rtype: bool
        """
        today = company._vip_today()
        if company.vip_risk_day != today:
            company.write({"vip_risk_day": today, "vip_risk_done": 0})
        done = company.vip_risk_done
        if done == FINISHED:
            return False
        self.flush_model(["company_id"])
        [(last, count)] = self.env.execute_query(
            SQL(
                """SELECT max(id), count(*) FROM (
                   SELECT id FROM vip_membership WHERE company_id = %s AND id > %s
                    ORDER BY id LIMIT %s) b""",
                company.id,
                done,
                BATCH,
            )
        )
        if count:
            self._assess_risk(company, SQL("m.id > %s AND m.id <= %s", done, last))
        company.vip_risk_done = last if count == BATCH else FINISHED
        return count == BATCH

    # ------------------------------------------------------------
    # THE CARD
    # ------------------------------------------------------------

    def _card_risk(self):
        return self.risk_level or super()._card_risk()

    # ------------------------------------------------------------
    # WHAT HAPPENS TO NUMBERS AND CONTACTS
    # ------------------------------------------------------------

    def _touch_last_contact(self):
        before = {member: member.last_contact_on for member in self}
        result = super()._touch_last_contact()
        moved = self.filtered(lambda member: member.last_contact_on != before[member])
        # a contact ends a silence, and one that was none after all may begin it
        back = moved.filtered(
            lambda member: (
                not member.last_contact_on
                or (before[member] and member.last_contact_on < before[member])
            )
        )
        back._renew_risk()
        (moved - back)._renew_risk_of("silence")
        return result

    @api.model
    def _sync_numbers(self, partner_ids):
        partner_ids = list(partner_ids)
        # once, not with the tier that ends and the departure too
        later = self.with_context(vip_risk_later=True)
        result = super(VipMembership, later)._sync_numbers(partner_ids)
        self.search([("partner_id", "in", partner_ids)])._renew_risk()
        return result

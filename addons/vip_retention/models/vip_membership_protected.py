from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.vip_customer.models import vip_membership
from odoo.addons.vip_customer.tools.tier_rules import add_months

GUARDED = vip_membership.VipMembership._guarded_fields
YES, NO, RULE = "yes", "no", "rule"
PROTECTED_WINDOW = 12  # full months of bills


class VipMembership(models.Model):
    """Who is protected as a high-value customer: the desk and the billing system see it before they close
    anything.

    SPECIFICATION

    Protected is who has an open number, or none at all and did not leave, and a tier that protects (after
    its months with us; an unknown joining date counts as none), or was billed the company's amount in the
    last 12 full months, or is named by ``_protected_besides``. A lead may say otherwise by hand, with a
    reason. It is worked out nightly, and at once for whom somebody decided.
    """

    _inherit = "vip.membership"  # pylint: disable=consider-merging-classes-inherited
    _guarded_fields = GUARDED | {"protected_hand", "protected_reason"}

    protected_hand = fields.Selection(
        [(YES, "Always protected"), (NO, "Never protected")],
        readonly=True,
        copy=False,
        string="Protected by hand",
        help="Empty: by the rule.",
    )
    protected_reason = fields.Char(readonly=True, copy=False, string="Reason for it")

    # ------------------------------------------------------------
    # BY HAND
    # ------------------------------------------------------------

    def action_protect(self):
        """Open the dialog that decides by hand whether these customers are protected."""
        self._require("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Protection by hand"),
            "res_model": "vip.protect",
            "view_mode": "form",
            "target": "new",
            "context": {"default_membership_ids": self.ids},
        }

    def protect(self, choice, reason):
        """Decide by hand whether these customers are protected.

        :param str choice: ``yes``, ``no``, or ``rule`` to leave it to the rule again
        :param str reason: why
        :raise AccessError: the caller is no lead, or may not change one of the customers
        :raise UserError: the choice is none of these, or the reason is missing
        """
        if not self.env.user.has_group("vip_customer.group_vip_lead"):
            raise AccessError(
                self.env._("Only a lead or a manager of the VIP programme may protect customers.")
            )
        self._require("write")
        if choice not in (YES, NO, RULE):
            raise UserError(
                self.env._("“%s” is no choice of protection. Use yes, no or rule.", choice)
            )
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(self.env._("Say why: colleagues read it before they close a number."))
        members = self.sudo()  # guarded: this door only
        members.write(
            {"protected_hand": choice if choice != RULE else False, "protected_reason": reason}
        )
        labels = {
            YES: self.env._("Protected by hand: %s", reason),
            NO: self.env._("Not protected, by hand: %s", reason),
            RULE: self.env._("Protected by the rule again: %s", reason),
        }
        members._message_log_batch(dict.fromkeys(members.ids, labels[choice]))
        for company, group in members.grouped("company_id").items():
            group._follow_protected(company, SQL("m.id = ANY(%s)", group.ids))
        return True

    # ------------------------------------------------------------
    # BY THE RULE, run as superuser
    # ------------------------------------------------------------

    @api.model
    def _follow_protected(self, company, whose=None):
        """Write ``protected`` where it changed, in one statement.

        :param SQL whose: condition on the membership ``m``; None: all of the company
        """
        self.env.flush_all()
        today = company._vip_today()
        months = SQL(
            """(%(year)s - extract(year FROM m.joined_on)::int) * 12
                + %(month)s - extract(month FROM m.joined_on)::int
                - (%(day)s < extract(day FROM m.joined_on)::int)::int""",
            year=today.year,
            month=today.month,
            day=today.day,
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE vip_membership u SET protected = q.protected
                  FROM (
                    SELECT m.id,
                           CASE WHEN m.closed_on IS NOT NULL THEN FALSE
                                WHEN m.protected_hand IS NOT NULL THEN m.protected_hand = 'yes'
                                ELSE coalesce(t.is_protected
                                              AND (coalesce(t.protected_months, 0) = 0
                                                   OR %(months)s >= t.protected_months), FALSE)
                                     OR b.partner_id IS NOT NULL OR %(besides)s
                           END AS protected
                      FROM vip_membership m
                      LEFT JOIN vip_tier t ON t.id = m.tier_id
                      LEFT JOIN (%(billed)s) b ON b.partner_id = m.partner_id
                     WHERE m.company_id = %(company)s AND %(whose)s) q
                 WHERE u.id = q.id AND coalesce(u.protected, FALSE) <> q.protected
                """,
                months=months,
                billed=self._billed_enough(company, today, whose),
                besides=self._protected_besides(company),
                company=company.id,
                whose=whose or SQL("TRUE"),
            )
        )
        self.invalidate_model(["protected"])

    @api.model
    def _billed_enough(self, company, today, whose):
        """SELECT of the customers that were billed the company's amount in the last full months."""
        return SQL(
            """
            SELECT f.partner_id FROM vip_billing_fact f
             WHERE f.company_id = %(company)s AND %(amount)s > 0
               AND f.month >= %(first)s AND f.month < %(end)s
               AND (%(all)s OR f.partner_id IN (SELECT m.partner_id FROM vip_membership m
                                                 WHERE %(whose)s))
             GROUP BY 1 HAVING sum(f.amount) >= %(amount)s
            """,
            company=company.id,
            amount=company.vip_protected_amount,
            first=add_months(today, -PROTECTED_WINDOW),
            end=add_months(today, 0),
            all=whose is None,
            whose=whose or SQL("TRUE"),
        )

    @api.model
    def _protected_besides(self, company):
        """Condition on the membership ``m`` that protects besides tier and bills, meant to be extended."""
        return SQL("FALSE")

    @api.model
    def _cron_protect(self):
        """Once a day and company: who is protected, and the file that tells other systems. Hourly, because
        each company has its own midnight; running it twice does nothing twice."""
        cron = self.env["ir.cron"]
        files = self.env["vip.outgoing.file"]
        companies = self.env["res.company"].search(Domain.TRUE)
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            if not files._flags_of_today(company):
                self._follow_protected(company)
                files._create_flags(company)
            if not cron._commit_progress(1):
                return

from datetime import timedelta

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.care_days import LATE_DAYS, MISSED, NEAR_DAYS, PLANNED, SKIPPED
from ..tools.greeting_days import birthdays_on
from .vip_entitlement import EXPIRING_DAYS
from .vip_redemption import APPROVED, ISSUED, REQUESTED

MINE, BRANCH = "mine", "branch"
# Rows that a block shows; its list has the rest.
SHOWN = 10
BIRTHDAY_DAYS = 7


class VipMyDay(models.AbstractModel):
    """What an account manager, or a lead for his branches, has to do today: blocks of rows, each row one
    click from being done.

    A block is a dict: ``key``, ``title``, ``count``, ``rows`` (the first ``SHOWN``) and ``action``, its
    whole list. A row: ``id``, ``model``, ``membership_id``, ``customer``, ``tier``, ``color``, ``text``,
    ``date``, ``is_late``, ``manager`` (somebody else's customer) and ``buttons``: label, and the
    ``method`` to call on the row's record or the ``action`` to open. The number of queries does not
    depend on how much there is to do. Later addons put blocks of their own into ``_blocks``.
    """

    _name = "vip.my.day"
    _description = "My day"

    @api.model
    def load_day(self, scope=None):
        """Everything the screen shows.

        :param str scope: ``mine`` (own customers and those of whom he stands in for) or ``branch`` (the
            branches led, the company for a manager); without it what the caller has to do with
        :return: dict with ``scope``, ``scopes``, ``date``, ``hours`` (when to call) and ``blocks``
        :raise AccessError: the caller is no account manager
        """
        if not self.env.user.has_group("vip_customer.group_vip_user"):
            raise AccessError(
                self.env._("My day is for account managers and leads of the VIP programme.")
            )
        scopes = self._scopes()
        if scope not in [name for name, _label in scopes]:
            scope = self._first_scope(scopes)
        return {
            "scope": scope,
            "scopes": [{"key": key, "title": title} for key, title in scopes],
            "date": format_date(self.env, self.env.company._vip_today(), date_format="full"),
            "hours": self.env._(
                "Customers may be contacted %s, on their own clock.",
                self.env["vip.care.touch"]._contact_hours(),
            ),
            "blocks": self._blocks(scope),
        }

    # ------------------------------------------------------------
    # WHOSE CUSTOMERS
    # ------------------------------------------------------------

    def _scopes(self):
        scopes = [(MINE, self.env._("My customers"))]
        if self.env.user.has_group("vip_customer.group_vip_manager"):
            return [*scopes, (BRANCH, self.env._("All branches"))]
        if self.env.user.has_group("vip_customer.group_vip_lead"):
            return [*scopes, (BRANCH, self.env._("My branches"))]
        return scopes

    def _first_scope(self, scopes):
        own = [("is_mine", "=", True), ("tier_id", "!=", False)]
        has_own = self.env["vip.membership"].search_count(own, limit=1)
        return MINE if has_own else scopes[-1][0]

    def _scope_domain(self, scope, prefix=""):
        """Domain of what belongs to the customers of a scope.

        :param prefix: path to the membership, with its dot
        """
        company = Domain(f"{prefix}company_id", "in", self.env.companies.ids)
        if scope == MINE:
            # and those of whom he stands in for
            return company & Domain(f"{prefix}is_mine", "=", True)
        if self.env.user.has_group("vip_customer.group_vip_manager"):
            return company
        return company & Domain(f"{prefix}team_id.user_id", "=", self.env.uid)

    # ------------------------------------------------------------
    # BLOCKS
    # ------------------------------------------------------------

    def _blocks(self, scope):
        """The blocks of the screen in their order, meant to be extended."""
        return [
            self._overdue_block(scope),
            self._today_block(scope),
            self._coming_block(scope),
            self._redemption_block(scope),
            self._warning_block(scope),
            self._birthday_block(scope),
            self._benefit_block(scope),
            self._unreachable_block(scope),
        ]

    def _block(self, key, title, icon, model, domain, order, row):
        """:param row: function record -> what differs from the plain row"""
        Model = self.env[model]
        records = Model.search(domain, order=order, limit=SHOWN)
        return {
            "key": key,
            "title": title,
            "icon": icon,
            "count": Model.search_count(domain),
            "rows": [self._row(record, **row(record)) for record in records],
            "action": self._list_action(title, model, domain),
        }

    def _row(self, record, text="", date=None, is_late=False, buttons=()):
        partner = record.partner_id
        member = record if record._name == "vip.membership" else partner.vip_membership_id
        return {
            "id": record.id,
            "model": record._name,
            "membership_id": member.id,
            "customer": partner.display_name,
            "tier": member.tier_id.name or "",
            "color": member.tier_id.color,
            "manager": member.manager_id.name or "" if member.manager_id != self.env.user else "",
            "text": text,
            "date": format_date(self.env, date) if date else "",
            "is_late": is_late,
            "buttons": [
                {"action" if isinstance(what, dict) else "method": what, "label": label}
                for what, label in buttons
            ],
        }

    @staticmethod
    def _list_action(title, model, domain):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": list(domain),
        }

    def _dialog(self, title, model, **defaults):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [[False, "form"]],
            "target": "new",
            "context": {f"default_{name}": value for name, value in defaults.items()},
        }

    def _log_button(self, partner, purpose):
        """Opens the dialog in which a call of one's own is noted."""
        label = self.env._("Log contact")
        phone = self.env.ref("vip_customer.channel_phone")
        return (
            self._dialog(
                label, "vip.log.call", partner_id=partner.id, channel_id=phone.id, purpose=purpose
            ),
            label,
        )

    def _touch_text(self, touch, purposes):
        """How, and why: the occasion, else the purpose."""
        why = touch.occasion_id.name or purposes.get(touch.purpose, "")
        return self.env._("%(channel)s: %(why)s", channel=touch.channel_id.name, why=why)

    def _touch_block(self, scope, key, title, icon, domain, buttons=None):
        purposes = dict(
            self.env["vip.care.touch"]._fields["purpose"]._description_selection(self.env)
        )
        return self._block(
            key,
            title,
            icon,
            "vip.care.touch",
            self._scope_domain(scope, "partner_id.vip_membership_id.") & domain,
            "due_date, id",
            lambda touch: {
                "text": self._touch_text(touch, purposes),
                "date": touch.due_date,
                "is_late": key == "overdue",
                "buttons": (buttons or self._touch_buttons)(touch),
            },
        )

    def _touch_buttons(self, touch):
        done = ("action_done", self.env._("Mark done"))
        if touch.state == PLANNED:
            return [done, ("action_postpone", self.env._("Postpone"))]
        return [done]

    def _overdue_block(self, scope):
        today = self.env.company._vip_today()
        domain = Domain("state", "=", MISSED) & Domain("due_date", ">=", today - timedelta(days=90))
        domain |= Domain("state", "=", PLANNED) & Domain("due_date", "<", today)
        return self._touch_block(
            scope, "overdue", self.env._("Overdue touches"), "fa-exclamation-circle", domain
        )

    def _today_block(self, scope):
        domain = Domain("state", "=", PLANNED)
        domain &= Domain("due_date", "=", self.env.company._vip_today())
        return self._touch_block(
            scope, "today", self.env._("Today's touches"), "fa-calendar-check-o", domain
        )

    def _coming_block(self, scope):
        today = self.env.company._vip_today()
        domain = Domain("state", "=", PLANNED) & Domain("due_date", ">", today)
        domain &= Domain("due_date", "<=", today + timedelta(days=NEAR_DAYS))
        return self._touch_block(
            scope, "coming", self.env._("In the next 7 days"), "fa-calendar-o", domain
        )

    def _unreachable_block(self, scope):
        """Touches of these days that were skipped because nobody knows how to reach the customer."""
        today = self.env.company._vip_today()
        domain = Domain("state", "=", SKIPPED) & Domain("reason", "=", "unreachable")
        domain &= Domain("due_date", ">=", today - timedelta(days=LATE_DAYS))
        domain &= Domain("due_date", "<=", today + timedelta(days=NEAR_DAYS))
        return self._touch_block(
            scope,
            "unreachable",
            self.env._("No way to reach the customer"),
            "fa-chain-broken",
            domain,
            lambda _touch: [("action_view_customer", self.env._("Customer"))],
        )

    def _redemption_block(self, scope):
        domain = self._scope_domain(scope, "partner_id.vip_membership_id.")
        domain &= Domain("state", "in", (REQUESTED, APPROVED, ISSUED))
        states = dict(self.env["vip.redemption"]._fields["state"]._description_selection(self.env))
        return self._block(
            "redemptions",
            self.env._("Redemptions waiting"),
            "fa-hourglass-half",
            "vip.redemption",
            domain,
            "date, id",
            lambda redemption: {
                "text": self.env._(
                    "%(benefit)s × %(quantity)s: %(state)s",
                    benefit=redemption.benefit_id.name,
                    quantity=redemption.quantity,
                    state=states[redemption.state],
                ),
                "date": redemption.date,
                "is_late": redemption.state == REQUESTED,
                "buttons": self._redemption_buttons(redemption),
            },
        )

    def _redemption_buttons(self, redemption):
        if redemption.state != REQUESTED:
            deliver = ("action_deliver", self.env._("Deliver"))
            if redemption.state == ISSUED:
                return [deliver]
            return [("action_issue", self.env._("Issue")), deliver]
        is_lead = self.env.user.has_group("vip_customer.group_vip_lead")
        if is_lead and redemption.requested_by != self.env.user:
            return [("action_approve", self.env._("Approve"))]
        return [("open", self.env._("Open"))]

    def _warning_block(self, scope):
        today = self.env.company._vip_today()
        domain = self._scope_domain(scope) & Domain("tier_id", "!=", False)
        domain &= (
            Domain("tier_warning", ">=", today)
            | Domain("movement", "=", "hold")
            | Domain("valid_until", "<", today)
        )
        return self._block(
            "warnings",
            self.env._("Tier warnings"),
            "fa-level-down",
            "vip.membership",
            domain,
            "valid_until, id",
            lambda member: {
                "text": self.env._("Tier about to drop"),
                "date": member.valid_until,
                "is_late": bool(member.valid_until and member.valid_until < today),
                "buttons": [self._log_button(member.partner_id, "retention")],
            },
        )

    def _birthday_block(self, scope):
        today = self.env.company._vip_today()
        days = [today + timedelta(days=i) for i in range(BIRTHDAY_DAYS + 1)]
        months = self.env["vip.lunar.month"]._months(days[0], days[-1])
        by_day = {
            day: Domain.OR(
                Domain("birthday_calendar", "=", birthday.calendar)
                & Domain("birthday.month_number", "=", birthday.month)
                & Domain("birthday.day_of_month", "=", birthday.day)
                for birthday in birthdays_on(day, months)
            )
            for day in days
        }
        scope_domain = self._scope_domain(scope) & Domain("tier_id", "!=", False)
        domain = scope_domain & Domain.OR(by_day.values())
        title = self.env._("Birthdays ahead")
        Membership = self.env["vip.membership"]
        kept = {}  # the day of each customer shown; a lunar birthday may fall on two
        for day in days:
            if len(kept) < SHOWN:
                on_day = scope_domain & by_day[day] & Domain("id", "not in", [m.id for m in kept])
                found = Membership.search(on_day, limit=SHOWN - len(kept))
                kept.update(dict.fromkeys(found, day))
        return {
            "key": "birthdays",
            "title": title,
            "icon": "fa-birthday-cake",
            "count": Membership.search_count(domain),
            "rows": [
                self._row(
                    member,
                    text=self.env._("Birthday"),
                    date=day,
                    is_late=day == today,
                    buttons=[self._log_button(member.partner_id, "courtesy")],
                )
                for member, day in kept.items()
            ],
            "action": self._list_action(title, "vip.membership", domain),
        }

    def _benefit_block(self, scope):
        today = self.env.company._vip_today()
        domain = (
            self._scope_domain(scope, "partner_id.vip_membership_id.")
            & Domain("period", "=", "year")
            & Domain("delivery", "=", "on_request")
            & Domain("remaining", ">", 0)
            & Domain("is_unlimited", "=", False)
            & Domain("date_to", ">=", today)
            & Domain("date_to", "<=", today + timedelta(days=EXPIRING_DAYS[0]))
        )
        return self._block(
            "benefits",
            self.env._("Expiring benefits"),
            "fa-gift",
            "vip.entitlement",
            domain,
            "date_to, remaining desc, id",
            lambda line: {
                "text": self.env._(
                    "%(benefit)s: %(left)s", benefit=line.benefit_id.name, left=line.left
                ),
                "date": line.date_to,
                "buttons": [
                    (
                        self._dialog(
                            self.env._("Redeem"),
                            "vip.redeem",
                            partner_id=line.partner_id.id,
                            benefit_id=line.benefit_id.id,
                        ),
                        self.env._("Redeem"),
                    )
                ],
            },
        )

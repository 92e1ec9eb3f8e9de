from datetime import timedelta

from odoo import models

from ..tools.tier_rules import add_months

# Account managers had their customers long before the first figure of the demo.
YEARS_BEFORE = 2
# So many days ago a county's account manager passed some customers to his colleague; so many days from
# now a customer of the city goes to another one.
PASSED_DAYS, AGREED_DAYS = 40, 12


class VipDemo(models.AbstractModel):
    """The portfolios of the demo: who was responsible when, what is agreed for later, who stands in."""

    _inherit = "vip.demo"  # pylint: disable=consider-merging-classes-inherited

    def _assign_managers(self, book, start):
        """Everybody has had his account manager and branch since he came; who was with us before the
        programme, since it began."""
        began = add_months(start, -12 * YEARS_BEFORE)
        groups = {}
        for customer, partner in book.items():
            day = max(began, customer.activated_on(start) or began)
            key = (customer.manager, customer.branch, day)
            groups.setdefault(key, []).append(partner.vip_membership_id.id)
        for (manager, branch, day), ids in groups.items():
            self.env["vip.membership"].browse(ids)._assign(
                self._user(f"am{manager}") if manager else self.env["res.users"],
                self.env.ref(f"vip_customer.team_{branch}"),
                day,
            )

    def _play_portfolio(self, book, today):
        """Two customers of a county changed hands some weeks ago, one in the city is about to; somebody
        is on leave."""
        self._pass_on(book, "am4", "am5", today - timedelta(days=PASSED_DAYS), 2)
        self._pass_on(book, "am1", "am2", today + timedelta(days=AGREED_DAYS), 1)
        for manager, deputy, first, last, reason in (
            ("am3", "am2", -1, 5, "年休假（leave）"),
            ("am5", "am4", -50, -44, "培训（training）"),
            ("am1", "am3", 20, 26, "年休假（leave）"),
        ):
            self.env["vip.manager.deputy"].create(
                {
                    "manager_id": self._user(manager).id,
                    "deputy_id": self._user(deputy).id,
                    "date_from": today + timedelta(days=first),
                    "date_to": today + timedelta(days=last),
                    "reason": reason,
                    "company_id": self.env.company.id,
                }
            )

    def _pass_on(self, book, giver, taker, day, count):
        """Some silver customers of an account manager go to a colleague."""
        members = self._partners(book).vip_membership_id.filtered(
            lambda member: (
                member.manager_id == self._user(giver) and member.tier_id.code == "silver"
            )
        )[:count]
        for team, group in members.grouped("team_id").items():
            group._assign(self._user(taker), team, day)

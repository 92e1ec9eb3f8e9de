"""What somebody tried in order to get around the rules of a case, and does not get."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .case_common import RetentionCase


@tagged("post_install", "-at_install")
class TestDialog(RetentionCase):
    def _confirm(self, partner=None, **values):
        dialogs = self.env["vip.retention.open"].with_user(self.users["desk"])
        return dialogs.create(
            {"partner_id": (partner or self.partner).id, **values}
        ).action_confirm()

    def test_another_day(self):
        """The day is the customer's, also where he asked before."""
        case = self._leaves()
        self._confirm(effective_on="2026-03-20")
        self.assertEqual(str(case.closing_date), "2026-03-20")
        self._confirm()
        self.assertEqual(str(case.closing_date), "2026-03-20")

    def test_more_than_before(self):
        """Nothing that he says is dropped in silence."""
        self._leaves(kind="suspension", effective_on="2026-04-01")
        for kind in ("scheduled", "port_out"):
            with self.assertRaisesRegex(UserError, "announced already: Suspension on request"):
                self._confirm(kind=kind)
        self._leaves(self.plain, kind="port_out")
        self.assertEqual(self._confirm(self.plain)["res_model"], "vip.retention.case")

    def test_today(self):
        """Who leaves at once has no case; what was noted is shown, and no empty one."""
        shown = self._confirm(effective_on="2026-03-10")
        departure = self.Departure.browse(shown["res_id"])
        self.assertEqual((shown["res_model"], departure.state), ("vip.departure", "effective"))

    def test_other_companies(self):
        """Dialogs tell nothing of customers that their user does not work for."""
        case = self._leaves()
        rival = self.env["res.company"].create({"name": "Rival"})
        desk = self.users["desk"]
        desk.write({"company_ids": [Command.set(rival.ids)], "company_id": rival.id})
        env = self.env(user=desk.id, context={"allowed_company_ids": rival.ids})
        dialog = env["vip.retention.open"].create({"partner_id": self.partner.id})
        self.assertEqual((dialog.number_count, dialog.manager_name), (0, False))
        with self.assertRaises(AccessError):
            env["vip.departure.day"].create({"departure_id": case.sudo().departure_id.id})
        with self.assertRaises(AccessError):
            env["vip.retention.contact"].create({"case_id": case.id}).read(["attempts_left"])

"""A grouped list as a file."""

import json
from io import BytesIO

import openpyxl

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from .event_common import EventCase


@tagged("post_install", "-at_install", "vip_events")
class TestExport(HttpCase, EventCase):
    def test_rate_of_a_group(self):
        """Two said yes, and one is there: of those of whom it is known all came, and a head cost 300."""
        came = self._guest("Came", companions=0)
        self._guest("Late", companions=0)
        self.event.vip_actual_cost = 300
        with self._on("2026-03-20 19:30"):
            came.with_user(self.users["desk"]).action_check_in()
        self.users["boss"].group_ids += self.env.ref("base.group_allow_export")
        self.env.flush_all()
        report = self.env["vip.event.report"]
        names = ["partner_id", "acceptance_rate", "attendance_rate", "cost_per_head", "invited"]
        asked = {
            "model": report._name,
            "fields": [
                {"name": name, "label": name, "type": report._fields[name].type} for name in names
            ],
            "ids": False,
            "domain": [("event_id", "=", self.event.id)],
            "groupby": ["event_id", "tier_id"],
            "context": {"allowed_company_ids": self.company.ids},
            "import_compat": False,
        }
        self.authenticate("vip_test_boss", "vip_test_boss")
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(asked), "csrf_token": Request.csrf_token(self)},
        )
        page = openpyxl.load_workbook(BytesIO(answer.content)).worksheets[0]
        groups = [
            [cell.value for cell in row][1:]
            for row in page.iter_rows(min_row=2)
            if row[0].value.endswith("(2)")
        ]
        self.assertEqual(groups, [[1, 1, 300, "2"]] * 2)

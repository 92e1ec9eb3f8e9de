import base64
import codecs
import csv
import io

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

FLAGS = "flags"
HEADER = (
    "number",
    "tier",
    "valid_until",
    "protected",
    "manager",
    "manager_phone",
    "queue_priority",
)
KEEP_DAYS = 30


class VipOutgoingFile(models.Model):
    """The daily file of flags: every open number of customers with a tier or protected, so that the billing
    system and the counters show them. ``tier`` is the tier's code, ``protected`` 1 or 0; who has no tier
    has no priority. One a day and company; a file older than 30 days tells nothing and is removed.
    """

    _inherit = "vip.outgoing.file"

    kind = fields.Selection(selection_add=[(FLAGS, "Flags")], ondelete={FLAGS: "cascade"})

    @api.model
    def action_build_flags(self):
        """Build today's file of flags of the caller's company, or build it again.

        :raise AccessError: the caller is no manager
        :raise UserError: there is nobody to flag
        """
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme may build the file of flags.")
            )
        company = self.env.company
        # files and the flag are written by the programme only
        self.env["vip.membership"].sudo()._follow_protected(company)
        file = self.sudo()._flags_of_today(company)
        if file:
            file._build_again()
        elif not self.sudo()._create_flags(company):
            raise UserError(
                self.env._("No customer of %s has a tier or is protected.", company.name)
            )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "vip_customer.vip_outgoing_file_action"
        )

    @api.model
    def _flags_of_today(self, company):
        return self.search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", FLAGS),
                ("date", "=", company._vip_today()),
            ],
            limit=1,
        )

    @api.model
    def _create_flags(self, company):
        """Today's file; run as superuser, where there is none. None is made where nobody is flagged."""
        day = company._vip_today()
        outdated = fields.Date.subtract(day, days=KEEP_DAYS)
        self.search(
            [("company_id", "=", company.id), ("kind", "=", FLAGS), ("date", "<", outdated)]
        ).unlink()
        content, count = self._flags(company)
        if not count:
            return self.browse()
        return self.create(
            {
                "company_id": company.id,
                "kind": FLAGS,
                "date": day,
                "filename": f"{FLAGS}-{day}.csv",
                "file": content,
                "row_count": count,
            }
        )

    def _build_again(self):
        if self.kind != FLAGS:
            return super()._build_again()
        content, count = self._flags(self.company_id)
        return self.write({"file": content, "row_count": count})

    @api.model
    def _flags(self, company):
        """The file's content in base64, and how many rows it has."""
        content, count = io.BytesIO(codecs.BOM_UTF8), 0
        content.seek(0, io.SEEK_END)
        text = io.TextIOWrapper(content, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(HEADER)
        # a big book comes out of the database some at a time
        for batch in self.env["vip.import.kind"]._batches(self._flagged(company)):
            writer.writerows([self._safe(row[name]) for name in HEADER] for row in batch)
            count += len(batch)
        text.flush()
        return base64.b64encode(content.getvalue()), count

    @api.model
    def _flagged(self, company):
        """SELECT of ``HEADER`` as text."""
        self.env.flush_all()
        return SQL(
            """
            SELECT n.number, coalesce(t.code, '') AS tier,
                   coalesce(to_char(m.valid_until, 'YYYY-MM-DD'), '') AS valid_until,
                   CASE WHEN m.protected THEN '1' ELSE '0' END AS protected,
                   coalesce(p.name, '') AS manager, coalesce(p.phone, '') AS manager_phone,
                   coalesce(t.queue_priority::text, '') AS queue_priority
              FROM vip_membership m
              JOIN vip_service_number n ON n.partner_id = m.partner_id AND n.company_id = m.company_id
              LEFT JOIN vip_tier t ON t.id = m.tier_id
              LEFT JOIN res_users u ON u.id = m.manager_id
              LEFT JOIN res_partner p ON p.id = u.partner_id
             WHERE m.company_id = %s AND (m.tier_id IS NOT NULL OR m.protected)
               AND n.state <> 'closed' AND n.date_to IS NULL
             ORDER BY n.number
            """,
            company.id,
        )

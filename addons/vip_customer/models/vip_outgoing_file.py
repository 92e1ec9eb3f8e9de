import base64
import csv
import io
import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

MESSAGES, LABELS = "messages", "labels"
HEADERS = {
    MESSAGES: ("number", "text", "not_before", "reference"),
    LABELS: ("name", "street", "city", "occasion"),
}
FORMULA, NUMBER = re.compile(r"[=+\-@\t\r]"), re.compile(r"\+?\d+")


class VipOutgoingFile(models.Model):
    """A CSV for another system, made of records that say which file they went into.

    ``messages`` are texts for the company's own gateway, to be sent on the day of the file from
    ``not_before`` on; the gateway knows a text by its ``reference``. ``labels`` are the addresses for
    cards by post. What turns up later on a day goes into a further file, so that each row is in exactly
    one and a file that was fetched does not grow.

    The files are UTF-8 with a byte order mark. A cell that a spreadsheet would take for a formula
    begins with an apostrophe, telephone numbers excepted: begin texts with a word.
    """

    _name = "vip.outgoing.file"
    _description = "Outgoing file"
    _inherit = "vip.guarded.mixin"
    _order = "date desc, id desc"
    _rec_name = "filename"
    _guarded_fields = frozenset({"company_id", "kind", "date", "filename", "file", "row_count"})

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [(MESSAGES, "Text messages"), (LABELS, "Labels")], required=True, readonly=True
    )
    date = fields.Date(required=True, readonly=True)
    filename = fields.Char(required=True, readonly=True, string="File name")
    file = fields.Binary(readonly=True)
    row_count = fields.Integer(readonly=True, string="Rows")
    greeting_ids = fields.One2many("vip.greeting", "file_id", readonly=True, string="Greetings")
    is_todays = fields.Boolean(compute="_compute_is_todays", string="Of today")

    _name_uniq = models.Constraint(
        "UNIQUE (company_id, filename)", "There is an outgoing file of this name already."
    )

    @api.depends("date")
    def _compute_is_todays(self):
        for file in self:
            file.is_todays = file.date == file.company_id._vip_today()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_build(self):
        """Build today's files again: who is greeted, and with which words, is decided anew.

        The rows keep their references.

        :raise AccessError: the caller is no manager
        :raise UserError: the file is not of today, or its texts would be lost or sent twice
        """
        if not self.env.user.has_group("vip_customer.group_vip_manager"):
            raise AccessError(
                self.env._("Only a manager of the VIP programme may build a file again.")
            )
        self._require("read")
        files = self.sudo()  # files and greetings are written by the programme only
        for file in files:
            refusal = file._refusal()
            if refusal:
                raise UserError(refusal)
        for file in files:
            file._build_again()
        return True

    def _refusal(self):
        """Why the file cannot be built again, None if nothing is against it."""
        if not self.is_todays:
            return self.env._(
                "%s was for another day. Only today's file can be built again.", self.filename
            )
        return self._refusal_of_texts() if self.kind == MESSAGES else None

    def _refusal_of_texts(self):
        """The gateway may have sent the texts: what is left out now would be written down wrongly."""
        greetings = self.env["vip.greeting"].with_company(self.company_id)
        if not greetings._by_file():
            return self.env._(
                "Odoo sends the texts now. If %s were built again, its customers would be texted a "
                "second time.",
                self.filename,
            )
        if self.env["vip.occasion"]._mourning_days(self.date, self.date):
            return self.env._(
                "Today is a day of mourning. If %s were built again, all its texts would be lost.",
                self.filename,
            )
        now = fields.Datetime.now()
        if any(greeting._is_over(now) for greeting in self.greeting_ids):
            return self.env._(
                "For customers in %s the day's last hour for texts is over. If it were built again, "
                "what was sent to them would be recorded as too late.",
                self.filename,
            )
        return None

    def _build_again(self):
        self.greeting_ids.unlink()
        greetings = self.env["vip.greeting"].with_company(self.company_id)
        now = fields.Datetime.now()
        greetings._decide_all(now)
        self._fill(greetings._without_file()[self.kind])
        greetings._write_files(now)

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    @api.model
    def _create_for(self, company, kind, day, greetings):
        """A further file of this kind and day with these greetings."""
        earlier = self.search_count(
            [("company_id", "=", company.id), ("kind", "=", kind), ("date", "=", day)]
        )
        number = f"-{earlier + 1}" if earlier else ""
        file = self.create(
            {
                "company_id": company.id,
                "kind": kind,
                "date": day,
                "filename": f"{kind}-{day}{number}.csv",
            }
        )
        file._fill(greetings)
        return file

    def _fill(self, greetings):
        self.ensure_one()
        greetings.write({"file_id": self.id})
        rows = [greeting._file_row() for greeting in greetings.sorted("id")]
        self.write({"file": self._encode(rows), "row_count": len(rows)})

    def _encode(self, rows):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(HEADERS[self.kind])
        writer.writerows([self._safe(cell) for cell in row] for row in rows)
        return base64.b64encode(buffer.getvalue().encode("utf-8-sig"))

    @staticmethod
    def _safe(cell):
        """A cell that no spreadsheet takes for a formula."""
        if FORMULA.match(cell) and not NUMBER.fullmatch(cell):
            return f"'{cell}"
        return cell

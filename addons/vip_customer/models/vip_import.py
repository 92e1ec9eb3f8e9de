import base64
import csv
import hashlib
import io
import logging
from contextlib import contextmanager
from itertools import islice

from psycopg2 import sql

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, format_datetime, format_list

from ..tools.import_rows import RowError, RowReader, header_label
from ..tools.table_file import MAX_BYTES, MEGABYTE, FileRefused, open_table
from .vip_import_wording import FILE_REFUSALS, ROW_REFUSALS

_logger = logging.getLogger(__name__)

CUSTOMERS, BILLING, VAS = "customers", "billing", "vas"
DRAFT, CHECKED, RUNNING, DONE, FAILED = "draft", "checked", "running", "done", "failed"
CHECK, RUN = "check", "run"
OUTCOMES = ("created", "changed", "unchanged")

MAX_ATTEMPTS = 3
BATCH = 20_000
SHARE_OF_READING = 70  # percent of the time, about


class VipImport(models.Model):
    """One file of customers, bills or value-added services: checked, then run.

    SPECIFICATION

    Checking says what would be created, changed and refused, and writes nothing outside the import.
    Running writes the good rows, or none if one is refused and the user chose all-or-nothing. Every
    refused row ends in the error file with line, column, value and reason. What is unchanged is not
    written: the same file a second time writes nothing.

    Either is one transaction: killed at any moment it leaves the book as it was, and can be started
    again. A big file is worked through in the background by a scheduled action, which says how far it
    is; after three interrupted attempts it gives up.

    Whoever creates an import needs no right on customers and bills: the import checks its caller, and
    then works as superuser in his name and for one company. See ``vip.import.kind`` for the kinds.
    """

    _name = "vip.import"
    _description = "Import"
    _inherit = "vip.guarded.mixin"
    _order = "id desc"
    _guarded_fields = frozenset(
        {
            "state",
            "job",
            "user_id",
            "checksum",
            "row_count",
            "ok_count",
            "error_count",
            "created_count",
            "changed_count",
            "unchanged_count",
            "message",
            "error_file",
            "error_filename",
            "progress_id",
            "attempts",
            "finished_at",
        }
    )

    _scope_fields = frozenset({"company_id"})

    # what
    kind = fields.Selection(
        [
            (CUSTOMERS, "Customers and numbers"),
            (BILLING, "Bills"),
            (VAS, "Value-added services"),
        ],
        required=True,
        default=BILLING,
    )
    file = fields.Binary(required=True, attachment=True, copy=False)
    filename = fields.Char(copy=False, string="File name")
    checksum = fields.Char(readonly=True, copy=False, help="SHA-256 of the file.")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    all_or_nothing = fields.Boolean(
        string="All or nothing", help="Write nothing if a single row is refused."
    )
    month_complete = fields.Boolean(
        string="The bills are complete",
        help="Marks the billing months of the file as complete: figures of these months are no longer "
        "provisional.",
    )
    # who and when
    user_id = fields.Many2one(
        "res.users",
        string="Imported by",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        copy=False,
        index=True,
    )
    finished_at = fields.Datetime(readonly=True, copy=False, string="Finished at")
    # work
    state = fields.Selection(
        [
            (DRAFT, "Draft"),
            (CHECKED, "Checked"),
            (RUNNING, "Running"),
            (DONE, "Done"),
            (FAILED, "Failed"),
        ],
        required=True,
        readonly=True,
        default=DRAFT,
        copy=False,
        index=True,
    )
    job = fields.Selection([(CHECK, "Check"), (RUN, "Import")], readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)
    progress_id = fields.Many2one("vip.import.progress", readonly=True, copy=False)
    progress = fields.Integer(related="progress_id.percent", string="Progress (%)")
    # outcome
    row_count = fields.Integer(readonly=True, copy=False, string="Rows")
    ok_count = fields.Integer(readonly=True, copy=False, string="Good rows")
    error_count = fields.Integer(readonly=True, copy=False, string="Refused rows")
    created_count = fields.Integer(readonly=True, copy=False, string="New")
    changed_count = fields.Integer(readonly=True, copy=False, string="Changed")
    unchanged_count = fields.Integer(readonly=True, copy=False, string="Unchanged")
    message = fields.Text(readonly=True, copy=False)
    error_file = fields.Binary(readonly=True, attachment=True, copy=False, string="Error file")
    error_filename = fields.Char(readonly=True, copy=False, string="Name of the error file")
    summary = fields.Char(compute="_compute_summary")

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.depends("filename", "kind")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for job in self:
            job.display_name = job.filename or labels.get(job.kind, "")

    @api.depends("state", "error_count", *(f"{outcome}_count" for outcome in OUTCOMES))
    def _compute_summary(self):
        for job in self:
            terms = {
                "created": job.created_count,
                "changed": job.changed_count,
                "unchanged": job.unchanged_count,
                "refused": job.error_count,
            }
            if job.state == CHECKED:
                job.summary = self.env._(
                    "Would add %(created)s rows, change %(changed)s, leave %(unchanged)s as they are "
                    "and refuse %(refused)s.",
                    **terms,
                )
            elif job.state == DONE:
                job.summary = self.env._(
                    "%(created)s rows added, %(changed)s changed, %(unchanged)s unchanged, "
                    "%(refused)s refused.",
                    **terms,
                )
            elif job.state == FAILED and job.error_count:
                job.summary = self.env._("%s rows are refused.", job.error_count)
            else:
                job.summary = False

    def write(self, vals):
        if vals.keys() & {"kind", "file", "company_id", "all_or_nothing", "month_complete"}:
            self._check_state(DRAFT, CHECKED, FAILED)
            if not self.env.su:
                # guarded; what was found out is about another file or another way of taking it
                self.sudo().write({"state": DRAFT, **self._blank_outcome()})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_run(self):
        self._check_state(DRAFT, CHECKED, FAILED)

    def unlink(self):
        progress = self.sudo().progress_id  # a row no user sees
        result = super().unlink()
        progress.unlink()
        return result

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_check(self):
        """Find out what the file would create, change and have refused; writes nothing else.

        A big file is checked in the background, ``state`` is ``running`` meanwhile.

        :raise AccessError: the import is not the caller's to write
        :raise UserError: it is running or done, or the file as a whole cannot be read
        """
        self._require("write")
        for job in self:
            job._start(CHECK)
        return True

    def action_run(self):
        """Import the file; a big one in the background, ``state`` is ``running`` meanwhile.

        Can be called again after a failure, and when an interrupted run is left behind.

        :raise AccessError: the import is not the caller's to write
        :raise UserError: it is done, or the file as a whole cannot be read
        """
        self._require("write")
        for job in self:
            job._start(RUN)
        return True

    # ------------------------------------------------------------
    # STARTING
    # ------------------------------------------------------------

    def _start(self, task):
        self.ensure_one()
        # The importer has no right on contacts, numbers and bills: from here on the import works for
        # him, in the company whose import he may write.
        job = self.sudo().with_company(self.company_id)
        job._check_state(DRAFT, CHECKED, FAILED, RUNNING)
        if job.state == RUNNING:
            job._wake_up()  # left behind by a scheduler that was stopped, or simply still running
            return
        job.write({"job": task, "attempts": 0, "checksum": job._checksum(), **job._blank_outcome()})
        if job._attachment().file_size > job._handler()._background_bytes:
            job.write({"state": RUNNING, "progress_id": job.progress_id.create({}).id})
            job._wake_up()
            return
        try:
            job.lock_for_update()
        except LockError:
            raise UserError(self.env._("Somebody is working on this import just now."))
        try:
            job._work()
        except FileRefused as refusal:
            raise UserError(job._refusal_sentence(refusal))

    def _wake_up(self):
        self.env.ref("vip_customer.ir_cron_run_imports")._trigger()

    def _check_state(self, *states):
        for job in self:
            if job.state in states:
                continue
            if job.state == DONE:
                raise UserError(
                    self.env._(
                        "“%s” is imported already. Create another import for a corrected file.",
                        job.display_name,
                    )
                )
            raise UserError(
                self.env._("“%s” is running just now. Wait until it is done.", job.display_name)
            )

    # ------------------------------------------------------------
    # IN THE BACKGROUND
    # ------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Work through the imports that wait, oldest first, each in one transaction of its own."""
        cron = self.env["ir.cron"]
        waiting = self.search([("state", "=", RUNNING)], order="id")
        cron._commit_progress(remaining=len(waiting))
        for job in waiting:
            job.attempts += 1
            cron._commit_progress()  # it counts even if the attempt takes the process with it
            job.try_lock_for_update(allow_referencing=True)._attempt()
            if not cron._commit_progress(1):
                break

    def _attempt(self):
        """Do the work of one import that is running, or write down why it cannot be done."""
        for job in self.filtered(lambda job: job.state == RUNNING):
            user = job.user_id
            job = job.with_user(user).sudo().with_company(job.company_id)
            job = job.with_context(lang=user.lang)
            if job.attempts > MAX_ATTEMPTS:
                job._fail(
                    job.env._(
                        "The import was interrupted %s times, perhaps by a time limit of the server. "
                        "Nothing was written. Split the file, or ask the administrator.",
                        MAX_ATTEMPTS,
                    )
                )
                continue
            try:
                job._work()
            except FileRefused as refusal:
                job._fail(job._refusal_sentence(refusal))
            except UserError as error:
                job._fail(str(error))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                job.env.cr.rollback()  # the next attempt sees what the others wrote
                job._wake_up()
            except Exception:
                # the log has the traceback, the import says so, and the next one in the queue goes on
                _logger.exception("Import %s failed", job.id)
                job._fail(
                    job.env._("Something unexpected went wrong; the server's log tells more.")
                )

    def _fail(self, message):
        """Undo what the attempt did and say why."""
        self.env.cr.rollback()
        self.write({"state": FAILED, "message": message, "finished_at": fields.Datetime.now()})

    # ------------------------------------------------------------
    # WORK
    # ------------------------------------------------------------

    def _work(self):
        """Stage the file, compare it with the book, write if that is the task, and say what happened.

        Runs as superuser in the name of ``user_id``, in one transaction.

        :raise FileRefused: the file as a whole cannot be read
        """
        handler = self._handler()
        self.env.flush_all()
        # compiling these statements takes longer than running them
        self.env.cr.execute("SET LOCAL jit = off")
        reader, row_count = self._stage(handler)
        handler._resolve(self)
        self._show_progress(SHARE_OF_READING + 10)
        values = {"row_count": row_count, **self._counts()}
        withheld = self.all_or_nothing and values["error_count"] > 0
        remarks = self._remarks(handler, reader, withheld)
        if self.job == RUN and values["ok_count"] and not withheld:
            handler._write(self)
            values["state"] = DONE
        else:
            values["state"] = FAILED if self.job == RUN else CHECKED
        self.env.invalidate_all()
        self.write(
            {
                **values,
                **self._error_file_values(handler, reader, values["error_count"]),
                "message": "\n".join(remarks),
                "finished_at": fields.Datetime.now(),
            }
        )

    def _handler(self):
        return self.env[f"vip.import.{self.kind}"]

    def _stage(self, handler):
        """Copy what the file says into ``vip_import_stage``, and what it does not say into
        ``vip_import_error``.

        :return: the reader that knows the header, and the number of rows
        """
        kind = handler._columns(self)
        stage = {"line": "int", **dict.fromkeys(kind.columns, "text"), **handler._column_types()}
        handler._create_empty_table("vip_import_stage", stage)
        errors = {**dict.fromkeys(RowError._fields, "text"), "line": "int"}
        handler._create_empty_table("vip_import_error", errors)
        row_count, limit = 0, self._max_bytes()
        with (
            self._open_file() as (stream, size),
            open_table(stream, limit) as table,  # pylint: disable=used-before-assignment
        ):
            reader = RowReader(kind, table.header)
            rows = reader.parse(table.rows)
            while batch := list(islice(rows, BATCH)):
                good = ((row.line, *row.values) for row in batch if not row.errors)
                self._copy("vip_import_stage", stage, good)
                bad = (error for row in batch for error in row.errors)
                self._copy("vip_import_error", errors, bad)
                row_count += len(batch)
                self._show_progress(SHARE_OF_READING * min(stream.tell() / size, 1))
        self.env.cr.execute("ANALYZE vip_import_stage")
        return reader, row_count

    def _copy(self, table, columns, rows):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        buffer.seek(0)
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)")
        self.env.cr.copy_expert(query.format(sql.Identifier(table), names), buffer)

    def _show_progress(self, percent):
        if self.progress_id:
            self.progress_id._publish(int(percent))

    @contextmanager
    def _open_file(self):
        """The file as a binary stream, and its size in bytes."""
        attachment = self._attachment()
        with (
            open(attachment._full_path(attachment.store_fname), "rb")
            if attachment.store_fname
            else io.BytesIO(attachment.raw or b"")
        ) as stream:
            yield stream, max(attachment.file_size, 1)

    def _checksum(self):
        digest = hashlib.sha256()
        with self._open_file() as (stream, _size):
            for chunk in iter(lambda: stream.read(MEGABYTE), b""):
                digest.update(chunk)
        return digest.hexdigest()

    def _attachment(self):
        domain = [
            ("res_model", "=", self._name),
            ("res_field", "=", "file"),
            ("res_id", "=", self.id),
        ]
        return self.env["ir.attachment"].search(domain, limit=1)

    def _max_bytes(self):
        limit = self.env["ir.config_parameter"].get_param("vip_customer.import_max_mb")
        return int(limit) * MEGABYTE if limit else MAX_BYTES

    # ------------------------------------------------------------
    # OUTCOME
    # ------------------------------------------------------------

    def _blank_outcome(self):
        counts = ("row", "ok", "error", "created", "changed", "unchanged")
        return {
            **{f"{name}_count": 0 for name in counts},
            "message": False,
            "error_file": False,
            "error_filename": False,
            "finished_at": False,
        }

    def _counts(self):
        outcomes = dict(
            self.env.execute_query(SQL("SELECT outcome, count(*) FROM vip_import_row GROUP BY 1"))
        )
        [[errors]] = self.env.execute_query(
            SQL("SELECT count(DISTINCT line) FROM vip_import_error")
        )
        return {
            "error_count": errors,
            "ok_count": sum(outcomes.values()),
            **{f"{name}_count": outcomes.get(name, 0) for name in OUTCOMES},
        }

    def _remarks(self, handler, reader, withheld):
        """What a person should know besides the counts, one sentence each."""
        remarks = handler._remarks(self)
        if reader.unknown:
            unknown = format_list(self.env, reader.unknown)
            remarks.append(self.env._("Columns that are not used: %s.", unknown))
        twin = self.search(
            [
                ("checksum", "=", self.checksum),
                ("kind", "=", self.kind),
                ("company_id", "=", self.company_id.id),
                ("state", "=", DONE),
            ],
            limit=1,
        )
        if twin:
            day = format_datetime(self.env, twin.finished_at)
            remarks.append(self.env._("The same file was imported on %s.", day))
        if withheld and self.job == RUN:
            remarks.append(
                self.env._(
                    "Nothing was written, because rows are refused and the import is all or nothing."
                )
            )
        return remarks

    def _error_file_values(self, handler, reader, error_count):
        if not error_count:
            return {}
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(
            [
                self.env._("Line"),
                self.env._("Column"),
                self.env._("Value"),
                self.env._("Reason"),
            ]
        )
        currency = self.company_id.currency_id.name
        # once for each reason: a file of another company has a million rows with the same one
        sentences = {
            code: self.env._(sentence)  # pylint: disable=gettext-variable
            for code, sentence in self._row_refusals().items()
        }
        query = SQL(
            'SELECT line, "column", value, code, detail FROM vip_import_error ORDER BY line'
        )
        for batch in handler._batches(query):
            for error in batch:
                label = reader.labels.get(error["column"]) or self._label(error["column"])
                params = {"detail": error["detail"], "currency": currency}
                reason = sentences[error["code"]] % params
                writer.writerow([error["line"], label, error["value"] or "", reason])
        name = (self.filename or self.kind).rpartition(".")[0] or self.filename or self.kind
        return {
            "error_file": base64.b64encode(buffer.getvalue().encode("utf-8-sig")),
            "error_filename": self.env._("%s errors.csv", name),
        }

    @api.model
    def _row_refusals(self):
        """dict code -> sentence that refuses a row, meant to be extended for further kinds."""
        return ROW_REFUSALS

    def _refusal_sentence(self, refusal):
        params = dict(refusal.params)
        if "columns" in params:
            params["columns"] = " / ".join(f"“{self._label(name)}”" for name in params["columns"])
        sentence = self.env._(FILE_REFUSALS[refusal.code])  # pylint: disable=gettext-variable
        return sentence % params

    @api.model
    def _template(self, kind):
        """The header row of a kind as CSV, in the user's language.

        :raise UserError: there is no such kind
        """
        if kind not in dict(self._fields["kind"]._description_selection(self.env)):
            raise UserError(self.env._("There is no import of the kind “%s”.", kind))
        job = self.new({"kind": kind})
        columns = job._handler()._columns(job).columns
        return ",".join(self._label(column) for column in columns) + "\r\n"

    @api.model
    def _label(self, column):
        """The header of a column in the user's language."""
        return header_label(column, self.env.lang) if column else ""

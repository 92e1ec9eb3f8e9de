import base64
import csv
import io

from .common import VipCase


class VipImportCase(VipCase):
    """Files as text or bytes, imported by the import user, who has no other right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.importer = cls.users["importer"]
        cls.env["res.lang"]._activate_lang("en_US")
        cls.importer.lang = cls.users["boss"].lang = "en_US"

    @classmethod
    def _create_import(cls, content, kind="billing", user=None, **values):
        content = content if isinstance(content, bytes) else content.encode()
        return (
            cls.env["vip.import"]
            .with_user(user or cls.importer)
            .create(
                {
                    "kind": kind,
                    "file": base64.b64encode(content),
                    "filename": "file.csv",
                    **values,
                }
            )
        )

    @classmethod
    def _import(cls, content, kind="billing", **values):
        job = cls._create_import(content, kind, **values)
        job.action_run()
        return job

    def assertCounts(self, job, created=0, changed=0, unchanged=0, errors=0):
        found = (job.created_count, job.changed_count, job.unchanged_count, job.error_count)
        self.assertEqual(found, (created, changed, unchanged, errors), self._errors(job))

    @staticmethod
    def _errors(job):
        """The error file as lists of line, column, value and reason, without its header."""
        if not job.error_file:
            return []
        text = base64.b64decode(job.error_file).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[1:]

    def assertErrors(self, job, *expected):
        """:param expected: (line, column, value, words of the reason)"""
        errors = self._errors(job)
        self.assertEqual(
            [tuple(error[:3]) for error in errors],
            [(str(line), column, value) for line, column, value, _words in expected],
        )
        for error, (*_place, words) in zip(errors, expected, strict=True):
            self.assertIn(words, error[3])

    def _bills(self, **domain):
        """The bills as (customer, number, month, amount, suspensions)."""
        facts = self.env["vip.billing.fact"].search(
            [("company_id", "=", self.company.id)], order="month, number_id, partner_id"
        )
        return [
            (
                fact.partner_id.name,
                fact.number_id.number or "",
                fact.month.strftime("%Y-%m"),
                fact.amount,
                fact.arrears_suspensions,
            )
            for fact in facts
        ]

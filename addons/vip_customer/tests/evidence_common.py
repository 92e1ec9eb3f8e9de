"""What the attacks on history and ledgers share."""

from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .doors_common import DoorsCase


class EvidenceCase(DoorsCase):
    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self.before = self._rows()

    def _rows(self):
        """Everything that must be as it was after an attack."""
        raise NotImplementedError

    @contextmanager
    def _assert_refused(self, error=UserError, message=None):
        """Refused with ``error``, and every row is as it was."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(error) as caught,
            self.env.cr.savepoint(),
        ):
            yield
            self.env.flush_all()
        self.env.invalidate_all()
        if message:
            self.assertIn(message, str(caught.exception))
        self.assertEqual(self._rows(), self.before)

from odoo import fields, models


class VipImportProgress(models.Model):
    """How far an import has come.

    A row of its own, because it is committed while the import's one transaction is still open and holds
    the import itself.
    """

    _name = "vip.import.progress"
    _description = "Progress of an import"
    _log_access = False

    percent = fields.Integer(default=0)

    def _publish(self, percent):
        """Let everybody see ``percent`` (0 to 100) now, whatever becomes of the running import."""
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr)).percent = percent

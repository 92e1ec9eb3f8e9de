from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError


class VipGuardedMixin(models.AbstractModel):
    """Fields that only the programme's own actions write.

    A model names them in ``_guarded_fields``. Users are refused with an AccessError on ``write``,
    ``create`` and ``default_*`` through any door (form, import, XML-RPC, ``/json/2``); the model's
    actions check first, as the caller, and then write them with a narrow ``sudo()``.

    ``_scope_fields`` decide whose a record is: who changes one of them must be allowed to write the
    record afterwards too, so that nothing is pushed into another company or portfolio.
    """

    _name = "vip.guarded.mixin"
    _description = "VIP guarded fields"

    _guarded_fields = frozenset()
    _scope_fields = frozenset()

    @api.model
    def _has_field_access(self, field, operation):
        if operation == "write" and field.name in self._guarded_fields and not self.env.su:
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def default_get(self, fields):
        """Any user may store defaults of his own (``ir.default``): a guarded field ignores them, also
        in what an action creates for him with ``sudo()``."""
        defaults = super().default_get(fields)
        own = {name: self._fields[name].default for name in self._guarded_fields & defaults.keys()}
        own = {name: default(self) if default else False for name, default in own.items()}
        return {**defaults, **self._convert_to_write(own)}

    def write(self, vals):
        result = super().write(vals)
        if not self._scope_fields.isdisjoint(vals):
            self.check_access("write")
        return result

    # ------------------------------------------------------------
    # WHAT CALLERS FROM OUTSIDE GIVE US
    # ------------------------------------------------------------

    def _require_one(self):
        """What ``ensure_one`` is inside, for callers from outside: one record the caller may read.

        :raise UserError: none or several were given
        :raise MissingError: the record does not exist
        :raise AccessError: the caller may not read it
        """
        if len(self) != 1:
            raise UserError(self.env._("This works on exactly one record. Choose one."))
        self._given(self._name, self.id)

    @api.model
    def _given(self, model_name, record_id):
        """The record that a caller from outside names by its id; an empty recordset for False.

        :raise UserError: this is no id
        :raise MissingError: no such record
        :raise AccessError: the caller may not read it
        """
        if not record_id:
            return self.env[model_name]
        if type(record_id) is not int or not 0 < record_id < 2**31:
            raise UserError(self.env._("“%s” is not the id of a record.", record_id))
        record = self.env[model_name].browse(record_id).exists()
        if not record:
            raise MissingError(self.env._("There is no record with the id %s.", record_id))
        record.check_access("read")
        return record

    @api.model
    def _given_date(self, value):
        """The date that a caller from outside gives, as a date or an ISO string.

        :raise UserError: this is no date
        """
        try:
            day = fields.Date.to_date(value)
        except (TypeError, ValueError):
            day = None
        if not day:
            raise UserError(self.env._("“%s” is no date. Write it as 2026-12-31.", value))
        return day

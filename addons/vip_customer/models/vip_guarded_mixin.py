from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError


def require(records, operation):
    """Existing records, and the caller's right to them.

    :raise UserError: what was given are no ids
    :raise MissingError: a record does not exist
    :raise AccessError: the caller may not do this with one of them
    """
    for record_id in records._ids:
        if type(record_id) is not int or not 0 < record_id < 2**31:
            raise UserError(records.env._("“%s” is not the id of a record.", record_id))
    if missing := records - records.exists():
        raise MissingError(records.env._("There is no record with the id %s.", missing.ids[0]))
    records.check_access(operation)


class VipGuardedMixin(models.AbstractModel):
    """Fields that only the programme's own actions write.

    A model names them in ``_guarded_fields``. Users are refused with an AccessError on ``write``,
    ``create`` and ``default_*`` through any door (form, import, XML-RPC, ``/json/2``); the model's
    actions check first, as the caller, and then write them with a narrow ``sudo()``.

    ``_scope_fields`` (many2one) decide whose a record is. Who sets one must be able to read what he
    refers to, before anything else happens: an error could tell what it is. Who changes one must be
    allowed to write the record afterwards too: nothing is pushed into another company or portfolio.
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
        own = {}
        for name in self._guarded_fields & defaults.keys():
            del defaults[name]
            if default := self._fields[name].default:
                own[name] = default(self)
        return {**defaults, **self._convert_to_write(own)}

    @api.model_create_multi
    def create(self, vals_list):
        if self._scope_fields and not self.env.su:
            defaults = self.default_get(list(self._scope_fields))
            self._check_scope([{**defaults, **vals} for vals in vals_list])
        return super().create(vals_list)

    def write(self, vals):
        if self.env.su or self._scope_fields.isdisjoint(vals):
            return super().write(vals)
        self._check_scope([vals])
        result = super().write(vals)
        self.check_access("write")
        return result

    def _check_scope(self, vals_list):
        for name in self._scope_fields:
            ids = {vals[name] for vals in vals_list if vals.get(name)}
            require(self.env[self._fields[name].comodel_name].browse(ids), "read")

    # ------------------------------------------------------------
    # WHAT CALLERS FROM OUTSIDE GIVE US
    # ------------------------------------------------------------

    def _require(self, operation):
        """The first line of a public method, see ``require``."""
        require(self, operation)

    def _require_one(self, operation="read"):
        """What ``ensure_one`` is inside, for callers from outside: ``require`` for exactly one.

        :raise UserError: none or several were given
        """
        if len(self) != 1:
            raise UserError(self.env._("This works on exactly one record. Choose one."))
        self._require(operation)

    @api.model
    def _given(self, model_name, record_id):
        """The record that a caller from outside names by its id, which he must be able to read; an
        empty recordset for False.

        :raise UserError, MissingError, AccessError: as ``require``
        """
        record = self.env[model_name].browse([record_id] if record_id else [])
        require(record, "read")
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

from odoo import api, models


class VipGuardedMixin(models.AbstractModel):
    """Fields that only the programme's own actions write.

    A model names them in ``_guarded_fields``. Users are refused with an AccessError on ``write``,
    ``create`` and ``default_*`` through any door (form, import, XML-RPC, ``/json/2``); the model's
    actions check first, as the caller, and then write them with a narrow ``sudo()``.
    """

    _name = "vip.guarded.mixin"
    _description = "VIP guarded fields"

    _guarded_fields = frozenset()

    @api.model
    def _has_field_access(self, field, operation):
        if operation == "write" and field.name in self._guarded_fields and not self.env.su:
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def default_get(self, fields):
        """Any user may store defaults of his own (``ir.default``): a guarded field ignores them."""
        defaults = super().default_get(fields)
        if not self.env.su:
            for name in self._guarded_fields & defaults.keys():
                field = self._fields[name]
                value = field.default(self) if field.default else False
                value = field.convert_to_cache(value, self, validate=False)
                defaults[name] = field.convert_to_write(value, self)
        return defaults

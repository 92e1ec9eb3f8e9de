from odoo import fields


class _MayBeEmpty:
    """A figure that is missing where nothing is below its line: False to whoever reads it, an empty cell in a
    file, and found by no comparison. Odoo's own numbers are 0 then, which is a figure."""

    falsy_value = None

    def convert_to_cache(self, value, record, validate=True):
        return None if _is_empty(value) else super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_export(self, value, record):
        return "" if value is False else value


class EmptyFloat(_MayBeEmpty, fields.Float):
    """A number that may be missing."""

    def convert_to_column(self, value, record, values=None, validate=True):
        return (
            None if _is_empty(value) else super().convert_to_column(value, record, values, validate)
        )


class EmptyMonetary(_MayBeEmpty, fields.Monetary):
    """An amount that may be missing; it is read only."""


def _is_empty(value):
    return value is None or value is False

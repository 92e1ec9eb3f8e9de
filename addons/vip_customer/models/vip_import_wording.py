"""Every sentence of an import that refuses a file or a row, by its code: what is wrong and the way out.

Codes are raised in ``tools/table_file.py`` and ``tools/import_rows.py`` or found by the kinds in SQL.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

FILE_REFUSALS = {
    "too_big": _lt(
        "The file has %(size_mb)s MB; at most %(limit_mb)s MB can be imported at once. Split it, for "
        "example by month."
    ),
    "empty": _lt("The file is empty."),
    "no_rows": _lt("The file has a header but no row below it."),
    "old_excel": _lt(
        "This is an old Excel workbook (.xls) or one with a password. Save it as .xlsx without a "
        "password, or as CSV UTF-8."
    ),
    "foreign": _lt("This is a file of type %(kind)s. Import CSV or XLSX."),
    "binary": _lt("This is not a text file. Import CSV or XLSX."),
    "undecodable": _lt(
        "The text cannot be read from line %(line)s on: it is neither UTF-8 nor GB18030. Save the file "
        "as CSV UTF-8."
    ),
    "broken_csv": _lt(
        "A quotation mark in line %(line)s is not closed or is followed by text, so that rows would be "
        "lost. Close it, or double it if it belongs to the text."
    ),
    "no_workbook": _lt(
        "This archive is no Excel workbook. Unpack it and import the CSV or XLSX inside."
    ),
    "broken_workbook": _lt(
        "The Excel workbook is damaged, or has no visible sheet. Open it in Excel and save it again, or "
        "save it as CSV UTF-8."
    ),
    "unpacks_too_big": _lt(
        "The Excel workbook unpacks to more than %(limit_mb)s MB or is packed as no spreadsheet "
        "programme does. Save it as CSV UTF-8, or split it."
    ),
    "doctype": _lt(
        "The Excel workbook contains a document type definition, as no spreadsheet programme writes it. "
        "Open it in Excel and save it again."
    ),
    "missing_column": _lt("The file has no column %(columns)s. Add it to the first row."),
    "doubled_column": _lt(
        "The columns “%(first)s” and “%(second)s” mean the same. Remove one of them."
    ),
}

ROW_REFUSALS = {
    # cells
    "formula": _lt("The cell is a formula. Copy the column and paste it as values."),
    "excel_error": _lt(
        "The cell shows an Excel error instead of a value. Correct it or leave it empty."
    ),
    "scientific": _lt(
        "Excel has shortened the digits to scientific notation. Format the column as text and enter "
        "the digits again."
    ),
    "too_long": _lt("The text is longer than 255 characters."),
    "control_characters": _lt("The text contains control characters. Type it again."),
    "extra_cells": _lt("The row has more cells than the header. Look for a delimiter too many."),
    "value_missing": _lt("The cell is empty, but the value is needed."),
    "key_missing": _lt("The row has neither a number nor a customer code."),
    "number_missing": _lt("This belongs to a number, but the row has none."),
    "email_invalid": _lt("This is no e-mail address."),
    "count_invalid": _lt("This is no whole number from 0 to 99."),
    "month_invalid": _lt("This is no month. Write it like 2026-01."),
    "date_invalid": _lt("This is no date. Write it like 2026-01-31."),
    "too_early": _lt("The date lies too far back: before 1970, or before 1900 for a birthday."),
    "in_future": _lt("The date lies in the future."),
    "amount_invalid": _lt("This is no amount. Write it like 1234.50."),
    "amount_ambiguous": _lt(
        "It is not clear where the decimals begin. Write the amount like 1234.50 or 1,234.50."
    ),
    "amount_currency": _lt(
        "The amount is in another currency; bills are in %(currency)s. Convert it first."
    ),
    "amount_too_large": _lt("The amount is too large to be a bill."),
    "state_invalid": _lt(
        "This is no state of a number. Use active, suspended, cancelling or closed."
    ),
    "calendar_invalid": _lt("This is no calendar. Use solar or lunar."),
    # customers and numbers
    "customer_unknown": _lt("No customer has this code. Import the customers first."),
    "customer_ambiguous": _lt(
        "Several contacts have this code. Merge them, or correct the reference of one."
    ),
    "number_unknown": _lt("No customer has this number. Import the customers first."),
    "number_ambiguous": _lt("The customer has several numbers. Give the number the bill is for."),
    "number_of_another": _lt(
        "This number belonged to another customer than the one with this code in that month. Remove one "
        "of the two."
    ),
    "bill_twice": _lt(
        "Another bill of the same number or customer and month is in line %(detail)s."
    ),
    # value-added services
    "service_unknown": _lt(
        "There is no value-added service of this code or name. Correct it, or have the service added."
    ),
    "service_ambiguous": _lt("Several value-added services have this name. Give the code."),
    "number_needed": _lt("The customer has several numbers. Give the number the service is on."),
    "number_of_another_then": _lt(
        "This number belonged to another customer than the one with this code on that day. Remove one "
        "of the two."
    ),
    "ended_early": _lt("The service ended before it was taken up. Correct one of the two days."),
    "use_twice": _lt(
        "The same service of the same number or customer from the same day is in line %(detail)s, too."
    ),
    "use_overlaps_line": _lt(
        "The same service of the same number or customer in line %(detail)s is from the same time. Give "
        "the day on which the earlier one ended."
    ),
    "use_overlaps": _lt(
        "The customer has this service since %(detail)s already. Give the day on which that ended in a "
        "row of its own, or correct the day here."
    ),
    # customers
    "name_missing": _lt("The customer is new and needs a name."),
    "contradiction": _lt("Line %(detail)s says something else about the same customer."),
    "manager_unknown": _lt("No user of the company has this login or name."),
    "manager_ambiguous": _lt("Several users have this name. Give the login."),
    "branch_unknown": _lt("No sales team of the company has this name."),
    "branch_ambiguous": _lt("Several sales teams have this name. Rename one of them."),
    "activated_late": _lt("The number was closed before this day."),
    "number_twice": _lt("The same number of the same customer is in line %(detail)s, too."),
    "number_claimed": _lt("Another customer claims the same number in line %(detail)s."),
    "number_taken": _lt(
        "The number is open with another customer. Close it there, or use “Change of owner”."
    ),
}

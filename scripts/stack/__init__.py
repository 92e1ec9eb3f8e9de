"""What every script here stands on: paths, processes, Odoo, PostgreSQL and plain errors.

Standard library only: this runs before any virtual environment exists.
"""

"""Speed, measured: every module is a program of its own, ``python -m benchmarks.NAME DATABASE ...``,
that prints one JSON object. ``scripts/bench`` calls them and makes the table."""

from odoo.tools import config

# Before anything imports from our addons: their place comes from the environment.
config.parse_config(["--no-http", "--log-level", "warn"], setup_logging=True)

"""What 19.0.1.0.0 could not know: for whom high risk opens a case, and that a suspension, or a number that
left already, gives a case no closing date. Tiers are ``noupdate``: what an upgrade adds to records that are
there already is added here, and only where nobody said anything yet."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    diamond = env.ref("vip_customer.tier_diamond", raise_if_not_found=False)
    if diamond and not env["vip.tier"].search_count([("opens_risk_case", "=", True)], limit=1):
        diamond.opens_risk_case = True
    cases = env["vip.retention.case"]
    env.add_to_compute(cases._fields["closing_date"], cases.search([]))
    cases.flush_model()

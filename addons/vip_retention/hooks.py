from odoo.addons.vip_customer.hooks import release


def post_init_hook(env):
    """Every closed number has its departure, those too that closed before the addon came."""
    env["vip.departure"]._follow_numbers()


def uninstall_hook(env):
    """Leave the programme as if this addon had never been. Facts that belong to the programme stay:
    contacts that were made, what was given, numbers that closed."""
    release(env, "vip_retention")
    env["vip.kpi.month"]._drop_protection()
    # nobody says any more who is protected, and the desk would go on believing it
    env.cr.execute("UPDATE vip_membership SET protected = FALSE WHERE protected")

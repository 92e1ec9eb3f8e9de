def post_init_hook(env):
    """Every closed number has its departure, those too that closed before the addon came."""
    env["vip.departure"]._follow_numbers()


def uninstall_hook(env):
    """Open what protects the log of cases, so that it can go with the addon: drop the functions behind
    its triggers (the triggers go with the table)."""
    env["vip.retention.log"]._drop_protection()

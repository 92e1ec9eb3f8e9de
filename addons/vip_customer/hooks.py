def uninstall_hook(env):
    """Drop the functions behind the triggers that protect the tier history; the triggers themselves
    go with the table."""
    env["vip.tier.history"]._drop_protection()

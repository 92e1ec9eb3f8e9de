"""What 19.0.1.0.0 could not know: who is responsible since when, which contact fulfils which touch, and how
preferences are asked. Master data is ``noupdate``: what an upgrade adds to records that are there already is
added here, and only where nobody said anything yet."""

from odoo import SUPERUSER_ID, api

FULFILS = {
    "phone": ["phone"],
    "sms": ["sms"],
    "letter": ["letter"],
    "visit": ["visit", "phone"],
    "email": ["email", "sms", "letter"],
    "gathering": ["gathering", "visit"],
    "community": ["gathering"],
    "hall": ["phone"],
}
CHOICES = ["channel", "hours", "newspaper", "water"]
# silver customers are asked the rest
NOT_OF_SILVER = [
    "employer",
    "family",
    "newspaper",
    "water",
    "gift",
    "travel",
    "handset",
    "other_operator",
]


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    begin_assignments(cr)
    say_what_fulfils(env)
    say_how_to_ask(env)


def begin_assignments(cr):
    """Nobody noted since when who is responsible today has been so: the assignments begin yesterday, which
    is over in every time zone."""
    cr.execute(
        """
        INSERT INTO vip_manager_assignment (partner_id, company_id, manager_id, team_id, date_from,
                                            create_uid, write_uid, create_date, write_date)
        SELECT m.partner_id, m.company_id, m.manager_id, m.team_id, current_date - 1, 1, 1, now(), now()
          FROM vip_membership m
         WHERE (m.manager_id IS NOT NULL OR m.team_id IS NOT NULL)
           AND NOT EXISTS (SELECT FROM vip_manager_assignment a WHERE a.partner_id = m.partner_id)
        """
    )


def say_what_fulfils(env):
    channels = {channel.code: channel for channel in env["vip.channel"].search([])}
    for code, fulfilled in FULFILS.items():
        if (channel := channels.get(code)) and not channel.fulfils_ids:
            channel.fulfils_ids = [channels[other].id for other in fulfilled if other in channels]


def say_how_to_ask(env):
    """A type that was answered in words already stays one of words."""
    types = env["vip.preference.type"].search([])
    answered = env["vip.preference"].search([("type_id.code", "in", CHOICES)]).type_id
    for kind in types - answered:
        if kind.code in CHOICES and kind.option_ids:
            kind.kind = "choice"
    tiers = env.ref("vip_customer.tier_gold") + env.ref("vip_customer.tier_diamond")
    for kind in types:
        if kind.code in NOT_OF_SILVER and not kind.tier_ids:
            kind.tier_ids = tiers

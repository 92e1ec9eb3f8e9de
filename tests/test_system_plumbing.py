"""The ground under the whole-system tests: the served database and the ways to call it."""

import pytest
from conftest import Refused, System
from stack import process


def test_every_way_to_call(system: System):
    assert system.json2("admin", "res.users", "search_count", domain=[("login", "=", "admin")]) == 1
    assert system.xmlrpc("admin", "res.users", "search_count", [("login", "=", "admin")]) == 1
    assert system.sql("SELECT count(*) FROM res_users WHERE login = %s", "admin") == [(1,)]


def test_a_refusal_tells_why(system: System):
    with pytest.raises(Refused, match="404"):
        system.json2("admin", "no.such.model", "search_count", domain=[])


def test_users_with_roles(system: System):
    system.users(plumber="base.group_user")
    assert system.xmlrpc("plumber", "res.users", "search_count", [("login", "=", "plumber")]) == 1
    with pytest.raises(Refused) as refused:
        system.json2("plumber", "ir.cron", "search_count", domain=[])
    assert refused.value.status == 403
    assert system.complaints()


def test_the_shell_keeps_what_is_committed_only(system: System):
    system.shell("env['res.partner'].create({'name': 'Kept'})\nenv.cr.commit()\n")
    system.shell("env['res.partner'].create({'name': 'Lost'})\n")
    names = system.sql("SELECT name FROM res_partner WHERE name IN ('Kept', 'Lost')")
    assert names == [("Kept",)]


def test_the_shell_knows_what_others_changed(system: System):
    """What it remembers, a parameter for example, is forgotten when somebody changes it."""
    ask = "assert env['ir.config_parameter'].get_param('plumbing') == {!r}"
    system.shell("env['ir.config_parameter'].set_param('plumbing', 'old')\nenv.cr.commit()\n")
    system.shell(ask.format("old"))
    arguments = {"key": "plumbing", "value": "new"}
    system.json2("admin", "ir.config_parameter", "set_param", **arguments)
    system.shell(ask.format("new"))


def test_the_shell_tells_what_went_wrong(system: System):
    """And goes on."""
    with pytest.raises(process.Failed, match="ZeroDivisionError"):
        system.shell("1 / 0")
    system.shell("assert env.user and 'x' not in globals()\nx = 1")
    system.shell("assert 'x' not in globals()")

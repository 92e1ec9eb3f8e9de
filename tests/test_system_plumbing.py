"""The ground under the whole-system tests: the served database and the ways to call it."""

import pytest
from conftest import Refused, System


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

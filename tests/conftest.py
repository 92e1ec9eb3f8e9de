"""A real Odoo with our addons for whole-system tests; everything is gone when the tests end.

    def test_something(system):
        system.json2("vip_manager", "vip.tier", "search_read", domain=[], fields=["name"])
        system.sql("SELECT count(*) FROM vip_membership")

`scripts/test system` runs these tests; so does pytest under the virtual environment's Python.
"""

import contextlib
import json
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from stack import machine, oddities
from stack.databases import Databases
from stack.shell import Shell
from stack.workshop import Workshop


class Refused(Exception):
    """Odoo answered a call with an error: the HTTP status, the exception's name, its message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name
        self.message = message


class System:
    """A database of our own and an Odoo that serves it.

    Users are named by their login. `users` makes them; nothing else is in the database but what the
    addons install without demo data.
    """

    def __init__(
        self, databases: Databases, shell: Shell, database: str, address: str, log: Path
    ) -> None:
        self.databases = databases
        self._shell = shell
        self.database = database
        self.address = address
        self.log = log
        self._keys: dict[str, str] = {}

    def json2(self, login: str, model: str, method: str, **arguments: Any) -> Any:
        """Call a model's method over /json/2 as a user, with an API key made on first use."""
        request = urllib.request.Request(
            f"{self.address}/json/2/{model}/{method}",
            data=json.dumps(arguments).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"bearer {self.api_key(login)}",
                "X-Odoo-Database": self.database,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
            raise Refused(error.code, answer["name"], answer["message"]) from None

    def xmlrpc(self, login: str, model: str, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a model's method over XML-RPC as a user whose password is his login."""
        common = xmlrpc.client.ServerProxy(f"{self.address}/xmlrpc/2/common", allow_none=True)
        uid = common.authenticate(self.database, login, login, {})
        assert uid, f"{login} cannot log in"
        models = xmlrpc.client.ServerProxy(f"{self.address}/xmlrpc/2/object", allow_none=True)
        return models.execute_kw(self.database, uid, login, model, method, arguments, named)

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, committed at once; no rows for a statement that gives none."""
        with (
            contextlib.closing(self.connect()) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def connect(self) -> Any:
        """A psycopg2 connection to the database, as its owner."""
        reach = self.databases.cluster.environment()
        return psycopg2.connect(
            host=reach["PGHOST"], port=reach["PGPORT"], user=reach["PGUSER"], dbname=self.database
        )

    def shell(self, code: str) -> None:
        """Run code in Odoo's shell, where `env` is the superuser's; it commits by itself."""
        self._shell.run(code)

    def users(self, **groups: str) -> None:
        """Make users: login='module.group,module.group', with the login as password."""
        for login, group_ids in groups.items():
            self.shell(
                "from odoo.fields import Command\n"
                f"groups = [env.ref(name).id for name in {group_ids.split(',')!r}]\n"
                f"env['res.users'].create({{'name': {login!r}, 'login': {login!r},"
                f" 'password': {login!r}, 'group_ids': [Command.set(groups)]}})\n"
                "env.cr.commit()\n"
            )

    def api_key(self, login: str) -> str:
        """A key with which a user may call /json/2."""
        if login not in self._keys:
            path = self.log.with_name(f"key-{login}")
            self.shell(
                f"user = env['res.users'].search([('login', '=', {login!r})])\n"
                "key = env['res.users.apikeys'].with_user(user).sudo()._generate('rpc', 'tests', None)\n"
                f"open({str(path)!r}, 'w').write(key)\n"
                "env.cr.commit()\n"
            )
            self._keys[login] = path.read_text(encoding="utf-8")
            path.unlink()
        return self._keys[login]

    def complaints(self) -> list[str]:
        """What Odoo logged so far that is worse than INFO."""
        return oddities.in_log(self.log.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """The private PostgreSQL with the prepared databases."""
    with Workshop(guest=True) as workshop:
        workshop.make_template()
        assert workshop.make_installed() == []
        yield workshop


@pytest.fixture(scope="session")
def system(workshop: Workshop) -> Iterator[System]:
    """One served database for all tests of the session."""
    databases = workshop.databases
    database = workshop.copy("installed", "system")
    log = databases.fresh_log("system-odoo")
    try:
        with (
            databases.served(
                database, machine.free_port(), log, "--max-cron-threads", "0"
            ) as server,
            Shell.open(databases, database, databases.fresh_log("shell")) as shell,
        ):
            yield System(databases, shell, database, server.address, log)
    finally:
        databases.drop(database)

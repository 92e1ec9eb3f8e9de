"""scripts/run in a fresh copy of the checkout: killed half-way, started again, updated, stopped."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stack import machine, odoo, paths, process

DATABASE = "vip"


class Checkout:
    """A clone of the files as they are now, with an Odoo that is there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = machine.free_port()
        self.output = folder / "output"
        self.environment = os.environ | {"ODOO_HOME": str(odoo.locate())}
        listed = process.capture(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=paths.ROOT
        )
        for name in filter(None, listed.split("\0")):
            if (paths.ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(paths.ROOT / name, folder / name)

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """scripts/run in the background, its output in `output`."""
        command = [str(self.folder / "scripts" / "run"), "--port", str(self.port), *arguments]
        with (
            self.output.open("w") as file,
            process.started(command, env=self.environment, stdout=file) as script,
        ):
            try:
                yield script
            finally:
                process.end_group(script, patience=60)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """scripts/run in the foreground."""
        command = [self.folder / "scripts" / "run", "--port", str(self.port), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True)

    def wait_for(self, text: str, seconds: float = 400) -> str:
        """The output once it holds `text`."""
        found = process.wait_until(lambda: text in self.output.read_text(), seconds)
        output = self.output.read_text()
        assert found, f"waited in vain for {text!r}:\n{output}"
        return output

    def authenticate(self, login: str, password: str) -> int:
        server = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{self.port}/xmlrpc/2/common")
        return server.authenticate(DATABASE, login, password, {})


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    folder = paths.RUN / "test" / "checkout"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    checkout = Checkout(folder)
    yield checkout
    checkout.call("--stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def killed(checkout: Checkout) -> None:
    """A first run, killed without mercy while Odoo creates the database."""
    log = checkout.folder / ".run" / "demo" / "logs" / "install.log"
    with checkout.running() as script:
        checkout.wait_for("Creating the database")
        assert process.wait_until(lambda: log.exists() and "Loading module" in log.read_text(), 120)
        script.send_signal(signal.SIGKILL)


@pytest.fixture(scope="module")
def served(checkout: Checkout, killed: None) -> Iterator[str]:
    """The second run, up to the moment it serves; gives what it printed."""
    with checkout.running():
        yield checkout.wait_for("Stop: Ctrl-C")


def test_it_serves(checkout, served):
    with urllib.request.urlopen(f"http://127.0.0.1:{checkout.port}/web/login") as page:
        assert page.status == 200
        assert b"Odoo" in page.read()


def test_every_login_it_prints_is_true(checkout, served):
    rows = re.findall(r"^  (\w+) +(\w+) +\S.*$", served.split("role\n")[1], re.M)
    assert ("admin", "admin") in rows
    for login, password in rows:
        assert checkout.authenticate(login, password), login


def test_the_administrator_manages_the_programme_in_two_languages(checkout, served):
    uid = checkout.authenticate("admin", "admin")
    models = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{checkout.port}/xmlrpc/2/object")

    def call(model: str, method: str, *arguments):
        return models.execute_kw(DATABASE, uid, "admin", model, method, arguments)

    assert call("res.users", "has_group", [uid], "vip_customer.group_vip_manager")
    languages = call("res.lang", "search_read", [("active", "=", True)], ["code"])
    assert {language["code"] for language in languages} == {"en_US", "zh_CN"}
    styles_from = call("ir.config_parameter", "get_param", "report.url")
    assert styles_from == f"http://127.0.0.1:{checkout.port}", "PDFs would have no styles"
    modules = call(
        "ir.module.module", "search_read", [("name", "=like", "vip_%")], ["state", "demo"]
    )
    assert {(module["state"], module["demo"]) for module in modules} == {("installed", True)}


def test_only_this_machine_reaches_it(checkout, served):
    listeners = process.capture(["ss", "-Hltn", f"sport = :{checkout.port}"])
    assert re.findall(r"(\S+):\d+ +\S+:\*", listeners) == ["127.0.0.1"]


def test_a_second_start_says_it_runs_already(checkout, served):
    done = checkout.call()
    assert done.returncode == 0
    assert f"Already serving http://127.0.0.1:{checkout.port}" in done.stdout


def test_after_stopping_it_starts_in_seconds(checkout, served):
    assert "Stopped." in checkout.call("--stop").stdout
    machine.need_port(checkout.port)
    begin = time.monotonic()
    with checkout.running():
        checkout.wait_for("Stop: Ctrl-C", 60)
        assert time.monotonic() - begin < 30
        assert "Creating" not in checkout.output.read_text()
    lines = [" ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])]
    assert [line for line in lines if str(checkout.folder) in line] == []


def test_changed_addons_are_updated(checkout, served):
    addon = checkout.folder / "addons" / paths.own_addons()[0]
    manifest = addon / "__manifest__.py"
    manifest.write_text(manifest.read_text() + "\n# changed\n")
    with checkout.running():
        assert "Updating the database" in checkout.wait_for("Stop: Ctrl-C")
    with checkout.running():
        assert "Updating the database" not in checkout.wait_for("Stop: Ctrl-C")


def test_another_language_and_a_wrong_one(checkout, served):
    done = checkout.call("--lang", "xx_YY")
    assert done.returncode == 1
    assert "xx_YY" in done.stderr
    with checkout.running("--lang", "zh_CN"):
        checkout.wait_for("Stop: Ctrl-C")
        uid = checkout.authenticate("admin", "admin")
        models = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{checkout.port}/xmlrpc/2/object")
        (user,) = models.execute_kw(DATABASE, uid, "admin", "res.users", "read", [[uid], ["lang"]])
        assert user["lang"] == "zh_CN"

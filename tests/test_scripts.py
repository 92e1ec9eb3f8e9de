"""The errors a person can meet while setting up, each with its way out; and the readers of logs."""

import ast
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import polib
import pytest
import test as scripts_test
from checks import Result, catalogues, odoo_tests, static
from stack import debian, machine, oddities, odoo, paths, postgres, process
from stack.errors import Stop, explain


@contextlib.contextmanager
def stops(problem: str, way_out: str):
    """The block must stop with this problem and this way out (regular expressions)."""
    with pytest.raises(Stop) as caught:
        yield
    assert re.search(problem, caught.value.problem)
    assert re.search(way_out, caught.value.way_out)


def raise_failed(output: str = "it broke"):
    def fail(command, *_arguments, **_options):
        raise process.Failed(command, 100, output)

    return fail


class TestPython:
    """scripts/with-python, with other Pythons put into PATH."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        shutil.copy(paths.SCRIPTS / "with-python", tmp_path)
        (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
        return tmp_path

    def python(self, folder: Path, name: str, version: str, usable: bool) -> None:
        """A stand-in that answers as with-python asks, and prints its name when it is chosen."""
        program = folder / name
        program.write_text(
            "#!/bin/sh\n"
            f"case $1 in -c) exit {0 if usable else 1};; --version) echo Python {version};;\n"
            f"*) echo {name} runs $2 $3;; esac\n"
        )
        program.chmod(0o755)

    def call(self, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [folder / "with-python", "x.py", "--flag"],
            env={"PATH": str(folder)} | environment,
            capture_output=True,
            text=True,
        )

    def test_the_default_one(self, folder):
        self.python(folder, "python3", "3.12.1", usable=True)
        self.python(folder, "python3.13", "3.13.0", usable=True)
        assert self.call(folder).stdout == f"python3 runs {folder}/x.py --flag\n"

    @pytest.mark.parametrize("version", ["3.8.1", "3.14.0"])
    def test_another_when_the_default_one_is_too_old_or_too_new(self, folder, version):
        self.python(folder, "python3", version, usable=False)
        self.python(folder, "python3.11", "3.11.7", usable=True)
        assert self.call(folder).stdout.startswith("python3.11 runs")

    @pytest.mark.parametrize("version", ["3.8.1", "3.14.0"])
    def test_none(self, folder, version):
        self.python(folder, "python3", version, usable=False)
        done = self.call(folder)
        assert done.returncode == 1
        assert f"needs Python 3.10 to 3.13; found: Python {version}" in done.stderr
        assert "apt-get install python3 python3-venv" in done.stderr

    def test_not_even_an_unusable_one(self, folder):
        assert "found: no python3" in self.call(folder).stderr

    def test_the_chosen_one_is_too_old(self, folder):
        self.python(folder, "mine", "3.9.0", usable=False)
        done = self.call(folder, PYTHON="mine")
        assert done.returncode == 1
        assert "PYTHON=mine is not a Python 3.10 to 3.13" in done.stderr


class TestMachine:
    def test_no_space(self, monkeypatch, tmp_path):
        usage = shutil._ntuple_diskusage(total=10, used=9, free=machine.GIB // 2)
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
        with stops(r"Odoo needs 1\.7 GiB .*, 0\.5 GiB are free", "Free some"):
            machine.need_space(1.7, "Odoo", tmp_path)

    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with stops(f"Port {port} is taken", f"--port {port + 1}"):
                machine.need_port(port)

    def test_port_taken_by_whom(self, monkeypatch):
        listing = 'LISTEN 0 128 127.0.0.1:1 0.0.0.0:* users:(("nginx",pid=42,fd=3))'
        monkeypatch.setattr(process, "capture", lambda _command: listing)
        assert machine._listener(1) == " by nginx (process 42)"

    def test_port_free(self):
        machine.need_port(machine.free_port())

    def test_no_right_to_install(self, monkeypatch):
        monkeypatch.setattr(machine, "is_root", lambda: False)
        monkeypatch.setattr(shutil, "which", lambda name: None if name == "sudo" else name)
        with stops("no right to install it", "apt-get install postgresql"):
            machine.install(["postgresql"], "PostgreSQL")

    def test_not_debian(self, monkeypatch):
        monkeypatch.setattr(shutil, "which", lambda _name: None)
        with stops("no Debian or Ubuntu", "postgresql"):
            machine.install(["postgresql"], "PostgreSQL")

    def test_no_network_while_installing(self, monkeypatch):
        monkeypatch.setattr(machine, "is_root", lambda: True)
        monkeypatch.setattr(process, "run", raise_failed("Temporary failure resolving 'x'"))
        with stops(r"No network \(installing chromium\)", "proxy"):
            machine.install(["chromium"], "Chromium")

    def test_installing_fails(self, monkeypatch):
        monkeypatch.setattr(machine, "is_root", lambda: True)
        monkeypatch.setattr(process, "run", raise_failed("E: Unable to locate package chromium"))
        with stops("Unable to locate", "Install by hand"):
            machine.install(["chromium"], "Chromium")


class TestExplain:
    @pytest.mark.parametrize(
        ("output", "problem", "way_out"),
        [
            ("write error: No space left on device", "The disk is full", "Free some space"),
            ("E: Could not resolve 'mirror'", "No network", "proxy"),
            ("Failed to establish a new connection: [Errno 101]", "No network", "proxy"),
            ("something else", "Failed while fetching: something else", "look there"),
        ],
    )
    def test_what_is_wrong_and_what_to_do(self, output, problem, way_out):
        stop = explain("fetching", output, "look there")
        assert problem in stop.problem
        assert way_out in stop.way_out


class TestOdoo:
    @pytest.fixture
    def place(self, monkeypatch, tmp_path) -> Path:
        monkeypatch.setattr(odoo, "FETCHED", tmp_path / "odoo-19")
        monkeypatch.setattr(machine, "need_space", lambda *_: None)
        monkeypatch.delenv("ODOO_HOME", raising=False)
        return tmp_path

    def release(self, home: Path, version: str) -> Path:
        (home / "odoo").mkdir(parents=True)
        (home / "odoo" / "release.py").write_text(
            f"version_info = ({version}, 0, 0, 'final', 0, '')\n"
        )
        return home

    def test_home_without_odoo(self, monkeypatch, tmp_path):
        monkeypatch.setenv("ODOO_HOME", str(tmp_path))
        with stops(r"holds no Odoo .*odoo/release\.py", "Set ODOO_HOME"):
            odoo.locate()

    def test_home_with_another_odoo(self, monkeypatch, tmp_path):
        monkeypatch.setenv("ODOO_HOME", str(self.release(tmp_path, "18")))
        with stops("holds Odoo 18, not 19", "ODOO_HOME"):
            odoo.locate()

    def test_home(self, monkeypatch, tmp_path):
        monkeypatch.setenv("ODOO_HOME", str(self.release(tmp_path, "19")))
        assert odoo.locate() == tmp_path

    def test_no_package_and_no_git(self, monkeypatch, place):
        monkeypatch.setattr(shutil, "which", lambda _name: None)
        with stops("no odoo-19, and git is missing", "ODOO_HOME"):
            odoo.locate()
        assert not odoo.FETCHED.exists()

    def test_no_package_and_no_network(self, monkeypatch, place):
        monkeypatch.setattr(odoo, "_from_package", lambda _target: False)
        monkeypatch.setattr(process, "run", raise_failed("fatal: Could not resolve host"))
        with stops(r"No network \(fetching Odoo\)", "proxy"):
            odoo.locate()

    def test_no_package_and_no_repository(self, monkeypatch, place):
        monkeypatch.setattr(odoo, "_from_package", lambda _target: False)
        monkeypatch.setattr(process, "run", raise_failed("fatal: repository not found"))
        with stops("repository not found", "Set ODOO_HOME"):
            odoo.locate()

    def test_fetching_after_a_half_finished_run(self, monkeypatch, place):
        (place / "odoo-19.new" / "junk").mkdir(parents=True)
        monkeypatch.setattr(odoo, "_from_package", lambda target: self.release(target, "19"))
        assert odoo.locate() == odoo.FETCHED
        assert not (odoo.FETCHED / "junk").exists()
        assert not (place / "odoo-19.new").exists()


class TestVirtualEnvironment:
    @pytest.fixture
    def commands(self, monkeypatch, tmp_path) -> list[list[str]]:
        """The commands that were run; nothing is really installed."""
        run: list[list[str]] = []
        monkeypatch.setattr(odoo, "RUN", tmp_path)
        monkeypatch.setattr(machine, "need_space", lambda *_: None)

        def pretend(command, *_arguments, **_options):
            run.append(command)
            if "venv" in command:
                (Path(command[3]) / "bin").mkdir(parents=True)
                (Path(command[3]) / "bin" / "python").touch()

        monkeypatch.setattr(process, "run", pretend)
        return run

    def test_made_once(self, commands):
        odoo.make_venv(["odoo"])
        assert len(commands) == 2
        odoo.make_venv(["odoo"])
        assert len(commands) == 2

    def test_a_half_made_one_is_made_again(self, commands):
        python = odoo.make_venv(["odoo"])
        (python.parents[1] / ".made").unlink()
        odoo.make_venv(["odoo"])
        assert len(commands) == 4

    def test_only_the_missing_set_is_installed(self, commands):
        odoo.make_venv(["odoo"])
        odoo.make_venv(["odoo", "test"])
        assert len(commands) == 3
        assert commands[-1][-1].endswith("requirements-test.txt")

    def test_packages_not_to_be_had(self, commands, monkeypatch):
        odoo.make_venv([])
        monkeypatch.setattr(process, "run", raise_failed("No matching distribution found for lxml"))
        with stops("No matching distribution", "PIP_INDEX_URL"):
            odoo.make_venv(["odoo"])

    def test_venv_module_missing_and_no_right_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setattr(odoo, "RUN", tmp_path)
        monkeypatch.setattr(machine, "need_space", lambda *_: None)
        monkeypatch.setattr(machine, "is_root", lambda: False)
        monkeypatch.setattr(shutil, "which", lambda name: None if name == "sudo" else name)
        monkeypatch.setattr(process, "run", raise_failed("ensurepip is not available"))
        with stops("venv module is missing", r"apt-get install python3\.\d+-venv"):
            odoo.make_venv(["odoo"])


class TestDebian:
    LISTING = (
        "http://mirror/debian/ bookworm-updates main\n"
        "http://mirror/debian/ bookworm main\n"
        "https://elsewhere/deb cloud-sdk main\n"
    )

    @pytest.fixture(autouse=True)
    def bookworm(self, monkeypatch):
        monkeypatch.setattr(process, "capture", lambda _command: self.LISTING)
        monkeypatch.setattr(
            debian, "_os_release", lambda: {"ID": "debian", "VERSION_CODENAME": "bookworm"}
        )
        monkeypatch.setattr(debian, "KEYRINGS", ())

    def test_sources_come_from_the_machine(self):
        assert debian.own_sources() == [
            "deb http://mirror/debian/ bookworm main",
            "deb http://mirror/debian/ bookworm-updates main",
        ]
        assert debian.newest_sources() == ["deb http://mirror/debian/ unstable main"]

    def test_ubuntu(self, monkeypatch):
        release = {"ID": "ubuntu", "VERSION_CODENAME": "bookworm"}
        monkeypatch.setattr(debian, "_os_release", lambda: release)
        assert debian.newest_sources() == ["deb http://mirror/debian/ devel universe"]

    def test_no_archive(self, monkeypatch):
        monkeypatch.setattr(process, "capture", lambda _command: "")
        with stops("names no archive of this release", "ODOO_HOME"):
            debian.own_sources()


class TestPostgres:
    @pytest.fixture
    def home(self):
        folder = paths.RUN / "test" / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

    def test_a_half_made_cluster_is_made_again(self, home):
        cluster = postgres.Cluster(home, postgres.DISPOSABLE)
        (cluster.data.with_suffix(".new") / "junk").mkdir(parents=True)
        cluster.start()
        try:
            cluster.sql('CREATE DATABASE "it\'s"')
            cluster.annotate("it's", "made from 'this'")
            assert cluster.note("it's") == "made from 'this'"
            assert cluster.sql("SHOW listen_addresses") == []
            cluster.start()
        finally:
            cluster.stop()
        assert not cluster.running()
        cluster.stop()

    def test_a_long_path(self, home):
        deep = home / ("d" * 60) / ("e" * 60)
        cluster = postgres.Cluster(deep, postgres.DISPOSABLE)
        try:
            assert len(str(cluster.socket)) < postgres.LONGEST_SOCKET_FOLDER
            cluster.start()
            assert cluster.sql("SELECT 1") == [["1"]]
        finally:
            cluster.stop()
            cluster.socket.rmdir()

    def test_starting_fails(self, home):
        cluster = postgres.Cluster(home, {"no_such_setting": "1"})
        with stops("starting the private PostgreSQL", "remove"):
            cluster.start()

    def test_nothing_newer_after_installing(self, monkeypatch):
        monkeypatch.setattr(postgres, "_installed", lambda: None)
        monkeypatch.setattr(machine, "install", lambda *_: None)
        monkeypatch.setattr(machine, "write_as_root", lambda *_: None)
        with stops("No PostgreSQL 14 or newer", "pg_ctl"):
            postgres.binaries()


class TestLock:
    def test_one_at_a_time(self, tmp_path):
        first, second = process.Lock(tmp_path / "lock"), process.Lock(tmp_path / "lock")
        assert first.holder() is None
        assert first.take()
        assert not second.take()
        assert second.holder() == os.getpid()
        with stops("has been setting up this checkout", "end it"), second.held(0.1, str):
            pass
        first.free()
        assert second.take()


LOG = """\
2026-01-02 03:04:05,678 9 INFO db odoo.modules.loading: Loading module crm (1/2)
<string>:38: (ERROR/3) Unexpected indentation.
<string>:7: (WARNING/2) Inline emphasis start-string without end-string.
2026-01-02 03:04:05,678 9 ERROR db odoo.schema: could not create unique index "x"
2026-01-02 03:04:05,678 9 WARNING db odoo.addons.vip_customer.models.x: beware
2026-01-02 03:04:05,678 9 ERROR db odoo.addons.vip_customer.tests.test_x: FAIL: TestX.test_y
Traceback (most recent call last):
  File "x.py", line 1, in test_y
AssertionError: 1 != 2
2026-01-02 03:04:05,678 9 INFO db odoo.addons.vip_customer.tests.test_z: skipped TestZ.test_a : no browser
2026-01-02 03:04:05,678 9 ERROR db odoo.tests.result: 1 failed, 0 error(s) of 24 tests when loading
"""


class TestOddities:
    def test_everything_worse_than_info_but_odoos_own(self):
        assert oddities.in_log(LOG) == [
            "<string>:7: (WARNING/2) Inline emphasis start-string without end-string.",
            'ERROR odoo.schema: could not create unique index "x"',
            "WARNING odoo.addons.vip_customer.models.x: beware",
            "ERROR odoo.addons.vip_customer.tests.test_x: FAIL: TestX.test_y | AssertionError: 1 != 2",
            "ERROR odoo.tests.result: 1 failed, 0 error(s) of 24 tests when loading",
        ]

    def test_tests_and_skips(self):
        assert oddities.tests_in(LOG) == 24
        assert oddities.skipped_in(LOG) == ["TestZ.test_a : no browser"]

    def test_no_test_at_all(self):
        assert oddities.tests_in("") == 0


class TestCatalogues:
    def catalogue(self, *entries: tuple[str, str], flags: tuple[str, ...] = ()) -> polib.POFile:
        file = polib.POFile()
        file.extend(
            polib.POEntry(
                msgid=term, msgstr=text, occurrences=[("model:x", "0")], flags=list(flags)
            )
            for term, text in entries
        )
        return file

    def test_template_and_addon(self):
        exported = self.catalogue(("Tier", ""), ("Run", ""))
        committed = self.catalogue(("Tier", ""), ("Card", ""))
        assert list(catalogues.differences(exported, committed)) == [
            "the template has 'Card', which the addon does not: export it again",
            "the template lacks 'Run': export it again",
        ]
        committed = self.catalogue(("Tier", ""), ("Run", ""))
        committed[0].occurrences = [("model:y", "0")]
        assert len(list(catalogues.differences(exported, committed))) == 1
        assert not list(catalogues.differences(exported, exported))

    def test_gaps(self):
        needed = self.catalogue(("Tier", ""), ("Run", ""))
        assert list(catalogues.gaps(needed, self.catalogue(("Tier", "等级"), ("Run", "")))) == [
            "no translation of 'Run'"
        ]
        fuzzy = self.catalogue(("Tier", "等级"), ("Run", "评定"), flags=("fuzzy",))
        assert "the translation of 'Run' is fuzzy" in list(catalogues.gaps(needed, fuzzy))


class TestOutdated:
    @pytest.fixture
    def addons(self, tmp_path) -> Path:
        (tmp_path / "addons" / "x").mkdir(parents=True)
        return tmp_path / "addons"

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("m.py", "_sql_constraints = []"),
            ("m.py", "self.env.cr.commit()"),
            ("m.py", "@route('/x', type='json')"),
            ("v.xml", "<tree>"),
            ("v.xml", '<field name="view_mode">tree,form</field>'),
            ("v.xml", '<field name="groups_id"/>'),
            ("v.xml", '<t t-name="kanban-box">'),
            ("v.xml", "<field attrs=\"{'invisible': []}\"/>"),
        ],
    )
    def test_found(self, addons, name, line):
        (addons / "x" / name).write_text(f"\n{line}\n")
        found = list(static.outdated(addons))
        assert [part.split(": ")[0] for part in found] == [f"addons/x/{name}:2"]

    def test_a_group_in_a_category(self, addons):
        (addons / "x" / "g.xml").write_text(
            '<odoo><record id="p" model="res.groups.privilege"><field name="category_id" ref="c"/></record>'
            '<record id="g" model="res.groups"><field name="category_id" ref="c"/></record></odoo>'
        )
        assert list(static.groups_in_categories(addons)) == [
            "addons/x/g.xml: g: category_id → privilege_id"
        ]


class TestAddons:
    def test_dependencies_first(self, monkeypatch, tmp_path):
        for name, depends in (("a_second", ["z_first", "crm"]), ("z_first", ["mail"])):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__manifest__.py").write_text(repr({"depends": depends}))
        monkeypatch.setattr(paths, "ADDONS", tmp_path)
        assert paths.own_addons() == ["z_first", "a_second"]
        assert paths.foreign_dependencies() == ["crm", "mail"]


SELECT = """
import json, sys
from odoo.tests.tag_selector import TagsSelector

def test(addon, tag):
    values = {
        "__module__": f"odoo.addons.{addon}.tests.test_x", "test_module": addon, "test_class": "TestX",
        "test_tags": {"post_install", "standard", tag}, "_testMethodName": "test_y",
    }
    return type("TestX", (), values)()

shares, tests = json.load(sys.stdin)
print(json.dumps({
    name: [f"{addon} {tag}" for addon, tag in tests if TagsSelector(tags).check(test(addon, tag))]
    for name, tags in shares.items()
}))
"""


class TestBrowser:
    """A tour that Odoo skipped because the browser began late runs again; any other one was skipped."""

    def tries(self, monkeypatch, *skipped):
        results = [Result("1 tests", [f"skipped {what}"] if what else []) for what in skipped]
        left = list(results)
        monkeypatch.setattr(odoo_tests, "_run_once", lambda *arguments: left.pop(0))
        return odoo_tests._run(None, "browser", [], "vip_browser"), len(results) - len(left)

    def test_began_late(self, monkeypatch):
        late = f"TestBrowser.test_desk : {odoo_tests.NOT_STARTED} after 10.0s."
        assert self.tries(monkeypatch, late, None) == (Result("1 tests"), 2)

    def test_began_late_twice(self, monkeypatch):
        late = f"TestBrowser.test_desk : {odoo_tests.NOT_STARTED} after 10.0s."
        result, tries = self.tries(monkeypatch, late, late)
        assert result.problems
        assert tries == 2

    def test_skipped(self, monkeypatch):
        result, tries = self.tries(monkeypatch, "TestBrowser.test_desk : no reason")
        assert result.problems
        assert tries == 1


class TestShares:
    def test_everything_is_every_part(self):
        shares = {name for name in scripts_test.EVERYTHING if name.startswith("addons-")}
        assert shares == {f"addons-{name}" for name in ("rest", *odoo_tests.APART)}
        assert scripts_test.EVERYTHING.keys() - shares == scripts_test.PARTS.keys() - {"addons"}

    def test_every_test_is_in_one_share(self):
        """As Odoo itself understands the tags."""
        addons = ["vip_a", "vip_b"]
        shares = {name: odoo_tests.share_tags(name, addons) for name in ("rest", *odoo_tests.APART)}
        tags = ["vip_care", *odoo_tests.APART.values()]
        program = odoo.prepare(("odoo", "test"))
        answer = process.capture(
            [str(program.python), "-c", SELECT],
            stdin=json.dumps(
                [shares, [[addon, tag] for addon in [*addons, "crm"] for tag in tags]]
            ),
            env={"PYTHONPATH": str(program.home)},
        )
        expected = {
            name: [f"{addon} {odoo_tests.APART.get(name, 'vip_care')}" for addon in addons]
            for name in shares
        }
        assert json.loads(answer) == expected

    def test_what_runs_apart_runs_after_the_installation(self):
        """Tests that run while an addon is updated would be in no share."""
        for path in paths.ADDONS.glob("*/tests/test_*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for decorator in getattr(node, "decorator_list", ()):
                    tags = {ast.unparse(argument) for argument in getattr(decorator, "args", ())}
                    if tags & {repr(tag) for tag in odoo_tests.APART.values()}:
                        assert {"'post_install'", "'-at_install'"} <= tags, f"{path}: {node.name}"

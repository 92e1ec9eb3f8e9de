"""docker-compose.yml says only what is true of this repository, of .env.example and of Odoo."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import run
import yaml
from stack import odoo, paths, process

TEXT = (paths.ROOT / "docker-compose.yml").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
EXAMPLE = dict(
    line.split("=", 1)
    for line in (paths.ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
# What the official image's entrypoint reads, and where it looks for addons and keeps its files.
ENTRYPOINT_VARIABLES = {"HOST", "PORT", "USER", "PASSWORD"}
IMAGE_FOLDERS = {"/mnt/extra-addons", "/var/lib/odoo"}

PARSE = """
import json, sys
from odoo.tools import config
commands = json.load(sys.stdin)
print(json.dumps([vars(config.parser.parse_args(command)[0]) for command in commands], default=str))
"""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Docker reads it without a file .env."""
    return yaml.safe_load(VARIABLE.sub(r"\2", TEXT).replace("$$", "$"))


@pytest.fixture(scope="module")
def services(compose) -> dict[str, Any]:
    return compose["services"]


@pytest.fixture(scope="module")
def options(services) -> dict[str, dict[str, Any]]:
    """What Odoo itself understands by the command of each of its services."""
    commands = {
        name: service["command"][1:]
        for name, service in services.items()
        if service["image"].startswith("odoo:")
    }
    program = odoo.prepare(("odoo", "test"))
    answer = process.capture(
        [str(program.python), "-c", PARSE],
        stdin=json.dumps(list(commands.values())),
        env={"PYTHONPATH": str(program.home)},
    )
    return dict(zip(commands, json.loads(answer), strict=True))


def test_every_variable_is_in_the_example_with_the_same_value():
    used = dict(VARIABLE.findall(TEXT))
    assert used == EXAMPLE
    assert "${" not in VARIABLE.sub("", TEXT)


def test_images(services):
    assert {service["image"] for service in services.values()} == {"odoo:19.0", "postgres:16"}


def test_every_path(compose, services):
    for service in services.values():
        for volume in service["volumes"]:
            source, target, *mode = volume.split(":")
            if source.startswith("."):
                assert (paths.ROOT / source).is_dir()
                assert mode == ["ro"]
            else:
                assert source in compose["volumes"]
            if service["image"].startswith("odoo:"):
                assert target in IMAGE_FOLDERS


def test_every_service_waits_for_one_that_can_be_waited_for(services):
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            healthy = wait["condition"] == "service_healthy"
            assert not healthy or services[name]["healthcheck"]["test"]
            assert healthy or wait["condition"] == "service_completed_successfully"


def test_both_ends_of_the_database_agree(services):
    server = services["db"]["environment"]
    for name in ("setup", "odoo", "test"):
        client = services[name]["environment"]
        assert set(client) == ENTRYPOINT_VARIABLES
        assert client["HOST"] in services
        assert client["USER"] == server["POSTGRES_USER"]
        assert client["PASSWORD"] == server["POSTGRES_PASSWORD"]


def test_every_module_is_here(options):
    for name in ("setup", "test"):
        named = (
            options[name]["init"].split(",")
            if isinstance(options[name]["init"], str)
            else options[name]["init"]
        )
        assert list(named) == paths.own_addons()
        assert options[name]["update"] == options[name]["init"]
    tags = options["test"]["test_tags"].split(",")
    assert [tag.removeprefix("/") for tag in tags] == paths.own_addons()


def test_the_same_programme_as_scripts_run(options, services):
    assert "".join(options["setup"]["db_name"]) == run.DATABASE
    assert "".join(options["odoo"]["db_name"]) == run.DATABASE
    assert options["odoo"]["dbfilter"] == f"^{run.DATABASE}$"
    assert options["setup"]["with_demo"] is True
    assert options["setup"]["load_language"] == ",".join(run.LANGUAGES)
    assert "".join(options["test"]["db_name"]) != run.DATABASE
    assert options["test"]["with_demo"] is None


def test_only_this_machine_reaches_it(services, options):
    (published,) = services["odoo"]["ports"]
    assert published == f"127.0.0.1:8069:{options['odoo']['http_port']}"
    assert all("ports" not in services[name] for name in ("db", "setup", "test"))


def test_every_language_is_odoos():
    assert EXAMPLE["VIP_LANGUAGE"] in odoo.prepare(("odoo", "test")).languages()


def test_docker_understands_it():
    known = (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    )
    if not known:
        pytest.skip("no docker client with compose on this machine")
    process.capture(["docker", "compose", "--profile", "test", "config", "--quiet"], cwd=paths.ROOT)

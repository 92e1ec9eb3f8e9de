"""Set everything up and serve the programme.

The first start fetches Odoo 19, makes a virtual environment and a private PostgreSQL, and creates
a database with demo data in English and Chinese; later starts take seconds. Everything lives in
the folder .run of this checkout.
"""

import argparse
import os
import signal
from collections.abc import Sequence

from stack import console, machine, odoo, paths, process
from stack.databases import Databases, answers
from stack.errors import Stop
from stack.postgres import Cluster

DATABASE = "vip"
LANGUAGES = ("en_US", "zh_CN")
FOLDER = paths.RUN / "demo"
LOG = FOLDER / "logs" / "odoo.log"
SERVING = FOLDER / "port"
SETTINGS = {"synchronous_commit": "off"}

# One login of each role: the first user who was given it directly, the administrator only where
# there is nobody else.
LOGINS = """
    SELECT DISTINCT ON (privilege.sequence, privilege.id, role.sequence, role.id)
           role.name->>'en_US', u.login
      FROM ir_model_data data
      JOIN res_groups_privilege privilege ON privilege.id = data.res_id
      JOIN res_groups role ON role.privilege_id = privilege.id
      JOIN res_groups_users_rel given ON given.gid = role.id
      JOIN res_users u ON u.id = given.uid AND u.active
     WHERE data.model = 'res.groups.privilege'
       AND data.module = ANY(string_to_array(:'modules', ','))
  ORDER BY privilege.sequence, privilege.id, role.sequence, role.id, u.login = 'admin', u.id
"""

# Where the program that makes PDFs fetches styles and letters from; on another port they would have none.
FETCH_STYLES_HERE = """
    INSERT INTO ir_config_parameter (key, value) VALUES ('report.url', :'address')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""

USE_LANGUAGE = """
env['res.lang']._activate_lang({lang!r})
env['base.language.install'].create({{
    'lang_ids': [(6, 0, env['res.lang']._lang_get({lang!r}).ids)], 'overwrite': False,
}}).lang_install()
env['res.users'].search([('share', '=', False)]).write({{'lang': {lang!r}}})
env.cr.commit()
"""


def main(arguments: Sequence[str]) -> None:
    options = _parse(arguments)
    lock = process.Lock(FOLDER / "run.lock")
    if options.stop:
        stop(lock)
        return
    if not lock.take():
        _report_running(lock)
        return
    _wait_for_killed_run()
    machine.need_port(options.port)
    program = odoo.prepare()
    if options.lang and options.lang not in program.languages():
        raise Stop(
            f"Odoo knows no language {options.lang}.",
            "Codes are like zh_CN or fr_FR; all of them: "
            f"{program.home}/odoo/addons/base/data/res.lang.csv",
        )
    databases = Databases(program, Cluster(FOLDER, SETTINGS), FOLDER)
    databases.cluster.start()
    try:
        ensure_database(databases, options.fresh, options.lang)
        serve(databases, options.port)
    finally:
        databases.cluster.stop()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/run", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8069, help="serve on this port (8069)")
    parser.add_argument(
        "--lang", metavar="CODE", help="the language of all users, for example zh_CN or fr_FR"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="drop the database and create it again"
    )
    parser.add_argument("--stop", action="store_true", help="stop what serves this checkout")
    return parser.parse_args(arguments)


def ensure_database(databases: Databases, fresh: bool, lang: str | None) -> None:
    """The database as the addons are now: created, updated or left alone."""
    cluster = databases.cluster
    addons = paths.own_addons()
    if not addons:
        raise Stop(f"There is no addon in {paths.ADDONS}.", "Check out the whole repository.")
    wanted = paths.fingerprint(file for addon in addons for file in paths.addon_files(addon))
    made_from = cluster.note(DATABASE)
    if fresh or not made_from:
        machine.need_space(1, "The database")
        console.say("Creating the database with demo data (about a minute)")
        databases.drop(DATABASE)
        _install(databases, addons, "--with-demo", "--load-language", ",".join(LANGUAGES))
    elif made_from != wanted:
        console.say("Updating the database to the addons as they are now")
        _install(databases, addons, "-u", ",".join(addons))
    cluster.annotate(DATABASE, wanted)
    if lang:
        console.say(f"Setting the users' language to {lang}")
        databases.shell(DATABASE, USE_LANGUAGE.format(lang=lang), FOLDER / "logs" / "language.log")


def _install(databases: Databases, addons: Sequence[str], *options: str) -> None:
    log = FOLDER / "logs" / "install.log"
    try:
        databases.install(DATABASE, addons, log, *options)
    except process.Failed:
        raise Stop(
            "Odoo could not install the addons.",
            f"See {log}; when the database itself is damaged: scripts/run --fresh",
        )


def serve(databases: Databases, port: int) -> None:
    """Serve until Odoo ends or we are told to stop."""
    console.say("Starting Odoo")
    databases.cluster.sql(FETCH_STYLES_HERE, DATABASE, address=f"http://127.0.0.1:{port}")
    with databases.served(DATABASE, port, LOG) as server:
        SERVING.write_text(str(port), encoding="utf-8")
        _greet(databases, server.address)
        try:
            server.process.wait()
        except KeyboardInterrupt:
            console.say("Stopping")
        finally:
            SERVING.unlink()


def _greet(databases: Databases, address: str) -> None:
    rows = databases.cluster.sql(LOGINS, DATABASE, modules=",".join(paths.own_addons()))
    console.say("Ready")
    console.plain(f"\n  VIP customers:  {address}\n")
    console.plain("  login           password        role")
    for role, login in [("administrator", "admin"), *rows]:
        console.plain(f"  {login:<15} {login:<15} {role}")
    console.plain(f"\n  Stop: Ctrl-C here, or scripts/run --stop. Odoo's log: {LOG}\n")


def _report_running(lock: process.Lock) -> None:
    """Say what the other scripts/run of this checkout is doing."""
    if not SERVING.exists():
        raise Stop(
            f"Another scripts/run is setting this checkout up (process {lock.holder()}).",
            "Wait for it, or end it with scripts/run --stop",
        )
    port = SERVING.read_text(encoding="utf-8")
    console.plain(f"Already serving http://127.0.0.1:{port}; scripts/run --stop ends it.")


def _wait_for_killed_run() -> None:
    """After a run that was killed, its Odoo needs a moment to end and free the port."""
    if SERVING.exists():
        address = f"http://127.0.0.1:{SERVING.read_text(encoding='utf-8')}"
        process.wait_until(lambda: not answers(address), 20)
        SERVING.unlink()


def stop(lock: process.Lock) -> None:
    """End the scripts/run of this checkout and its servers."""
    if holder := lock.holder():
        os.kill(holder, signal.SIGTERM)
        if not process.wait_until(lock.take, 90):
            raise Stop(f"Process {holder} does not end.", f"End it with: kill -9 {holder}")
    else:
        _wait_for_killed_run()
    if (FOLDER / "postgresql").exists():
        Cluster(FOLDER, SETTINGS).stop()
    console.plain("Stopped.")


if __name__ == "__main__":
    console.script(main)

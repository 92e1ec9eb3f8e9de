"""The databases that tests are made from: prepared once, then copied for every use.

template        Odoo's modules that our addons need, in English and Chinese, without demo data
template_demo   the same with demo data
installed       template with our addons, page assets generated
before_ADDON    the same before ADDON, one of ours, was installed; the first one's is the template

Nobody connects to these; a test works on a copy, which takes a second.
"""

from collections.abc import Sequence

from . import machine, oddities, odoo, paths, process
from .console import say
from .databases import Databases
from .errors import Stop
from .postgres import DISPOSABLE, Cluster

FOLDER = paths.RUN / "test"
LANGUAGE = "zh_CN"
SPACE = 3

GENERATE_ASSETS = "env['ir.qweb']._pregenerate_assets_bundles()\nenv.cr.commit()\n"


class Workshop:
    """A private server for tests with the three prepared databases.

    Use: `with Workshop() as workshop: database = workshop.copy("installed", "mine")`.
    Leaving the block stops the server; a guest leaves it as it was before.
    """

    def __init__(self, guest: bool = False) -> None:
        self.guest = guest

    def __enter__(self) -> "Workshop":
        machine.need_space(SPACE, "Testing")
        self.odoo = odoo.prepare(("odoo", "test"))
        self.cluster = Cluster(FOLDER, DISPOSABLE)
        self.databases = Databases(self.odoo, self.cluster, FOLDER)
        self._leave_running = self.guest and self.cluster.running()
        self.cluster.start()
        self.addons = paths.own_addons()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._leave_running:
            self.cluster.stop()

    def copy(self, source: str, target: str) -> str:
        """A fresh copy of a prepared database, to be used and thrown away."""
        self.databases.copy(source, target)
        return target

    def before(self, addon: str) -> str:
        """The database as it was before one of our addons, with those it depends on."""
        return "template" if addon == self.addons[0] else f"before_{addon}"

    def make_template(self, name: str = "template") -> None:
        """Make `template` or `template_demo` unless it is there already."""
        needed = paths.foreign_dependencies()
        wanted = f"{self.odoo.home} {' '.join(needed)}"
        if self.cluster.note(name) == wanted:
            return
        say(f"Preparing {name}: {', '.join(needed)}")
        demo = ["--with-demo"] if name.endswith("demo") else []
        self.databases.drop(name)
        self._install(name, needed, *demo, "--load-language", LANGUAGE)
        self.cluster.annotate(name, wanted)

    def make_installed(self) -> list[str]:
        """Make `installed` unless it is there already; gives what the installation complained of.

        The addons are installed one after the other, so that each must work without the later ones.
        """
        files = [file for addon in self.addons for file in paths.addon_files(addon)]
        wanted = f"{self.cluster.note('template')} {paths.fingerprint(files)}"
        if self.cluster.note("installed") == wanted:
            return []
        say(f"Installing {', '.join(self.addons)}")
        self.copy("template", "installed")
        log = self.databases.fresh_log("install")
        for addon in self.addons:
            if addon != self.addons[0]:
                self.copy("installed", self.before(addon))
            self._install("installed", [addon])
        complaints = oddities.in_log(log.read_text(encoding="utf-8"))
        self.databases.shell("installed", GENERATE_ASSETS, self.databases.fresh_log("assets"))
        if not complaints:
            self.cluster.annotate("installed", wanted)
        return complaints

    def _install(self, database: str, addons: Sequence[str], *options: str) -> None:
        log = self.databases.log("install" if database == "installed" else database)
        try:
            self.databases.install(database, addons, log, *options)
        except process.Failed as failure:
            complaints = oddities.in_log(failure.output) or [failure.output[-500:]]
            raise Stop(
                f"Odoo could not install {', '.join(addons)}: {complaints[0]}",
                f"The whole log: {log}",
            )

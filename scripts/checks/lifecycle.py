"""Install, update, uninstall, install again, and install with demo data; nothing stays behind.

The later addons are uninstalled first, one after the other: each must leave the earlier ones as they were
before it came, to the last row.
"""

from collections.abc import Iterator, Sequence

from stack import machine, oddities, process
from stack.workshop import Workshop

from . import Result

# Everything in a database's schema, a line each, except what belongs to an extension. What Odoo makes for an
# ``ir.sequence`` has its number in its name; what it makes for a year comes with the first record of it.
STRUCTURE = """
WITH ours AS (
    SELECT c.oid, c.relname, c.relkind
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
       AND relname NOT IN (SELECT format('ir_sequence_%s_%s', lpad(sequence_id::text, 3, '0'),
                                         lpad(id::text, 3, '0')) FROM ir_sequence_date_range)
)
SELECT format('%s %s', CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index'
              WHEN 'S' THEN 'sequence' ELSE relkind::text END,
              regexp_replace(relname, '^ir_sequence_[0-9]+$', 'ir_sequence')) FROM ours
UNION ALL
SELECT format('column %s.%s %s%s', relname, attname, format_type(atttypid, atttypmod),
              CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END)
  FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
 WHERE relkind = 'r'
UNION ALL
SELECT format('constraint %s.%s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
  FROM ours JOIN pg_constraint ON conrelid = ours.oid
UNION ALL
SELECT format('trigger %s.%s', relname, tgname)
  FROM ours JOIN pg_trigger ON tgrelid = ours.oid AND NOT tgisinternal
UNION ALL
SELECT format('function %s', p.oid::regprocedure)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = 'public'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
UNION ALL
SELECT format('type %s', typname)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE n.nspname = 'public' AND typtype IN ('e', 'd')
"""

# Pages' generated assets do not count: whoever opens a page first makes them.
ROW_COUNTS = """
SELECT relname, (xpath('/row/n/text()', query_to_xml(
           format('SELECT count(*) AS n FROM %I %s', relname, CASE relname
               WHEN 'ir_attachment' THEN 'WHERE coalesce(url, $$$$) NOT LIKE $$/web/assets/%$$' END),
           false, true, '')))[1]::text
  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
 WHERE relkind = 'r' AND n.nspname = 'public'
"""

# Per table all that its rows say, but when and by whom they were written.
CONTENTS = """
SELECT relname, (xpath('/row/n/text()', query_to_xml(
           format('SELECT coalesce(sum(hashtextextended((to_jsonb(t) - array[$$create_date$$,
                          $$create_uid$$, $$write_date$$, $$write_uid$$])::text, 0)), 0) AS n
                     FROM %I t %s', relname, CASE relname
               WHEN 'ir_attachment' THEN 'WHERE coalesce(url, $$$$) NOT LIKE $$/web/assets/%$$' END),
           false, true, '')))[1]::text
  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
 WHERE relkind = 'r' AND n.nspname = 'public'
"""

# What nobody looks after any more: records of modules and models that are gone, and values of
# selections that nobody knows; where code works out the values of a selection, Odoo lists none.
ORPHANS = """
SELECT format('%s %s.%s', model, module, name) FROM ir_model_data
 WHERE module IN (SELECT name FROM ir_module_module WHERE state = 'uninstalled')
UNION ALL
SELECT DISTINCT format('%s of %s', kind, model)
  FROM (SELECT 'ir_attachment' AS kind, res_model AS model FROM ir_attachment
        UNION ALL SELECT 'mail_message', model FROM mail_message
        UNION ALL SELECT 'mail_followers', res_model FROM mail_followers
        UNION ALL SELECT 'mail_activity', res_model FROM mail_activity
        UNION ALL SELECT 'ir_filters', model_id FROM ir_filters
        UNION ALL SELECT 'ir_act_window', res_model FROM ir_act_window
        UNION ALL SELECT 'ir_model_data', model FROM ir_model_data) noted
 WHERE coalesce(model, '') <> '' AND model NOT IN (SELECT model FROM ir_model)
UNION ALL
SELECT format('%s.%s = %s', f.model, f.name, (xpath('/row/v/text()', value))[1])
  FROM ir_model_fields f
  JOIN pg_class t ON t.relname = replace(f.model, '.', '_') AND t.relkind = 'r'
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = f.name AND NOT a.attisdropped,
       unnest(xpath('/table/row', query_to_xml(
           format('SELECT DISTINCT %1$I AS v FROM %2$I WHERE %1$I IS NOT NULL', f.name, t.relname),
           false, false, ''))) AS value
 WHERE f.ttype = 'selection' AND f.store AND f.model LIKE 'vip.%'
   AND EXISTS (SELECT FROM ir_model_fields_selection s WHERE s.field_id = f.id)
   AND (xpath('/row/v/text()', value))[1]::text NOT IN (
           SELECT s.value FROM ir_model_fields_selection s WHERE s.field_id = f.id)
"""

# Odoo's own traffic: notifications, calls to wake scheduled actions, signals between processes.
TRAFFIC = {"bus_bus", "ir_cron_trigger", "orm_signaling_registry"}
# While Odoo removes an addon's fields from its own models it notes their foreign keys once more, and
# then drops the keys only. The keys themselves are compared with the schema.
NOTED_AGAIN = {"ir_model_constraint"}
# Odoo's list of modules remembers what was installed once.
REMEMBERED = {"ir_module_module"}

# What is left must still work: the page of a customer, and the answer to a caller.
SMOKE_TESTS = "/{0}:TestLookup.test_card,/{0}:TestPerformance.test_vip_page"


class Story:
    """One copy of a database that goes through the life of our addons; collects problems."""

    def __init__(self, workshop: Workshop, name: str, source: str) -> None:
        self.workshop = workshop
        self.databases = workshop.databases
        self.database = workshop.copy(source, name)
        self.log = self.databases.fresh_log(name)
        self.problems: list[str] = []

    def step(self, what: str, *command: str) -> None:
        """Run one of Odoo's commands; a failure and everything odd in the log is a problem."""
        self.log.write_text("", encoding="utf-8")
        try:
            self.databases.call(self.log, *command)
        except process.Failed as failure:
            self.problems.append(f"{what}: Odoo ended with {failure.code}")
        text = self.log.read_text(encoding="utf-8")
        self.problems += [f"{what}: {problem}" for problem in oddities.in_log(text)]

    def server(self, what: str, *options: str) -> None:
        self.step(
            what, "server", "-d", self.database, "--stop-after-init", "--no-http",
            "--max-cron-threads", "0", *options,
        )  # fmt: skip

    def same_structure(self, what: str, database: str) -> None:
        """The schema must now be the one that `database` has."""
        here, there = (self._structure(name) for name in (self.database, database))
        self.problems += [f"{what}: left behind: {line}" for line in sorted(here - there)]
        self.problems += [f"{what}: missing: {line}" for line in sorted(there - here)]

    def same_rows(self, what: str, database: str) -> None:
        """Every table must now have as many rows as in `database`."""
        here, there = (self._row_counts(name) for name in (self.database, database))
        for table in sorted(here.keys() & there.keys() - TRAFFIC - NOTED_AGAIN):
            if here[table] != there[table]:
                self.problems.append(f"{what}: {table} has {here[table]} rows, not {there[table]}")

    def same_content(self, what: str, database: str) -> None:
        """Every row must now say what it says in `database`; both come from the same copy."""
        here, there = (dict(self._rows(CONTENTS, name)) for name in (self.database, database))
        for table in sorted(here.keys() & there.keys() - TRAFFIC - NOTED_AGAIN - REMEMBERED):
            if here[table] != there[table]:
                self.problems.append(f"{what}: the rows of {table} are not what they were")

    def no_orphans(self, what: str) -> None:
        """Nothing may be noted of a module or model that is gone, no value be unknown."""
        rows = self._rows(ORPHANS, self.database)
        self.problems += [f"{what}: left behind: {orphan}" for (orphan,) in sorted(rows)]

    def still_works(self, what: str, addon: str) -> None:
        """A few tests of an addon that stays."""
        tags = SMOKE_TESTS.format(addon)
        self.step(
            what, "server", "-d", self.database, "--test-tags", tags, "--stop-after-init",
            "--http-port", str(machine.free_port()), "--max-cron-threads", "0",
        )  # fmt: skip
        if not oddities.tests_in(self.log.read_text(encoding="utf-8")):
            self.problems.append(f"{what}: no test was run for {tags}")

    def _structure(self, database: str) -> set[str]:
        return {row[0] for row in self._rows(STRUCTURE, database)}

    def _row_counts(self, database: str) -> dict[str, int]:
        return {table: int(count) for table, count in self._rows(ROW_COUNTS, database)}

    def _rows(self, query: str, database: str) -> list[list[str]]:
        return self.workshop.cluster.sql(query, database)

    def end(self) -> list[str]:
        self.databases.drop(self.database)
        return self.problems


def check(workshop: Workshop, _arguments: Sequence[str]) -> Result:
    """Both lives of the addons: in a company's database and in one with demo data."""
    problems = [*_company(workshop), *_demo(workshop)]
    return Result("update, uninstall, install again, install with demo data", problems)


def _company(workshop: Workshop) -> Iterator[str]:
    """Uninstall what was installed, update it, and install it again."""
    story = Story(workshop, "lifecycle", "installed")
    first, *later = workshop.addons
    addons = ",".join(workshop.addons)
    for addon in reversed(later):
        uninstall = f"uninstall {addon}"
        story.step(uninstall, "module", "uninstall", "-d", story.database, addon)
        story.same_structure(uninstall, workshop.before(addon))
        story.same_rows(uninstall, workshop.before(addon))
        story.same_content(uninstall, workshop.before(addon))
        story.no_orphans(uninstall)
    if later:
        story.still_works("after the later addons", first)
        story.server("install the later addons again", "-i", ",".join(later))
        story.same_structure("install the later addons again", "installed")
    story.server("update", "-u", addons)
    story.same_structure("update", "installed")
    # what depends on the first one goes with it
    story.step(f"uninstall {first}", "module", "uninstall", "-d", story.database, first)
    story.same_structure("uninstall", "template")
    story.same_rows("uninstall", "template")
    story.no_orphans("uninstall")
    story.server("install again", "-i", addons)
    story.same_structure("install again", "installed")
    yield from story.end()


def _demo(workshop: Workshop) -> Iterator[str]:
    """Install where demo data is wanted, update it, and uninstall addons that are full of records."""
    workshop.make_template("template_demo")
    story = Story(workshop, "lifecycle_demo", "template_demo")
    addons = ",".join(workshop.addons)
    story.server("install with demo data", "-i", addons)
    story.server("update with demo data", "-u", addons)
    without = workshop.cluster.sql(
        "SELECT name FROM ir_module_module WHERE name = ANY(string_to_array(:'names', ',')) AND NOT demo",
        story.database,
        names=addons,
    )
    for (addon,) in without:
        yield f"the demo data of {addon} was not installed"
    for addon in reversed(workshop.addons):
        uninstall = f"uninstall {addon} with demo data"
        story.step(uninstall, "module", "uninstall", "-d", story.database, addon)
        story.same_structure(uninstall, workshop.before(addon))
        story.no_orphans(uninstall)
    yield from story.end()

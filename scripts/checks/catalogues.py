"""Print how a committed template and catalogue differ from what the addon needs, a line each.

Runs under the virtual environment's Python: catalogues.py EXPORTED.pot COMMITTED.pot CATALOGUE.po
"""

import sys
from collections.abc import Iterator

import polib


def terms(catalogue: polib.POFile) -> dict[str, list[str]]:
    """Where each term occurs; dates and versions in the header do not matter."""
    return {entry.msgid: sorted(place for place, _ in entry.occurrences) for entry in catalogue}


def differences(exported: polib.POFile, committed: polib.POFile) -> Iterator[str]:
    needed, present = terms(exported), terms(committed)
    for term in sorted(needed.keys() | present.keys()):
        if term not in present:
            yield f"the template lacks {term!r}: export it again"
        elif term not in needed:
            yield f"the template has {term!r}, which the addon does not: export it again"
        elif needed[term] != present[term]:
            yield f"the template has {term!r} in other places than the addon: export it again"


def gaps(needed: polib.POFile, catalogue: polib.POFile) -> Iterator[str]:
    translated = {entry.msgid for entry in catalogue if entry.translated()}
    for entry in needed:
        if entry.msgid not in translated:
            yield f"no translation of {entry.msgid!r}"
    for entry in catalogue:
        if "fuzzy" in entry.flags:
            yield f"the translation of {entry.msgid!r} is fuzzy"
    for entry in catalogue.obsolete_entries():
        yield f"obsolete entry {entry.msgid!r}"


def main(exported: str, committed: str, catalogue: str) -> None:
    template = polib.pofile(committed)
    for line in differences(polib.pofile(exported), template):
        print(line)
    for line in gaps(template, polib.pofile(catalogue)):
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])

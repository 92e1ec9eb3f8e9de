"""Packages that a script reads and nothing installs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import odoo, process
from stack.errors import explain


@contextmanager
def fetched(requirement: Path, package: str, log: Path) -> Iterator[Path]:
    """The wheel of the one package that a requirements file pins, as pip gets it; gone afterwards.

    :raise Stop: no package index can be reached
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(odoo.make_venv(())), "-m", "pip", "download", "--disable-pip-version-check",
            "--no-deps", "--only-binary", ":all:", "--dest", folder, "-r", str(requirement),
        ]  # fmt: skip
        try:
            process.run(command, log)
        except process.Failed as failure:
            raise explain(
                f"fetching the package {package}",
                failure.output,
                f"See {log}; a package index must be reachable (pip's configuration,"
                " PIP_INDEX_URL).",
            )
        (wheel,) = Path(folder).glob("*.whl")
        yield wheel

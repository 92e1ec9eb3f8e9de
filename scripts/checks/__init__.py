"""The parts of scripts/test. Each gives a Result: problems, and what was looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stack.workshop import Workshop


@dataclass
class Result:
    """What a part found; a part without problems is a success."""

    looked_at: str
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


Check = Callable[[Workshop, Sequence[str]], Result]

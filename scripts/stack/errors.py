"""The one exception that reaches the person at the keyboard."""

import re


class Stop(Exception):
    """Work cannot go on: what is wrong, and the way out."""

    def __init__(self, problem: str, way_out: str) -> None:
        super().__init__(f"{problem} {way_out}")
        self.problem = problem
        self.way_out = way_out

    def __str__(self) -> str:
        return f"\n  Problem:  {self.problem}\n  Way out:  {self.way_out}\n"


NO_SPACE = re.compile(r"No space left on device|not enough free space|Disk quota exceeded", re.I)
NO_NETWORK = re.compile(
    r"Temporary failure (in name resolution|resolving)|Could not resolve|Name or service not known"
    r"|Network is unreachable|No route to host|Could not connect|Connection refused"
    r"|Connection timed out|NewConnectionError|Failed to establish a new connection",
    re.I,
)


def explain(doing: str, output: str, otherwise: str) -> Stop:
    """Turn the output of a failed command into a problem and a way out.

    `doing` completes "Failed while ..."; `otherwise` is the way out when the output shows neither a
    full disk nor a missing network.
    """
    last_lines = " | ".join(output.strip().splitlines()[-3:])
    if NO_SPACE.search(output):
        return Stop(
            f"The disk is full ({doing}).", "Free some space and run the same command again."
        )
    if NO_NETWORK.search(output):
        return Stop(
            f"No network ({doing}): {last_lines}",
            "Connect, or set the proxy (http_proxy, https_proxy), and run the same command again.",
        )
    return Stop(f"Failed while {doing}: {last_lines}", otherwise)

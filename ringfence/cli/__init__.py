"""The command line: one file per command, imported only when it is used."""

from __future__ import annotations

from ringfence.cli.group import LazyGroup
from ringfence.cli.process import run

EPILOG = """\b
Start here:
  ringfence check countries/lab.yaml           does the country keep its own laws?
  ringfence explain RF-RES-001                 what a rule demands, why, and how to mend it
  ringfence report countries/lab.yaml -o r.html

\b
Exit codes, the same in every format:
  0  nothing mandatory fails or is unknown     3  a mandatory rule is unknown
  1  a mandatory rule fails (outranks 3)       4  an operation failed on a real thing
  2  bad input

\b
Shell completion (bash; zsh and fish likewise):
  eval "$(_RINGFENCE_COMPLETE=bash_source ringfence)"
"""

COMMANDS = ("check", "report", "explain", "graph", "permit", "audit", "hosts", "up", "lab", "schema")

cli = LazyGroup(
    name="ringfence",
    package=__name__,
    commands=COMMANDS,
    help="Build a sovereign AI data centre from one country file, and prove that it stays one.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Run the command line of this process and exit with its code."""
    run(cli)

"""`python -m tests.lab.command up|down`: the lab in a process of its own, which a test may kill."""

from __future__ import annotations

import json
import sys

import lab
from engine.progress import to_stderr
from ringfence.cli.country import open_country
from ringfence.errors import RingfenceError
from tests.conftest import COUNTRY

if __name__ == "__main__":
    try:
        if sys.argv[1] == "up":
            print(json.dumps(lab.up(open_country(COUNTRY).estate, to_stderr).changes))
        else:
            lab.down(to_stderr)
    except RingfenceError as error:
        sys.exit(f"error: {error}")

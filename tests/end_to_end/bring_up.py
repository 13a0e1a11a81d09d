"""`python -m tests.end_to_end.bring_up FILE`: `pulumi up` of all stacks as `ringfence up` does it, and nothing besides."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.progress import to_stderr
from ringfence.errors import RingfenceError
from stacks.up import bring_up

if __name__ == "__main__":
    try:
        print(bring_up(Path(sys.argv[1]), to_stderr).changed)
    except RingfenceError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)

"""What Pulumi runs."""

from __future__ import annotations

from stacks.program import run

run()

"""Print the packages of the interpreter that runs this file, as JSON; it needs nothing but the standard library.

Usage: python packages.py all|direct, where direct leaves out what another package requires.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import distributions


def installed(*, direct_only: bool) -> list[dict[str, str]]:
    """Name and version of each installed distribution."""
    found = {normalized(each.metadata["Name"]): each for each in distributions() if each.metadata["Name"]}
    required = {
        normalized(match.group())
        for each in found.values()
        for requirement in each.requires or ()
        if (match := re.match(r"[A-Za-z0-9._-]+", requirement))
    }
    names = sorted(found.keys() - required if direct_only else found)
    return [{"name": found[name].metadata["Name"], "version": found[name].version} for name in names]


def normalized(name: str) -> str:
    """The form in which two spellings of a distribution's name are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    json.dump(installed(direct_only=sys.argv[1] == "direct"), sys.stdout)

"""``make bench``: runs the measurements, prints ``name: value`` lines, and keeps the table in ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import sys

from bench import country_figures, table

SUBJECTS = {"country": country_figures.measure}


def main() -> int:
    """Measure all subjects, or the one that ``--only`` names."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(SUBJECTS), help="one subject")
    parser.add_argument("--keep", action="store_true", help="leave docs/benchmarks.md as it is")
    chosen = parser.parse_args()
    for subject, measure in SUBJECTS.items():
        if chosen.only in (None, subject):
            figures = measure()
            for figure in figures:
                print(f"{figure.name}: {figure.value:g}", flush=True)
            if not chosen.keep:
                table.keep(subject, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())

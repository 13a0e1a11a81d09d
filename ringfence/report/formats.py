"""The formats of a report, each in a module that is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from ringfence.errors import InputError
from ringfence.report.report import Report

FORMATS = ("text", "json", "sarif", "junit", "html", "markdown", "csv")


def render(report: Report, form: str, *, colour: bool = False, everything: bool = False) -> str:
    """Return the report as text in one of ``FORMATS``.

    Args:
        report: what to show.
        form: the format's name.
        colour: whether a terminal that knows colours shows it; only the text format has any.
        everything: show passes in the text format too; all other formats always hold every verdict.

    Raises:
        InputError: there is no such format (yet).
    """
    if form not in FORMATS:
        raise InputError(f"format {form} does not exist yet; use one of {', '.join(FORMATS)}")
    module = import_module(f"ringfence.report.to_{form}")
    text: str = module.render(report, colour=colour, everything=everything) if form == "text" else module.render(report)
    return text

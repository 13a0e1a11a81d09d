"""Reports: what was judged and how it came out, as one value, and one module for each format that shows it."""

from __future__ import annotations

from ringfence.report.formats import FORMATS, render
from ringfence.report.report import Examined, Picture, Report, report_on

__all__ = ["FORMATS", "Examined", "Picture", "Report", "render", "report_on"]

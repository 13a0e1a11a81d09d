"""A report that holds one verdict of each status, and texts that attack whatever shows them."""

from __future__ import annotations

from datetime import date

import pytest

from ringfence.estate import Coverage
from ringfence.report import Examined, Picture, Report
from ringfence.verdict import Source, Verdict, Waived

HOSTILE = "</script><img src=https://evil.example/x onerror=alert(1)>\x1b[2J\u202e=1+1|`"


def verdict(status: str = "fail", **given: object) -> Verdict:
    plain = {
        "rule": "RF-RES-001", "title": "Nothing leads out of bounds", "severity": "critical",
        "mandatory": ("file", "plan"), "status": status, "grade": "declared", "subject": "records", "message": "leads abroad",
        "remedy": "Move the copy home.", "judged": 3,
    }  # fmt: skip
    return Verdict(**{**plain, **given})  # type: ignore[arg-type]


def report(*verdicts: Verdict, **given: object) -> Report:
    rules = {item.rule: item for item in verdicts}
    plain = {
        "subject": "countries/lab.yaml", "country": "Atlantis", "stage": "file", "today": date(2027, 1, 2), "pretended": False,
        "verdicts": verdicts,
        "rules": tuple(
            Examined(item.rule, item.title, item.severity, item.mandatory, ("nist-800-53:AC-4",), item.remedy, "Why.", 3)
            for item in rules.values()
        ),
        "coverage": (Coverage("flows", "declared", "countries/lab.yaml"),), "not_examined": ("pods: not covered",),
        "notices": (), "sites": {"records": "north"}, "declaration": "sha256:d", "estate": "sha256:e",
        "policies": "sha256:p", "version": "9.9.9",
    }  # fmt: skip
    return Report(**{**plain, **given})  # type: ignore[arg-type]


@pytest.fixture
def each_status() -> Report:
    waiver = Waived("w-1", "Ministry", "migration", "T-7", "2027-02-01")
    return report(
        verdict("fail", path=("records in XA", "replication to abroad in XB"), source=Source("countries/lab.yaml", 41)),
        verdict("unknown", rule="RF-NET-001", title="Cables", subject="cables", message="could not be read: leaf1"),
        verdict("waived", rule="RF-STO-001", title="Locks", subject="notices", waiver=waiver),
        verdict("fail", rule="RF-STO-009", title="Tidy", mandatory=(), severity="low", subject="models", message="untidy"),
        verdict("pass", rule="RF-KEY-001", title="Keys", subject="keys", message=""),
        verdict("not_applicable", rule="RF-POD-001", title="Pods", subject="pods", message="there are no pods"),
    )


@pytest.fixture
def hostile() -> Report:
    return report(
        verdict(subject=HOSTILE, message=HOSTILE, path=(HOSTILE, "b"), source=Source(HOSTILE, 1)),
        subject=HOSTILE, country=HOSTILE, notices=(HOSTILE,), not_examined=(HOSTILE,), sites={HOSTILE: HOSTILE},
        pictures=(Picture(HOSTILE, "<svg><style></style></svg>"),),
    )  # fmt: skip

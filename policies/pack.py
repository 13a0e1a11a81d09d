"""What the policy pack reports: the verdicts on what a stack would make, as CrossGuard shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import ReportViolation, StackValidationArgs
from pulumi_policy.proxy import UnknownValueError

from policies import load_rules
from ringfence.errors import RingfenceError
from ringfence.judge import judge
from ringfence.read.plan import Planned, estate_of
from ringfence.verdict import Verdict, blocking


def binding(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report what keeps the gate shut: a mandatory rule that fails, or of which nobody can tell whether it holds."""
    try:
        verdicts = _verdicts(args)
    except RingfenceError as error:
        report(str(error), None)
        return
    for verdict in blocking(verdicts, "plan"):
        report(_line(verdict), None)


def advisory(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report the failures of rules that do not bind a plan."""
    try:
        verdicts = _verdicts(args)
    except RingfenceError:
        return  # ``binding`` has reported it
    for verdict in verdicts:
        if verdict.status == "fail" and not verdict.binds("plan"):
            report(_line(verdict), None)


def _verdicts(args: StackValidationArgs) -> list[Verdict]:
    # Only what a provider makes has one.
    resources = (Planned(r.resource_type, r.urn, unwrap(r.props), r.provider is not None) for r in args.resources)
    estate = estate_of(resources, "the plan")
    return judge(estate, load_rules(), today=datetime.now(UTC).date(), stage="plan")


def unwrap(value: Any) -> Any:
    """Return a property as plain data. CrossGuard hides unknown values behind an error that it turns into mere advice.

    So each is put back as Pulumi's own mark for it, which the reader counts as missing.
    """
    if isinstance(value, str | bytes) or not hasattr(value, "__getitem__"):
        return value
    keys: Iterable[Any] = list(value) if hasattr(value, "keys") else range(len(value))
    made: dict[Any, Any] = {}
    for key in keys:
        try:
            made[key] = unwrap(value[key])
        except UnknownValueError as unknown:
            made[key] = unknown.unknown_type_sentinel
    return made if hasattr(value, "keys") else list(made.values())


def _line(verdict: Verdict) -> str:
    hops = f" [{' > '.join(verdict.path)}]" if verdict.path else ""
    doubt = "cannot be told: " if verdict.status == "unknown" else ""
    return f"{verdict.rule} {verdict.subject}: {doubt}{verdict.message}{hops}. {verdict.remedy}"

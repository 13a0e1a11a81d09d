"""One change on many things at once: bounded, with a result for each, so that one failure never hides the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from hardware.contract import Driver, Observed, Plan, Say, Wanted, WayBack, bring_about
from ringfence.errors import OperationError, RingfenceError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Wanted, Observed]):
    """What became of one thing: exactly one of `plan` (it is now as wanted) and `error` is set."""

    plan: Plan[Wanted, Observed] | None = None
    error: RingfenceError | None = None


@dataclass(frozen=True)
class Rollout(Generic[Wanted, Observed]):
    """The outcome of every thing, by name, in the order in which they were given."""

    outcomes: Mapping[str, Outcome[Wanted, Observed]]

    @property
    def failed(self) -> Mapping[str, RingfenceError]:
        """Errors by name; empty when all is as wanted."""
        return {name: outcome.error for name, outcome in self.outcomes.items() if outcome.error}

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the things that were really changed."""
        return tuple(name for name, outcome in self.outcomes.items() if outcome.plan and not outcome.plan.empty)

    def raise_if_failed(self) -> None:
        """Raise one OperationError that names every thing that failed and says how many are done."""
        if self.failed:
            details = "; ".join(str(error) for error in self.failed.values())
            done = len(self.outcomes) - len(self.failed)
            raise OperationError(f"{len(self.failed)} of {len(self.outcomes)} failed, {done} done: {details}")


def roll_out(
    drivers: Mapping[str, Driver[Wanted, Observed, WayBack]],
    wanted: Mapping[str, Wanted],
    *,
    workers: int = 16,
    say: Say = lambda line: None,
) -> Rollout[Wanted, Observed]:
    """Bring every thing about as `wanted`, at most `workers` at a time; keys of both mappings are the same names."""

    def one(name: str) -> Outcome[Wanted, Observed]:
        try:
            plan = bring_about(drivers[name], wanted[name])
        except RingfenceError as error:
            say(f"{name}: failed: {error}")
            return Outcome(error=error)
        say(f"{name}: {len(plan.changes)} changed" if plan.changes else f"{name}: unchanged")
        return Outcome(plan=plan)

    return Rollout(_in_parallel(one, tuple(wanted), workers))


def read_all(
    drivers: Mapping[str, Driver[Wanted, Observed, WayBack]], *, workers: int = 16
) -> Mapping[str, Observed | RingfenceError]:
    """State of every thing, or the error that reading it gave, by name."""

    def one(name: str) -> Observed | RingfenceError:
        try:
            return drivers[name].read()
        except RingfenceError as error:
            return error

    return _in_parallel(one, tuple(drivers), workers)


def _in_parallel(task: Callable[[str], Result], names: Sequence[str], workers: int) -> Mapping[str, Result]:
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="device") as pool:
        return dict(zip(names, pool.map(task, names), strict=True))

"""What `bring_about` and `roll_out` promise about any driver, shown with the simplest one: a number in a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hardware.contract import Applied, Change, Plan, bring_about
from hardware.rollout import read_all, roll_out
from ringfence.errors import OperationError


@dataclass
class Dial:
    """A thing with one number; `stuck` names the operation that fails."""

    value: int = 0
    stuck: tuple[str, ...] = ()
    done: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return "dial"

    def _do(self, operation: str) -> None:
        self.done.append(operation)
        if operation in self.stuck:
            raise OperationError(f"dial: {operation} failed")

    def read(self) -> int:
        self._do("read")
        return self.value

    def plan(self, wanted: int, observed: int) -> Plan[int, int]:
        changes = (Change("dial", "value", f"{observed} -> {wanted}"),) if wanted != observed else ()
        return Plan("dial", wanted, observed, changes)

    def apply(self, plan: Plan[int, int]) -> Applied[int, int, int]:
        self._do("apply")
        self.value = plan.wanted
        return Applied(plan, plan.observed)

    def confirm(self, applied: Applied[int, int, int]) -> None:
        self._do("confirm")

    def rollback(self, applied: Applied[int, int, int]) -> None:
        self._do("rollback")
        self.value = applied.way_back


def test_what_is_as_wanted_is_only_read() -> None:
    dial = Dial(7)
    assert bring_about(dial, 7).empty
    assert dial.done == ["read"]


def test_a_change_is_applied_and_confirmed() -> None:
    dial = Dial(1)
    assert [str(change) for change in bring_about(dial, 7).changes] == ["dial: value: 1 -> 7"]
    assert (dial.value, dial.done) == (7, ["read", "apply", "confirm"])


def test_what_cannot_be_confirmed_is_rolled_back() -> None:
    dial = Dial(1, stuck=("confirm",))
    with pytest.raises(OperationError, match="confirm failed; rolled back"):
        bring_about(dial, 7)
    assert dial.value == 1


def test_a_failed_rollback_is_told_beside_its_cause() -> None:
    with pytest.raises(OperationError, match="confirm failed; and it was not rolled back: dial: rollback failed"):
        bring_about(Dial(1, stuck=("confirm", "rollback")), 7)


def test_a_plan_that_needs_a_replacement_is_refused() -> None:
    change = Change("dial", "kind", "round -> square")
    with pytest.raises(OperationError, match="dial: kind: round -> square: cannot be changed in place"):
        Plan("dial", 1, 1, (change,), (change,)).refuse_replacement()


def test_one_failure_leaves_the_others_done_and_is_named() -> None:
    dials = {"a": Dial(1), "b": Dial(1, stuck=("apply",)), "c": Dial(7)}
    rollout = roll_out(dials, dict.fromkeys(dials, 7), workers=2)
    assert rollout.changed == ("a",)
    assert set(rollout.failed) == {"b"}
    assert dials["a"].value == 7
    with pytest.raises(OperationError, match="1 of 3 failed, 2 done: dial: apply failed"):
        rollout.raise_if_failed()


def test_a_rollout_says_what_became_of_each() -> None:
    said: list[str] = []
    roll_out({"a": Dial(1), "b": Dial(7)}, {"a": 7, "b": 7}, workers=1, say=said.append)
    assert said == ["a: 1 changed", "b: unchanged"]


def test_nothing_to_roll_out_is_no_failure() -> None:
    roll_out({}, {}).raise_if_failed()


def test_reading_all_gives_the_error_in_place_of_the_state() -> None:
    states = read_all({"a": Dial(3), "b": Dial(3, stuck=("read",))})
    assert states["a"] == 3
    assert isinstance(states["b"], OperationError)

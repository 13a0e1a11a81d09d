"""When an object counts as ready, and as gone, and a plain reason why it does not yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.kubernetes.api import Api, Resource, UnknownKindError
from engine.kubernetes.tokens import Kind
from engine.kubernetes.waiting import Deadline
from ringfence.errors import OperationError

# The official plugin's annotation.
SKIP_AWAIT = "pulumi.com/skipAwait"

Live = dict[str, Any]


@dataclass(frozen=True)
class NotReady:
    """Why an object is not ready; `final` when waiting longer cannot help."""

    reason: str
    final: bool = False


class NotReadyError(OperationError):
    """The object was made, and did not become ready; `live` is how it was seen last."""

    def __init__(self, message: str, live: Live) -> None:
        super().__init__(message)
        self.live = live


def wait_ready(api: Api, resource: Resource, path: str, live: Live, deadline: Deadline) -> Live:
    """Wait until an object is ready and return it as it then is.

    Raises:
        NotReadyError: it failed, vanished, or the time is over; the message says why.
    """
    check = _CHECKS.get(resource.kind.key)
    if check is None or (live["metadata"].get("annotations") or {}).get(SKIP_AWAIT) == "true":
        return live
    while problem := check(api, live):
        if problem.final:
            raise NotReadyError(f"failed: {problem.reason}", live)
        if not deadline.pause():
            raise NotReadyError(f"not ready after {deadline.seconds:.0f} s: {problem.reason}", live)
        current = api.get(path)
        if current is None:
            raise NotReadyError("was deleted while waiting for it to become ready", live)
        live = current
    return live


def wait_gone(api: Api, path: str, uid: str, deadline: Deadline) -> None:
    """Wait until the object with this uid is really gone.

    Raises:
        OperationError: the time is over; the message says what holds it.
    """
    while live := api.get(path):
        if uid and live["metadata"]["uid"] != uid:
            return
        if not deadline.pause():
            raise OperationError(f"still there {deadline.seconds:.0f} s after its deletion: {_held_by(live)}")


def _held_by(live: Live) -> str:
    conditions = [text for condition in _conditions(live).values() if (text := _stuck(condition))]
    finalizers = live["metadata"].get("finalizers") or live.get("spec", {}).get("finalizers") or []
    return "; ".join([*conditions, f"finalizers {', '.join(finalizers) or 'none'}"])


def _stuck(condition: dict[str, Any]) -> str | None:
    """Say what a namespace's deletion conditions complain of."""
    return condition.get("message") if condition.get("status") == "True" and "Deletion" in condition["type"] else None


def _conditions(live: Live) -> dict[str, dict[str, Any]]:
    return {condition["type"]: condition for condition in live.get("status", {}).get("conditions") or []}


def _holds(live: Live, condition: str, status: str = "True") -> str | None:
    """Return a condition's message (or its reason) when it has this status, None otherwise."""
    found = _conditions(live).get(condition, {})
    if found.get("status") != status:
        return None
    return " ".join(str(found.get("message") or found.get("reason") or condition).split())


def _deployment(api: Api, live: Live) -> NotReady | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return NotReady("the deployment controller has not seen it yet; does kube-controller-manager run?")
    if message := _holds(live, "Progressing", "False"):
        return NotReady(message, final=True)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated >= wanted and available >= wanted and status.get("replicas", 0) == updated:
        return None
    failure = _holds(live, "ReplicaFailure")
    return NotReady(f"{available} of {wanted} replicas available" + (f" ({failure})" if failure else ""))


def _job(api: Api, live: Live) -> NotReady | None:
    if message := _holds(live, "Failed"):
        return NotReady(message, final=True)
    if _holds(live, "Complete") or live["spec"].get("suspend"):
        return None
    status = live.get("status", {})
    return NotReady(f"{status.get('succeeded', 0)} of {live['spec'].get('completions', 1)} pods succeeded")


def _namespace(api: Api, live: Live) -> NotReady | None:
    phase = live.get("status", {}).get("phase", "Pending")
    return None if phase == "Active" else NotReady(f"its phase is {phase}")


def _quota(api: Api, live: Live) -> NotReady | None:
    # Until it is counted, the server refuses every object of the namespace with "status unknown for quota".
    if live.get("status", {}).get("hard") == live["spec"].get("hard"):
        return None
    return NotReady("the quota controller has not counted it yet; does kube-controller-manager run?")


def _definition(api: Api, live: Live) -> NotReady | None:
    if message := _holds(live, "NamesAccepted", "False"):
        return NotReady(message, final=True)
    if not _holds(live, "Established"):
        return NotReady("the API server has not established the new kind yet")
    spec = live["spec"]
    for version in spec["versions"]:
        if version["served"]:
            try:
                api.resource(Kind(spec["group"], version["name"], spec["names"]["kind"]))
            except UnknownKindError as error:
                return NotReady(str(error))
    return None


_CHECKS: dict[str, Callable[[Api, Live], NotReady | None]] = {
    "apps/Deployment": _deployment,
    "batch/Job": _job,
    "core/Namespace": _namespace,
    "core/ResourceQuota": _quota,
    "apiextensions.k8s.io/CustomResourceDefinition": _definition,
}

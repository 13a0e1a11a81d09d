"""The Kubernetes API as this plugin uses it: discovery, read, server-side apply, JSON patch, delete."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import urllib3
from kubernetes import client

from engine.kubernetes import refusal
from engine.kubernetes.refusal import RefusalError, UnreachableError
from engine.kubernetes.tokens import Kind
from ringfence.errors import OperationError

FIELD_MANAGER = "pulumi-ringfence"

_TIMEOUT = (5.0, 60.0)  # seconds to connect, seconds without an answer


class UnknownKindError(OperationError):
    """The API server serves no such kind (yet): a custom resource before its definition, say."""


@dataclass(frozen=True)
class Resource:
    """Where the API server keeps objects of a kind."""

    kind: Kind
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str) -> str:
        """Return the URL path of one object."""
        root = f"/apis/{self.kind.api_version}" if self.kind.group else f"/api/{self.kind.version}"
        place = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}/{quote(name, safe='')}"


class Api:
    """One cluster. Safe for use by several threads."""

    def __init__(self, api_client: client.ApiClient) -> None:
        self._client = api_client
        self._resources: dict[Kind, Resource] = {}
        self._lock = threading.Lock()

    def resource(self, kind: Kind) -> Resource:
        """Ask the server for a kind; only hits are remembered, because definitions come while we run.

        Raises:
            UnknownKindError: it is not served.
        """
        with self._lock:
            if kind not in self._resources:
                self._discover(kind)
            if kind in self._resources:
                return self._resources[kind]
        raise UnknownKindError(f"the API server serves no kind {kind.name!r} in {kind.api_version!r}")

    def get(self, path: str) -> dict[str, Any] | None:
        """Read one object; None where there is none."""
        try:
            return self._request("GET", path)
        except RefusalError as error:
            if error.code == 404:
                return None
            raise

    def apply(self, path: str, manifest: dict[str, Any], *, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
        """Create or change an object so that it has exactly the manifest's fields of those that we own.

        With `force`, fields that others own are taken from them; unknown fields are refused.
        """
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "force": str(force).lower()}
        return self._request("PATCH", path, query | _dry(dry_run), manifest, "application/apply-patch+yaml")

    def patch(self, path: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
        """Make changes given as JSON Patch operations (RFC 6902)."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        return self._request("PATCH", path, query, operations, "application/json-patch+json")

    def delete(self, path: str, uid: str) -> None:
        """Start to delete the object with this uid, dependents first; one that is not there is fine."""
        options: dict[str, Any] = {"propagationPolicy": "Foreground"}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            self._request("DELETE", path, {}, options, "application/json")
        except RefusalError as error:
            # A conflict says that another object has the name by now: ours is gone.
            if error.code not in (404, 409):
                raise

    def _discover(self, kind: Kind) -> None:
        root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
        for entry in (self.get(root) or {}).get("resources", []):
            # Subresources ("pods/status") repeat their parent's kind.
            if "/" not in entry["name"]:
                found = Kind(kind.group, kind.version, entry["kind"])
                self._resources[found] = Resource(found, entry["name"], bool(entry["namespaced"]))

    def _request(
        self, method: str, path: str, query: dict[str, str] | None = None, body: object = None, content: str = ""
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json"} | ({"Content-Type": content} if content else {})
        method, url, headers, *_ = self._client.param_serialize(
            method, path, query_params=list((query or {}).items()), header_params=headers,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        try:
            send = self._client.rest_client.request
            answer = send(method, url, headers, body, _request_timeout=_TIMEOUT)  # type: ignore[no-untyped-call]
            data: bytes = answer.read()
        except (urllib3.exceptions.HTTPError, client.ApiException) as error:
            cause = getattr(error, "reason", None)
            why = type(cause if isinstance(cause, Exception) else error).__name__
            raise UnreachableError(f"cannot reach the API server at {self._client.configuration.host} ({why})") from error
        if answer.status >= 400:
            raise refusal.from_answer(answer.status, data)
        result: dict[str, Any] = json.loads(data)
        return result


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}

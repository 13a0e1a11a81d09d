# ruff: noqa: N802 - gRPC generates the names of the methods
"""The gRPC service `ResourceProvider` for Kubernetes objects: Pulumi's messages in and out of `cluster`."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from engine.kubernetes import connection, diff, kinds, live, naming, tokens
from engine.kubernetes.boundary import EngineLog, PartialFailureError, Subject, reports_errors
from engine.kubernetes.cluster import Cluster, Outcome, desired
from engine.kubernetes.origin import MARK, require_ours
from engine.kubernetes.properties import UNKNOWN, Path, Properties, has_unknown, read, write
from engine.kubernetes.readiness import NotReadyError
from engine.kubernetes.tokens import Kind
from ringfence.errors import InputError

Context = grpc.ServicerContext


def sdk_version() -> str:
    """The version of the SDK that this plugin serves, which is the version that it says it has."""
    return metadata.version("pulumi-kubernetes")


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Kubernetes objects for the Pulumi engine. Each method answers one request; several run at once."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._cluster: Cluster | None = None

    @reports_errors
    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: Context) -> Any:
        """Agree on what may be sent: secrets as such, and autonaming settings."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    @reports_errors
    def GetPluginInfo(self, request: empty_pb2.Empty, context: Context) -> Any:
        """Name the version."""
        return plugin_pb2.PluginInfo(version=sdk_version())

    @reports_errors
    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Context) -> Any:
        """Return a schema without types: the SDK is generated already."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "kubernetes", "version": sdk_version()}))

    @reports_errors
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> Any:
        """Refuse options that are not carried; keep a kubeconfig's text secret in state."""
        options = read(request.news)
        secrets = options.secrets
        if connection.is_text(options.values.get("kubeconfig")):
            secrets |= {("kubeconfig",)}
        failures = connection.refused_options(options.values)
        return provider_pb2.CheckResponse(
            inputs=write(Properties(options.values, secrets)),
            failures=[provider_pb2.CheckFailure(property=name, reason=why) for name, why in failures.items()],
        )

    @reports_errors
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> Any:
        """Name the changed options; another cluster means that every object is to be made anew there."""
        old, new = read(request.old_inputs or request.olds).values, read(request.news).values
        was, will = connection.cluster_identity(old), connection.cluster_identity(new)
        moved = was is not None and will is not None and was != will
        return _diff_response([diff.Change(c.path, c.kind, replaces=moved) for c in diff.changes(old, new)])

    @reports_errors
    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> Any:
        """Take the options; the cluster is contacted when it is first needed."""
        options = read(request.args).values
        for name, why in connection.refused_options(options).items():
            raise InputError(f"kubernetes: {name}: {why}")
        self._cluster = Cluster(connection.connect(options))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True)

    @reports_errors
    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> Any:
        """Fill in the object's identity."""
        kind, news, olds = tokens.parse(Subject(request.urn).token), read(request.news), read(request.olds)
        auto = naming.AutoName(
            Subject(request.urn).name, request.urn, request.autonaming.proposed_name,
            disabled=request.autonaming.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE,
        )  # fmt: skip
        try:
            inputs = naming.complete(
                kind, news, olds.values, auto,
                namespaced=self._server.is_namespaced(kind), default_namespace=self._server.default_namespace,
            )  # fmt: skip
        except InputError as error:
            return provider_pb2.CheckResponse(inputs=request.news, failures=[provider_pb2.CheckFailure(reason=str(error))])
        return provider_pb2.CheckResponse(inputs=write(Properties(inputs, news.secrets)))

    @reports_errors
    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> Any:
        """Name the changed fields."""
        kind, old, new = tokens.parse(Subject(request.urn).token), read(request.old_inputs), read(request.news)
        require_ours(read(request.olds).values, Subject(request.urn).text(request.id))
        found = diff.input_changes(kind, request.id, old.values, new.values)
        response = _diff_response(found)
        response.deleteBeforeReplace = _next_identity(request, new) == request.id
        return response

    @reports_errors
    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> Any:
        """Make an object; in a preview, see whether the server would."""
        kind, inputs = tokens.parse(Subject(request.urn).token), read(request.properties)

        def act() -> Outcome:
            return self._server.create(kind, inputs.values, request.urn, request.timeout, dry_run=request.preview)

        outcome = self._perform(kind, inputs, request.urn, request.preview, act)
        return provider_pb2.CreateResponse(id=outcome.identity, properties=_outputs(kind, outcome.live, inputs.secrets))

    @reports_errors
    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> Any:
        """Read an object for a refresh or an import."""
        kind, old, state = tokens.parse(Subject(request.urn).token), read(request.inputs), read(request.properties)
        require_ours(state.values if old.values else {}, Subject(request.urn).text(request.id))
        found = self._server.read(kind, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs = desired(kind, old.values, state.values, found.live)
        secrets = old.secrets | state.secrets
        return provider_pb2.ReadResponse(
            id=found.identity,
            properties=_outputs(kind, found.live, secrets),
            inputs=write(Properties(inputs, secrets | _always_secret(kind))),
        )

    @reports_errors
    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> Any:
        """Change an object; in a preview, see whether the server would."""
        kind, inputs = tokens.parse(Subject(request.urn).token), read(request.news)
        old_inputs, state = read(request.old_inputs), read(request.olds)
        require_ours(state.values, Subject(request.urn).text(request.id))

        def act() -> Outcome:
            return self._server.update(
                kind, request.id, old_inputs=old_inputs.values, old_live=state.values, inputs=inputs.values,
                urn=request.urn, seconds=request.timeout, dry_run=request.preview,
            )  # fmt: skip

        outcome = self._perform(kind, inputs, request.urn, request.preview, act, request.id)
        return provider_pb2.UpdateResponse(properties=_outputs(kind, outcome.live, inputs.secrets))

    @reports_errors
    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> Any:
        """Delete an object and wait until it is gone."""
        kind, state = tokens.parse(Subject(request.urn).token), read(request.properties)
        require_ours(state.values, Subject(request.urn).text(request.id))
        uid = str((state.values.get("metadata") or {}).get("uid", ""))
        self._server.delete(kind, request.id, uid, request.timeout)
        return empty_pb2.Empty()

    @reports_errors
    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> Any:
        """Refuse: functions belong to what is not carried (Helm, YAML files, kustomize)."""
        raise InputError(f"{request.tok}: not carried by Ringfence's Kubernetes plugin")

    @reports_errors
    def Construct(self, request: provider_pb2.ConstructRequest, context: Context) -> Any:
        """Refuse: components belong to what is not carried."""
        tokens.parse(request.type)
        raise InputError(f"{request.type}: components are not carried by Ringfence's Kubernetes plugin")

    @reports_errors
    def Cancel(self, request: empty_pb2.Empty, context: Context) -> Any:
        """End every wait."""
        if self._cluster:
            self._cluster.cancel()
        return empty_pb2.Empty()

    @property
    def _server(self) -> Cluster:
        if self._cluster is None:
            raise InputError("kubernetes: the plugin was not configured")
        return self._cluster

    def _perform(
        self, kind: Kind, inputs: Properties, urn: str, preview: bool, act: Callable[[], Outcome], identity: str = ""
    ) -> Outcome:
        if preview:
            outcome = self._server.plan(act, inputs.values, lambda line: self._log.warn(urn, line))
            return Outcome(identity or outcome.identity, outcome.live)
        if has_unknown(inputs.values):
            raise InputError("an input is still unknown")
        try:
            return act()
        except NotReadyError as error:
            # It exists: the engine must know, or the next run would make it twice.
            made = identity or _identity(error.live, "")
            raise PartialFailureError(str(error), made, _outputs(kind, error.live, inputs.secrets), write(inputs)) from error


def _identity(manifest: dict[str, Any], known: str) -> str:
    """Return a manifest's id; a namespace that it does not give is that of the known id."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace") or (naming.split_id(known)[0] if known else None)
    return naming.object_id(namespace, metadata["name"])


def _next_identity(request: provider_pb2.DiffRequest, new: Properties) -> str | None:
    """Return the id that an object made anew from these inputs would have; None where that is unknown yet.

    Two objects cannot share a name: where it is the present one, the old object has to go first, whyever it is replaced.
    """
    if new.values.get("metadata") == UNKNOWN:
        return None
    identity = _identity(new.values, request.id)
    if not naming.autonamed(new.values):
        return identity
    auto = naming.AutoName(Subject(request.urn).name, request.urn)
    return naming.object_id(naming.split_id(identity)[0], auto.make(new))


def _always_secret(kind: Kind) -> frozenset[Path]:
    return frozenset(kinds.rules(kind).secret)


def _outputs(kind: Kind, found: dict[str, Any], secrets: frozenset[Path]) -> Any:
    kept = live.for_state(kind, found) if isinstance(found.get("metadata"), dict) else found
    return write(Properties(kept | {MARK: sdk_version()}, secrets | _always_secret(kind)))


def _diff_response(found: list[diff.Change]) -> provider_pb2.DiffResponse:
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        hasDetailedDiff=True,
        diffs=sorted({str(change.path[0]) for change in found}),
        replaces=[str(change) for change in found if change.replaces],
    )
    for change in found:
        name = f"{change.kind}_replace" if change.replaces else change.kind
        response.detailedDiff[str(change)].kind = provider_pb2.PropertyDiff.Kind.Value(name.upper())
        response.detailedDiff[str(change)].inputDiff = True
    return response

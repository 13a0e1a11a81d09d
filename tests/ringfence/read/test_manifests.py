from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import InputError
from ringfence.estate import Estate
from ringfence.facts import Pod
from ringfence.read.manifests import read_manifests

POD_SPEC = """\
containers:
  - name: main
    image: registry.example/app@sha256:0
    resources: { limits: { cpu: "1", memory: 1Gi } }
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true }
"""


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def manifest(kind: str, where: str, spec: str = POD_SPEC, api: str = "apps/v1") -> str:
    """An object whose pod spec stands at ``where``, a dotted path."""
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{ name: app, namespace: team }}\n"
    keys = where.split(".")
    for depth, key in enumerate(keys):
        text += f"{'  ' * depth}{key}:\n"
    return text + indented(spec, 2 * len(keys))


POD = manifest("Pod", "spec", api="v1")


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Estate]:
    def reading(*texts: str | bytes) -> Estate:
        for number, text in enumerate(texts):
            raw = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{number}.yaml").write_bytes(raw)
        return read_manifests(tmp_path)

    return reading


def missing(estate: Estate) -> tuple[str, ...]:
    (coverage,) = estate.coverage
    return coverage.missing


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("kind", "where", "api"),
    [
        ("Pod", "spec", "v1"),
        ("PodTemplate", "template.spec", "v1"),
        ("Deployment", "spec.template.spec", "apps/v1"),
        ("StatefulSet", "spec.template.spec", "apps/v1"),
        ("DaemonSet", "spec.template.spec", "apps/v1"),
        ("ReplicaSet", "spec.template.spec", "apps/v1"),
        ("ReplicationController", "spec.template.spec", "v1"),
        ("Job", "spec.template.spec", "batch/v1"),
        ("CronJob", "spec.jobTemplate.spec.template.spec", "batch/v1"),
        ("PyTorchJob", "spec.pytorchReplicaSpecs.Worker.template.spec", "kubeflow.org/v1"),
    ],
)
def test_pods_are_found_in_any_kind_of_workload(read: Callable[..., Estate], kind: str, where: str, api: str) -> None:
    (pod,) = read(manifest(kind, where, api=api)).pods
    assert (pod.name, pod.namespace, pod.kind, pod.images) == ("app", "team", kind, ("registry.example/app@sha256:0",))


def test_a_sound_pod_gives_nothing_to_complain_about(read: Callable[..., Estate], tmp_path: Path) -> None:
    (pod,) = read(POD).pods
    assert pod == Pod(
        "app", "team", "Pod", ("registry.example/app@sha256:0",), (), (), 0, (), (), (), (), "",
        source=str(tmp_path / "0.yaml"), line=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("containers:", "hostNetwork: true\n  containers:", "host_access", ("hostNetwork",)),
        ("containers:", "hostPID: yes\n  containers:", "host_access", ("hostPID",)),
        ("containers:", "volumes: [{ hostPath: { path: /etc } }]\n  containers:", "host_access", ("hostPath /etc",)),
        ("image:", "ports: [{ hostPort: 80 }]\n      image:", "host_access", ("hostPort 80",)),
        ("runAsNonRoot: true", "runAsNonRoot: true, privileged: true", "privileged", ("main",)),
        ("runAsNonRoot: true", "runAsNonRoot: true, privileged: on", "privileged", ("main",)),
        (
            "runAsNonRoot: true",
            "runAsNonRoot: true, capabilities: { add: [SYS_ADMIN] }",
            "privileged",
            ("main with SYS_ADMIN",),
        ),
        (
            "containers:",
            "securityContext: { sysctls: [{ name: kernel.msgmax, value: '1' }] }\n  containers:",
            "privileged",
            ("setting kernel.msgmax",),
        ),
        ("runAsNonRoot: true", "runAsNonRoot: false", "run_as_root", ("main",)),
        ("runAsNonRoot: true", "runAsUser: 0, runAsNonRoot: true", "run_as_root", ("main",)),
        ("allowPrivilegeEscalation: false, ", "", "escalation", ("main",)),
        ("memory: 1Gi", "nvidia.com/gpu: 8", "limits_missing", ("main: memory",)),
        ("memory: 1Gi", "memory: 1Gi, nvidia.com/gpu: 8", "gpu_limits", 8),
    ],
)
def test_what_a_pod_asks_for_becomes_a_fact(read: Callable[..., Estate], old: str, new: str, field: str, value: object) -> None:
    (pod,) = read(changed(POD, old, new)).pods
    assert getattr(pod, field) == value


def test_the_pods_context_counts_where_the_container_has_none(read: Callable[..., Estate]) -> None:
    text = changed(POD, ", runAsNonRoot: true", "")
    assert read(text).pods[0].run_as_root == ("main",)
    assert (
        read(changed(text, "containers:", "securityContext: { runAsNonRoot: true }\n  containers:")).pods[0].run_as_root == ()
    )


def test_init_containers_count_like_any_other(read: Callable[..., Estate]) -> None:
    text = changed(POD, "containers:", "initContainers: [{ name: first, image: a }]\n  containers:")
    (pod,) = read(text).pods
    assert "first" in pod.run_as_root
    assert "a" in pod.images


def test_documents_lists_and_json_are_read(read: Callable[..., Estate]) -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"  - {indented(POD.replace('name: app', f'name: app-{n}'), 4).lstrip()}" for n in range(2)
    )
    json = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "json"}, "spec": {"containers": [{"name": "a"}]}}'
    pods = read(items + "---\n" + POD, json).pods
    assert [pod.name for pod in pods] == ["app-0", "app-1", "app", "json"]


def test_a_pod_has_the_line_of_its_object(read: Callable[..., Estate]) -> None:
    first, second = read("apiVersion: v1\nkind: ConfigMap\n---\n" + POD + "---\n" + POD).pods
    assert (first.line, second.line) == (4, 14)


@pytest.mark.parametrize("kind", ["List", "PodList", "Secret", "Fruit"])
def test_whatever_has_items_is_a_list_as_kubernetes_tools_take_it(read: Callable[..., Estate], kind: str) -> None:
    pods = read(f"apiVersion: v1\nkind: {kind}\nitems:\n  - {indented(POD, 4).lstrip()}").pods
    assert [pod.name for pod in pods] == ["app"]


def test_an_empty_list_of_items_hides_nothing_beside_it(read: Callable[..., Estate]) -> None:
    estate = read("apiVersion: fruit.example/v1\nkind: FruitList\nmetadata: { name: a }\nitems: []\nspec: { ripe: true }\n")
    assert missing(estate) == ("FruitList a (fruit.example)",)


def test_a_sound_template_hides_no_other_pod_of_the_same_object(read: Callable[..., Estate]) -> None:
    other = "  podSpec: { hostNetwork: true, containers: [{ name: second }] }\n"
    pods = read(manifest("Fruit", "spec.template", api="fruit.example/v1") + other).pods
    assert sorted(pod.host_access for pod in pods) == [(), ("hostNetwork",)]


def test_containers_outside_a_template_leave_open_what_else_the_controller_makes(read: Callable[..., Estate]) -> None:
    estate = read("apiVersion: fruit.example/v1\nkind: Fruit\nmetadata: { name: a }\nspec: { containers: [{ name: b }] }\n")
    assert (len(estate.pods), missing(estate)) == (1, ("Fruit a (fruit.example)",))


def test_an_image_that_is_mounted_counts_like_one_that_runs(read: Callable[..., Estate]) -> None:
    volume = "volumes: [{ name: data, image: { reference: a/b:latest } }]\n  containers:"
    assert "a/b:latest" in read(changed(POD, "containers:", volume)).pods[0].images


def test_what_is_no_workload_makes_no_pods_and_hides_none(read: Callable[..., Estate]) -> None:
    estate = read("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny }\nspec: {}\n")
    assert estate.pods == ()
    assert [(item.fact, item.missing) for item in estate.coverage] == [("pods", ())]


def test_what_only_its_controller_understands_is_named_as_missing(read: Callable[..., Estate]) -> None:
    release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: shop }\nspec: { chart: {} }\n"
    (coverage,) = read(release).coverage
    assert coverage.missing == ("HelmRelease shop (helm.toolkit.fluxcd.io)",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\n", "0.yaml:2: not YAML"),
        ("\x00\x01", "not text"),
        (b"\xff\xfe\x00\xd8", "not text"),
        ("replicas: 3\n", "0.yaml:1: no Kubernetes manifest"),
        ("- 1\n", "no Kubernetes manifest"),
        ("kind: Pod\nspec: {}\n", "0.yaml:1: Pod has no apiVersion"),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: app }\nspec: {}\n", "Deployment app has no pod template"),
        ("apiVersion: v1\nkind: Pod\nspec: 3\n", "0.yaml:3: spec: spec is no mapping"),
        (changed(POD, "image: registry.example/app@sha256:0", "ports: 80"), "ports is no list of mappings"),
        (changed(POD, "memory: 1Gi", "nvidia.com/gpu: half"), "give a whole number"),
        ("base: &b { privileged: true }\nkind: Pod\nspec: { <<: *b }\n", "0.yaml:3: merge keys"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
            "aliases",
        ),
        ("kind: Pod\n" + "".join("  " * n + "a:\n" for n in range(200)), "nested deeper"),
        ("kind: Pod\nkind: Job\n", "duplicate key"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_line(read: Callable[..., Estate], text: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_broken_files_are_named_at_once(read: Callable[..., Estate]) -> None:
    with pytest.raises(InputError) as caught:
        read("a: [1\n", POD, "b: {\n")
    assert len(str(caught.value).splitlines()) == 2


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    with pytest.raises(InputError, match="larger than 8 MiB"):
        read_manifests(file)


def test_a_folder_without_manifests_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(InputError, match="holds no manifests"):
        read_manifests(tmp_path)


def test_a_path_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_manifests(tmp_path / "gone.yaml")


def test_a_pipe_is_no_manifest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_manifests(tmp_path / "pipe.yaml")


@given(text=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_text_brings_the_reader_down(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text)
    with suppress(InputError):
        read_manifests(file)

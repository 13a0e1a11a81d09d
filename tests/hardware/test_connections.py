"""connections.yaml: what is accepted, what is refused outside a lab, and that no secret comes back in an error."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hardware.connections import load_connections, read_secret
from ringfence.errors import InputError

CANARY = "canary-7f3a9c"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with an operator's key and one of a lab."""
    for name, comment in (("operator", "operator@ministry"), ("lab", "ringfence-lab")):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    (tmp_path / "kubeconfig").write_text('{clusters: [{name: c, cluster: {server: "https://10.9.0.1:6443"}}]}')
    return tmp_path


def real(keys: Path) -> dict[str, Any]:
    """Connections that a country which is no lab may have."""
    return {
        "ringfence_connections": 1,
        "ssh": {"user": "ringfence", "private_key_file": f"{keys}/operator", "known_hosts_file": "/etc/known_hosts"},
        "object_stores": {
            "north": {
                "endpoint": "https://store.north.example",
                "access_key_file": "/run/secrets/access",
                "secret_key_file": "/run/secrets/secret",
            }
        },
        "hsms": {"national-hsm": {"module": "/opt/nfast/libcknfast.so", "token": "national-hsm", "pin_file": "/run/pin"}},
        "kubernetes": {"north": {"kubeconfig": f"{keys}/kubeconfig"}},
    }


def written(folder: Path, content: object) -> Path:
    path = folder / "connections.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_real_connections_load_outside_a_lab(keys: Path) -> None:
    loaded = load_connections(written(keys, real(keys)), lab=False)
    assert loaded.object_stores["north"].endpoint == "https://store.north.example"
    assert loaded.hsms["national-hsm"].token == "national-hsm"


LAB_ONLY = {
    "softhsm module": ("hsms.national-hsm.module", "/usr/lib/softhsm/libsofthsm2.so", "SoftHSM"),
    "softhsm environment": ("hsms.national-hsm.environment", {"SOFTHSM2_CONF": "/x"}, "SoftHSM"),
    "loopback by address": ("object_stores.north.endpoint", "https://127.8.8.8:9000", "loopback"),
    "loopback in IPv6": ("object_stores.north.endpoint", "https://[::1]:9000", "loopback"),
    "loopback in IPv6 as IPv4": ("object_stores.north.endpoint", "https://[::ffff:127.0.0.1]:9000", "loopback"),
    "loopback by name": ("object_stores.north.endpoint", "https://localhost.:9000", "loopback"),
    "unspecified address": ("object_stores.north.endpoint", "https://0.0.0.0:9000", "loopback"),
}


@pytest.mark.parametrize(("field", "value", "reason"), LAB_ONLY.values(), ids=LAB_ONLY.keys())
def test_only_a_lab_may_use(field: str, value: object, reason: str, keys: Path) -> None:
    content = real(keys)
    room, name, key = field.split(".")
    content[room][name][key] = value
    path = written(keys, content)
    load_connections(path, lab=True)
    with pytest.raises(InputError, match=reason) as refusal:
        load_connections(path, lab=False)
    assert "\n" not in str(refusal.value)


def test_only_a_lab_may_use_the_labs_own_ssh_key(keys: Path) -> None:
    content = real(keys)
    content["ssh"]["private_key_file"] = f"{keys}/lab"
    with pytest.raises(InputError, match="the lab's own key"):
        load_connections(written(keys, content), lab=False)


def test_only_a_lab_may_use_a_kubernetes_api_on_this_machine(keys: Path) -> None:
    (keys / "kubeconfig").write_text('{clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]}')
    with pytest.raises(InputError, match=r"kubernetes\.north\.kubeconfig: a loopback address"):
        load_connections(written(keys, real(keys)), lab=False)


def test_a_module_that_is_a_link_to_softhsm_is_softhsm(keys: Path) -> None:
    link = keys / "libnational.so"
    link.symlink_to("/usr/lib/softhsm/libsofthsm2.so")
    content = real(keys)
    content["hsms"]["national-hsm"]["module"] = str(link)
    with pytest.raises(InputError, match="SoftHSM"):
        load_connections(written(keys, content), lab=False)


UNUSABLE = {
    "no version": ({}, "ringfence_connections: Field required"),
    "another version": ({"ringfence_connections": 2}, "ringfence_connections"),
    "unknown key": ({"ringfence_connections": 1, "password": CANARY}, "password: Extra inputs"),
    "plain http": (
        {"ringfence_connections": 1, "object_stores": {"n": {"endpoint": "http://s", "access_key_file": "/a",
                                                             "secret_key_file": "/b"}}},
        "object_stores.n.endpoint: must be an https:// address",
    ),
    "password in the address": (
        {"ringfence_connections": 1, "object_stores": {"n": {"endpoint": f"https://u:{CANARY}@s", "access_key_file": "/a",
                                                             "secret_key_file": "/b"}}},
        "without a user name or password",
    ),
    "secret in place of its file": (
        {"ringfence_connections": 1, "hsms": {"h": {"module": "/m", "token": "t", "pin_file": CANARY}}},
        "hsms.h.pin_file: must be an absolute path",
    ),
    "no mapping": ("- 1", "the file:"),
    "no yaml": ("a: [", "not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_file_is_one_line_without_what_was_in_it(content: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        load_connections(written(tmp_path, content), lab=True)
    message = str(refusal.value)
    assert reason in message
    assert message.startswith(str(tmp_path))
    assert "\n" not in message
    assert CANARY not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing-here\.yaml: cannot be read: No such file"):
        load_connections(tmp_path / "nothing-here.yaml", lab=True)


def test_a_secret_is_read_without_its_newline(tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    assert read_secret(path) == CANARY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_text(CANARY)
    path.chmod(mode)
    with pytest.raises(InputError, match="chmod 600") as refusal:
        read_secret(path)
    assert CANARY not in str(refusal.value)


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.touch(mode=0o600)
    with pytest.raises(InputError, match="empty"):
        read_secret(path)

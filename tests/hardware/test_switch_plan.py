"""What a device plan says, without a device."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.connections import Ssh
from hardware.device_state import DeviceFile, DeviceState, file_rules, rule_of
from hardware.ssh import Device
from hardware.switch import SwitchDriver
from ringfence.errors import InputError, OperationError

FRR = """\
hostname leaf
!
interface swp1
 ip address 10.0.0.0/31
 ipv6 address FD00::0/127
exit
!
interface swp2
exit
!
router bgp 65001
 neighbor swp2 interface remote-as external
exit
"""
RAIL = "[Match]\nName=rail1\n\n[Network]\nAddress=10.0.0.1/31\nAddress=fe80::1/64\n"
CONF, NETWORK = "/etc/frr/frr.conf", "/etc/systemd/network/50-rail1.network"
WANTED = {CONF: FRR, NETWORK: RAIL}
SSH = Ssh(user="ringfence", private_key_file=Path("/nowhere/id"), known_hosts_file=Path("/nowhere/known_hosts"))
DRIVER = SwitchDriver(Device("leaf", "127.0.0.1", port=1), SSH)


def on_device(files: Mapping[str, str]) -> dict[str, DeviceFile]:
    return {path: DeviceFile(text, rule_of(path).owner, rule_of(path).group, rule_of(path).mode)
            for path, text in files.items()}  # fmt: skip


AS_WANTED = DeviceState(
    files=on_device(WANTED),
    drift={CONF: ()},
    addresses={
        "swp1": frozenset({"10.0.0.0/31", "fd00::/127"}),
        "swp2": frozenset(),
        "rail1": frozenset({"10.0.0.1/31"}),
        "oob0": frozenset({"10.9.0.2/24"}),
    },
    down=frozenset(),
    bgp={"swp2": "Established"},
    unconfirmed=None,
    digest="0",
)


def said(state: DeviceState, wanted: Mapping[str, str] = WANTED) -> list[str]:
    return [str(change).removeprefix("device leaf: ") for change in DRIVER.plan(wanted, state).changes]


def test_a_device_as_wanted_needs_nothing() -> None:
    plan = DRIVER.plan(WANTED, AS_WANTED)
    assert plan.empty
    assert plan.unknown == ()


def test_each_line_that_differs_is_named_with_its_file() -> None:
    state = dataclasses.replace(AS_WANTED, files=on_device({**WANTED, CONF: FRR.replace("65001", "65002")}))
    assert said(state) == [f"{CONF}: - router bgp 65002", f"{CONF}: + router bgp 65001"]


def test_lines_that_look_like_the_heading_of_a_diff_are_named_too() -> None:
    wanted = {**WANTED, NETWORK: RAIL + "++ x\n-- y\n"}
    assert said(AS_WANTED, wanted) == [f"{NETWORK}: + ++ x", f"{NETWORK}: + -- y"]


def test_another_mode_or_owner_is_a_change() -> None:
    files = {**AS_WANTED.files, CONF: DeviceFile(FRR, "root", "frr", "0644")}
    said_now = said(dataclasses.replace(AS_WANTED, files=files))
    assert said_now == [f"{CONF}: owner root -> frr", f"{CONF}: mode 0644 -> 0640"]


def test_a_file_in_our_folders_that_is_not_wanted_is_removed() -> None:
    extra = "/etc/systemd/network/99-extra.network"
    state = dataclasses.replace(AS_WANTED, files={**AS_WANTED.files, extra: DeviceFile("", "root", "root", "0644")})
    assert said(state) == [f"{extra}: remove the file"]


def test_a_file_of_the_device_itself_is_left_alone() -> None:
    daemons = {"/etc/frr/daemons": DeviceFile("bgpd=yes\n", "frr", "frr", "0640")}
    assert said(dataclasses.replace(AS_WANTED, files={**AS_WANTED.files, **daemons})) == []


def test_a_running_configuration_that_differs_from_its_file_is_named() -> None:
    drift = {CONF: ("- router bgp 65099", "+ router bgp 65001")}
    assert said(dataclasses.replace(AS_WANTED, drift=drift)) == [
        f"{CONF} (running): - router bgp 65099",
        f"{CONF} (running): + router bgp 65001",
    ]


def test_a_running_line_that_the_new_file_wants_anyway_is_not_named() -> None:
    state = dataclasses.replace(
        AS_WANTED, files=on_device({**WANTED, CONF: FRR.replace("65001", "65002")}), drift={CONF: ("- router bgp 65001",)}
    )
    assert not [line for line in said(state) if "running" in line]


def test_a_running_configuration_that_cannot_be_compared_is_a_change() -> None:
    drift = {CONF: ("! cannot be compared: bgpd is not running",)}
    assert said(dataclasses.replace(AS_WANTED, drift=drift)) == [f"{CONF} (running): ! cannot be compared: bgpd is not running"]


@pytest.mark.parametrize(
    ("interface", "live", "expected"),
    [
        ("swp1", {"10.0.0.0/31"}, ["swp1 (running): + fd00::/127"]),
        ("swp2", {"192.0.2.7/24"}, ["swp2 (running): - 192.0.2.7/24"]),
        ("rail1", set(), ["rail1 (running): + 10.0.0.1/31"]),
    ],
)
def test_addresses_set_or_removed_by_hand_are_named(interface: str, live: set[str], expected: list[str]) -> None:
    addresses = {**AS_WANTED.addresses, interface: frozenset(live)}
    assert said(dataclasses.replace(AS_WANTED, addresses=addresses)) == expected


def test_a_link_taken_down_by_hand_is_named() -> None:
    assert said(dataclasses.replace(AS_WANTED, down=frozenset({"swp2", "oob0"}))) == ["swp2 (running): + up"]


def test_a_port_that_does_not_exist_is_unknown_and_no_change() -> None:
    addresses = {name: value for name, value in AS_WANTED.addresses.items() if name != "swp2"}
    plan = DRIVER.plan(WANTED, dataclasses.replace(AS_WANTED, addresses=addresses))
    assert plan.empty
    assert plan.unknown == ("swp2: the link does not exist",)


def test_an_unconfirmed_commit_is_committed_again_because_it_would_revert() -> None:
    assert said(dataclasses.replace(AS_WANTED, unconfirmed="abc")) == ["commit: abc was never confirmed: commit again"]


def test_what_the_agent_answers_becomes_the_state() -> None:
    links = '[{"ifname": "swp1", "flags": ["UP"], "addr_info": [{"local": "10.0.0.0", "prefixlen": 31, "scope": "global"}, \
{"local": "fe80::1", "prefixlen": 64, "scope": "link"}]}, {"ifname": "swp2", "flags": [], "addr_info": []}]'
    state = DeviceState.from_reply(
        {
            "files": {CONF: {"text": FRR, "owner": "frr", "group": "frr", "mode": "0640"}},
            "drift": {CONF: ["- router bgp 65009"]},
            "facts": {"addresses": links, "bgp": '{"ipv4Unicast": {"peers": {"swp2": {"state": "Established"}}}}'},
            "pending": None,
            "digest": "0",
        }
    )
    assert state.drift == {CONF: ("- router bgp 65009",)}
    assert state.addresses == {"swp1": frozenset({"10.0.0.0/31"}), "swp2": frozenset()}
    assert (state.down, state.bgp) == (frozenset({"swp2"}), {"swp2": "Established"})


@pytest.mark.parametrize("bgp", [None, "% BGP instance not found\n", "{}"])
def test_a_device_without_bgp_has_no_sessions(bgp: str | None) -> None:
    reply = {"files": {}, "drift": {}, "facts": {"addresses": "[]", "bgp": bgp}, "pending": None, "digest": "0"}
    assert DeviceState.from_reply(reply).bgp == {}


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/frr/../shadow",
        "/etc/frr/frr.conf/",
        "//etc/frr/frr.conf",
        "/etc/frr/frr.conf\n",
        "/etc/systemd/network/10-oob0.network",
        "/etc/systemd/network/x.network",
        "/etc/sysctl.d/99-other.conf",
        "etc/frr/frr.conf",
        "",
    ],
)
def test_a_path_that_is_not_ours_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="not a file that Ringfence may write"):
        DRIVER.plan({path: "x"}, AS_WANTED)


@given(st.text(max_size=60))
def test_whatever_the_path_it_lies_in_one_of_our_folders(path: str) -> None:
    try:
        rule = rule_of(path)
    except InputError:
        return
    assert path.rpartition("/")[0] == rule.folder


def test_every_rule_activates_its_file() -> None:
    assert all(rule.activate for rule in file_rules())


@given(st.lists(st.sampled_from(["a", "b", "", " c", "!"]), max_size=8), st.lists(st.sampled_from(["a", "b", ""]), max_size=8))
def test_no_change_is_named_exactly_when_the_text_is_the_same(old: list[str], new: list[str]) -> None:
    before, after = "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)
    state = dataclasses.replace(AS_WANTED, files=on_device({CONF: before}), addresses={})
    assert DRIVER.plan({CONF: after}, state).empty == (before == after)


def test_a_device_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
    paths = {"known_hosts_file": tmp_path / "known_hosts", "private_key_file": tmp_path / "id"}
    ssh = SSH.model_copy(update=paths)
    with pytest.raises(OperationError, match=r"device leaf: no answer at 127\.0\.0\.1 port 1") as failure:
        SwitchDriver(DRIVER.device, ssh).read()
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("content", ["", "canary-no-key", "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n"])
def test_a_file_that_is_no_private_key_is_named_without_what_is_in_it(content: str, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    (tmp_path / "id").write_text(content)
    paths = {"known_hosts_file": tmp_path / "known_hosts", "private_key_file": tmp_path / "id"}
    with pytest.raises(InputError, match="/id: no private key that can be used") as failure:
        SwitchDriver(DRIVER.device, SSH.model_copy(update=paths)).read()
    assert "canary" not in str(failure.value)


def test_a_missing_list_of_host_keys_is_named() -> None:
    with pytest.raises(InputError, match="/nowhere/known_hosts"):
        DRIVER.read()

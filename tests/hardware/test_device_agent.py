"""The agent's own parts that need no device: which files it touches, and how it reads its tools."""

from __future__ import annotations

import getpass
import grp
import os
from pathlib import Path
from typing import Any

import pytest

from hardware import device_agent as agent

RELOAD_OUTPUT = """
2026-01-01 00:00:00,000  INFO: Called via "Namespace(test=True)"

Lines To Delete
===============
no router bgp 65009
ip forwarding

Lines To Add
============
router bgp 65001
 no bgp default ipv4-unicast
exit
no ip prefix-list rogue seq 5 permit any
"""


def prints(text: str, code: int = 0) -> list[str]:
    return ["sh", "-c", f"cat <<'END'\n{text}\nEND\nexit {code}"]


@pytest.fixture
def rule(tmp_path: Path) -> dict[str, Any]:
    return {"name": "test", "folder": str(tmp_path), "file": r"[a-z]+\.conf", "activate": []}


def content(text: str) -> dict[str, str]:
    return {"text": text, "owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name, "mode": "0640"}


def test_a_written_file_reads_back_the_same(rule: dict[str, Any], tmp_path: Path) -> None:
    path = str(tmp_path / "a.conf")
    for text in ("", "one\r\ntwo", "caf\u00e9\n", b"\xff\xfe".decode("utf-8", "surrogateescape")):
        agent.write_file(Path(path), content(text))
        assert agent.read_files([rule]) == {path: content(text)}


def test_writing_leaves_nothing_else_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".a.conf.ringfence").write_text("left by a run that was killed")
    agent.write_file(tmp_path / "a.conf", content("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.conf"]


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "a.conf").symlink_to(tmp_path / "elsewhere")
    agent.write_file(tmp_path / "a.conf", content("x"))
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_files_that_no_rule_names_are_not_read(rule: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "b.txt").touch()
    (tmp_path / "c.conf").mkdir()
    assert agent.read_files([rule]) == {}


def test_a_path_that_no_rule_names_is_refused_on_the_device_too(rule: dict[str, Any], tmp_path: Path) -> None:
    for path in ("/etc/shadow", f"{tmp_path}/../a.conf", f"{tmp_path}/sub/a.conf"):
        with pytest.raises(agent.Refused, match="not a file that Ringfence may write"):
            agent.validate({path: content("x")}, [rule], tmp_path)


def test_what_a_tool_refuses_is_told_by_its_telling_line(rule: dict[str, Any], tmp_path: Path) -> None:
    rule["validate"] = prints("reading\nline 7: % Unknown command: rooter\nfailure: 2", code=2)
    with pytest.raises(agent.Refused, match=r"a\.conf: refused by sh: line 7: % Unknown command: rooter"):
        agent.validate({str(tmp_path / "a.conf"): content("x")}, [rule], tmp_path)
    assert not (tmp_path / "candidate").exists()


def test_only_what_differs_is_installed_and_activated(rule: dict[str, Any], tmp_path: Path) -> None:
    same, other = str(tmp_path / "same.conf"), str(tmp_path / "other.conf")
    rule["activate"] = [["sh", "-c", f"echo {{path}} >> {tmp_path}/log"]]
    before = {same: content("x"), other: content("x")}
    agent.install(before)
    assert agent.make_live(before, {same: content("x"), other: content("y")}, [rule], [], []) == []
    assert (tmp_path / "log").read_text() == f"{other}\n"


def test_an_address_that_a_file_no_longer_gives_is_withdrawn(rule: dict[str, Any], tmp_path: Path) -> None:
    rule["withdraw"] = ["sh", "-c", f"echo {{interface}} {{address}} >> {tmp_path}/log"]
    path = str(tmp_path / "a.conf")
    old = "interface lo\n ip address 10.0.0.1/32\n ipv6 address fd00::1/128\nexit\nrouter bgp 1\n ip address 9.9.9.9/32\n"
    new = "interface lo\n ipv6 address fd00::1/128\nexit\n"
    agent.make_live({path: content(old)}, {path: content(new)}, [rule], [], [])
    assert (tmp_path / "log").read_text() == "lo 10.0.0.1/32\n"


def test_what_does_not_take_effect_is_a_failure_even_if_its_tool_is_content(rule: dict[str, Any], tmp_path: Path) -> None:
    rule.update(activate=[["true"]], fallback=[["true"]], drift=prints(RELOAD_OUTPUT))
    failures = agent.make_live({}, {str(tmp_path / "a.conf"): content("x")}, [rule], [], [])
    assert failures[0] == f"{tmp_path}/a.conf: does not take effect: - router bgp 65009"


def test_a_failed_activation_is_mended_by_its_fallback(rule: dict[str, Any], tmp_path: Path) -> None:
    rule.update(activate=[["false"]], fallback=[["true"]], drift=["true"])
    assert agent.make_live({}, {str(tmp_path / "a.conf"): content("x")}, [rule], [], []) == []


def test_the_difference_to_what_runs_is_told_as_lines(rule: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("router bgp 65001\n no bgp default ipv4-unicast\n")
    rule["drift"] = prints(RELOAD_OUTPUT)
    reply = agent.read({"rules": [rule], "facts": {"ok": ["echo", "1"], "missing": ["no-such-tool"]}})
    assert reply["drift"] == {
        f"{tmp_path}/a.conf": [
            "- router bgp 65009",
            "- no ip forwarding",
            "+ router bgp 65001",
            "+  no bgp default ipv4-unicast",
            "- ip prefix-list rogue seq 5 permit any",
        ]
    }
    assert reply["facts"] == {"ok": "1\n", "missing": None}


def test_a_tool_that_cannot_compare_is_told(rule: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.conf").touch()
    rule["drift"] = prints("bgpd is not running: failed", code=1)
    (lines,) = agent.read({"rules": [rule], "facts": {}})["drift"].values()
    assert lines == ["! cannot be compared with what runs: bgpd is not running: failed"]

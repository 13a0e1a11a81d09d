"""The part of the switch driver that runs on the device, as root: commits files and reverts them by itself.

Needs nothing but Python's standard library and systemd. It is sent with every call, so a device never has an old one,
and kept on the device only for the revert: a timer runs it when nobody confirms in time, and a boot unit runs it after
a power cut in mid-commit. So a device that its new configuration cut off comes back without any help.

Request and reply are JSON on stdin and stdout; a reply is {"ok": ...} or {"error": "one line"}.
"""

from __future__ import annotations

import fcntl
import grp
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Request = dict[str, Any]
Rules = list[dict[str, Any]]
File = dict[str, str]
"""text, owner, group and mode of one file."""
Files = Mapping[str, "File | None"]
"""Path to content; None means that the file is not there, or shall not be."""

HOME = Path("/var/lib/ringfence")
COMMITS, PENDING, LOCK, AGENT = HOME / "commits", HOME / "pending", HOME / "lock", HOME / "agent.py"
BOOT_UNIT = Path("/etc/systemd/system/ringfence-revert.service")
_TELLING = re.compile(r"error|unknown|invalid|fail|cannot|not installed|no end|%", re.IGNORECASE)
KEPT_COMMITS = 3
COMMAND_SECONDS = 40


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the program
    """The one line that goes back to the driver."""


# --- files ---------------------------------------------------------------------------------------------------------


def read_files(rules: Rules) -> dict[str, File]:
    """Every file that the rules call ours: path to text, owner, group and mode."""
    found: dict[str, File] = {}
    for rule in rules:
        folder = Path(rule["folder"])
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if re.fullmatch(rule["file"], path.name) and path.is_file():
                found[str(path)] = _read_file(path)
    return found


def _read_file(path: Path) -> File:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        about = os.fstat(stream.fileno())
        return {
            "text": stream.read(),
            "owner": _name_of(about.st_uid, pwd.getpwuid),
            "group": _name_of(about.st_gid, grp.getgrgid),
            "mode": f"{about.st_mode & 0o7777:04o}",
        }


def _name_of(number: int, look_up: Any) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def write_file(path: Path, content: File) -> None:
    """Put the file there whole or not at all, with its owner and mode from the first moment."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.ringfence")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content["text"].encode("utf-8", "surrogateescape"))
        os.fchown(stream.fileno(), pwd.getpwnam(content["owner"]).pw_uid, grp.getgrnam(content["group"]).gr_gid)
        os.fchmod(stream.fileno(), int(content["mode"], 8))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_own(path: Path, text: str, mode: str = "0600") -> None:
    write_file(path, {"text": text, "owner": "root", "group": "root", "mode": mode})


def install(files: Files) -> None:
    """Bring each path to its content; None means that it shall not exist."""
    for path, content in files.items():
        if content is None:
            Path(path).unlink(missing_ok=True)
        else:
            write_file(Path(path), content)


def _digest(files: dict[str, File]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


# --- rules and commands --------------------------------------------------------------------------------------------


def _rule_of(path: str, rules: Rules) -> dict[str, Any]:
    for rule in rules:
        if str(Path(path).parent) == rule["folder"] and re.fullmatch(rule["file"], Path(path).name):
            return rule
    raise Refused(f"{path}: not a file that Ringfence may write")


def run(command: list[str], **values: str) -> tuple[int, str]:
    """Exit code and output of a command; one that hangs counts as failed, so that a revert is never kept waiting."""
    arguments = [part.format(**values) for part in command]
    try:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return 127, f"{arguments[0]}: not installed on this device"
    except subprocess.TimeoutExpired:
        return 124, f"{arguments[0]}: no end after {COMMAND_SECONDS} s"
    return done.returncode, done.stdout


def _gist(output: str) -> str:
    """The line of a tool's output that says what went wrong."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", output)
    lines = [line.strip() for line in plain.splitlines() if line.strip()] or ["no output"]
    telling = [line for line in lines if _TELLING.search(line) and " INFO: " not in line]
    return (telling or lines)[0][:300]


def validate(files: Files, rules: Rules, folder: Path) -> None:
    """Have the device's own tools check each candidate before anything goes live."""
    for path, content in files.items():
        rule = _rule_of(path, rules)
        if content is None or "validate" not in rule:
            continue
        candidate = folder / "candidate"
        _write_own(candidate, content["text"])
        code, output = run(rule["validate"], candidate=str(candidate), path=path)
        candidate.unlink()
        if code:
            raise Refused(f"{path}: refused by {rule['validate'][0]}: {_gist(output)}")


def retire_links(before: Files, after: Files) -> set[str]:
    """Names of the links whose .netdev goes or changes: systemd-networkd itself never removes or rebuilds a link."""
    links = set()
    for path, content in before.items():
        if path.endswith(".netdev") and content is not None and after.get(path) != content:
            links.update(re.findall(r"^Name=(\S+)$", content["text"], re.MULTILINE))
    return {link for link in links if Path("/sys/class/net", link).exists()}


def _addresses(files: Files, paths: list[str]) -> set[tuple[str, str]]:
    """Interface and address of every address that FRR files give."""
    found, interface = set(), ""
    for path in paths:
        for line in (files.get(path) or {"text": ""})["text"].splitlines():
            if not line.startswith(" "):
                interface = line[len("interface ") :].strip() if line.startswith("interface ") else ""
            elif interface and (match := re.fullmatch(r" ip(?:v6)? address (\S+)", line)):
                found.add((interface, match[1]))
    return found


def make_live(
    before: Files,
    after: Files,
    rules: Rules,
    also: list[str],
    repair: list[list[str]],
) -> list[str]:
    """Install what differs and run the activations that this asks for; returns one line for each that failed.

    `also` names rules whose running state has drifted from an unchanged file; `repair` are commands that mend links.
    """
    differing = {path: content for path, content in after.items() if before.get(path) != content}
    install(differing)
    failures = []
    for rule in rules:
        ours = [path for path in after if _rule_of(path, rules) is rule]
        touched = [path for path in ours if path in differing or rule["name"] in also]
        if "retire" in rule:
            for link in sorted(retire_links({p: before.get(p) for p in ours}, {p: after[p] for p in ours})):
                run(rule["retire"], interface=link)
        failures += _activate(rule, [path for path in touched if after[path] is not None], bool(touched))
        if "withdraw" in rule:
            for interface, address in sorted(_addresses(before, ours) - _addresses(after, ours)):
                run(rule["withdraw"], interface=interface, address=address)
        if "deactivate" in rule and any(after[path] is None for path in touched):
            failures += _attempt(rule["deactivate"], "")
    for command in repair:
        failures += _attempt(command, "")
    return failures


def _activate(rule: dict[str, Any], paths: list[str], touched: bool) -> list[str]:
    """Run the rule's commands for its files that are there; where a softer way did not do, the rule's `fallback`."""
    failures = []
    for command in rule["activate"]:
        each = paths if any("{path}" in part for part in command) else [""] if touched else []
        for path in each:
            failures += _attempt(command, path)
    if "fallback" in rule and (failures or any(_drift(rule, path) for path in paths)):
        failures = [failure for command in rule["fallback"] for failure in _attempt(command, "")]
        failures += [f"{path}: does not take effect: {line}" for path in paths for line in _drift(rule, path)]
    return failures


def _attempt(command: list[str], path: str) -> list[str]:
    code, output = run(command, path=path)
    return [f"{' '.join(command[:2])}: {_gist(output)}"] if code else []


def _drift(rule: dict[str, Any], path: str) -> list[str]:
    """What loading the file would do to the running configuration, as `+ line` and `- line`; empty when they agree."""
    code, output = run(rule["drift"], path=path)
    if code:
        return [f"! cannot be compared with what runs: {_gist(output)}"]
    lines, sign, wanted = [], "", {line.strip() for line in Path(path).read_text(errors="replace").splitlines()}
    for line in output.splitlines():
        if line.startswith("Lines To Delete"):
            sign = "-"
        elif line.startswith("Lines To Add"):
            sign = "+"
        elif sign and line.strip(" =") not in ("", "exit"):
            # To delete a line, the tool lists the command that undoes it, sometimes among those to add: name the line.
            undoes = sign == "-" or (line.strip().startswith("no ") and line.strip() not in wanted)
            lines.append(f"- {_undone(line.rstrip())}" if undoes else f"+ {line.rstrip()}")
    return lines


def _undone(command: str) -> str:
    bare = command.lstrip()
    indent = command[: len(command) - len(bare)]
    return indent + (bare[len("no ") :] if bare.startswith("no ") else f"no {bare}")


# --- operations ----------------------------------------------------------------------------------------------------


@contextmanager
def locked(*, wait: bool) -> Iterator[None]:
    """Only one commit, confirm or revert at a time."""
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    with LOCK.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Refused("another commit is being made on this device; try again when it has ended") from None
        yield


def _pending() -> str | None:
    return PENDING.read_text().strip() if PENDING.exists() else None


def _timer(commit: str) -> str:
    return f"ringfence-revert-{commit}"


def read(request: Request) -> Request:
    """State of the device: our files, how the running configuration differs from them, and what was asked for."""
    files, facts = read_files(request["rules"]), {}
    rules = {path: _rule_of(path, request["rules"]) for path in files}
    drift = {path: _drift(rule, path) for path, rule in rules.items() if "drift" in rule}
    for name, command in request["facts"].items():
        code, output = run(command)
        facts[name] = output if code == 0 else None
    return {"files": files, "drift": drift, "facts": facts, "pending": _pending(), "digest": _digest(files)}


def commit(request: Request) -> Request:
    """Check the candidate, arm the revert, and only then make the candidate live."""
    rules, commit_id, wanted = request["rules"], request["commit"], request["files"]
    with locked(wait=False):
        current = read_files(rules)
        if _digest(current) != request["expected"]:
            raise Refused("changed since it was read; plan again")
        folder = COMMITS / commit_id
        folder.mkdir(mode=0o700, parents=True)
        validate(wanted, rules, folder)
        superseded = _pending()
        previous = {path: current.get(path) for path in {*wanted, *current}}
        if superseded:
            # An unconfirmed commit is no state to come back to: the way back leads to what was there before it.
            previous.update(json.loads((COMMITS / superseded / "previous.json").read_text()))
        _write_own(folder / "previous.json", json.dumps(previous))
        _write_own(folder / "rules.json", json.dumps(rules))
        _write_own(AGENT, request["agent"])
        _write_own(BOOT_UNIT, request["boot_unit"], "0644")
        run(["systemctl", "enable", "--quiet", BOOT_UNIT.name])
        _arm(commit_id, request["seconds"])
        _write_own(PENDING, commit_id)
        if superseded:
            run(["systemctl", "stop", f"{_timer(superseded)}.timer"])
        failures = make_live(current, {**current, **wanted}, rules, request["activate"], request["repair"])
        if failures:
            failures += _put_back(commit_id)
            raise Refused(f"{failures[0]}; the previous configuration is back")
    return {}


def _arm(commit_id: str, seconds: int) -> None:
    code, output = run(
        ["systemd-run", "--quiet", "--collect", f"--unit={_timer(commit_id)}", f"--on-active={seconds}s",
         "--timer-property=AccuracySec=100ms", "/usr/bin/python3", str(AGENT), "revert", commit_id]
    )  # fmt: skip
    if code:
        raise Refused(f"no timer for the way back, so nothing was changed: {_gist(output)}")


def confirm(request: Request) -> Request:
    """Disarm the revert: the commit stays."""
    commit_id = request["commit"]
    with locked(wait=True):
        if _pending() != commit_id:
            raise Refused("the change was not confirmed in time; the previous configuration is back")
        _settle(commit_id)
        newest_first = sorted(COMMITS.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in newest_first[KEPT_COMMITS:]:
            shutil.rmtree(folder)
    return {}


def revert(request: Request) -> Request:
    """Put back what was there before a commit, confirmed or not."""
    commit_id = request["commit"]
    with locked(wait=True):
        if _pending() not in (None, commit_id):
            raise Refused("a later commit is under way; nothing was rolled back")
        if not (COMMITS / commit_id / "previous.json").exists():
            raise Refused("the way back of this commit is no longer kept")
        failures = _put_back(commit_id)
    if failures:
        raise Refused(f"the previous files are back, but: {failures[0]}")
    return {}


def revert_unconfirmed(commit_id: str | None, *, live: bool) -> None:
    """Put back what was there before the unconfirmed commit, if it is this one; None means any."""
    with locked(wait=True):
        unconfirmed = _pending()
        if unconfirmed and commit_id in (None, unconfirmed):
            _put_back(unconfirmed, live=live)


def _put_back(commit_id: str, *, live: bool = True) -> list[str]:
    """`live` is False at boot, where the services start with the files that they find."""
    folder = COMMITS / commit_id
    rules = json.loads((folder / "rules.json").read_text())
    previous = json.loads((folder / "previous.json").read_text())
    failures = []
    if live:
        drifting = [rule["name"] for rule in rules if "drift" in rule]
        failures = make_live(read_files(rules), previous, rules, drifting, [])
    else:
        install(previous)
    _settle(commit_id)
    return failures


def _settle(commit_id: str) -> None:
    PENDING.unlink(missing_ok=True)
    _sync_folder(HOME)
    run(["systemctl", "stop", f"{_timer(commit_id)}.timer"])


def serve() -> None:
    """Answer the one request on stdin; a connection that breaks in the middle does not stop the work."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    request = json.loads(sys.stdin.buffer.read())
    operation = {"read": read, "commit": commit, "confirm": confirm, "revert": revert}[request["operation"]]
    try:
        reply: Request = {"ok": operation(request)}
    except Refused as refusal:
        reply = {"error": str(refusal)}
    except OSError as error:
        reply = {"error": f"{error.filename or 'device'}: {error.strerror}"}
    print(json.dumps(reply))


if __name__ == "__main__":
    if sys.argv[1:2] == ["revert"]:
        revert_unconfirmed(sys.argv[2], live=True)
    elif sys.argv[1:] == ["revert-at-boot"]:
        revert_unconfirmed(None, live=False)
    else:
        serve()

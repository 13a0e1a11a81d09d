"""No secret of the lab is found where no secret belongs, in whatever form it might be written down."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.paths import cache_dir
from tests.end_to_end.country import Country
from tests.end_to_end.secrets import Search, secrets_of
from tests.end_to_end.watch import Watch

CANARY = b"canary/+pin=8813-\xc3\xa9"
HOMES_OF_SECRETS = ("keys", "trust", "pulumi-passphrase", "data")
"""In the lab's folder: where secrets belong, and the servers' own storage."""

PLACES = (
    "/pulumi/.pulumi/history/", ".json.bak", "/pulumi-home/logs/", "/lab/logs/", "/state/permits/", "/state/texts/",
    "report.html", "report.json", "/tmp/ringfence-ansible-", "/changes/var/log/",
)  # fmt: skip
"""Where a secret might have come to lie; that each was looked at is part of the test."""


def written(country: Country) -> Iterator[tuple[str, bytes]]:
    """Every file that the country's lab, its commands and its machines have written, but for the homes of secrets."""
    for folder, folders, files in os.walk(country.folder):
        inside = Path(folder)
        if inside == country.root:
            folders[:] = [name for name in folders if name not in HOMES_OF_SECRETS]
            files = [name for name in files if name not in HOMES_OF_SECRETS]
        if inside.parent == country.root / "machines":
            folders[:] = ["changes"]
        for name in files:
            if (inside / name).is_file() and not (inside / name).is_symlink():
                yield str(inside / name), (inside / name).read_bytes()
    for crash in cache_dir().glob("crashes/*"):
        yield str(crash), crash.read_bytes()


@pytest.mark.slow
@pytest.mark.lab
@pytest.mark.engine
def test_no_secret_is_found_in_state_logs_reports_artifacts_or_arguments(country: Country) -> None:
    country.declare()
    country.destroy()
    file = str(country.file)
    with Watch(country.temporary) as watch:
        for arguments in (["up", file], ["up", file], ["audit", file], ["hosts", "apply", file]):
            done = country.ringfence(*arguments)
            assert done.returncode == 0, done.stdout + done.stderr
        for form in ("json", "html"):
            report = ["report", file, "-f", form, "-o", str(country.folder / f"report.{form}")]
            assert country.ringfence(*report).returncode == 0
    places = [*written(country), *watch.seen()]

    names = " ".join(name for name, _ in places)
    for place in PLACES:
        assert place in names, f"nothing was looked at in {place}"
    for program in (b"pulumi-language-python-exec", b"hardware/provider", b"engine.kubernetes", b"ansible-playbook", b"minio"):
        assert any(program in command for command in watch.arguments), f"{program!r} was not seen to run"

    secrets = secrets_of(country.root)
    assert {"national-hsm.pin", "secret-key", "ssh/operator", "pulumi-passphrase", "trust/gate.pem"} <= set(secrets)
    assert Search(secrets).among(places) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda: CANARY,
        lambda: b'{"pin":"' + CANARY.hex().encode() + b'"}',
        lambda: CANARY.hex().upper().encode(),
        lambda: b"https://store/?key=canary%2F%2Bpin%3D8813-%C3%A9",
        lambda: base64.b64encode(b"Basic" + CANARY),
        lambda: base64.b64encode(b"Bearer" + CANARY + b"."),
        lambda: base64.urlsafe_b64encode(b"4444" + CANARY + b"tail"),
        lambda: base64.encodebytes(b"-" * 50 + CANARY + b"-" * 50),
        lambda: base64.encodebytes(b"-" * 50 + CANARY).replace(b"\n", b"\\n"),
    ],
)
def test_a_secret_is_found_in_any_form(write: Callable[[], bytes]) -> None:
    assert Search({"pin": CANARY}).among([("log", b"before " + write() + b" after")]) == ["pin in log"]


def test_what_only_resembles_a_secret_is_not_found() -> None:
    assert Search({"pin": CANARY}).within(b"canary/+pin=8814 " + base64.b64encode(b"canary/+pin=881")) == set()


def test_a_secret_among_a_processs_arguments_or_in_a_passing_file_is_seen(tmp_path: Path) -> None:
    with Watch(tmp_path) as watch:
        shown = subprocess.Popen([sys.executable, "-c", "input()", CANARY], stdin=subprocess.PIPE)
        passing = tmp_path / "artifacts" / "stdout"
        passing.parent.mkdir()
        passing.write_bytes(b"PIN " + CANARY)
        while len(Search({"pin": CANARY}).among(watch.seen())) < 2:
            assert shown.poll() is None
        passing.unlink()
        shown.communicate(b"\n")
    assert {line.partition(" of ")[0] for line in Search({"pin": CANARY}).among(watch.seen())} == {
        "pin in arguments",
        f"pin in {passing}",
    }

"""The end of a language host while the engine still waits for an answer, as when a policy has cut a preview short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto.language_pb2 import ProgramInfo, RunRequest
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub

EXECUTOR = "import signal; open({started!r}, 'w').close(); signal.pause()\n"


@pytest.mark.parametrize("who", ["the call is cancelled", "the host is told to end"])
def test_a_program_that_is_cut_off_leaves_no_traceback(who: str, tmp_path: Path) -> None:
    started, executor = tmp_path / "started", tmp_path / "executor.py"
    os.mkfifo(started)
    executor.write_text(EXECUTOR.format(started=str(started)))
    command = [sys.executable, "-m", "engine.language_host", str(executor), "127.0.0.1:1"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{host.stdout.readline().strip()}") as channel:
            info = ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path), entry_point=".")
            run = LanguageRuntimeStub(channel).Run.future(RunRequest(pwd=str(tmp_path), info=info, program=str(tmp_path)))
            started.read_text()
            if who == "the call is cancelled":
                run.cancel()
            host.send_signal(signal.SIGINT)
            _, said = host.communicate(timeout=20)
    assert said == ""

"""The engine's own Pulumi: the CLI from its Go module, and the Python language host, in one folder of the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from engine.gobuild import GoTool, build, module_folder
from engine.launcher import EXECUTABLE_MODE, launcher_text
from engine.locks import exclusive
from engine.progress import Say
from ringfence import durable

VERSION = "v3.259.0"
PULUMI = GoTool(
    name="pulumi",
    version=VERSION,
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    module_dir=Path(__file__).parent / "pulumi",
    linker_flags=("-s", "-w", "-X", f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}"),
)
SDK = "github.com/pulumi/pulumi/sdk/v3"
EXECUTOR = "pulumi-language-python-exec"
LANGUAGE_HOST = "pulumi-language-python"


def install(say: Say) -> Path:
    """Build what is missing and return the `pulumi` executable; its language host lies beside it, where it looks."""
    built = build(PULUMI, say)
    launcher = launcher_text("engine.language_host")
    # One folder per interpreter: a launcher never starts a Python that has since gone or lacks the SDK.
    folder = built.parent / f"bin-{hashlib.sha256(launcher.encode()).hexdigest()[:12]}"
    executable = folder / PULUMI.name
    if executable.exists():
        return executable
    folder.mkdir(mode=0o700, exist_ok=True)
    with exclusive(folder / "lock", "installation of pulumi", say):
        if not executable.exists():
            executor = folder / EXECUTOR
            text = (module_folder(PULUMI, SDK) / "python" / "cmd" / EXECUTOR).read_text()
            durable.write(executor, text.encode(), EXECUTABLE_MODE)
            durable.write(
                folder / LANGUAGE_HOST, launcher_text("engine.language_host", str(executor)).encode(), EXECUTABLE_MODE
            )
            _link(built, executable)  # Last: a folder with the executable in it is complete.
    return executable


def _link(existing: Path, new: Path) -> None:
    """Give `existing` a second name, in one step, and without a second 100 MB where the file system can."""
    unfinished = new.with_name(f".{new.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(existing, unfinished)
    except OSError:  # a file system without hard links
        shutil.copy2(existing, unfinished)
    unfinished.replace(new)

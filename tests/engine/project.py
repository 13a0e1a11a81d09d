"""A throw-away Pulumi project whose program a test gives, run by the real engine on a backend of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import pulumi_cli

SHELF = Path(__file__).parent / "shelf"
STACK = "test"

PULUMI_YAML = f"""\
name: demo
runtime: {{name: python, options: {{}}}}
plugins:
  providers: [{{name: shelf, path: {SHELF}}}]
"""

BOOK = """\
import pulumi

class Book(pulumi.CustomResource):
    def __init__(self, name, path, text, **options):
        super().__init__("shelf:index:Book", name, {"path": path, "text": text}, pulumi.ResourceOptions(**options))

"""


class Project:
    """The project's folder, and the commands that a test runs in it."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.env = dict(env)
        self.backend = Path(env["PULUMI_BACKEND_URL"].removeprefix("file://"))
        self.home = Path(env["PULUMI_HOME"])
        self.pulumi_yaml(PULUMI_YAML)
        self.program("")
        self.pulumi("stack", "init", STACK)

    def pulumi_yaml(self, text: str) -> None:
        (self.folder / "Pulumi.yaml").write_text(text)

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(BOOK + text)

    def book(self, text: str) -> Path:
        """Declare one book with `text`, and return where its file will be."""
        file = self.folder / "book.txt"
        self.program(f"Book('book', {str(file)!r}, {text!r})\n")
        return file

    def try_pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command, whatever comes of it."""
        return pulumi_cli.run([*arguments, "--color", "never"], env=self.env, cwd=self.folder, timeout=120)

    def pulumi(self, *arguments: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        finished = self.try_pulumi(*arguments)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def up(self, *arguments: str) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments)

    def outputs(self) -> dict[str, Any]:
        outputs: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json"))
        return outputs

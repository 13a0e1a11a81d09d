from __future__ import annotations

from pathlib import Path

import pytest

from engine.installation import install
from engine.progress import to_stderr
from engine.pulumi_cli import Pulumi, environment
from tests.engine.project import Project


@pytest.fixture(scope="session")
def engine_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the engine's own Pulumi, built if need be, with a lab folder that only the tests use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RINGFENCE_LAB", str(tmp_path_factory.mktemp("lab")))
        # Returned, not yielded: for the rest of the session the lab of this process is the usual one again.
        return environment(Pulumi(install(to_stderr), installed=False))


@pytest.fixture
def project(tmp_path: Path, engine_env: dict[str, str]) -> Project:
    """A project with an empty program and a stack without resources."""
    backend = tmp_path / "backend"
    backend.mkdir()
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, {**engine_env, "PULUMI_BACKEND_URL": f"file://{backend}"})

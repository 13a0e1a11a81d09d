"""The calls of the engine that this host answers (gRPC service pulumirpc.LanguageRuntime)."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio import StreamReader
from asyncio.subprocess import PIPE
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2 as rpc
from pulumi.runtime.proto.plugin_pb2 import PluginInfo

from engine.language_host import packages
from engine.language_host.child import as_shell, child
from engine.language_host.interpreter import environment, interpreter
from ringfence.errors import InputError

SHOWED_ITS_ERROR = 32
"""With this exit code the executor says that the user has seen the error already."""
NO_CODE = b"# This language host writes no code: declare the imported resources in your program by hand.\n"

Context = grpc.aio.ServicerContext[Any, Any]


class LanguageRuntime:
    """One language host. The engine starts one for a whole command and calls it concurrently."""

    def __init__(self, executor: Path, engine_address: str) -> None:
        """`executor` is Pulumi's own script that connects to the engine at `engine_address` and runs a program."""
        self._executor = executor
        self._engine_address = engine_address

    async def get_plugin_info(self, request: Empty, context: Context) -> PluginInfo:
        """The version of this host: the SDK's, whose protocol it speaks."""
        return PluginInfo(version=version("pulumi"))

    async def get_required_packages(
        self, request: rpc.GetRequiredPackagesRequest, context: Context
    ) -> rpc.GetRequiredPackagesResponse:
        """None: the engine looks for a plugin when the first resource needs it, and nothing is to be downloaded."""
        return rpc.GetRequiredPackagesResponse()

    async def run(self, request: rpc.RunRequest, context: Context) -> rpc.RunResponse:
        """Run a program to its end, with its output on the host's own; bail where it has shown its error itself."""
        try:
            python = interpreter(request.info)
        except InputError as error:
            return rpc.RunResponse(error=str(error))
        command = [str(python), "-u", str(self._executor), *_executor_arguments(request, self._engine_address)]
        inherited = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        async with child(command, cwd=request.pwd, env=environment(python, inherited)) as program:
            code = await program.wait()
        if code == SHOWED_ITS_ERROR:
            return rpc.RunResponse(bail=True)
        if code != 0:
            return rpc.RunResponse(error=f"the Python program ended with exit code {as_shell(code)}")
        return rpc.RunResponse()

    async def run_plugin(self, request: rpc.RunPluginRequest, context: Context) -> None:
        """Run a provider or a policy pack until it ends or the engine cancels the call; its output streams back."""
        python = await _interpreter_or_abort(request.info, context)
        folder = request.info.program_directory
        if request.kind == "analyzer":
            arguments, cwd = ["-m", "pulumi.policy", *request.args, folder], folder
        else:
            arguments, cwd = [folder, *request.args], request.pwd
        given = {name: value for name, _, value in (entry.partition("=") for entry in request.env)}
        one_at_a_time = asyncio.Lock()

        async def forward(stream: StreamReader | None, response: Callable[[bytes], rpc.RunPluginResponse]) -> None:
            while stream and (chunk := await stream.read(1 << 16)):
                async with one_at_a_time:
                    await context.write(response(chunk))

        async with child([python, "-u", *arguments], cwd=cwd, env=environment(python, given), output=PIPE) as plugin:
            await asyncio.gather(
                forward(plugin.stdout, lambda chunk: rpc.RunPluginResponse(stdout=chunk)),
                forward(plugin.stderr, lambda chunk: rpc.RunPluginResponse(stderr=chunk)),
            )
            code = await plugin.wait()
        await context.write(rpc.RunPluginResponse(exitcode=as_shell(code)))

    async def about(self, request: rpc.AboutRequest, context: Context) -> rpc.AboutResponse:
        """The interpreter that runs the program, and its version."""
        python = await _interpreter_or_abort(request.info, context)
        answer = await _ask(python, "-c", "import platform; print(platform.python_version())")
        return rpc.AboutResponse(executable=str(python), version=answer.strip())

    async def get_program_dependencies(
        self, request: rpc.GetProgramDependenciesRequest, context: Context
    ) -> rpc.GetProgramDependenciesResponse:
        """The packages that the program's interpreter has."""
        python = await _interpreter_or_abort(request.info, context)
        answer = await _ask(python, packages.__file__, "all" if request.transitiveDependencies else "direct")
        return rpc.GetProgramDependenciesResponse(
            dependencies=[rpc.DependencyInfo(**package) for package in json.loads(answer)]
        )

    async def install_dependencies(self, request: rpc.InstallDependenciesRequest, context: Context) -> None:
        """Nothing: the lock file's installer makes the environment, not Pulumi."""
        message = "This language host installs nothing; the environment comes from the project's own lock file.\n"
        await context.write(rpc.InstallDependenciesResponse(stdout=message.encode()))

    async def generate_program(self, request: rpc.GenerateProgramRequest, context: Context) -> rpc.GenerateProgramResponse:
        """No code, and a line that says so: `pulumi import` asks for it when the import is already done."""
        return rpc.GenerateProgramResponse(source={"__main__.py": NO_CODE})


def _executor_arguments(request: rpc.RunRequest, engine_address: str) -> list[str]:
    options = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "organization": request.organization,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
    }
    program = os.path.normpath(os.path.join(request.info.program_directory, request.info.entry_point))
    given = [argument for name, value in options.items() if value for argument in (f"--{name}", value)]
    return [*given, program, *request.args]


async def _interpreter_or_abort(info: rpc.ProgramInfo, context: Context) -> Path:
    try:
        return interpreter(info)
    except InputError as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        raise


async def _ask(python: Path, *arguments: str) -> str:
    """The output of a short command of `python`."""
    async with child([python, *arguments], cwd="/", env=environment(python, os.environ), output=PIPE) as process:
        output, _ = await process.communicate()
    return output.decode()

"""SSH to devices: one user, one key, and only host keys that were pinned beforehand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paramiko

from hardware.connections import Ssh
from ringfence.errors import InputError, OperationError

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 5

# What goes wrong reaches the user as our own error; paramiko's log would add tracebacks to standard error.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class UnreachableError(OperationError):
    """No answer, or the connection broke: another try may help, unlike with a refused key."""


@dataclass(frozen=True)
class Device:
    """A switch or host: its name in the estate and its out-of-band address."""

    name: str
    address: str
    port: int = 22

    def __str__(self) -> str:
        return f"device {self.name}"


@contextmanager
def connected(device: Device, ssh: Ssh) -> Iterator[paramiko.SSHClient]:
    """A new connection; raises UnreachableError, or OperationError where a key is refused, on either side."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.load_host_keys(str(ssh.known_hosts_file))
    except (OSError, paramiko.SSHException) as error:
        raise InputError(f"{ssh.known_hosts_file}: no list of pinned host keys: {error}") from None
    try:
        _connect(client, device, ssh)
        yield client
    finally:
        client.close()


def _connect(client: paramiko.SSHClient, device: Device, ssh: Ssh) -> None:
    key = _private_key(ssh)
    try:
        client.connect(
            device.address,
            port=device.port,
            username=ssh.user,
            pkey=key,
            timeout=CONNECT_SECONDS,
            banner_timeout=CONNECT_SECONDS,
            auth_timeout=CONNECT_SECONDS,
            allow_agent=False,
            look_for_keys=False,
        )
    except paramiko.BadHostKeyException:
        raise OperationError(
            f"{device}: shows another host key than the one pinned in {ssh.known_hosts_file}: not connected"
        ) from None
    except paramiko.AuthenticationException:
        raise OperationError(f"{device}: refuses {ssh.private_key_file} for user {ssh.user}") from None
    except paramiko.SSHException as error:
        if "not found in known_hosts" in str(error):
            raise OperationError(f"{device}: no host key pinned for it in {ssh.known_hosts_file}") from None
        raise UnreachableError(f"{device}: no SSH at {device.address} port {device.port}: {error}") from None
    except (OSError, EOFError) as error:
        # NoValidConnectionsError says "[Errno None] Unable to connect to port 22 on 10.0.0.1".
        reason = getattr(error, "strerror", None) or str(error) or "connection closed"
        raise UnreachableError(f"{device}: no answer at {device.address} port {device.port}: {reason}") from None
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(KEEPALIVE_SECONDS)


def _private_key(ssh: Ssh) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(ssh.private_key_file)
    except OSError as error:
        raise InputError(f"{ssh.private_key_file}: cannot be read: {error.strerror}") from None
    except (paramiko.SSHException, paramiko.pkey.UnknownKeyType, ValueError, TypeError):
        # The libraries' own texts may quote from the file.
        raise InputError(f"{ssh.private_key_file}: no private key that can be used without a passphrase") from None


def execute(client: paramiko.SSHClient, device: Device, command: str, stdin: bytes, *, seconds: float) -> bytes:
    """Standard output of a command that must exit with 0; `seconds` is the longest silence that is waited through."""
    try:
        source, output, errors = client.exec_command(command, timeout=seconds)
        source.write(stdin)
        source.channel.shutdown_write()
        content = output.read()
        code = output.channel.recv_exit_status()
        complaint = errors.read().decode("utf-8", "replace").strip().splitlines()
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise UnreachableError(f"{device}: the connection broke: {error or 'no answer in time'}") from None
    if code == -1:
        raise UnreachableError(f"{device}: the connection broke before the command ended")
    if code:
        raise OperationError(f"{device}: exit code {code}: {complaint[-1] if complaint else 'no message'}")
    return content

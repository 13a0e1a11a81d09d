"""Asks a server whether it is ready: over TLS as its clients do, or by the greeting of its SSH daemon."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from lab.pki import Certificate

TIMEOUT_SECONDS = 5.0
SSH_PORT = 22


def https(port: int, path: str, trusted: Path, client: Certificate | None = None) -> str:
    """GET `path` on 127.0.0.1; empty when it answers 200, else what went wrong."""
    context = ssl.create_default_context(cafile=str(trusted))
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"https://127.0.0.1:{port}{path}: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{path} answers {answer.status}: {_first_bad_line(body)}"


def ssh(address: str) -> str:
    """Read the greeting of the SSH daemon at `address`; empty when it greets, else what went wrong."""
    try:
        with socket.create_connection((address, SSH_PORT), timeout=TIMEOUT_SECONDS) as connection:
            greeting = connection.recv(64)
    except OSError as error:
        return f"ssh to {address}: {error}"
    return "" if greeting.startswith(b"SSH-2.0-") else f"ssh to {address}: no SSH greeting"


def answers(address: str) -> bool:
    """Whether something listens at `address`: a URL, or a machine's management address (then its SSH port)."""
    url = urlsplit(address)
    host, port = (url.hostname, url.port) if url.hostname and url.port else (address, SSH_PORT)
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def _first_bad_line(body: str) -> str:
    """Kubernetes lists its checks: the failed ones begin with `[-]`."""
    lines = body.splitlines() or [""]
    return next((line for line in lines if line.startswith("[-]")), lines[0])[:200]

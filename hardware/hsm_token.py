"""A login to one token of an HSM through its PKCS#11 module, with the PIN taken from its file at that moment only."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pkcs11

from hardware.connections import HsmAccess, read_secret
from ringfence.errors import InputError, OperationError

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Module  # noqa: N812

_REASONS: Mapping[type[pkcs11.PKCS11Error], str] = {
    pkcs11.PinIncorrect: "the PIN is not right",
    pkcs11.PinLenRange: "the PIN is not right",
    pkcs11.PinLocked: "the PIN is locked after too many failed logins; the security officer must reset it",
    pkcs11.NoSuchToken: "no token with this label",
    pkcs11.MultipleTokensReturned: "more than one token has this label",
    pkcs11.UserAlreadyLoggedIn: "another part of this process is logged in already",
}

# A login belongs to the whole process, not to a session, and a module reads its environment only when it is
# initialised: so one thread at a time holds a session.
_one_at_a_time = threading.RLock()
_environments: dict[str, Mapping[str, str]] = {}


@contextmanager
def logged_in(access: HsmAccess) -> Iterator[pkcs11.Session]:
    """A read-write session on the token, alone on this machine; raises InputError or OperationError without the PIN."""
    pin = read_secret(access.pin_file)
    # PKCS#11 knows no "create unless it exists": two processes at once would make the same key twice.
    with _one_at_a_time, access.pin_file.open() as alone, pkcs11_errors(access):
        fcntl.flock(alone, fcntl.LOCK_EX)
        token = _library(access).get_token(token_label=access.token)
        with token.open(rw=True, user_pin=pin) as session:
            yield session


@contextmanager
def pkcs11_errors(access: HsmAccess) -> Iterator[None]:
    """Turn what PKCS#11 raises into one line of ours."""
    try:
        yield
    except pkcs11.PKCS11Error as error:
        # The exception's own text comes from the module, so only its name is passed on.
        reason = _REASONS.get(type(error), type(error).__name__)
        raise OperationError(f"hsm token {access.token}: {reason}") from None


def _library(access: HsmAccess) -> Module:
    """The module, initialised under the environment that `access` gives."""
    module = str(access.module)
    if not access.module.is_file():
        raise InputError(f"{module}: no PKCS#11 module there")
    if _environments.get(module) == access.environment:
        return pkcs11.lib(module)
    before = {name: os.environ.get(name) for name in access.environment}
    os.environ.update(access.environment)
    try:
        library = pkcs11.lib(module)
        if module in _environments:
            library.reinitialize()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    _environments[module] = access.environment
    return library

"""The errors that Ringfence raises on purpose; every one is a single line a user can act on."""


class RingfenceError(Exception):
    """A failure whose message is fit for a user: what is wrong, where, and what to do. Never holds a secret."""

    exit_code = 4


class InputError(RingfenceError):
    """What the user gave (a file, a path, an option) cannot be used. Exit code 2."""

    exit_code = 2


class OperationError(RingfenceError):
    """An operation failed on a real thing: a host, a switch, an HSM, a store, a server. Exit code 4."""

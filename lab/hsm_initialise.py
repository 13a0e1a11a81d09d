"""Initialises a PKCS#11 token: `python -m lab.hsm_initialise MODULE LABEL SO_PIN_FILE PIN_FILE`.

`softhsm2-util` takes PINs as arguments, which every user of the machine can read, and python-pkcs11 cannot initialise a
token: hence these five calls into the module itself.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

CKF_RW_SESSION, CKF_SERIAL_SESSION = 2, 4
CKU_SO = 0
_LABEL_LENGTH = 32


def initialise(module: Path, label: str, so_pin: bytes, pin: bytes) -> None:
    """Turn the first slot of `module` into a token called `label`. Raises RuntimeError with the call and its CKR code."""
    library = ctypes.CDLL(str(module))

    def call(function: str, *arguments: object) -> None:
        if code := getattr(library, function)(*arguments):
            raise RuntimeError(f"{function}: CKR {code:#x}")

    call("C_Initialize", None)
    slots, count = (ctypes.c_ulong * 1)(), ctypes.c_ulong(1)
    call("C_GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
    slot = ctypes.c_ulong(slots[0])
    padded = label.encode().ljust(_LABEL_LENGTH)
    call("C_InitToken", slot, so_pin, ctypes.c_ulong(len(so_pin)), padded)
    session, flags = ctypes.c_ulong(), ctypes.c_ulong(CKF_RW_SESSION | CKF_SERIAL_SESSION)
    call("C_OpenSession", slot, flags, None, None, ctypes.byref(session))
    call("C_Login", session, ctypes.c_ulong(CKU_SO), so_pin, ctypes.c_ulong(len(so_pin)))
    call("C_InitPIN", session, pin, ctypes.c_ulong(len(pin)))
    call("C_Finalize", None)


if __name__ == "__main__":
    module_path, token_label, so_pin_file, pin_file = sys.argv[1:]
    try:
        initialise(Path(module_path), token_label, Path(so_pin_file).read_bytes(), Path(pin_file).read_bytes())
    except (OSError, RuntimeError) as error:
        sys.exit(str(error))

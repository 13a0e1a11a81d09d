"""All resource types of the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardware.provider.bucket import Bucket
from hardware.provider.devices import Pod, Pool
from hardware.provider.key import Key
from hardware.provider.kind import Kind
from hardware.provider.record import Permit, Seal

_ALL: tuple[Kind[Any], ...] = (Permit(), Seal(), Key(), Bucket(), Pod(), Pool())
KINDS: Mapping[str, Kind[Any]] = {kind.resource_type: kind for kind in _ALL}

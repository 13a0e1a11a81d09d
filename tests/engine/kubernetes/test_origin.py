from __future__ import annotations

import pytest

from engine.kubernetes.origin import MARK, require_ours, written_by
from ringfence.errors import InputError

OFFICIAL = {"__fieldManager": "pulumi-kubernetes-1a2b3c4d", "__initialApiVersion": "v1", "metadata": {}}


def test_state_says_which_plugin_wrote_it() -> None:
    assert written_by({"type": "kubernetes:core/v1:Namespace", "outputs": {MARK: "4.34.2"}}) == "ringfence"
    assert written_by({"type": "kubernetes:core/v1:Namespace", "outputs": OFFICIAL}) == "official"


def test_our_plugin_does_not_go_on_from_the_official_ones_state() -> None:
    require_ours({MARK: "4.34.2"}, "Namespace serve")
    with pytest.raises(InputError, match=r"^Namespace serve: .*official"):
        require_ours(OFFICIAL, "Namespace serve")

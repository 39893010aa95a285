"""What the resources record: learnt from a real stack, by `tools.bench.template`."""

import functools
import json
import os
from pathlib import Path
from typing import Any

from tools.bench.stacks import TEMPLATE

Props = dict[str, Any]
CREATED, ROTATED = "created", "rotated"
_OF_EACH = ("phoneNumberId", "store", "locations", "rotationTrigger", "fingerprint", "keyId")
"""The properties whose values are a number's own; all others are the template's."""


def recorded(kind: str, state: str) -> Props:
    """The ``inputs``, the ``outputs`` and the names of the ``secrets`` of a kind after a creation or a rotation."""
    found: Props = _templates()[state][kind]
    return found


def own(props: Props) -> Props:
    """What is a number's own."""
    return {name: props[name] for name in _OF_EACH if props.get(name) is not None}


@functools.cache
def _templates() -> dict[str, dict[str, Props]]:
    found: dict[str, dict[str, Props]] = json.loads(Path(os.environ[TEMPLATE]).read_text(encoding="utf-8"))
    return found

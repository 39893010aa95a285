"""What the floor's resources record: the properties of the real ones in a state, long texts and secrets cut short.

A provider that does nothing has nothing long to record: what a real state takes beyond that is the real one's cost.
"""

import json
from collections.abc import Mapping
from typing import Any

_SECRET = "4dabf18193072939515e22adb298388d"  # the key by which the engine marks a value in a state
_PROVIDER = "__provider"
_LONGEST = 64  # a fingerprint


def template(created: Mapping[str, Any], rotated: Mapping[str, Any]) -> dict[str, Any]:
    """From the two states of one number as `pulumi stack export --show-secrets` prints them, after the creation and
    after a rotation: ``{"created": {kind: {"inputs", "outputs", "secrets"}}, "rotated": …}``."""
    return {"created": _kinds(created), "rotated": _kinds(rotated)}


def _kinds(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        resource["type"].rpartition(":")[2]: {
            "inputs": _cut_short(resource.get("inputs", {})),
            "outputs": _cut_short(resource.get("outputs", {})),
            "secrets": resource.get("additionalSecretOutputs") or _secrets(resource.get("outputs", {})),
        }
        for resource in state["deployment"]["resources"]
        if resource["type"].startswith(("pulumi-python:dynamic/", "whatsapp:flows:"))
    }


def _secrets(outputs: Mapping[str, Any]) -> list[str]:
    return [name for name, value in outputs.items() if isinstance(value, dict) and _SECRET in value]


def _cut_short(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _short(value) for name, value in props.items() if name != _PROVIDER}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST]
    if not isinstance(value, dict) or _SECRET not in value:
        return value
    secret = json.loads(value["plaintext"])
    return "x" if secret else secret

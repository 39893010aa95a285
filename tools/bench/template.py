"""What the floor's resources record: the properties of the real ones in a state, each secret as so many letters."""

import json
from collections.abc import Mapping
from typing import Any

_SECRET = "4dabf18193072939515e22adb298388d"  # the key by which the engine marks a value in a state
_PROVIDER = "__provider"


def template(created: Mapping[str, Any], rotated: Mapping[str, Any]) -> dict[str, Any]:
    """From the two states of one number as `pulumi stack export --show-secrets` prints them, after the creation and
    after a rotation: ``{"created": {kind: {"inputs", "outputs", "secrets"}}, "rotated": …}``."""
    return {"created": _kinds(created), "rotated": _kinds(rotated)}


def _kinds(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        resource["type"].rpartition(":")[2]: {
            "inputs": _without_secrets(resource["inputs"]),
            "outputs": _without_secrets(resource["outputs"]),
            "secrets": resource.get("additionalSecretOutputs", []),
        }
        for resource in state["deployment"]["resources"]
        if resource["type"].startswith("pulumi-python:dynamic/")
    }


def _without_secrets(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _of_the_same_size(value) for name, value in props.items() if name != _PROVIDER}


def _of_the_same_size(value: Any) -> Any:
    if not isinstance(value, dict) or _SECRET not in value:
        return value
    secret = json.loads(value["plaintext"])
    return "x" * len(secret) if isinstance(secret, str) else secret if not secret else json.dumps(secret)

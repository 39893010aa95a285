"""Python imports this by itself where the folder is on PYTHONPATH: the process of the dynamic providers then writes
each call that the engine makes to the file that FLOW_KEYS_CALLS names, with its arguments, before it answers it.

The file holds private keys: only tests, whose keys are made for them, may ask for it.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any

CALLS = "FLOW_KEYS_CALLS"
_METHODS = ("check", "diff", "create", "read", "update", "delete")


def _record() -> None:
    from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
    from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
    from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
    from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider

    for provider in (EncryptionKeyProvider, KeyRingProvider, StoredKeyRingProvider, KeyRegistrationProvider):
        for method in _METHODS:
            setattr(provider, method, _recorded(provider.__name__, method, getattr(provider, method)))


def _recorded(kind: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(provider: Any, *arguments: Any) -> Any:
        call = {"kind": kind.removesuffix("Provider"), "method": name, "arguments": arguments}
        with open(os.environ[CALLS], "a", encoding="utf-8") as file:
            file.write(json.dumps(call, default=lambda _value: "?") + "\n")
        return method(provider, *arguments)

    return wrapper


if os.environ.get(CALLS) and "pulumi.dynamic" in sys.orig_argv:
    _record()

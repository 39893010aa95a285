"""No signature and no `repr` shows a secret: people meet both in `help()`, in a hover, in a debugger, in tracebacks."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import whatsapp_flow_encryption
import whatsapp_flow_endpoint
import whatsapp_flow_keys

PACKAGES = (whatsapp_flow_encryption, whatsapp_flow_endpoint, whatsapp_flow_keys)
OF_SECRETS = re.compile(
    r"passphrase|secret|token|private|formers|words|aes_key|wrapped_key|hmac_key|encryption_key$|sealed|\biv\b"
)
NO_SECRET = {"secret_id", "secret_name", "passphrase_length"}
CANARY = "canary-4711-of-the-environment"


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def classes() -> Iterator[type[Any]]:
    for module in modules():
        yield from (
            each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__
        )


def callables() -> Iterator[Any]:
    for module in modules():
        yield from (each for _, each in inspect.getmembers(module, inspect.isfunction))
    for kind in classes():
        yield from (each for _, each in inspect.getmembers(kind, inspect.isroutine))


def signature(call: Any) -> str:
    try:
        return str(inspect.signature(call))
    except (TypeError, ValueError):  # built in
        return ""


def test_no_signature_shows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_APP_SECRET", CANARY)
    shown = {getattr(call, "__qualname__", str(call)): signature(call) for call in callables()}
    assert len(shown) > 500
    assert [name for name, text in shown.items() if CANARY in text or "environ({" in text] == []


def test_the_search_finds_an_environment_in_a_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    from collections.abc import Mapping

    monkeypatch.setenv("WHATSAPP_APP_SECRET", CANARY)

    def as_it_was(environ: Mapping[str, str] = os.environ) -> None: ...

    assert CANARY in signature(as_it_was)


def test_no_dataclass_shows_a_field_that_holds_a_secret() -> None:
    kinds = [kind for kind in classes() if dataclasses.is_dataclass(kind) and _is_generated(vars(kind).get("__repr__"))]
    shown = [(kind, each.name) for kind in kinds for each in dataclasses.fields(kind) if each.repr and _is_text(each)]
    found = [f"{kind.__module__}.{kind.__name__}.{name}" for kind, name in shown if OF_SECRETS.search(name)]
    assert len(kinds) > 20
    assert {name for name in found if name.rpartition(".")[2] not in NO_SECRET} == set()


def _is_text(field: dataclasses.Field[Any]) -> bool:
    """Not what hides its content itself: an Output, a PrivateKey."""
    return not re.search(r"Output|PrivateKey|^bool|bool.>$", str(field.type))


def _is_generated(shown: Any) -> bool:
    """Whether dataclasses wrote the `repr`; a class with one of its own shows what it says."""
    return hasattr(shown, "__wrapped__")

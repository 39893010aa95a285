"""A registrar that no page tells of: it serves keys from this process's memory. A test adds it by this folder alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contract.registrars.memory_registrar.registrar import MemoryRegistrar
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.registrars.registrar import RegistrarKind


@dataclass(frozen=True)
class MemorySettings:
    """One setting, which is needed."""

    shelf: str
    app_secret: str | None = None

    def name(self, setting: str) -> str:
        return f"whatsapp:{setting}"


def _check(url: str, field: str) -> None:
    if url != "memory":
        raise InputError(f"{field}: {url!r} is not a registrar in memory")


def _settings(_url: str, setting: Callable[[str], Any]) -> MemorySettings:
    shelf = setting("whatsapp:shelf")
    if not shelf:
        raise InputError("whatsapp:shelf: is missing")
    return MemorySettings(str(shelf))


KIND = RegistrarKind(_check, _settings, lambda settings: MemoryRegistrar(settings.shelf), lambda: "memory")

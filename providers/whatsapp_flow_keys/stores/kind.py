"""What a kind of store is to everybody else: how its URLs are opened, completed and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whatsapp_flow_keys.stores.store import Store


def _as_it_is(url: str, _environ: Mapping[str, str]) -> str:
    return url


@dataclass(frozen=True)
class StoreKind:
    """One kind of store; each folder has its own as ``KIND``.

    Args:
        open: the store behind a complete URL, given with the field that errors name. Nothing is read yet. Raises
            InputError and MissingExtraError.
        write: the URL of what a program gives to the store's class, by the names of its fields; None where it gives
            nothing. What can't be used is written so that ``open`` refuses it.
        complete: a URL with what the environment knows of where the store is; unchanged where it is whole, or wrong.
        anchor: the setting in which a recorded URL says what the service said of where the store is, as in
            ``account=123456789012``. A URL without it may name the same place.
    """

    open: Callable[[str, str], Store]
    write: Callable[..., str]
    complete: Callable[[str, Mapping[str, str]], str] = _as_it_is
    anchor: str | None = None

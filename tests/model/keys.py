"""Real RSA keys and the real round trip, each computed once: a search repeats them a million times."""

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.pairs import pair
from whatsapp_flow_keys.flow_protocol.message import is_round_trip
from whatsapp_flow_keys.keys import PrivateKey, load_public_key

_MOST = 10


@functools.cache
def ours() -> tuple[PrivateKey, ...]:
    """The pairs that the stacks of a search may make; a pair that nothing refers to any more is made again."""
    return tuple(pair(number) for number in range(_MOST))


@functools.cache
def foreign() -> str:
    """The fingerprint of somebody else's pair."""
    return pair(_MOST).fingerprint


@functools.cache
def by_hand() -> PrivateKey:
    """A pair that the person made before there was a program, and may give to it."""
    return pair(_MOST + 1)


@functools.cache
def _known() -> dict[str, tuple[str, str]]:
    """The name and the public half of each pair."""
    known = {key.fingerprint: (f"k{index + 1}", key.public_key_pem) for index, key in enumerate(ours())}
    known[foreign()] = ("foreign", pair(_MOST).public_key_pem)
    known[by_hand().fingerprint] = ("by hand", by_hand().public_key_pem)
    return known


def name(fingerprint: str | None) -> str:
    """A key's short name, for traces."""
    return _known().get(fingerprint or "", ("nothing", ""))[0]


def public_pem(fingerprint: str) -> str:
    """The public half of a pair."""
    return _known()[fingerprint][1]


@contextmanager
def computed_once() -> Iterator[None]:
    """Within this block the product's cryptography remembers its results; they stay what they always are."""
    proven: dict[tuple[int, str], bool] = {}

    def prove_once(public_key: rsa.RSAPublicKey, private_key: PrivateKey) -> bool:
        pair = (public_key.public_numbers().n, private_key.fingerprint)
        if pair not in proven:
            proven[pair] = is_round_trip(public_key, private_key)
        return proven[pair]

    registration = "whatsapp_flow_keys.lifecycle.registration"
    with ExitStack() as patches:
        for target, attribute, value in (
            (PrivateKey, "from_pem", staticmethod(functools.lru_cache(maxsize=None)(PrivateKey.from_pem))),
            (PrivateKey, "to_pem", _remembered(PrivateKey.to_pem)),
        ):
            patches.enter_context(patch.object(target, attribute, value))
        patches.enter_context(patch(f"{registration}.is_round_trip", prove_once))
        patches.enter_context(patch(f"{registration}.load_public_key", functools.lru_cache(load_public_key)))
        yield


_texts: dict[tuple[str, str | None], str] = {}
_words: dict[str, str | None] = {}


def word_of(pem: str) -> str | None:
    """The passphrase that a PEM was written with; None where there was none."""
    return _words[pem]


def _remembered(to_pem: Any) -> Any:
    """An encrypted PEM has a random salt; remembered, two runs of one history write one text."""

    def remembered(key: PrivateKey, passphrase: str | None = None) -> str:
        written = (key.fingerprint, passphrase)
        if written not in _texts:
            pem = _texts[written] = to_pem(key, passphrase)
            _words[pem] = passphrase or None
        return _texts[written]

    return remembered

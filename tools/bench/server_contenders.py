"""Which servers are measured, and the forms that each of them gets."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tools.bench.contender import Contender
from tools.bench.server_figures import (
    ALL_SENDERS,
    ASYNC_KIT,
    EXCHANGE,
    FASTAPI,
    GUNICORN,
    KIT,
    NAMED,
    ONE_SENDER,
    READS,
    SERVED_PYWA,
    TEN_KEYS,
    THREE_KEYS,
    UVICORN,
)
from tools.bench.servers.talk import PATH, PRIVATE_KEY
from tools.bench.task import NUMBER, Asked, ask, environment, ring_of
from tools.checkout import Checkout
from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.keys import PrivateKey


@dataclass(frozen=True)
class Server:
    """An application behind a server, what it is asked in all, and what a right answer is."""

    host: str
    application: str
    contender: Contender
    forms: Sequence[Asked]
    is_right: Callable[[Asked, str], bool] = Asked.is_rightly_answered


def kit_behind(checkout: Checkout, words: str, keys: str) -> Contender:
    """The kit behind a server, as `python -m tools.bench.servers` takes it; ``keys`` is ``WHATSAPP_FLOW_KEYS``."""
    path = ":".join(str(checkout.root / folder) for folder in ("components", "providers"))
    return _contender(words, {"PYTHONPATH": path, **environment(keys)})


def with_one_key(checkout: Checkout, key: PrivateKey, forms: Sequence[Asked]) -> list[Server]:
    """The applications side by side, those that only read first; all are asked the same."""
    ring, pem = document.dump(ring_of([key])), {PRIVATE_KEY: key.to_pem()}

    def reads(host: str, words: str) -> Server:
        return Server(host, READS, _contender(words, {}), forms, _is_the_beginning)

    def kit(host: str, words: str, name: str = KIT) -> Server:
        return Server(host, name, kit_behind(checkout, words, ring), forms)

    return [
        reads(UVICORN, "uvicorn reads_only:asgi"),
        Server(UVICORN, EXCHANGE, _contender("uvicorn exchange_only:asgi", pem), forms),
        kit(UVICORN, "uvicorn kit:asgi"),
        kit(UVICORN, "uvicorn kit:asgi_async", ASYNC_KIT),
        reads(FASTAPI, "uvicorn reads_only:fastapi"),
        kit(FASTAPI, "uvicorn kit:fastapi"),
        Server(FASTAPI, SERVED_PYWA, _contender("uvicorn pywa_endpoint:fastapi", pem), forms),
        reads(GUNICORN, "gunicorn reads_only:wsgi"),
        kit(GUNICORN, "gunicorn kit:wsgi"),
    ]


def with_many_keys(checkout: Checkout, keys: Sequence[PrivateKey], forms: Sequence[Asked]) -> list[Server]:
    """The kit behind uvicorn with rings whose last key is the one that ``forms`` are encrypted for, ``keys[0]``."""

    def ring(name: str, held: int) -> Server:
        last = document.dump(ring_of([*keys[1:held], keys[0]]))
        return Server(UVICORN, name, kit_behind(checkout, "uvicorn kit:asgi", last), forms)

    return [ring(THREE_KEYS, 3), ring(TEN_KEYS, 10)]


def with_many_numbers(
    checkout: Checkout,
    keys: Sequence[PrivateKey],
    former: Sequence[PrivateKey],
    forms: Sequence[Asked],
    fewest: int,
) -> list[Server]:
    """The kit behind uvicorn for as many numbers as there are ``keys``, each with one of the ``former`` beside it;
    ``forms`` are encrypted for ``keys[0]``, which is the last number's. ``fewest``: how many forms the endpoint gets
    that has to try many keys for each."""
    keys_of = {str(int(NUMBER) + at): key for at, key in enumerate([*keys[1:], keys[0]])}
    rings = " ".join(
        f"{number}={one_line.dump(ring_of([key, before], number))}"
        for (number, key), before in zip(keys_of.items(), former, strict=True)
    )
    senders = Random(1).choices(list(keys_of), k=len(forms))  # noqa: S311 - the same in each run
    named = [ask(keys_of[number], f"{PATH}/{number}") for number in senders]
    not_named = [ask(keys_of[number]) for number in senders[:fewest]]

    def numbers(name: str, application: str, forms: Sequence[Asked]) -> Server:
        return Server(UVICORN, name, kit_behind(checkout, f"uvicorn kit:{application}", rings), forms)

    return [
        numbers(NAMED, "asgi_by_number", named),
        numbers(ONE_SENDER, "asgi", forms),
        numbers(ALL_SENDERS, "asgi", not_named),
    ]


def _contender(words: str, environ: dict[str, str]) -> Contender:
    return Contender(f"`{words}`", "tools.bench.servers", Path(sys.executable), environ, tuple(words.split()))


def _is_the_beginning(asked: Asked, answer: str) -> bool:
    return asked.body.startswith(answer) and answer != ""

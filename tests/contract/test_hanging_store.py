"""One answer of a real store is lost in the middle of a rotation: the form is answered all the same.

OpenBao and moto's AWS stand behind a turnstile that holds the request; the fake of Azure Key Vault holds it itself. A
client's time limit is longer here than a form waits, so what answers the form is never the client's own second try.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Event
from threading import enumerate as running_threads

import pytest
import requests

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.azure_place import azure_place
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace
from tests.forms import APP_SECRET, Sent, key, ring, sent
from tests.servers.endpoint_app import echo
from tests.servers.http_servers import uvicorn_server, waitress_server
from tests.servers.key_vault import KeyVault, Request
from tests.servers.secrets_manager import SecretsManager
from tests.servers.turnstile import Point, Turnstile
from tools.openbao import OpenBao
from whatsapp_flow_endpoint import FlowEndpoint
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.wsgi import wsgi_app
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey

pytestmark = pytest.mark.slow

_SECONDS = 120
_A_FORM_WAITS = 60.0


@dataclass
class Lost:
    """A read of the store whose answer doesn't come until it is released."""

    wait: Callable[[], None]
    release: Callable[[], None]


class Store:
    """A place at a server that holds the current key, its URL for an endpoint, and a way to lose an answer there."""

    def __init__(self, place: Place, url: str, lose: Callable[[Point], Lost]) -> None:
        self._place, self._url, self._lose = place, url, lose
        self._lost: list[Lost] = []
        self._before = set(running_threads())
        self.put(key(), revision=1)

    def put(self, *keys: PrivateKey, revision: int) -> None:
        """A rotation writes this ring."""
        self._place.put(document.dump(ring(*keys, revision=revision)))

    def endpoint(self) -> FlowEndpoint:
        """One that has read the ring once."""
        return FlowEndpoint.from_env(echo, {"WHATSAPP_FLOW_KEYS": self._url, "WHATSAPP_APP_SECRET": APP_SECRET})

    def lose(self, point: Point = "before") -> Lost:
        """The next read, before the store looks or after it."""
        self._lost.append(self._lose(point))
        return self._lost[-1]

    def end_reads(self) -> None:
        """Whatever was lost arrives, and every read has ended."""
        for lost in self._lost:
            lost.release()
        for thread in set(running_threads()) - self._before:
            if thread.name == "flow-keys":
                thread.join(_SECONDS)
                assert not thread.is_alive()


class AzureHolds:
    """The fake's own way to hold a request, before it looks."""

    def __init__(self, vault: KeyVault) -> None:
        self._next: list[tuple[Event, Event]] = []
        vault.before = self._hold

    def lose(self, _: Point) -> Lost:
        reached, released = Event(), Event()
        self._next.append((reached, released))

        def wait() -> None:
            assert reached.wait(_SECONDS)

        return Lost(wait, released.set)

    def _hold(self, request: Request) -> None:
        if request.method == "GET" and self._next:
            reached, released = self._next.pop(0)
            reached.set()
            assert released.wait(_SECONDS)


def behind(turnstile: Turnstile, method: str, part: str) -> Callable[[Point], Lost]:
    def lose(point: Point) -> Lost:
        hold = turnstile.hold(method, part, point)
        return Lost(hold.wait, hold.release)

    return lose


@contextmanager
def vault_store(server: OpenBao, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with Turnstile(server.address) as turnstile:
        place = VaultPlace(server, monkeypatch)
        yield Store(place, place.at_port(turnstile.port).url, behind(turnstile, "GET", place.path))


@contextmanager
def aws_store(server: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with Turnstile(server.url_of_service) as turnstile:
        place = AwsPlace(server, monkeypatch)
        monkeypatch.setenv("AWS_ENDPOINT_URL", turnstile.url)
        yield Store(place, place.url, behind(turnstile, "POST", "GetSecretValue"))


@contextmanager
def azure_store() -> Iterator[Store]:
    with azure_place() as place:
        yield Store(place, place.url, AzureHolds(place.vault).lose)


@pytest.fixture(params=["vault", "aws", "azure"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Each kind of store that is read over the network."""
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "3600")
    monkeypatch.setattr("whatsapp_flow_endpoint.opening.LONGEST_WAIT", _A_FORM_WAITS)
    makers: dict[str, Callable[[], AbstractContextManager[Store]]] = {
        "vault": lambda: vault_store(request.getfixturevalue("openbao"), monkeypatch),
        "aws": lambda: aws_store(request.getfixturevalue("secrets_manager"), monkeypatch),
        "azure": azure_store,
    }
    with makers[request.param]() as made:
        yield made
        made.end_reads()


def wsgi(endpoint: FlowEndpoint) -> AbstractContextManager[str]:
    return waitress_server(wsgi_app(endpoint))


def asgi(endpoint: FlowEndpoint) -> AbstractContextManager[str]:
    return uvicorn_server(asgi_app(endpoint))


def post(url: str, form: Sent) -> int:
    return requests.post(url, data=form.body, headers=form.signed, timeout=_SECONDS).status_code


@pytest.mark.parametrize("server", [wsgi, asgi])
def test_the_first_form_after_a_rotation_is_answered_though_the_stores_answer_is_lost(
    store: Store, server: Callable[[FlowEndpoint], AbstractContextManager[str]]
) -> None:
    with server(store.endpoint()) as url:
        store.put(key("new"), key(), revision=2)
        lost = store.lose()
        assert post(url, sent(to=key("new"))) == 200
        lost.wait()  # it was asked for, and has no answer to this moment


def test_so_it_is_though_two_answers_are_lost(store: Store) -> None:
    endpoint = store.endpoint()
    store.put(key("new"), key(), revision=2)
    lost = [store.lose(), store.lose()]
    form = sent(to=key("new"))
    assert endpoint.answer(form.signed, form.body).status == 200
    for held in lost:
        held.wait()


@pytest.mark.parametrize("store", ["vault", "aws"], indirect=True)
def test_an_answer_from_before_a_rotation_that_comes_after_it_brings_no_key_back(store: Store) -> None:
    endpoint = store.endpoint()
    store.put(key("new"), key(), revision=2)
    late, second, _third = store.lose("after"), store.lose(), store.lose()
    form = sent(to=key("newer"))
    with ThreadPoolExecutor(1) as thread:
        answered = thread.submit(endpoint.answer, form.signed, form.body)
        try:
            late.wait()
            second.wait()
            store.put(key("newer"), key("new"), revision=3)
            second.release()
            assert answered.result(_SECONDS).status == 200
        finally:
            store.end_reads()
    assert endpoint.fingerprints == (key("newer").fingerprint, key("new").fingerprint)

"""Answers that get lost on the way, and changes between a look and a deletion."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
import yaml

from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.stores.kubernetes.address import parse_secret
from whatsapp_flow_keys.stores.kubernetes.client import SecretCalls
from whatsapp_flow_keys.stores.kubernetes.refusals import SecretRefusedError
from whatsapp_flow_keys.stores.kubernetes.store import FIELDS


class Losing(HTTPServer):
    """Between client and API server: hands everything on, and loses the next answer to each method in ``loses``."""

    def __init__(self, place: KubernetesPlace) -> None:
        super().__init__(("127.0.0.1", 0), _HandsOn)
        self.server, self.loses = place.server, set[str]()


class _HandsOn(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Losing)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        api, headers = self.server.server, {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                self.command, f"{api.address}{self.path}", data=body, headers=headers, verify=str(api.ca), timeout=30
            )
        if self.command in self.server.loses:
            self.server.loses.remove(self.command)
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def between(place: KubernetesPlace) -> Iterator[Losing]:
    """What the kubeconfig leads to."""
    with Losing(place) as server:
        serving = Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        file = Path(os.environ["KUBECONFIG"])
        content = yaml.safe_load(file.read_text())
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{server.server_port}"}
        file.write_text(yaml.safe_dump(content))
        yield server
        server.shutdown()
        serving.join()


def test_a_creation_whose_answer_is_lost_is_found_done(place: KubernetesPlace, between: Losing) -> None:
    store = place.store()
    nothing = store.read()
    between.loses.add("POST")
    written = store.write(ring(), nothing)
    assert (between.loses, store.read()) == (set(), written)


def test_a_change_whose_answer_is_lost_is_found_done(place: KubernetesPlace, between: Losing) -> None:
    store = place.store()
    first = store.write(ring(), store.read())
    between.loses.add("PATCH")
    written = store.write(ring(2), first)
    assert (between.loses, store.read()) == (set(), written)
    assert place.content() == document.dump(ring(2))


def test_a_deletion_whose_answer_is_lost_is_found_done(place: KubernetesPlace, between: Losing) -> None:
    store = place.store()
    store.write(ring(), store.read())
    between.loses.add("DELETE")
    assert delete(store) == ""
    assert (between.loses, place.found()) == (set(), None)


def test_a_deletion_names_the_version_that_was_read(place: KubernetesPlace) -> None:
    store = place.store()
    store.write(ring(), store.read())
    calls = SecretCalls(parse_secret(place.url, "store"), FIELDS)
    found = calls.get()
    assert found is not None
    place.change({"metadata": {"labels": {"team": "payments"}}})
    with pytest.raises(SecretRefusedError, match="was changed meanwhile"):
        calls.delete(found)
    assert place.content() == document.dump(ring())

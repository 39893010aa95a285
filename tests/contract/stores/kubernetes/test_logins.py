"""The way to the cluster: kubeconfig and context, or the service account of a Pod."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.contract.stores.kubernetes_place import KubernetesPlace, role
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.kubernetes import connection
from whatsapp_flow_keys.stores.kubernetes.store import KubernetesStore
from whatsapp_flow_keys.stores.urls import complete_url


@pytest.fixture
def pod(place: KubernetesPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This process is in a Pod of the stack's service account: the folder of its token."""
    manifests = role("For the stack", place)
    token = place.server.token_for(place.namespace, *manifests, account="pulumi")
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text(token)
    (account / "ca.crt").write_bytes(place.server.ca.read_bytes())
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(place.server.port))
    monkeypatch.setattr(connection, "SERVICE_ACCOUNT", str(account))
    return account


def without_context(place: KubernetesPlace) -> KubernetesStore:
    return KubernetesStore(place.url.replace("//local/", "///"))


def kubeconfig(place: KubernetesPlace) -> tuple[Path, dict[str, list[dict[str, dict[str, object]]]]]:
    """The file of the place, and what it says."""
    file = Path(os.environ["KUBECONFIG"])
    return file, yaml.safe_load(file.read_text())


def test_in_a_pod_the_service_account_reads_and_writes(place: KubernetesPlace, pod: Path) -> None:
    store = without_context(place)
    store.write(ring(), store.read())
    assert store.read().ring == ring()


def test_in_a_pod_a_url_with_a_context_is_read_and_not_written(place: KubernetesPlace, pod: Path) -> None:
    store = without_context(place)
    written = store.write(ring(), store.read())
    named = place.store()
    assert named.read().ring == ring()
    with pytest.raises(StoreUnavailableError, match="names the context local, and there is no kubeconfig here"):
        named.write(ring(2), written)
    with pytest.raises(StoreUnavailableError, match="nothing was deleted"):
        named.delete(written)
    assert store.read().ring == ring()


def test_a_pod_without_a_token_is_told_where_it_is_looked_for(place: KubernetesPlace, pod: Path) -> None:
    (pod / "token").unlink()
    with pytest.raises(StoreUnavailableError, match="this Pod has no service account token"):
        without_context(place).read()


def test_where_there_is_neither_a_kubeconfig_nor_a_pod_it_is_said(
    place: KubernetesPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(StoreUnavailableError, match="there is no kubeconfig here"):
        place.store().read()


def test_a_context_that_the_kubeconfig_does_not_have_is_named(place: KubernetesPlace) -> None:
    store = KubernetesStore(place.url.replace("//local/", "//prod/"))
    with pytest.raises(StoreUnavailableError, match="doesn't have the context prod"):
        store.read()


def test_a_kubeconfig_that_is_no_yaml_is_not_quoted(place: KubernetesPlace) -> None:
    file, _ = kubeconfig(place)
    file.write_text("token: [hunter2")
    with pytest.raises(StoreUnavailableError, match="the kubeconfig") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


def test_a_kubeconfig_that_was_written_meanwhile_counts(place: KubernetesPlace) -> None:
    store = place.store()
    assert store.read().ring is None
    file, content = kubeconfig(place)
    content["users"][0]["user"]["token"] = "another-token"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StorePermissionError):
        store.read()


def test_a_tokens_file_is_read_again_after_the_server_refused_it(place: KubernetesPlace, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("expired")
    file, content = kubeconfig(place)
    content["users"][0]["user"] = {"tokenFile": str(token)}
    file.write_text(yaml.safe_dump(content))
    store = place.store()
    with pytest.raises(StorePermissionError):
        store.read()
    token.write_text(place.server.token)
    assert store.read().ring is None


def test_a_server_whose_certificate_is_not_checked_is_refused(place: KubernetesPlace) -> None:
    file, content = kubeconfig(place)
    cluster = content["clusters"][0]["cluster"]
    del cluster["certificate-authority-data"]
    cluster["insecure-skip-tls-verify"] = True
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StoreUnavailableError, match="insecure-skip-tls-verify, which is not obeyed"):
        place.store().read()


def test_a_server_with_a_certificate_of_another_ca_is_refused(place: KubernetesPlace) -> None:
    file, content = kubeconfig(place)
    del content["clusters"][0]["cluster"]["certificate-authority-data"]
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StoreUnavailableError, match="its certificate was not accepted"):
        place.store().read()


def test_plain_http_to_another_machine_is_refused_before_anything_is_sent(place: KubernetesPlace) -> None:
    file, content = kubeconfig(place)
    content["clusters"][0]["cluster"] = {"server": "http://192.0.2.1:8001"}
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StoreUnavailableError, match="plain http on another machine, so nothing was sent"):
        place.store().read()


class _Elsewhere(BaseHTTPRequestHandler):
    """Answers each call with a redirect to itself, and counts."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


class _Page(_Elsewhere):
    """Not an API server."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"<html>nothing here</html>")


@pytest.fixture(params=[_Elsewhere, _Page])
def other_server(request: pytest.FixtureRequest, place: KubernetesPlace) -> Iterator[type[BaseHTTPRequestHandler]]:
    """What the kubeconfig leads to, on loopback."""
    handler = request.param
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        file, content = kubeconfig(place)
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{server.server_port}"}
        file.write_text(yaml.safe_dump(content))
        yield handler
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("other_server", [_Elsewhere], indirect=True)
def test_a_redirect_is_not_followed(place: KubernetesPlace, other_server: type[_Elsewhere]) -> None:
    other_server.asked = 0
    with pytest.raises(StoreUnavailableError, match="redirects to another address, which is not followed"):
        place.store().read()
    assert other_server.asked == 1


@pytest.mark.usefixtures("other_server")
@pytest.mark.parametrize("other_server", [_Page], indirect=True)
def test_a_404_of_another_server_is_not_an_empty_place(place: KubernetesPlace) -> None:
    with pytest.raises(StoreUnavailableError, match="what answers is not a Kubernetes API server: HTTP 404"):
        place.store().read()


def test_a_url_without_a_context_is_completed_with_the_current_one(place: KubernetesPlace) -> None:
    assert complete_url("kubernetes:///flows/line") == "kubernetes://local/flows/line"
    assert complete_url("kubernetes://prod/flows/line") == "kubernetes://prod/flows/line"


@pytest.mark.usefixtures("pod")
def test_in_a_pod_a_url_without_a_context_stays_so() -> None:
    assert complete_url("kubernetes:///flows/line") == "kubernetes:///flows/line"

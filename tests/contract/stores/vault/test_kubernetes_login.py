"""A login by a Kubernetes service account at a real OpenBao, whose Kubernetes is a fake of its TokenReview alone."""

import base64
import http.server
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Thread
from time import time

import pytest

from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault_place import VaultPlace, policy
from tests.servers.certificate import make_certificate
from whatsapp_flow_keys.errors import StorePermissionError

_mounts = count(1)
ACCOUNT = "system:serviceaccount:flows:endpoint"


class TokenReview(http.server.BaseHTTPRequestHandler):
    """Calls every token but ``refused`` one of the service account. Not Kubernetes: it looks at no signature."""

    refused = ""

    def do_POST(self) -> None:
        token = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["spec"]["token"]
        user = {"username": ACCOUNT, "uid": "u1", "groups": []}
        status = {"authenticated": False} if token == self.refused else {"authenticated": True, "user": user}
        body = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Nothing."""


def service_account_token(name: str = "one") -> str:
    """As Kubernetes shapes it, with a made-up signature."""

    def part(of: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()

    now = int(time())
    account = {"namespace": "flows", "serviceaccount": {"name": "endpoint", "uid": "u1"}}
    claims = {"sub": ACCOUNT, "jti": name, "iat": now, "nbf": now, "exp": now + 3600, "kubernetes.io": account}
    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.{part('none')}"


@pytest.fixture
def mount(place: VaultPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A mount of the method with the role ``endpoint``. While the test runs, there is no other token."""
    client, path = place.server.client(), f"kubernetes-{next(_mounts)}"
    client.sys.create_or_update_policy(path, policy("For the endpoint"))
    client.sys.enable_auth_method("kubernetes", path=path)
    ca = make_certificate(tmp_path)[0].read_text()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenReview) as kubernetes:
        thread = Thread(target=kubernetes.serve_forever, args=(0.02,))
        thread.start()
        host = f"http://127.0.0.1:{kubernetes.server_port}"
        settings = {"kubernetes_host": host, "kubernetes_ca_cert": ca, "disable_local_ca_jwt": True}
        client.write_data(f"auth/{path}/config", data=settings)
        client.auth.kubernetes.create_role("endpoint", ["endpoint"], ["flows"], policies=[path], mount_point=path)
        monkeypatch.delenv("VAULT_TOKEN")
        for name, value in {"HOME": tmp_path, "VAULT_K8S_ROLE": "endpoint", "VAULT_AUTH_MOUNT": path}.items():
            monkeypatch.setenv(name, str(value))
        yield path
        kubernetes.shutdown()
        thread.join()


@pytest.fixture
def token_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("VAULT_K8S_TOKEN_FILE", str(tmp_path / "token"))
    return tmp_path / "token"


def test_a_service_account_logs_in(place: VaultPlace, mount: str, token_file: Path) -> None:
    token_file.write_text(service_account_token())
    assert place.store().read().version == "0"


def test_the_mount_may_be_written_as_a_path_of_the_api(
    place: VaultPlace, mount: str, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_file.write_text(service_account_token())
    monkeypatch.setenv("VAULT_AUTH_MOUNT", f"auth/{mount}/")
    assert place.store().read().version == "0"


def test_a_token_that_kubernetes_refuses_and_one_that_it_exchanged(
    place: VaultPlace, mount: str, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_file.write_text(service_account_token())
    monkeypatch.setattr(TokenReview, "refused", token_file.read_text())
    text = refusal(StorePermissionError, place.store().read, place)
    assert (
        f"the Kubernetes login at auth/{mount} (VAULT_K8S_ROLE) was refused with HTTP 403 "
        f"(permission denied); nothing was read or written. Check the role, that the role allows this service account "
        f"and its namespace, and VAULT_AUTH_MOUNT"
    ) in text
    assert token_file.read_text() not in text
    token_file.write_text(service_account_token("two"))
    assert place.store().read().version == "0"


def test_outside_a_pod_the_service_accounts_file_is_named(
    place: VaultPlace, mount: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = refusal(StorePermissionError, place.store().read, place)
    assert "the file /var/run/secrets/kubernetes.io/serviceaccount/token (VAULT_K8S_TOKEN_FILE) can't be read" in text

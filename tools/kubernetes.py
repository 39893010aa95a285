"""A Kubernetes API server with its database on loopback, for tests.

There are no controllers, no kubelet and no nodes: what others would do (mount a Secret, empty a namespace that is being
deleted) doesn't happen. Its secrets lie in a folder that goes with the context.
"""

import base64
import secrets
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.checkout import Checkout
from tools.loopback_server import LoopbackServer
from tools.stop import Stop
from tools.toolchain.api_server import built_api_server

_STARTS_WITHIN = 90.0
_PORTS = range(11000, 20000)
"""Below those that the system gives to clients, which could take one of ours before its server does."""

CONTEXT = "local"
"""Of the kubeconfigs that the server writes."""


class Kubernetes(LoopbackServer):
    """The server while the context is open."""

    def __init__(self) -> None:
        super().__init__("kubernetes", _STARTS_WITHIN)
        self.token = secrets.token_urlsafe(16)

    def _begin(self) -> None:
        files = built_api_server(Checkout.this())
        if files is None:
            raise Stop("There is no Kubernetes API server here: `make test` builds it where there is a Go.")
        self._files = files
        self._etcd_port, self._peer_port, self.port = _free_ports(3)
        self._write_credentials()
        self._start_etcd()
        self.start()

    def start(self) -> None:
        """Starts the API server, again with what its database holds."""
        keys = str(self._path("sa.key"))
        self._run(
            "kube-apiserver",
            str(self._files.api_server),
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={self._path('certs')}",
            f"--token-auth-file={self._path('tokens.csv')}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys}",
            f"--service-account-signing-key-file={keys}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--profiling=false",
        )
        self._wait("kube-apiserver", lambda: self._answers("/readyz"))

    def stop(self) -> None:
        """Ends the API server; its database goes on."""
        self._end("kube-apiserver")

    @property
    def address(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The file of the certificate by which clients know it."""
        return self._path("certs/apiserver.crt")

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it as its owner."""
        return {"KUBECONFIG": str(self.kubeconfig(self.token))}

    def kubeconfig(self, token: str, port: int | None = None) -> Path:
        """A kubeconfig for the holder of a token, at this server or at another port, in a file of its own."""
        server = f"https://127.0.0.1:{port}" if port else self.address
        authority = base64.b64encode(self.ca.read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": "user"}}],
        }
        file = self._path(f"kubeconfig-{secrets.token_hex(4)}")
        file.write_text(yaml.safe_dump(config))
        return file

    def ask(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """What the server answers to its owner, by no client of ours; None for 404. Anything else than 2xx raises."""
        answer = self._request(method, path, body, **options)
        if answer.status_code == 404:
            return None
        assert answer.ok, answer.text
        return answer.json()

    def wait_until_refused(self, path: str, body: object) -> None:
        """Until the owner's POST of ``body`` is refused: an admission policy takes a moment to be in force."""
        self._wait("kube-apiserver", lambda: not self._request("POST", path, body).ok)

    def make_namespace(self) -> str:
        """A namespace that no other test uses: without controllers one that is deleted never goes."""
        name = f"flows-{secrets.token_hex(4)}"
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def token_for(self, namespace: str, *manifests: dict[str, Any], account: str = "") -> str:
        """The token of a new service account with these Roles and RoleBindings, once they are in force."""
        name = account or f"account-{secrets.token_hex(4)}"
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.ask("POST", accounts, {"metadata": {"name": name}})
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        for manifest in manifests:
            self.ask("POST", f"{rbac}/{manifest['kind'].lower()}s", manifest)
        token: str = self.ask("POST", f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
        wanted = [rule for manifest in manifests for rule in manifest.get("rules", ())]
        for rule in wanted:
            self._wait_for_rule(token, namespace, rule)
        return token

    def _wait_for_rule(self, token: str, namespace: str, rule: dict[str, Any]) -> None:
        """RBAC takes a moment to know of a new rule."""
        attributes = {
            "namespace": namespace,
            "verb": rule["verbs"][0],
            "resource": rule["resources"][0],
            "name": next(iter(rule.get("resourceNames", ())), ""),
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

        def is_allowed() -> bool:
            answer = self._request("POST", path, body, token=token)
            return bool(answer.ok and answer.json()["status"]["allowed"])

        self._wait("kube-apiserver", is_allowed)

    def _request(
        self, method: str, path: str, body: object = None, token: str = "", kind: str = "application/json"
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                f"{self.address}{path}",
                json=body,
                headers={"Authorization": f"Bearer {token or self.token}", "Content-Type": kind},
                verify=str(self.ca),
                timeout=30,
            )

    def _answers(self, path: str) -> bool:
        try:
            return self.ca.exists() and self._request("GET", path).status_code == 200
        except (requests.RequestException, OSError):
            return False

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        self._run(
            "etcd",
            str(self._files.etcd),
            "--name=test",
            f"--data-dir={self._path('etcd')}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=test={peer}",
            "--unsafe-no-fsync",
        )

    def _write_credentials(self) -> None:
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self._path("sa.key").write_bytes(key)
        self._path("tokens.csv").write_text(f'{self.token},owner,owner,"system:masters"\n')


def _free_ports(count: int) -> list[int]:
    while True:
        ports = secrets.SystemRandom().sample(_PORTS, count)
        try:
            with ExitStack() as held:
                for port in ports:
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
                return ports
        except OSError:
            continue

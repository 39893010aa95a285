"""AWS Secrets Manager on loopback: moto's server, in the test's process and reached over real HTTP.

Moto lets through some of what AWS refuses. Two such rules stand before it here; the other differences are tested
against what AWS documents, with botocore's stubs. Its state is in memory, one for the process: tests take names of
their own.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

ACCOUNT = str(DEFAULT_ACCOUNT_ID)
REGION = "eu-west-1"
STRANGER = "AKIASTRANGERSTRANGER"
"""The access key of somebody whom the service knows and who may do nothing."""

_SECRET_KEY = "a-test-value"
_CALLER = re.compile(r"Credential=(?P<key>[^/]+)/[0-9]+/(?P<region>[^/]+)/secretsmanager/")
_CHANGES = ("PutSecretValue", "UpdateSecretVersionStage", "TagResource", "UntagResource")

StartResponse = Callable[..., Any]


class SecretsManager:
    """The service while the context is open."""

    def __enter__(self) -> "SecretsManager":
        """Starts it on a free port."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        self._wsgi = self._server._server
        assert self._wsgi is not None
        self._wsgi.app = _AsAws(self._wsgi.app)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it."""
        self._server.stop()
        assert self._wsgi is not None
        self._wsgi.server_close()

    @property
    def url_of_service(self) -> str:
        """``http://127.0.0.1:PORT``."""
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use it, and to ask nobody else."""
        return {
            "AWS_ENDPOINT_URL": self.url_of_service,
            "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def url(self, name: str, **settings: str) -> str:
        """The store URL of a secret of our own; a setting ``tag_team`` is ``tag.team``."""
        pairs = "&".join(f"{key.replace('tag_', 'tag.', 1)}={quote(value)}" for key, value in settings.items())
        return f"awssecretsmanager://{REGION}/{name}" + (f"?{pairs}" if pairs else "")

    @cache  # noqa: B019  one server lives as long as its tests
    def client(self) -> "SecretsManagerClient":
        """A client that is not the store's, for looking at what is there and for other tools' writes."""
        return boto3.session.Session().client(
            "secretsmanager",
            region_name=REGION,
            endpoint_url=self.url_of_service,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_SECRET_KEY,
        )


class _AsAws:
    """Before moto: one request at a time, as each call of AWS is atomic; and what AWS refuses and moto does not."""

    def __init__(self, moto: Callable[[Any, StartResponse], Iterable[bytes]]) -> None:
        self._moto = moto
        self._lock = Lock()

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """One request, as WSGI has it."""
        caller = _CALLER.search(environ.get("HTTP_AUTHORIZATION", ""))
        action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        with self._lock:
            if caller and caller["key"] == STRANGER:
                return _refuse(start_response, "AccessDeniedException", f"not authorized: secretsmanager:{action}")
            if caller and action in _CHANGES and self._is_deleted(environ, caller["region"]):
                return _refuse(start_response, "InvalidRequestException", "The secret was marked for deletion.")
            return list(self._moto(environ, start_response))

    @staticmethod
    def _is_deleted(environ: Any, region: str) -> bool:
        """A secret that is scheduled for deletion takes no change. (In moto it does.)"""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        name = json.loads(body)["SecretId"]
        secrets = secretsmanager_backends[ACCOUNT][region].secrets
        return name in secrets and bool(secrets[name].is_deleted())


def _refuse(start_response: StartResponse, code: str, message: str) -> Iterable[bytes]:
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
    return [json.dumps({"__type": code, "Message": message}).encode()]

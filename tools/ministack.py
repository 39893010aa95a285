"""AWS KMS on loopback, for tests and benchmarks, as MiniStack serves it: a process and an environment of its own.

MiniStack is an emulator from PyPI, so this is a fake, and not of ours. Unlike moto it has real RSA keys, and decrypts
what WhatsApp's client encrypts. It knows IAM users and their policies, but not the condition keys of KMS. Its keys are
in memory, and end with the context.
"""

import json
import secrets
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import requests

from tools.checkout import Checkout
from tools.loopback_server import LoopbackServer
from tools.pinned_environment import ensure_pinned_environment

ACCOUNT = "123456789012"
REGION = "eu-west-1"

_PROGRAM = "ministack"
_STARTS_WITHIN = 60.0


class MiniStack(LoopbackServer):
    """The server while the context is open."""

    def __init__(self) -> None:
        super().__init__(_PROGRAM, _STARTS_WITHIN)

    def _begin(self) -> None:
        checkout = Checkout.this()
        pins = checkout.root / "tools" / "requirements-ministack.txt"
        python = ensure_pinned_environment(checkout, checkout.dev / _PROGRAM, pins)
        self.port = _free_port()
        self._run(
            _PROGRAM,
            str(python),
            "-m",
            "ministack",
            AUTH="true",
            BIND_HOST="127.0.0.1",
            GATEWAY_PORT=str(self.port),
            IOT_MTLS_ENABLED="0",
            LOG_LEVEL="ERROR",
            MINISTACK_REGION=REGION,
            SERVICES="iam,kms,sts",
            SFTP_ENABLED="0",
        )
        self._wait(_PROGRAM, self._answers)

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it as the owner of the account, and to ask nobody else."""
        return self._as(ACCOUNT, "test")

    def environment_of(self, policy: Mapping[str, Any] | None) -> dict[str, str]:
        """The same of a user with this policy; without one AWS denies everything."""
        iam, name = self.client("iam"), f"user-{secrets.token_hex(8)}"
        iam.create_user(UserName=name)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self._as(key["AccessKeyId"], key["SecretAccessKey"])

    @cache  # noqa: B019  one server lives as long as its tests
    def client(self, service: str) -> Any:
        """A client that is not the product's, for what other people and tools do. It has no types."""
        from boto3.session import Session

        owner, session = self.environment, cast(Any, Session())
        return session.client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id=owner["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=owner["AWS_SECRET_ACCESS_KEY"],
        )

    def _as(self, access_key: str, secret_key: str) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/_ministack/health", timeout=1).ok
        except requests.RequestException:
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port

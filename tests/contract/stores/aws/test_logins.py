"""The ways to log in of AWS's own tools: the store takes each from boto3's default chain, and an exchanged one, too."""

import hashlib
import http.server
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.stores.aws.answers import lagging, listening, refused
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.tunnel import VARIABLES, tunnels
from whatsapp_flow_keys.errors import StorePermissionError, StoreUnavailableError

KEY = "AKIAOFTHISWAYTOLOGIN"
LATER = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
ROLE = "arn:aws:iam::123456789012:role/flows"


class Credentials(http.server.BaseHTTPRequestHandler):
    """What hands out credentials on loopback: a machine's metadata, a container's agent, the portal of SSO."""

    def do_PUT(self) -> None:
        """A session with the metadata of a machine."""
        self._answer("a-session")

    def do_GET(self) -> None:
        """The credentials, in the words of each."""
        if self.path.endswith("/security-credentials/"):
            self._answer("flows")
        elif self.path.startswith("/federation/"):
            later = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
            role = {"accessKeyId": KEY, "secretAccessKey": "s", "sessionToken": "t", "expiration": later}
            self._answer(json.dumps({"roleCredentials": role}))
        else:
            made = {"AccessKeyId": KEY, "SecretAccessKey": "s", "Token": "t", "Expiration": LATER}
            self._answer(json.dumps({"Code": "Success", **made}))

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in http.server)
        """Nothing."""


@pytest.fixture
def handing_out() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Credentials) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def profile(folder: Path, _url: str) -> dict[str, str]:
    (folder / "credentials").write_text(f"[line]\naws_access_key_id={KEY}\naws_secret_access_key=s\n")
    return {"AWS_PROFILE": "line", "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}


def process(folder: Path, _url: str) -> dict[str, str]:
    (folder / "made").write_text(json.dumps({"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": "s"}))
    (folder / "config").write_text(f"[profile line]\ncredential_process = cat {folder}/made\n")
    return {"AWS_PROFILE": "line", "AWS_CONFIG_FILE": str(folder / "config")}


def sso(folder: Path, url: str) -> dict[str, str]:
    (folder / "config").write_text(
        "[profile line]\nsso_session=us\nsso_account_id=123456789012\nsso_role_name=flows\n"
        "[sso-session us]\nsso_region=eu-west-1\nsso_start_url=https://us.awsapps.com/start\n"
    )
    cache = folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "t", "expiresAt": LATER, "region": "eu-west-1", "startUrl": "https://us.awsapps.com/start"}
    (cache / f"{hashlib.sha1(b'us').hexdigest()}.json").write_text(json.dumps(token))
    return {"AWS_PROFILE": "line", "AWS_CONFIG_FILE": str(folder / "config"), "AWS_ENDPOINT_URL_SSO": url}


def machine(_folder: Path, url: str) -> dict[str, str]:
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"}


def container(_folder: Path, url: str) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/v1/credentials"}


@pytest.mark.parametrize("way", [profile, process, sso, machine, container])
def test_boto3s_way_to_log_in_is_the_stores(
    place: AwsPlace,
    handing_out: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    way: Callable[[Path, str], dict[str, str]],
) -> None:
    without_keys(monkeypatch, tmp_path)
    for name, value in way(tmp_path, handing_out).items():
        monkeypatch.setenv(name, value)
    assert KEY in caller(place)


def test_a_web_identity_is_exchanged_for_a_role(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_keys(monkeypatch, tmp_path)
    (tmp_path / "token").write_text("a.web.identity")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    assert "ASIA" in caller(place)


def test_credentials_that_have_expired_are_looked_for_again_at_each_read(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`aws sts` in a timer writes the file again; boto3 alone would keep what a client was made with."""
    without_keys(monkeypatch, tmp_path)
    for name, value in profile(tmp_path, "").items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        with (
            lagging("GetSecretValue", refused("ExpiredTokenException")),
            pytest.raises(StorePermissionError, match="the AWS credentials have expired"),
        ):
            place.store().read()
    file = tmp_path / "credentials"
    file.write_text(file.read_text().replace(KEY, "AKIANEWNEWNEWNEWNEWN"))
    assert "AKIANEWNEWNEWNEWNEWN" in caller(place)


def test_who_had_no_credentials_may_log_in_while_the_process_runs(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_keys(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(StorePermissionError, match="there are no usable AWS credentials"):
        place.store().read()
    (tmp_path / "credentials").write_text(f"[default]\naws_access_key_id={KEY}\naws_secret_access_key=s\n")
    assert KEY in caller(place)


def test_aws_is_asked_through_a_companys_proxy(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://secretsmanager.eu-west-1.example.com")
    with tunnels() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(StoreUnavailableError, match="ProxyConnectionError"):
            place.store().read()
        assert set(proxy.asked) == {"secretsmanager.eu-west-1.example.com:443"}
        asked = len(proxy.asked)
        monkeypatch.setenv("NO_PROXY", "example.com")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # another client, since one keeps its proxy
        with pytest.raises(StoreUnavailableError, match="EndpointConnectionError"):
            place.store().read()
        assert len(proxy.asked) == asked


def without_keys(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    cache = str(home / ".aws" / "sso" / "cache")  # botocore looks where HOME is once, when it is imported
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", cache)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def caller(place: AwsPlace) -> str:
    """The access key by which a read is signed."""
    signed: list[str] = []

    def see(request: object, **_: object) -> None:
        header = getattr(request, "headers")["Authorization"]  # noqa: B009 (of botocore, which has no types)
        found = re.search(r"Credential=([^/]+)/", header.decode() if isinstance(header, bytes) else header)
        signed.append(found[1] if found else "")

    with listening("before-send", see):
        assert place.store().read().ring is None
    return signed[-1]

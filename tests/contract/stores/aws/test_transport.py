"""What carries a private key or credentials to AWS: TLS only, unless it stays on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.flow_endpoint import FlowEndpoint
from tests.servers.tunnel import VARIABLES, Tunnels, tunnels
from whatsapp_flow_keys.errors import StoreUnavailableError

MISSING = b'{"__type": "ResourceNotFoundException"}'
ELSEWHERE = "http://aws.example.com"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tunnels]:
    """It gets whatever is sent by plain http to a host that isn't this machine's, or is taken for none."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with tunnels() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        yield proxy


def refused(place: AwsPlace) -> str:
    with pytest.raises(StoreUnavailableError) as caught:
        place.store().read()
    return str(caught.value)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"])
def test_nothing_is_sent_by_plain_http_to_another_machine(
    place: AwsPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, ELSEWHERE)
    said = refused(place)
    assert "the endpoint is plain http on another machine, so nothing was sent there; give an https:// address" in said
    assert proxy.asked == []


def test_an_endpoint_of_the_configuration_file_is_held_to_the_same(
    place: AwsPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = {ELSEWHERE}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert "the endpoint is plain http on another machine" in refused(place)
    assert proxy.asked == []


def test_a_web_identity_is_not_sent_by_plain_http_to_another_machine(
    place: AwsPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "token").write_text("a.web.identity")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/flows")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ELSEWHERE)
    assert "or its credentials the endpoint is plain http on another machine" in refused(place)
    assert proxy.asked == []


def test_a_proxy_does_not_see_what_stays_on_this_machine(place: AwsPlace, proxy: Tunnels) -> None:
    place.store().write(ring(), place.store().read())
    assert place.content()
    assert proxy.asked == []


def test_a_proxy_that_is_not_there_is_said_without_its_password(
    place: AwsPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://aws.example.com")
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{closed_port}")
    said = refused(place)
    assert "the proxy did not let the call through (ProxyConnectionError" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_companys_ca_is_taken_from_its_variable_also_through_the_companys_proxy(
    place: AwsPlace, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    with FlowEndpoint(reply=lambda _: (400, MISSING), tls=tmp_path) as service:
        address = service.url.removesuffix("/flows?token=in-the-query")
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")  # which boto3 does not know
        monkeypatch.setenv(variable, str(service.certificate))
        assert place.store().read().ring is None
    assert f"https://{proxy.asked[0]}" == address


def test_a_certificate_that_is_not_accepted_names_the_variable_that_boto3_reads(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with FlowEndpoint(reply=lambda _: (400, MISSING), tls=tmp_path) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url.removesuffix("/flows?token=in-the-query"))
        monkeypatch.setenv("SSL_CERT_FILE", str(service.certificate))  # which boto3 does not know
        said = refused(place)
    assert "the certificate was not accepted (SSLError at secretsmanager:GetSecretValue)" in said
    assert "set AWS_CA_BUNDLE to the file of that CA" in said
    assert service.requests == []


def test_a_file_of_cas_that_is_not_there_names_its_variable(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with FlowEndpoint(reply=lambda _: (400, MISSING), tls=tmp_path) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url.removesuffix("/flows?token=in-the-query"))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
        assert "AWS_CA_BUNDLE" in refused(place)

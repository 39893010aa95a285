"""Meta's Graph API and the live endpoint in a company's network: through its proxy, with certificates of its CA."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import pytest

from tests.contract.conftest import TestClock
from tests.pages import command_to_type
from tests.pairs import pair
from tests.servers.flow_endpoint import FlowEndpoint
from tests.servers.tunnel import VARIABLES, Tunnels, tunnels
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import GraphError
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings

Ask = Callable[[FlowEndpoint], str]
"""Asks a server, and gives the sentence of the error; "" where there was none."""


def publish(server: FlowEndpoint) -> str:
    server.reply = lambda _: (200, b'{"success": true}')
    url = server.url.removesuffix("/flows?token=in-the-query")
    try:
        GraphClient(GraphSettings(("EAAtoken",), url=url), TestClock()).publish("1", pair().public_key_pem)
    except GraphError as error:
        return f"{error}{' It may have taken effect' if error.may_have_taken_effect else ''}"
    return ""


def ping(server: FlowEndpoint) -> str:
    return str(LiveEndpoint(server.url).ping(pair().public_key_pem) or "")


@pytest.fixture(params=[publish, ping], ids=["Graph", "endpoint"])
def ask(request: pytest.FixtureRequest) -> Ask:
    asks: Ask = request.param
    return asks


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlowEndpoint]:
    """Over TLS, by a certificate of the company's own CA."""
    for name in (*VARIABLES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with FlowEndpoint(lambda: [pair()], tls=tmp_path) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Tunnels]:
    with tunnels() as proxy:
        yield proxy


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_companys_ca_is_taken_from_its_variable(
    ask: Ask, server: FlowEndpoint, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(server.certificate))
    assert ask(server) == ""
    assert len(server.requests) == 1


def test_the_commands_of_the_page_add_the_companys_ca_to_the_public_ones(
    ask: Ask, server: FlowEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cat, export = command_to_type("docs/networks.md", "cat "), command_to_type("docs/networks.md", "export ")
    shutil.copy(server.certificate, tmp_path / "company-ca.pem")
    script = f'{cat}; {export}; printf %s "$REQUESTS_CA_BUNDLE"'.replace("python ", f"{sys.executable} ")
    bundle = subprocess.check_output(["sh", "-ec", script], cwd=tmp_path, text=True)
    assert Path(certifi.where()).read_text() in Path(bundle).read_text()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert ask(server) == ""


def test_a_certificate_that_is_not_accepted_names_the_variable_that_requests_reads(
    ask: Ask, server: FlowEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))  # which requests does not know
    said = ask(server)
    assert "certificate" in said
    assert "set REQUESTS_CA_BUNDLE to the file of" in said
    assert "may have taken effect" not in said
    assert server.requests == []


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_file_of_cas_that_holds_none_names_its_variable(
    ask: Ask, server: FlowEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    said = ask(server)
    assert "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE does not name a file of certificates" in said
    assert "may have taken effect" not in said
    assert server.requests == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_companys_proxy_opens_a_tunnel_and_sees_the_address_alone(
    ask: Ask, server: FlowEndpoint, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
    monkeypatch.setenv(variable, proxy.url)
    assert ask(server) == ""
    assert [f"https://{asked}" for asked in proxy.asked] == [server.url.partition("/flows")[0]]


def test_a_host_of_no_proxy_is_asked_without_it(
    ask: Ask, server: FlowEndpoint, proxy: Tunnels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert ask(server) == ""
    assert proxy.asked == []

"""Which hosts are this machine: nothing else may be spoken to without TLS."""

import pytest

from whatsapp_flow_keys.loopback import is_loopback, leaves_in_the_clear


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8:8200", "localhost", "localhost:80", "::1", "[::1]", "[::1]:8200"]
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "10.0.0.1",
        "0.0.0.0:80",
        "[::2]:80",
        "::ffff",
        "[",
        "1:2:3",
    ],
)
def test_any_other(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("url", ["http://10.0.0.1:4566", "HTTP://aws.example.com/", "http://localhost.example.com"])
def test_plain_http_to_another_machine_leaves_in_the_clear(url: str) -> None:
    assert leaves_in_the_clear(url)


@pytest.mark.parametrize("url", ["https://aws.example.com", "http://localhost:4566/x", "http://[::1]:4566"])
def test_tls_and_what_stays_on_this_machine_does_not(url: str) -> None:
    assert not leaves_in_the_clear(url)

"""Which hosts are this machine: nothing else may be spoken to without TLS."""

import pytest

from whatsapp_flow_keys.loopback import is_loopback


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

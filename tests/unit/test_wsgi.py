"""The WSGI adapter without a server: what a server may hand over that its tests can't make it."""

from typing import Any

import pytest

from tests.forms import endpoint_of
from tests.servers.endpoint_app import echo
from whatsapp_flow_endpoint.wsgi import wsgi_app


class Unread:
    """A body of which nothing may be read."""

    def read(self, size: int) -> bytes:
        raise AssertionError(f"{size} bytes were asked for")


@pytest.mark.parametrize("length", ["101", "0" * 30 + "999999999", "9" * 5000], ids=["a byte", "zeros", "digits"])
def test_of_a_body_that_is_announced_too_large_nothing_is_read(length: str) -> None:
    assert status_of({"CONTENT_LENGTH": length, "wsgi.input": Unread()}).startswith("413 ")


@pytest.mark.parametrize("length", ["-1", "+5", "5 ", "5,5", "\u0663", "0x5"])
def test_a_length_that_is_no_number_gets_400(length: str) -> None:
    assert status_of({"CONTENT_LENGTH": length, "wsgi.input": Unread()}) == "400 Bad Request"


def test_a_head_request_gets_one_empty_piece() -> None:
    """Some servers send the status with the first piece of the body, so with none they would send no answer."""
    app = wsgi_app(endpoint_of(echo))
    assert list(app({"REQUEST_METHOD": "HEAD"}, lambda *_: None)) == [b""]


def status_of(environ: dict[str, Any]) -> str:
    said: list[str] = []
    app = wsgi_app(endpoint_of(echo), largest_body=100)
    list(app({"REQUEST_METHOD": "POST", **environ}, lambda status, _: said.append(status)))
    return said[0]

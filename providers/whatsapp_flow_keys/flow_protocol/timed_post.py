"""One POST whose whole duration has a limit, on a connection of its own."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from whatsapp_flow_keys.timed_exchange import TimedSession

_CONNECT_TIMEOUT = 5.0  # for each address of the host, and again for TLS and a proxy's tunnel
_CHUNK = 4096


@dataclass(frozen=True)
class HttpAnswer:
    """The status, and the body as far as it was read."""

    status: int
    content: bytes


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float, largest: int) -> HttpAnswer:
    """The answer, its body cut soon after ``largest`` bytes. Follows no redirect.

    Raises :class:`TimeoutError` after ``seconds``, :class:`requests.Timeout` where connecting alone took too long, and
    else what requests and urllib3 raise. What is given up ends at once if it is connected; if not, when the name is
    looked up and each address was tried.
    """
    with TimedSession() as http:
        # Plain HTTP is for this machine only, so no proxy of the environment either.
        http.trust_env = urlsplit(url).scheme == "https"
        return http.within(seconds, lambda: _post(http, url, body, headers, largest))


def _post(http: requests.Session, url: str, body: bytes, headers: dict[str, str], largest: int) -> HttpAnswer:
    with http.post(
        url,
        data=body,
        headers=headers,
        auth=_unchanged,
        timeout=(_CONNECT_TIMEOUT, None),  # reading ends when it is cut
        allow_redirects=False,
        stream=True,
    ) as answer:
        return HttpAnswer(answer.status_code, _content(answer, largest))


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An ``auth`` of our own keeps requests from adding what a user's ``.netrc`` has for the host."""
    return request


def _content(answer: requests.Response, largest: int) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > largest:
            break
    return bytes(content)

"""This project's kit, the whole exchange: `FlowEndpoint.answer` from headers and body, signature included."""

from collections.abc import Callable

from tools.bench.contenders.protocol import serve

Request = tuple[dict[str, str], bytes]


def load(_private_key: str) -> Callable[[Request], str]:
    """The keys come from the environment, as in production."""
    from whatsapp_flow_endpoint import FlowEndpoint, answered, show

    answered.MOST = 0  # here the same requests come again and again, and each is to be answered by the handler
    endpoint = FlowEndpoint.from_env(lambda request: show("CONFIRM", request.data))
    return lambda request: endpoint.answer(*request).body


def prepare(headers: dict[str, str], body: str) -> Request:
    """As an HTTP server hands it over."""
    return headers, body.encode()


if __name__ == "__main__":
    serve(load, prepare)

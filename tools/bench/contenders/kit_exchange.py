"""This project's kit without HTTP and signature: `FlowKeys.decrypt` and `Session.encrypt_answer`."""

from collections.abc import Callable

from tools.bench.contenders.protocol import Fields, fields, serve


def load(_private_key: str) -> Callable[[Fields], str]:
    """The keys come from the environment, as in production."""
    from whatsapp_flow_endpoint import FlowKeys, show

    keys = FlowKeys.from_env()

    def exchange(request: Fields) -> str:
        payload, session = keys.decrypt(request)
        return session.encrypt_answer(show("CONFIRM", payload["data"]))

    return exchange


if __name__ == "__main__":
    serve(load, fields)

"""pywa's default request decryptor and response encryptor, called as pywa calls them: the key as a PEM text.

What it imports is what a person needs who builds an endpoint: `from pywa import WhatsApp, utils`.
"""

from collections.abc import Callable

from tools.bench.contenders.protocol import Fields, fields, serve


def load(private_key: str) -> Callable[[Fields], str]:
    """Without a WhatsApp client: the two functions need none."""
    from pywa import WhatsApp, utils  # noqa: F401 - imported to be measured

    decrypt, encrypt = utils.default_flow_request_decryptor, utils.default_flow_response_encryptor

    def exchange(request: Fields) -> str:
        payload, aes_key, iv = decrypt(
            request["encrypted_flow_data"], request["encrypted_aes_key"], request["initial_vector"], private_key, None
        )
        sealed: str = encrypt({"screen": "CONFIRM", "data": payload["data"]}, aes_key, iv)
        return sealed

    return exchange


if __name__ == "__main__":
    serve(load, fields)

"""pywa in FastAPI, as its documentation sets up a Flow endpoint: a handler of its `on_flow_request`, default functions.

It runs where only pywa, FastAPI and uvicorn are installed.
"""

import os
from typing import Any

from tools.bench.servers.talk import PATH, PRIVATE_KEY


def fastapi() -> Any:
    """With the client that pywa needs for its webhook; it asks nobody anything."""
    from fastapi import FastAPI
    from pywa import WhatsApp

    host = FastAPI()
    client = WhatsApp(
        phone_id="106540352242922",
        token="none",
        server=host,
        webhook_endpoint="/webhook",
        verify_token="none",
        app_secret="none",
        business_private_key=os.environ[PRIVATE_KEY],
    )

    client.on_flow_request(PATH)(_confirm)
    return host


def _confirm(_: Any, request: Any) -> dict[str, Any]:
    return {"screen": "CONFIRM", "data": request.data}

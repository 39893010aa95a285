"""An ASGI application at `/flow` in FastAPI, as docs/endpoint.md says."""

from typing import Any

from tools.bench.servers.talk import PATH


def in_fastapi(app: Any) -> Any:
    """With nothing else in it."""
    from fastapi import FastAPI
    from starlette.routing import Route

    host = FastAPI()
    host.router.routes.append(Route(PATH, app))
    return host

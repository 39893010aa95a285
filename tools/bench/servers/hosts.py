"""The programs that serve an application: one process answers, without a line in a log for each request."""

from collections.abc import Callable
from typing import Any

from tools.bench.servers.talk import answer_for_figures, listen

THREADS = 16
"""Of gunicorn, which needs one for each request at work."""
_KEPT_OPEN = 75
"""Seconds without a request after which a connection is closed: longer than any pause of the bench."""


def uvicorn(make: Callable[[], Any]) -> None:
    """Serves an ASGI application."""
    from uvicorn import Config, Server

    answer_for_figures()
    config = Config(make(), log_level="warning", access_log=False, timeout_keep_alive=_KEPT_OPEN)
    Server(config).run(sockets=[listen()])


def gunicorn(make: Callable[[], Any]) -> None:
    """Serves a WSGI application in one worker with threads."""
    from gunicorn.app.base import BaseApplication

    settings = {
        "bind": f"fd://{listen().detach()}",
        "threads": THREADS,
        "keepalive": _KEPT_OPEN,
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": lambda _worker: answer_for_figures(),
    }

    class _Gunicorn(BaseApplication):  # type: ignore[misc]  # it has no types
        def load_config(self) -> None:
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return make()

    _Gunicorn().run()


HOSTS = {host.__name__: host for host in (uvicorn, gunicorn)}

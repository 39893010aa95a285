"""A place where an endpoint is deployed, without a moment in which nobody listens, as platforms do it.

Each deployment is a process of its own, gunicorn with the endpoint kit, on one listening socket: the new one serves
before the old one ends. Over HTTP on loopback, so that a Pulumi program can deploy.
"""

import json
import socket
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType

from tests.servers.gunicorn import start_gunicorn, stop_gunicorn


class Platform:
    """Runs ``tests.servers.endpoint_app``; ``environ`` is what each deployment has beside what it is given."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self.environ = folder, dict(environ)
        self._running: subprocess.Popen[bytes] | None = None
        self.deployments = 0

    def __enter__(self) -> "Platform":
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._api = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._api.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.shutdown()
        self._api.server_close()
        self._thread.join()
        if self._running is not None:
            stop_gunicorn(self._running)
        self._listening.close()

    @property
    def url(self) -> str:
        """Where a program deploys: PUT with the environment as a JSON object."""
        return f"http://127.0.0.1:{self._api.server_port}/endpoint"

    @property
    def endpoint_url(self) -> str:
        """Where forms are sent to."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/flows"

    @property
    def pid(self) -> int | None:
        """Of the deployment that serves."""
        return self._running.pid if self._running else None

    @property
    def log(self) -> str:
        """What every deployment printed."""
        return "\n".join(file.read_text() for file in sorted(self._folder.glob("deployment-*.log")))

    def deploy(self, environ: Mapping[str, str]) -> None:
        """Returns once the new deployment serves and the one before has ended."""
        self.deployments += 1
        log = self._folder / f"deployment-{self.deployments}.log"
        started = start_gunicorn(self._listening, {**self.environ, **environ}, log)
        self._running, before = started, self._running
        if before is not None:
            stop_gunicorn(before)


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            given = self.rfile.read(int(self.headers["Content-Length"]))
            platform.deploy(json.loads(given))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler

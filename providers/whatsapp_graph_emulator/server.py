"""The HTTP server on 127.0.0.1: binds, serves in threads of its own, stops. It logs no request."""

from __future__ import annotations

import errno
import os
import socket
import threading
from email.utils import formatdate

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from whatsapp_graph_emulator.control import control_routes
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.errors import EmulatorError, PortTaken, StateFileError
from whatsapp_graph_emulator.graph import graph_routes

HOST = "127.0.0.1"
LARGEST_BODY_BYTES = 1024 * 1024
_STOP_POLL_SECONDS = 0.05


class _QuietHandler(WSGIRequestHandler):
    def log(self, *args: object, **kwargs: object) -> None:
        """Logs nothing: a request line can carry an access token."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """The Date, which may be a wrong one on demand, is the application's."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        # HTTP/1.1 would wait for the next request on the connection that a fault wants closed.
        self.close_connection = True


class Server:
    """One listening socket. The constructor binds, `start` serves, `stop` returns when nothing listens any more.

    Every answer closes its connection, as Werkzeug's server always does.
    """

    def __init__(self, port: int) -> None:
        """Raises `PortTaken` where another program has the port, `EmulatorError` where it cannot be bound."""
        self._listening = _listen(port)
        self.port: int = self._listening.getsockname()[1]

    def start(self, emulation: Emulation) -> None:
        self._server = make_server(
            HOST,
            self.port,
            build_app(emulation),
            threaded=True,
            request_handler=_QuietHandler,
            fd=self._listening.fileno(),
        )
        self._listening.close()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_POLL_SECONDS,), name="graph-emulator", daemon=True
        )
        self._thread.start()

    def abandon(self) -> None:
        """Gives the port back before `start`."""
        self._listening.close()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()


def _listen(port: int) -> socket.socket:
    # Bound here and not by Werkzeug, which would end the process where the port is taken.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} on {HOST} is taken by another program: stop that program, or give another port "
                "(0 picks a free one)."
            ) from error
        raise EmulatorError(
            f"Port {port} on {HOST} cannot be used ({error.strerror}): give another port (0 picks a free one)."
        ) from error
    return listening


def build_app(emulation: Emulation) -> Flask:
    """The WSGI application: control surface and Graph API."""
    app = Flask("whatsapp_graph_emulator", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    # Lets HangUp through to the request handler, which closes the connection.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.url_map.merge_slashes = False
    app.register_blueprint(control_routes(emulation))
    app.register_blueprint(graph_routes(emulation))

    @app.after_request
    def dated(response: Response) -> Response:
        response.headers.setdefault("Date", formatdate(usegmt=True))
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        return {"error": {"message": error.description}}, error.code or 500

    @app.errorhandler(StateFileError)
    def state_not_saved(error: StateFileError) -> ResponseReturnValue:
        return {"error": {"message": str(error)}}, 500

    return app

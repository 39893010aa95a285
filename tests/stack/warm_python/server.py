"""Imports what every engine's run imports, then forks for each client: see the folder's `__init__.py`.

Argument: the path of its socket. Ends with its standard input.
"""

import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pulumi.dynamic  # noqa: F401
import pulumi_random  # noqa: F401

import whatsapp_flow_encryption  # noqa: F401


class Server:
    """Clients that wait, and what was forked for each."""

    def __init__(self, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._own = _of_python_itself(os.environ)
        self._clients: dict[int, socket.socket] = {}
        self._forks = (Path(path).parent / "forks").open("w")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for each in (self._listener, self._woken, 0):
            self._selector.register(each, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until standard input ends."""
        print("ready", flush=True)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj == 0:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj == self._woken:
                    os.read(self._woken, 1024)
                    self._bury()
                elif key.fileobj in self._clients.values():  # else it has been told the end of its process just now
                    self._lost(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        _, streams, _, _ = socket.recv_fds(client, 1, 3)
        line = client.makefile().readline()
        asked = json.loads(line) if line else None  # it may have been killed by now
        if asked is None or _of_python_itself(asked["environment"]) != self._own:
            _tell(client, 0)
            client.close()
        else:
            child = os.fork()
            if child == 0:
                self._become(asked, streams)
            print(".", end="", file=self._forks, flush=True)
            self._clients[child] = client
            self._selector.register(client, selectors.EVENT_READ)
            _tell(client, child)
        for stream in streams:
            os.close(stream)

    def _bury(self) -> None:
        """Tells a client how its process ended."""
        for child, client in list(self._clients.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                del self._clients[child]
                self._selector.unregister(client)
                with client:
                    _tell(client, os.waitstatus_to_exitcode(status))

    def _lost(self, client: Any) -> None:
        """A client that was killed takes its process along."""
        for child, other in list(self._clients.items()):
            if other is client:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                del self._clients[child]
        self._selector.unregister(client)
        client.close()

    def _become(self, asked: dict[str, Any], streams: list[int]) -> NoReturn:
        """The process that the client stands for."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        self._listener.close()
        for client in self._clients.values():
            client.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.umask(asked["mask"])
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        os._exit(_run(asked["words"]))


def _of_python_itself(environment: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter reads as it starts."""
    return {name: value for name, value in environment.items() if name.startswith(("PYTHON", "LC_", "LANG"))}


def _tell(client: socket.socket, number: int) -> None:
    with suppress(OSError):  # it may have been killed by now
        client.sendall(f"{number}\n".encode())


def _run(words: list[str]) -> int:
    """Runs a script, or `-u -m` and a module, as the interpreter would; its exit status."""
    status: Any = 0
    try:
        if words[0] == "-u":
            sys.argv, sys.path[0] = words[2:], os.getcwd()
            runpy.run_module(words[2], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path[0] = words, os.path.dirname(words[0])
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as ended:
        status = ended.code
    except KeyboardInterrupt:
        status = -signal.SIGINT
    except BaseException:  # noqa: BLE001 - whatever ends a script ends its process
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return status if isinstance(status, int) else int(status is not None)


if __name__ == "__main__":
    assert threading.active_count() == 1, "only a process of one thread may fork"
    sys.path[0] = ""
    gc.freeze()
    Server(sys.argv[1]).serve()

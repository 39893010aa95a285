"""Stands in for `python3`: has a warm interpreter run what the engine asks for, and is the process that it sees.

Arguments: the server's socket, the real Python, then what `python3` was given. See the folder's `__init__.py`.
"""

import json
import os
import signal
import socket
import sys

_DYNAMIC = ["-u", "-m", "pulumi.dynamic"]


def is_known(words: list[str]) -> bool:
    """Whether it is the engine's program or its dynamic providers."""
    return os.path.basename(words[0]) == "pulumi-language-python-exec" or words[:3] == _DYNAMIC


def main() -> None:
    address, python, *words = sys.argv[1:]
    if "COLD_PYTHON" in os.environ or not is_known(words):
        os.execv(python, [python, *words])
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(address)
        except OSError:
            os.execv(python, [python, *words])
        mask = os.umask(0)
        asked = {"words": words, "environment": dict(os.environ), "folder": os.getcwd(), "mask": mask}
        socket.send_fds(server, [b"\0"], [0, 1, 2])
        server.sendall(json.dumps(asked).encode() + b"\n")
        answers = server.makefile()
        forked = int(answers.readline())
        if not forked:  # the server was started with other settings of Python's own
            os.umask(mask)
            os.execv(python, [python, *words])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os.kill(forked, number))
        status = int(answers.readline() or "1")
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


main()

"""What `make VERB` does. Every verb sets up what it needs; none touches a tracked file or a person's Pulumi login."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from tools import local_endpoint, local_graph, local_stack
from tools.checkout import Checkout
from tools.local_engine import past_proxy, search_path
from tools.processes import run_foreground, say
from tools.quick_tests import quick_tests
from tools.site.build import build_site
from tools.stop import Stop
from tools.toolchain.acquire import ensure_engine
from tools.toolchain.api_server import ensure_api_server
from tools.toolchain.language_hosts import ensure_language_hosts
from tools.toolchain.programs import ensure_programs
from tools.virtual_environment import ensure_virtual_environment

_INTERRUPTED = 130
_TAKE_WORDS = ("test", "bench", "mutants")
SOAK_HISTORIES = 3000
"""Random histories of `make soak`."""


def main(arguments: Sequence[str]) -> int:
    """Runs one verb and returns the exit status: that of `pulumi` or `pytest` where one was run, else 0, 1 or 130."""
    # A shell that starts a job in the background may hand down an ignored interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: _raise_interrupt())
    checkout = Checkout.this()
    try:
        options, words = _parser().parse_known_args(list(arguments))
        if words and options.verb not in _TAKE_WORDS:
            raise Stop(f"`{options.verb}` knows nothing of {' '.join(words)!r}.")
        return _run(checkout, options, words)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return _INTERRUPTED


def _run(checkout: Checkout, options: argparse.Namespace, words: Sequence[str]) -> int:
    verb, port = options.verb, getattr(options, "port", None)
    if verb == "endpoint":
        return _endpoint(checkout, port)
    if verb == "traffic":
        return _traffic(checkout, options.rate, options.seconds)
    if verb == "up":
        return _up(checkout, port)
    if verb == "preview":
        return _preview(checkout, port)
    if verb == "rotate":
        return _rotate(checkout, port)
    if verb == "down":
        return _down(checkout)
    if verb == "env":
        return _env(checkout)
    if verb == "test":
        _set_up_for_tests(checkout)
        return _test(checkout, words)
    if verb == "check":
        _lint(checkout)
        _set_up(checkout)
        return _test(checkout, quick_tests())
    if verb == "soak":
        return _soak(checkout)
    if verb == "bench":
        return _bench(checkout, words)
    if verb == "mutants":
        return _mutants(checkout, words)
    if verb == "lint":
        return _lint(checkout)
    if verb == "docs":
        return _docs(checkout)
    return _setup(checkout)


def _setup(checkout: Checkout) -> int:
    _set_up(checkout)
    say("Set up: the virtual environment and Pulumi are in .dev/.")
    return 0


def _up(checkout: Checkout, port: int | None) -> int:
    environment = _reach_local_stack(checkout, port)
    status = local_stack.pulumi(checkout, environment, ["up", "--yes", "--suppress-outputs"])
    if status == 0:
        local_stack.show_outputs(checkout, environment)
    # After a failure too: `pulumi cancel` and the like are what is wanted then.
    say('\nPlain `pulumi` commands reach this stack after:  eval "$(make -s env)"')
    return status


def _preview(checkout: Checkout, port: int | None) -> int:
    return local_stack.pulumi(checkout, _reach_local_stack(checkout, port), ["preview", "--diff"])


def _rotate(checkout: Checkout, port: int | None) -> int:
    _set_up(checkout)
    trigger = local_stack.new_trigger(checkout, datetime.now(UTC))
    say(f'Rotating with the trigger {trigger}. Shells that ran eval "$(make -s env)" have to run it again.')
    return _up(checkout, port)


def _endpoint(checkout: Checkout, port: int | None) -> int:
    environment = _reach_local_stack(checkout, None)
    return local_endpoint.serve(
        checkout, local_stack.endpoint_environment(checkout, environment, local_endpoint.NUMBER), port
    )


def _traffic(checkout: Checkout, rate: str | None, seconds: str | None) -> int:
    graph = local_graph.remembered(checkout)
    if graph is None or not local_graph.is_running(checkout, graph):
        raise Stop("The local Graph API isn't running: run `make up` first.")
    words = [word for name, value in (("--rate", rate), ("--seconds", seconds)) if value for word in (name, value)]
    return local_endpoint.send_forms(checkout, graph, words)


def _down(checkout: Checkout) -> int:
    graph = local_graph.remembered(checkout)
    if graph is not None and local_graph.stop(checkout, graph):
        say(f"Stopped the local Graph API on port {graph.port}.")
    else:
        say("The local Graph API isn't running.")
    say("Nothing is destroyed: the stack, its keys and what is registered stay in .dev/ until the next `make up`.")
    return 0


def _env(checkout: Checkout) -> int:
    graph = local_graph.remembered(checkout)
    if graph is None:
        raise Stop("There is no local stack yet: run `make up` first.")
    say(local_stack.shell_exports(checkout, graph))
    return 0


def _test(checkout: Checkout, words: Sequence[str]) -> int:
    command = [str(checkout.python), "-m", "pytest", *_side_by_side(), *words]
    return run_foreground(command, cwd=checkout.root, environment=_tool_environment(checkout))


def _side_by_side() -> list[str]:
    """One more than there are processors: a test of the engine waits for a quarter of its time."""
    return ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup"]


def _soak(checkout: Checkout) -> int:
    """200,000 requests through an endpoint, the longest searches, random histories, what `test` leaves out."""
    _set_up_for_tests(checkout)
    environment = {**_tool_environment(checkout), "SOAK_HISTORIES": str(SOAK_HISTORIES)}
    histories = ["pytest", *_side_by_side(), "tests/model/test_random_histories.py"]
    for words in (
        ["tests.endpoint_soak"],
        ["tests.model.soak"],
        histories,
        ["pytest", *_side_by_side(), "--long", "-m", "long"],
    ):
        say(f"$ python -m {' '.join(words)}")
        status = run_foreground([str(checkout.python), "-m", *words], cwd=checkout.root, environment=environment)
        if status != 0:
            return status
    return 0


def _bench(checkout: Checkout, words: Sequence[str]) -> int:
    if "endpoint" in words and "stacks" not in words:  # it needs no engine
        with _setup_lock(checkout):
            ensure_virtual_environment(checkout)
    else:
        _set_up(checkout)
    command = [str(checkout.python), "-m", "tools.bench", *words]
    return run_foreground(command, cwd=checkout.root, environment=_tool_environment(checkout))


def _mutants(checkout: Checkout, words: Sequence[str]) -> int:
    with _setup_lock(checkout):
        ensure_virtual_environment(checkout)  # and no engine: what starts one is too slow to be asked for each defect
    command = [str(checkout.python), "-m", "tools.mutants", *words]
    return run_foreground(command, cwd=checkout.root, environment=_tool_environment(checkout))


def _lint(checkout: Checkout) -> int:
    with _setup_lock(checkout):
        ensure_virtual_environment(checkout)
    failed: list[str] = []
    for words in (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--cache-dir", ".dev/cache/import-linter"],
    ):
        say(f"$ {' '.join(words)}")
        command = [str(checkout.venv_bin / words[0]), *words[1:]]
        status = run_foreground(command, cwd=checkout.root, environment=_tool_environment(checkout))
        if status >= 128:
            raise KeyboardInterrupt
        if status != 0:
            failed.append(" ".join(words[:2]))
    if failed:
        raise Stop(f"Not clean: {', '.join(failed)}.")
    return 0


def _docs(checkout: Checkout) -> int:
    status = build_site(checkout, checkout.site)
    if status == 0:
        say(f"The site can be read without a server: {checkout.site / 'index.html'}")
    return status


def _reach_local_stack(checkout: Checkout, port: int | None) -> dict[str, str]:
    """Everything that a `pulumi` command on the local stack needs, running; and its environment."""
    _set_up(checkout)
    graph = local_graph.ensure_running(checkout, port)
    environment = local_stack.stack_environment(checkout, graph, os.environ)
    local_stack.select_stack(checkout, environment)
    return environment


def _set_up(checkout: Checkout) -> None:
    with _setup_lock(checkout):
        ensure_virtual_environment(checkout)
        ensure_engine(checkout, os.environ)


def _set_up_for_tests(checkout: Checkout) -> None:
    with _setup_lock(checkout):
        ensure_virtual_environment(checkout)
        engine = ensure_engine(checkout, os.environ)
        ensure_api_server(checkout, os.environ)
        ensure_language_hosts(checkout, engine, os.environ)
        ensure_programs(checkout, os.environ)


@contextmanager
def _setup_lock(checkout: Checkout) -> Iterator[None]:
    """One set-up at a time: two would build into each other's files."""
    checkout.dev.mkdir(exist_ok=True)
    with (checkout.dev / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another `make` that sets up this checkout ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tool_environment(checkout: Checkout) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": search_path([checkout.venv_bin], os.environ),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(checkout.dev / "cache" / "hypothesis"),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), past_proxy(os.environ)),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/dev.py", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, about in (
        ("up", "set up what is missing, start the local Graph API, run `pulumi up`, show what it made"),
        ("preview", "show what `up` would do"),
        ("rotate", "give a new rotation trigger, then do as `up`"),
    ):
        verb = verbs.add_parser(name, help=about, allow_abbrev=False)
        verb.add_argument("--port", type=port_number, default=os.environ.get("WHATSAPP_EMULATOR_PORT") or None)
    endpoint = verbs.add_parser("endpoint", help="run the example endpoint with the local keys", allow_abbrev=False)
    endpoint.add_argument("--port", type=port_number)
    traffic = verbs.add_parser("traffic", help="send it forms at a steady rate, and count what fails")
    traffic.add_argument("--rate", help="forms a second; default 20")
    traffic.add_argument("--seconds", help="for how long; default until Ctrl-C")
    for name, about in (
        ("down", "stop the local Graph API; destroy nothing"),
        ("env", "print what a shell needs so that plain `pulumi` reaches the local stack"),
        ("test", "run the tests, but for what `soak` runs; further words go to pytest"),
        ("check", "in three minutes: lint, every quick test, small searches, a smoke of the engine"),
        ("soak", "hours: 200,000 requests, the longest searches, and every row of the tests that `test` makes some of"),
        ("bench", "measure the endpoint beside others, and stacks beside their floor, and write the pages in docs/"),
        ("mutants", "put small defects into the product one by one: do the fast tests notice? Words choose modules"),
        ("lint", "run ruff, mypy and import-linter"),
        ("docs", "build the documentation's site; a dead link or a missing docstring fails"),
        ("setup", "only set up what is missing"),
    ):
        verbs.add_parser(name, help=about, allow_abbrev=False, add_help=name not in _TAKE_WORDS)
    return parser


def port_number(text: str) -> int:
    """A port from the command line or WHATSAPP_EMULATOR_PORT. Raises `Stop`."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 65535):
        raise Stop(f"The port must be a whole number from 1 to 65535, as in `make up PORT=9000`; it is {text!r}.")
    return int(text)


def _raise_interrupt() -> None:
    raise KeyboardInterrupt

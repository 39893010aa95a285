"""The threads of the ASGI adapter, one by one, and what is done without any."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from threading import Event, current_thread
from typing import Any

import pytest

from tests.forms import APP_SECRET, endpoint_of, sent
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.threads import NoThreadFree, Threads
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign

_SECONDS = 60.0


def none_left(_: object) -> None:
    raise RuntimeError("can't start new thread")


def run(threads: Threads, work: Callable[[], Any], seconds: float = _SECONDS) -> Any:
    return asyncio.run(threads.run(work, seconds=seconds))


def failing() -> None:
    raise LookupError("missing")


def test_work_returns_or_raises_as_if_it_was_done_here() -> None:
    threads = Threads(1, "tested")
    assert run(threads, lambda: current_thread().name) == "tested"
    with pytest.raises(LookupError, match="missing"):
        run(threads, failing)
    assert run(threads, lambda: 7) == 7


def test_work_finds_the_context_variables_of_its_caller_and_leaves_none() -> None:
    threads, tenant, whose = Threads(1, "tested"), ContextVar("tenant", default="nobody's"), list[str]()

    def work() -> None:
        whose.append(tenant.get())
        tenant.set("the work's own")

    async def story() -> None:
        for name in ("north's", "south's"):
            tenant.set(name)
            await threads.run(work, seconds=_SECONDS)

    asyncio.run(story())
    run(threads, work)
    assert whose == ["north's", "south's", "nobody's"]


def test_a_thread_is_used_again() -> None:
    threads = Threads(1, "tested")
    assert len({run(threads, threading.get_ident) for _ in range(5)}) == 1


def test_a_thread_without_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_endpoint.threads.IDLE", 0.0)
    thread = run(Threads(1, "tested"), current_thread)
    thread.join(_SECONDS)
    assert not thread.is_alive()


def test_what_no_thread_began_in_time_is_never_done() -> None:
    threads, go_on, done = Threads(1, "tested"), Event(), list[str]()

    async def story() -> None:
        hangs = asyncio.create_task(threads.run(lambda: go_on.wait(_SECONDS), seconds=_SECONDS))
        await asyncio.sleep(0)
        with pytest.raises(NoThreadFree):
            await threads.run(lambda: done.append("late"), seconds=0.0)
        go_on.set()
        assert await hangs
        await threads.run(lambda: done.append("next"), seconds=_SECONDS)

    asyncio.run(story())
    assert done == ["next"]


def test_what_is_begun_may_last_longer_than_it_may_wait() -> None:
    threads, go_on, begun = Threads(1, "tested"), Event(), Event()

    def work() -> bool:
        begun.set()
        return go_on.wait(_SECONDS)

    async def story() -> bool:
        running = asyncio.create_task(threads.run(work, seconds=0.0))
        await asyncio.sleep(0)
        assert begun.wait(_SECONDS)  # and the loop stands still
        await asyncio.sleep(0)
        assert not running.done()
        go_on.set()
        return await running

    assert asyncio.run(story())


def test_a_process_without_a_thread_left_gives_up_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.Thread.start", none_left)
    with pytest.raises(NoThreadFree):
        run(Threads(1, "tested"), lambda: 7, seconds=0.0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 432), ({HEADER: "sha256=wrong"}, 432), ({HEADER: sign(APP_SECRET, b"{}")}, 400)],
    ids=["unsigned", "a wrong signature", "a wrong shape"],
)
def test_what_is_refused_by_signature_or_shape_takes_no_thread(
    headers: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.Thread.start", none_left)
    monkeypatch.setattr("whatsapp_flow_endpoint.asgi.LONGEST_FOR_A_THREAD", 0.0)  # nor would it wait for one
    assert status_of(headers, b"{}") == status


def status_of(headers: dict[str, str], body: bytes) -> int:
    """What the application answers to a POST, without a server."""
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        said.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "headers": raw}

    async def serve() -> None:
        await asgi_app(endpoint_of(lambda _: {}))(scope, receive, send)

    asyncio.run(serve())
    return int(said[0]["status"])


def test_an_endpoint_that_is_called_in_an_event_loop_says_once_that_it_blocks_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint, form = endpoint_of(lambda _: {}), sent()

    async def view() -> list[int]:
        return [endpoint.answer(form.signed, form.body).status for _ in range(2)]

    assert asyncio.run(view()) == [200, 200]
    assert caplog.text.count("FlowEndpoint.answer was called in an event loop, in which nothing else goes on") == 1


def test_an_endpoint_that_is_called_in_a_thread_of_a_loop_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    endpoint, form = endpoint_of(lambda _: {}), sent()

    async def view() -> int:
        return (await asyncio.to_thread(endpoint.answer, form.signed, form.body)).status

    assert asyncio.run(view()) == 200
    assert caplog.text == ""

"""Async handlers: awaited in the server's loop under ASGI, in a loop of their own elsewhere."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from tests.forms import FORM, PING, TYPED_IN, Sent, endpoint_of, sent, through
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, FlowTokenNoLongerValid, show
from whatsapp_flow_endpoint.asgi import asgi_app
from whatsapp_flow_endpoint.aws_lambda import lambda_handler


async def book(request: FlowRequest) -> dict[str, Any]:
    await asyncio.sleep(0)
    return show("TIME", {"day": request.data["day"]})


async def fail(_: FlowRequest) -> dict[str, Any]:
    await asyncio.sleep(0)
    raise ValueError(TYPED_IN)


async def close(_: FlowRequest) -> dict[str, Any]:
    await asyncio.sleep(0)
    raise FlowTokenNoLongerValid("too late")


async def through_asgi(endpoint: FlowEndpoint, form: Sent) -> tuple[int, str]:
    return await through(asgi_app(endpoint), form)


def test_an_async_handler_answers_a_form() -> None:
    form = sent()
    answer = endpoint_of(book).answer(form.signed, form.body)
    assert form.decrypt(answer) == {"screen": "TIME", "data": {"day": TYPED_IN}}


def test_under_asgi_it_runs_in_the_loop_of_the_server_and_in_no_other_thread() -> None:
    ran: list[object] = []

    async def keep(_: FlowRequest) -> dict[str, Any]:
        ran.extend([asyncio.get_running_loop(), threading.current_thread()])
        return show("NEXT")

    async def serve(form: Sent) -> tuple[int, str]:
        expected.extend([asyncio.get_running_loop(), threading.current_thread()])
        return await through_asgi(endpoint_of(keep), form)

    expected: list[object] = []
    form = sent()
    status, body = asyncio.run(serve(form))
    assert (status, form.session.decrypt_answer(body)) == (200, show("NEXT"))
    assert ran == expected


def test_forms_that_are_awaited_do_not_wait_for_each_other() -> None:
    """None is answered before all have begun."""

    async def serve() -> list[tuple[int, str]]:
        all_are_here = asyncio.Barrier(50)

        async def meet(_: FlowRequest) -> dict[str, Any]:
            await asyncio.wait_for(all_are_here.wait(), 20)
            return show("NEXT")

        endpoint = endpoint_of(meet)
        return await asyncio.gather(*[through_asgi(endpoint, sent()) for _ in range(50)])

    assert [status for status, _ in asyncio.run(serve())] == [200] * 50


def test_it_is_answered_while_every_thread_is_held() -> None:
    held, release = threading.Event(), threading.Event()

    def hang(_: FlowRequest) -> dict[str, Any]:
        held.set()
        release.wait(20)
        return {}

    async def serve() -> int:
        app = asgi_app(endpoint_of(book, on_error_notice=hang), threads=1)
        notice = sent({**FORM, "data": {"error": "timeout_error", "error_message": "late"}})
        hanging = asyncio.create_task(through(app, notice))
        await asyncio.to_thread(held.wait, 20)
        status, _ = await through(app, sent())
        release.set()
        await hanging
        return status

    assert asyncio.run(serve()) == 200


def test_under_lambda_it_runs_too() -> None:
    form = sent()
    event = {"requestContext": {"http": {"method": "POST"}}, "headers": form.signed, "body": form.body.decode()}
    assert lambda_handler(endpoint_of(book))(event, None)["statusCode"] == 200


def test_where_a_loop_runs_in_this_thread_the_handler_gets_one_in_another() -> None:
    """As in a test that is async itself."""
    form = sent()

    async def serve() -> int:
        return endpoint_of(book).answer(form.signed, form.body).status

    assert asyncio.run(serve()) == 200


@pytest.mark.parametrize("asgi", [False, True], ids=["a loop of its own", "ASGI"])
def test_what_it_raises_is_a_500_that_shows_the_handlers_place_alone(
    asgi: bool, caplog: pytest.LogCaptureFixture
) -> None:
    form, endpoint = sent(), endpoint_of(fail)
    with caplog.at_level(logging.INFO):
        answer = endpoint.answer(form.signed, form.body)
        status = asyncio.run(through_asgi(endpoint, form))[0] if asgi else answer.status
    assert status == 500
    said = caplog.messages[-1].splitlines()
    assert said[0] == "answered 500: the handler raised ValueError"
    assert len(said) == 2
    assert said[1].endswith("in fail")
    assert __file__ in said[1]
    assert TYPED_IN not in caplog.text


def test_a_token_that_is_no_longer_valid_closes_the_form() -> None:
    form = sent()
    answer = endpoint_of(close).answer(form.signed, form.body)
    assert (answer.status, form.decrypt(answer)) == (427, {"error_msg": "too late"})


def test_pings_may_be_answered_by_one() -> None:
    async def active(_: FlowRequest) -> dict[str, Any]:
        return {"data": {"status": "active"}}

    ping = sent(PING)
    answer = endpoint_of(book, on_ping=active).answer(ping.signed, ping.body)
    assert ping.decrypt(answer) == {"data": {"status": "active"}}

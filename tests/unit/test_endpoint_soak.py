"""The soak of the endpoint, short: that it sends what it should, and sees memory that isn't given back."""

from typing import Any

from tests.endpoint_soak import ALLOWED_KIB, echo, soak
from whatsapp_flow_endpoint import FlowRequest


def test_two_thousand_requests_leave_nothing_behind() -> None:
    grown, statuses = soak(2000)
    assert statuses == {200: 1000, 500: 200, 421: 200, 400: 400, 432: 200}
    assert grown <= ALLOWED_KIB


def test_what_is_kept_is_seen() -> None:
    kept: list[str] = []

    def keeps(request: FlowRequest) -> dict[str, Any]:
        kept.append("x" * 20_000)
        return echo(request)

    grown, _ = soak(2000, keeps)
    assert grown > ALLOWED_KIB

"""Both registrars of one number, over real HTTP against the emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.conftest import TestClock
from tests.contract.registrars import at_aws
from tests.stack.project import TOKEN
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_flow_keys.registrars.registrar import Registrar
from whatsapp_graph_emulator import Emulator

BUSY, LASTING, FAULT = "busy", "lasting", "fault"
_ERRORS: dict[str, dict[str, dict[str, Any]]] = {
    "meta": {BUSY: {"code": 4}, LASTING: {"code": 200}, FAULT: {"code": 131000}},
    "aws": {
        BUSY: {"aws_code": "ThrottledRequestException"},
        LASTING: {"aws_code": "AccessDeniedException"},
        FAULT: {"aws_code": "InternalServiceException"},
    },
}
"""What says the same in the words of each."""


@dataclass(frozen=True)
class Side:
    """A registrar of the number.

    Args:
        name: ``meta`` or ``aws``.
        connect: the registrar, of its deadline.
    """

    name: str
    emulator: Emulator
    number: str
    connect: Callable[[float], Registrar]

    def fails(self, kind: str, what: str, **asked: Any) -> None:
        """From now on an error is answered, by ``kind`` before or after the effect."""
        self.emulator.fault(kind, phone_number_id=self.number, **_ERRORS[self.name][what], **asked)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def sides(emulator: Emulator, number: str, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> dict[str, Side]:
    """By name."""
    at_aws.put_in(monkeypatch, emulator)
    emulator.clear_faults()

    def graph(deadline: float) -> Registrar:
        return GraphClient(GraphSettings((TOKEN,), url=emulator.url, deadline=deadline), clock)

    return {
        "meta": Side("meta", emulator, number, graph),
        "aws": Side("aws", emulator, number, lambda deadline: at_aws.client(number, clock, deadline=deadline)),
    }


@pytest.fixture(params=["meta", "aws"])
def side(sides: dict[str, Side], request: pytest.FixtureRequest) -> Side:
    """Each in turn."""
    return sides[request.param]

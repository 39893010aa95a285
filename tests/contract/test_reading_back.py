"""Reading back what was published, where Meta's reads lag behind its writes."""

from dataclasses import dataclass

import pytest

from tests.contract.conftest import Line
from whatsapp_flow_keys.lifecycle.registration import register
from whatsapp_flow_keys.registrars.registrar import ServedKey


@dataclass
class GraphThatLags:
    """The Graph API, whose reads after the next publication answer ``lag`` times what was served before it."""

    line: Line
    lag: int

    def served(self, phone_number_id: str) -> ServedKey:
        return self.line.graph.served(phone_number_id)

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        trace_id = self.line.graph.publish(phone_number_id, public_key_pem)
        if self.lag:
            self.line.fault("stale_read", seconds=600, times=self.lag)
            self.lag = 0
        return trace_id


@pytest.mark.parametrize(("lag", "publications"), [(0, 1), (1, 1), (5, 1), (6, 2)])
def test_a_key_is_published_again_once_five_reads_a_second_apart_have_not_shown_it(
    line: Line, lag: int, publications: int
) -> None:
    line.rotate()
    desired, before = line.stage(), line.publications()
    waited = line.clock.waited
    register(line.wanted(desired), line.stores, line.session(graph=GraphThatLags(line, lag)))
    assert line.served() == desired
    assert line.publications() - before == publications
    assert line.clock.waited - waited == min(lag, 5)

"""The soak of the endpoint, short: that it sends what it should, and sees memory that isn't given back.

Each in a process of its own: the peak of one that has grown before hides what comes later.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.endpoint_soak import ALLOWED_KIB

pytestmark = pytest.mark.slow

KEEPS = """
kept = []
def handler(request):
    kept.append("x" * 20_000)
    return echo(request)
"""


def soaked(handler: str) -> tuple[int, dict[str, int]]:
    """KiB that 2,000 requests left behind, and how many answers had which status."""
    program = (
        f"import json\nfrom tests.endpoint_soak import echo, soak\n{handler}\nprint(json.dumps(soak(2000, handler)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    grown, statuses = json.loads(done.stdout)
    return grown, statuses


def test_two_thousand_requests_leave_nothing_behind() -> None:
    grown, statuses = soaked("handler = echo")
    assert statuses == {"200": 1000, "500": 200, "421": 200, "400": 400, "432": 200}
    assert grown <= ALLOWED_KIB


def test_what_is_kept_is_seen() -> None:
    grown, _ = soaked(KEEPS)
    assert grown > ALLOWED_KIB

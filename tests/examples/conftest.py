"""The environment that the example for AWS runs in."""

from pathlib import Path

import pytest

from tools.checkout import Checkout
from tools.pinned_environment import ensure_pinned_environment


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of an environment with pulumi-aws and this checkout, made once in `.dev/examples`: 300 MB."""
    checkout = Checkout.this()
    pins = Path(__file__).with_name("requirements-aws-lambda.txt")
    return ensure_pinned_environment(checkout, checkout.dev / "examples" / "aws-lambda", pins, with_project=True)

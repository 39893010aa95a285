"""The exchange with `cryptography` alone, in the event loop: what no endpoint behind that server gets below."""

import json
import os
from typing import Any

from tools.bench.contenders.cryptography_alone import load
from tools.bench.servers.bare_asgi import BareAsgi
from tools.bench.servers.talk import PRIVATE_KEY


def asgi() -> Any:
    """It checks nothing and names no error."""
    exchange = load(os.environ[PRIVATE_KEY])
    return BareAsgi(lambda body: exchange(json.loads(body)).encode())

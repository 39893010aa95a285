"""A Flow endpoint that books a table: a form of two screens, a day and then a time. `flow.json` is its Flow.

`app` is a WSGI application: any server for Python runs it, as in
`python -m waitress --max-request-body-size=300000 app:app`.
"""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from threading import Lock
from typing import Any

from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, FlowTokenNoLongerValid, complete, show
from whatsapp_flow_endpoint.wsgi import wsgi_app

TIMES = ("12:00", "13:00", "19:00", "20:00")


class Bookings:
    """Which times are taken, and by whose form: the flow_token that the message with the form carries."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str], str | None] = {}
        self._lock = Lock()

    def free(self, day: str) -> list[str]:
        """The times of a day that nobody has."""
        return [time for time in TIMES if (day, time) not in self._by]

    def take(self, day: str, time: str, token: str | None) -> bool:
        """False if somebody was faster."""
        with self._lock:
            return self._by.setdefault((day, time), token) == token

    def has(self, token: str | None) -> bool:
        """Whether this form has booked already."""
        with self._lock:
            return token is not None and token in self._by.values()


bookings = Bookings()


def book(request: FlowRequest) -> dict[str, Any]:
    """One step of the form."""
    if request.action == "INIT":
        return days(request)
    if request.screen == "DAY":
        return times(request.data)
    return confirm(request)


def days(request: FlowRequest) -> dict[str, Any]:
    """The first screen: the next five days with a free time."""
    if bookings.has(request.flow_token):
        raise FlowTokenNoLongerValid("Your table is booked already.")
    coming = (date.today() + timedelta(ahead) for ahead in range(1, 30))  # noqa: DTZ011 - the restaurant's own day
    free = [day for day in coming if bookings.free(day.isoformat())]
    return show("DAY", {"days": [{"id": day.isoformat(), "title": f"{day:%A, %d %B}"} for day in free[:5]]})


def times(chosen: Mapping[str, Any], error: str = "") -> dict[str, Any]:
    """The second screen: the free times of the day that was chosen."""
    free = [{"id": time, "title": time} for time in bookings.free(chosen["day"])]
    return show("TIME", {"day": chosen["day"], "times": free, "error": error, "has_error": bool(error)})


def confirm(request: FlowRequest) -> dict[str, Any]:
    """The end of the form, or the second screen again."""
    day, time = request.data["day"], request.data["time"]
    if not bookings.take(day, time, request.flow_token):
        return times(request.data, "Somebody was faster. Please choose another time.")
    return complete(request, {"day": day, "time": time})


logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
endpoint = FlowEndpoint.from_env(book)
logging.info("holds the keys %s", ", ".join(fingerprint[:12] for fingerprint in endpoint.fingerprints))
app = wsgi_app(endpoint)

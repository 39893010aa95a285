"""Forms beside a flood of signed requests that no key opens: how much longer does a form take?

All of them come at random moments, as from many people. The server may use every core.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tools.bench.contender import process_of
from tools.bench.http_load import Answered, paced
from tools.bench.server_contenders import kit_behind
from tools.bench.server_figures import GUNICORN, IN_ENVIRONMENT, IN_STORE, UVICORN, Flooded, percentile
from tools.bench.task import Asked, ask, ring_of
from tools.checkout import Checkout
from tools.processes import part
from tools.stop import Stop
from whatsapp_flow_keys import document
from whatsapp_flow_keys.keys import PrivateKey

FORMS, UNDECRYPTABLE = 20, 200
"""Requests a second."""
KEYS = 5
_HOSTS = {UVICORN: "uvicorn kit:asgi", GUNICORN: "gunicorn kit:wsgi"}
_WARMING_UP = 1.0
_GARBAGE = 50
_BUSY = 503


PATIENCE = 10.0
"""Seconds that WhatsApp waits for an answer."""


@dataclass(frozen=True)
class Plan:
    """Seconds: without the flood, then the first ones of it, then those that count."""

    quiet: float
    first: float
    beside: float


FULL = Plan(quiet=10, first=5, beside=10)
QUICK = Plan(quiet=0.5, first=0.2, beside=0.5)
"""Too short to mean much."""


@dataclass(frozen=True)
class _Due:
    moment: float
    asked: Asked
    is_form: bool


@dataclass(frozen=True)
class _Form:
    """When a form came, and how many seconds it took."""

    moment: float
    seconds: float
    failed: bool
    """Whether the endpoint was too busy to answer it in time."""


class Sender:
    """Sends at random moments, which are the same in each run and for each server."""

    def __init__(self, keys: Sequence[PrivateKey]) -> None:
        """The forms are encrypted for the first of the ring's ``keys``."""
        self._key, unknown = keys[0], PrivateKey.generate()
        self._garbage = cycle([ask(unknown) for _ in range(_GARBAGE)])
        self._chance = Random(1)  # noqa: S311 - it is to be the same in each run

    def send(self, port: int, seconds: float, *, flood: bool) -> list[_Form]:
        """Raises `Stop` for a wrong answer."""
        due = [_Due(moment, ask(self._key), True) for moment in self._moments(FORMS, seconds)]
        if flood:
            due += [_Due(moment, next(self._garbage), False) for moment in self._moments(UNDECRYPTABLE, seconds)]
        due.sort(key=lambda one: one.moment)
        answers = paced(port, [(one.moment, one.asked.http) for one in due], PATIENCE)
        forms = []
        for one, answered in zip(due, answers, strict=True):
            in_time = answered if answered and answered.status != _BUSY else None
            if in_time:
                _check(one, in_time)
            if one.is_form:
                forms.append(_Form(one.moment, answered.seconds if answered else PATIENCE, in_time is None))
        return forms

    def _moments(self, per_second: float, seconds: float) -> Iterator[float]:
        moment = self._chance.expovariate(per_second)
        while moment < seconds:
            yield moment
            moment += self._chance.expovariate(per_second)


def measure(checkout: Checkout, plan: Plan) -> tuple[Flooded, ...]:
    """An endpoint behind each server, with its ring in its environment and in a store.

    Raises `Stop` when a server doesn't start, or answers wrongly.
    """
    keys = [PrivateKey.generate() for _ in range(KEYS)]
    ring, found = document.dump(ring_of(keys)), []
    with TemporaryDirectory() as folder:
        store = Path(folder) / "ring.json"
        store.touch(0o600)
        store.write_text(ring, encoding="utf-8")
        for host, words in _HOSTS.items():
            for where, held in ((IN_ENVIRONMENT, ring), (IN_STORE, store.as_uri())):
                with (
                    part(f"Measuring forms beside a flood, {host}, the keys {where}"),
                    process_of(kit_behind(checkout, words, held), checkout.root) as process,
                ):
                    found.append(_measure(int(process.hear()["port"]), plan, keys, (host, where)))
    return tuple(found)


def _measure(port: int, plan: Plan, keys: Sequence[PrivateKey], what: tuple[str, str]) -> Flooded:
    sender = Sender(keys)
    sender.send(port, min(_WARMING_UP, plan.quiet), flood=False)
    quiet = sender.send(port, plan.quiet, flood=False)
    beside = sender.send(port, plan.first + plan.beside, flood=True)
    later = [form for form in beside if form.moment >= plan.first]
    return Flooded(
        *what,
        quiet=_milliseconds(quiet, 99),
        beside=_milliseconds(later, 99),
        slowest_at_first=_milliseconds([form for form in beside if form.moment < plan.first], 100),
        failed=sum(form.failed for form in beside),
    )


def _check(due: _Due, answered: Answered) -> None:
    right = due.asked.is_rightly_answered(answered.body) if answered.status == 200 else answered.status == 421
    if not right or due.is_form != (answered.status == 200):
        raise Stop(f"{'A form' if due.is_form else 'Garbage'} had a wrong answer in the flood: {answered.status}.")


def _milliseconds(forms: Sequence[_Form], percent: int) -> float:
    return 1e3 * percentile([form.seconds for form in forms], percent)

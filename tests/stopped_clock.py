"""A clock that stands until a test moves it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition

_SECONDS = 60


@dataclass
class StoppedClock:
    """Stands until it is moved; who sleeps is woken when it has come far enough."""

    at: float = 1000.0
    moved: Condition = field(default_factory=Condition)
    sleepers: int = 0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self.moved:
            until = self.at + seconds
            self.sleepers += 1
            self.moved.notify_all()
            assert self.moved.wait_for(lambda: self.at >= until, _SECONDS)
            self.sleepers -= 1

    def move(self, seconds: float) -> None:
        with self.moved:
            self.at += seconds
            self.moved.notify_all()

    def wait_for_a_sleeper(self) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.sleepers > 0, _SECONDS)

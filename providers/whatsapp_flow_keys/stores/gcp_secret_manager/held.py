"""What a secret holds: found by its versions' numbers, since ``latest`` may be old.

A version can be seen at once by its number, by ``latest`` only after minutes. So ``latest`` says no more than where to
begin. Source: Google's page "Resource consistency".
"""

from dataclasses import dataclass

from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.gcp_secret_manager.client import SecretCalls
from whatsapp_flow_keys.stores.gcp_secret_manager.refusals import UnreadableVersionError
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import Version


@dataclass(frozen=True)
class Held:
    """The version that counts, None where none does, and the ``later`` ones, the newest last."""

    document: Version | None
    later: tuple[Version, ...] = ()

    @property
    def last(self) -> int:
        """The highest number; 0 where there is no version."""
        return max((each.number for each in (self.document, *self.later) if each), default=0)

    @property
    def is_being_deleted(self) -> bool:
        """Whether somebody is deleting the secret, or was killed meanwhile."""
        return any(each.announces_deletion for each in self.later)

    @property
    def version(self) -> str:
        """For a store's ``Versioned``; :meth:`read_again` takes it."""
        counts = self.document
        return f"{self.last} {counts.number if counts else 0} {counts.digest if counts else '-'}" if self.last else ""

    @classmethod
    def by(cls, calls: SecretCalls) -> "Held":
        """As it is now. Raises :class:`StoreUnavailableError` where it can't be known."""
        version, later = _newest(calls), list[Version]()
        while version is not None and not version.counts:
            later.insert(0, version)
            version = _before(calls, version)
        if version is None and any(not each.is_blank and not each.announces_deletion for each in later):
            raise StoreUnavailableError(
                calls.url,
                "holds versions, and none of them counts, since each says that it was written over another one than "
                "the one before it; nothing was changed. Add the right one without its member `written_over` "
                "(`jq 'del(.written_over)'`)",
            )
        return cls(version, tuple(later))

    @classmethod
    def read_again(cls, calls: SecretCalls, version: str) -> "Held | None":
        """What was held as ``version`` says; None where the secret isn't that one any more."""
        if not version:
            return cls(None)
        last, number, _ = version.split()
        found = [calls.access(str(each)) for each in range(max(1, int(number)), int(last) + 1)]
        there = [each for each in found if each is not None]
        if len(there) < len(found):
            return None
        document = there.pop(0) if int(number) else None
        again = cls(document, tuple(there))
        return again if again.version == version and not any(each.counts for each in there) else None


def _newest(calls: SecretCalls) -> Version | None:
    hint = _look(calls, "latest")
    newest = _look(calls, str(hint.number)) if hint else None
    newest = newest or _look(calls, "1")  # the hint may be of a deleted secret, whose name is in use again
    while newest and (following := _look(calls, str(newest.number + 1))):
        newest = following
    if isinstance(newest, UnreadableVersionError):
        raise newest
    return newest


def _look(calls: SecretCalls, version: str) -> Version | UnreadableVersionError | None:
    try:
        return calls.access(version)
    except UnreadableVersionError as refusal:
        return refusal


def _before(calls: SecretCalls, version: Version) -> Version | None:
    if version.number == 1:
        return None
    before = calls.access(str(version.number - 1))
    if before is None:
        raise StoreUnavailableError(
            calls.url,
            f"version {version.number - 1} is missing, though there is version {version.number}; nothing was changed. "
            f"Run again",
        )
    return before

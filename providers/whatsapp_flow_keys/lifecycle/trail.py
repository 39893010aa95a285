"""Reports to the audit log what the lifecycle does to the keys of one number: each event once, where it happens.

Why a store was written is derived from the ring before and after, so a write that changes no key is not reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from whatsapp_flow_keys.audit import FAILED, OK, UNKNOWN, Audit, Event, Operation
from whatsapp_flow_keys.errors import (
    DeletionRefusedError,
    EndpointNotReadyError,
    FlowKeysError,
    ForeignDocumentError,
    ForeignKeyError,
    KeyNotInRingError,
    KeyUnusableError,
    PassphraseChangeError,
    PrivateKeyError,
    StoppedError,
    UnsavedKeyError,
)
from whatsapp_flow_keys.registrars.errors import RegistrarError
from whatsapp_flow_keys.ring import KeyRing

Change = tuple[Operation, str]
"""What happened to the key with this fingerprint."""

RULES: Mapping[type[FlowKeysError], str] = {
    ForeignKeyError: "foreign_key",
    KeyNotInRingError: "key_not_in_ring",
    KeyUnusableError: "key_unusable",
    EndpointNotReadyError: "endpoint_not_ready",
    DeletionRefusedError: "deletion_refused",
    ForeignDocumentError: "foreign_document",
    PrivateKeyError: "private_key_unreadable",
    PassphraseChangeError: "passphrase_change_unfinished",
    UnsavedKeyError: "key_not_saved",
    StoppedError: "stopped",
}
"""The outcome that a refusal is reported with. The names are in people's logs, so they never change."""


class Trail:
    """The audit log for one step of one number's life."""

    def __init__(self, audit: Audit, phone_number_id: str, stack: str) -> None:
        self._audit, self._phone_number_id, self._stack = audit, phone_number_id, stack
        self._reported: Exception | None = None

    def done(
        self,
        operation: Operation,
        fingerprint: str | None,
        *,
        outcome: str = OK,
        reason: str | None = None,
        store: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        """Reports one event."""
        sentence = " ".join(reason.split()) if reason else None
        event = Event(operation, self._phone_number_id, self._stack, fingerprint, outcome, sentence, store, trace_id)
        self._audit.record(event)

    @contextmanager
    def step(self, operation: Operation, fingerprint: str | None, *, store: str | None = None) -> Iterator[None]:
        """Reports an error that ends the block, as a failure of ``operation`` or as a refusal.

        Of nested blocks only the innermost reports it.
        """
        try:
            yield
        except Exception as error:
            if error is not self._reported:
                self._failed(error, operation, fingerprint, store)
            raise

    @contextmanager
    def changing(self, changes: Sequence[Change], store: str | None = None) -> Iterator[None]:
        """Around the code that makes ``changes``: reports them when it is done, or as failed, like :meth:`step`."""
        try:
            yield
        except Exception as error:
            if error is not self._reported:
                for operation, fingerprint in changes:
                    self._failed(error, operation, fingerprint, store)
            raise
        for operation, fingerprint in changes:
            self.done(operation, fingerprint, store=store)

    def _failed(self, error: Exception, operation: Operation, fingerprint: str | None, store: str | None) -> None:
        self._reported = error
        if isinstance(error, DeletionRefusedError):
            fingerprint = error.fingerprint
        trace_id = error.trace_id if isinstance(error, RegistrarError) else None
        rule = next((rule for kind, rule in RULES.items() if isinstance(error, kind)), None)
        if rule:
            operation, outcome = Operation.REFUSED, rule
        else:
            is_open = error.may_have_taken_effect if isinstance(error, RegistrarError) else False
            outcome = FAILED if isinstance(error, FlowKeysError) and not is_open else UNKNOWN
        # The text of an error that is not ours may hold a secret.
        reason = str(error) if isinstance(error, FlowKeysError) else f"Unexpected: {type(error).__name__}"
        self.done(operation, fingerprint, outcome=outcome, reason=reason, store=store, trace_id=trace_id)


def changes_between(before: KeyRing | None, after: KeyRing) -> list[Change]:
    """What a write of ``after`` over ``before`` does to keys. A key that is new there is staged, whatever its role."""
    held = before.keys if before else ()
    known = {key.fingerprint for key in held}
    was, now = before.current if before else None, after.current
    changes = [(Operation.STAGED, key.fingerprint) for key in after.keys if key.fingerprint not in known]
    if now is not None and now.fingerprint in known and (was is None or was.fingerprint != now.fingerprint):
        changes.append((Operation.PROMOTED, now.fingerprint))
    return changes + [(Operation.RETIRED, key.fingerprint) for key in held if key.fingerprint not in after]

"""Whose ring it is."""

from dataclasses import dataclass

from whatsapp_flow_keys.audit import Audit
from whatsapp_flow_keys.lifecycle.trail import Trail


@dataclass(frozen=True)
class Claim:
    """What a stack says of the ring that it works on.

    Args:
        phone_number_id: the number's.
        managed_by: the stack, as ``organization/project/stack``.
        owner: the id of the live EncryptionKey.
        formerly: the name that the stack had when the ring was last written, where it was renamed since.
    """

    phone_number_id: str
    managed_by: str
    owner: str
    formerly: str | None = None

    def trail(self, audit: Audit) -> Trail:
        """Reports to ``audit`` what is done to this number's keys."""
        return Trail(audit, self.phone_number_id, self.managed_by)

"""A kind of key service that no page tells of: keys in this process's memory. A test adds it by this folder alone.

Each key of it stands alone, as those of a cloud's KMS do, and goes out of use by itself.
"""

from tests.contract.custody.memory_kind.address import complete, write
from tests.contract.custody.memory_kind.service import MemoryService
from whatsapp_flow_keys.custody.service import CustodyKind

KIND = CustodyKind(MemoryService, write, complete)

"""A kind of store that no page tells of: a document in this process's memory. A test adds it by this folder alone."""

from tests.contract.stores.memory_kind.address import complete, write
from tests.contract.stores.memory_kind.store import MemoryStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(MemoryStore, write, complete)

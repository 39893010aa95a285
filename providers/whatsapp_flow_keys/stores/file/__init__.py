"""A file, for an offline backup, or an endpoint on the same machine."""

from whatsapp_flow_keys.stores.file.address import complete, write
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(FileStore.from_url, write, complete)

"""Google Secret Manager through google-cloud-secret-manager."""

from whatsapp_flow_keys.stores.gcp_secret_manager.address import complete, write
from whatsapp_flow_keys.stores.gcp_secret_manager.store import GcpSecretManagerStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(GcpSecretManagerStore, write, complete)

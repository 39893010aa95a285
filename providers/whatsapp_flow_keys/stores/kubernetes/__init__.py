"""A Kubernetes Secret through the official client."""

from whatsapp_flow_keys.stores.kind import StoreKind
from whatsapp_flow_keys.stores.kubernetes.address import complete, write
from whatsapp_flow_keys.stores.kubernetes.store import KubernetesStore

KIND = StoreKind(KubernetesStore, write, complete)

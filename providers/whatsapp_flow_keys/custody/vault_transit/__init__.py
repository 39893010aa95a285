"""The transit engine of HashiCorp Vault and OpenBao, through hvac: one RSA key for each phone number.

Its versions are the keys of the ring.
"""

from whatsapp_flow_keys.custody.service import CustodyKind
from whatsapp_flow_keys.custody.vault_transit.address import SHAPE, write
from whatsapp_flow_keys.custody.vault_transit.service import VaultTransit

KIND = CustodyKind(VaultTransit, write, SHAPE.complete)

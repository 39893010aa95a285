"""A preview of a program asks nobody and makes no key, so it doesn't pay for the libraries that do."""

import subprocess
import sys

import pytest

_COSTLY = (
    "requests",
    "urllib3",
    "cryptography",
    "hvac",
    "boto3",
    "azure",
    "google.auth",
    "google.cloud.secretmanager_v1",
    "kubernetes",
    "pulumi_random",
)

_SHOW = f"import sys; print(*sorted(set({_COSTLY!r}) & sys.modules.keys()))"

_NOTHING_DUE = """
from whatsapp_flow_encryption import resources
olds = {"phone_number_id": "106540352242922", "managed_by": "o/p/s", "store": STORE, "backups": [], "locations": [],
        "fingerprint": "f" * 64, "proven_fingerprint": "f" * 64, "key_id": "k", "issued_on": "2026-11-24",
        "force_destroy": False, "rotation_trigger": "one", "private_key": "sha256:0"}
olds["registrar"] = globals().get("REGISTRAR")
providers = (resources.EncryptionKeyProvider(), resources.KeyRingProvider(), resources.KeyRegistrationProvider())
for provider in providers:
    news = {name: value for name, value in olds.items() if name != "proven_fingerprint"}
    assert not provider.rules.inputs.from_props(news).missing()
    provider.diff("id", olds, provider.check(news, news).inputs)
"""

_OF_THREE_AND_FIVE = "3024 020100 3000 041d 301b 020100 02010f 020103 020103 020103 020105 020101 020101 020102"
"""The DER of a PKCS#8 key whose primes are 3 and 5."""

_THE_ENVIRONMENT = f"""
import base64
from whatsapp_flow_keys import document
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
pem = base64.b64encode(bytes.fromhex({_OF_THREE_AND_FIVE!r})).decode()
pem = f"-----BEGIN PRIVATE KEY-----\\n{{pem}}\\n-----END PRIVATE KEY-----\\n"
key = RingKey("f" * 64, Role.PENDING, "2026-11-24", None, pem)
ring = document.dump(KeyRing("106540352242922", "o/p/s", "k", 1, (key,)))
assert document.in_one_line(ring, "here").startswith("wfk1.")
"""

_AT_AWS = "awssocial://phone-number-id-0123456789abcdef0123456789abcdef?region=eu-central-1"

_PROGRAMS = {
    "import": "import whatsapp_flow_encryption",
    "a registrar at AWS": f"STORE = 'stack'; REGISTRAR = '{_AT_AWS}'{_NOTHING_DUE}",
    "stack": f"STORE = 'stack'{_NOTHING_DUE}",
    "file": f"STORE = 'file:///var/lib/flows/ring.json'{_NOTHING_DUE}",
    "the endpoint's environment, with the stack as the store": _THE_ENVIRONMENT,
    "google": f"STORE = 'gcpsecretmanager://my-project/line'{_NOTHING_DUE}",
    "kubernetes": f"STORE = 'kubernetes://prod/flows/line'{_NOTHING_DUE}",
    "vault": f"STORE = 'hashivault://vault.example.com/flows/line'{_NOTHING_DUE}",
}


def loaded_by(program: str) -> list[str]:
    """Which of the costly libraries a fresh interpreter holds after this program."""
    ran = subprocess.run([sys.executable, "-c", f"{program}\n{_SHOW}"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


@pytest.mark.parametrize("name", _PROGRAMS)
def test_checking_and_comparing_load_no_costly_library(name: str) -> None:
    """Each of them would cost every preview and every `up` without a change, twice: program and provider."""
    assert loaded_by(_PROGRAMS[name]) == []


def test_a_costly_library_would_be_seen() -> None:
    """The search finds what is there."""
    assert loaded_by("import whatsapp_flow_keys.registrars.meta_graph.client") == [
        "cryptography",
        "requests",
        "urllib3",
    ]


def test_a_program_loads_only_the_stores_that_it_names() -> None:
    """The four stores' modules cost as much as the rest of the providers."""
    show = "import sys; print(*sorted(m for m in sys.modules if m.startswith('whatsapp_flow_keys.stores.azure')))"
    assert loaded_by(f"{_PROGRAMS['vault']}\n{show}") == []

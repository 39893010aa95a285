"""How a secret could be written down, and which secrets a string holds."""

import base64
import re

from whatsapp_flow_keys.keys import PrivateKey


def forms_of(pem: str) -> set[str]:
    """How a private key could be written down: lines of its PEM, its JSON, its base64 again, its prime numbers, as in
    the line of an endpoint's environment, too."""
    lines = [line for line in pem.splitlines() if len(line) == 64]
    key = PrivateKey.from_pem(pem)
    primes = key.key.private_numbers()
    wrapped = base64.b64encode(pem.encode()).decode().rstrip("=")
    in_one_line = base64.urlsafe_b64encode(bytes.fromhex(key.fingerprint) + primes.p.to_bytes(128)).decode()
    return {*lines, wrapped[100:164], f"{primes.p:x}", str(primes.p), in_one_line[50:114], "PRIVATE KEY-----"}


def pem_blocks(bundle: str) -> list[str]:
    """The single keys of a PEM bundle."""
    return re.findall(r"-----BEGIN.*?-----END [A-Z ]+-----\n", bundle, re.DOTALL)


def leaks(text: str, secrets: set[str]) -> set[str]:
    """Which of the secrets stand in the text; white space and JSON's escapes don't hide one."""
    plain = re.sub(r"\\n|\s", "", text)
    return {secret for secret in secrets if secret in text or re.sub(r"\s", "", secret) in plain}

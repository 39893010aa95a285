"""What ``WHATSAPP_FLOW_KEYS`` holds, as ``endpoint_env`` gives it: checked, and apart for each phone number.

It is the key ring of one number, in one line or as a document, or the URLs of the stores that hold it. For several
numbers it is words, separated by blanks, each with its number's ID before it: ``ID=URL`` or ``ID=wfk1.…``. The URLs of
one number are its store and its backups.
"""

import json
import re
from collections.abc import Iterable, Mapping

from whatsapp_flow_keys import one_line
from whatsapp_flow_keys.carried import unwrapped, with_line_ends
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.pem_text import pems
from whatsapp_flow_keys.phone_number import parse_phone_number_id

KEYS = "WHATSAPP_FLOW_KEYS"
PASSPHRASE, FORMER_PASSPHRASE = "WHATSAPP_FLOW_PASSPHRASE", "WHATSAPP_FLOW_FORMER_PASSPHRASE"
CUSTODY = "WHATSAPP_FLOW_CUSTODY"
"""The URLs of the key services that hold keys of the rings, separated by blanks: no other is asked."""
_STORE = re.compile(r"[a-z]+:/", re.IGNORECASE)
_NAMED = re.compile(r"([0-9]+)=(.*)")


def is_store(given: str) -> bool:
    """Whether these are URLs of stores, not a ring."""
    return bool(_STORE.match(given))


def of_number(variable: str, phone_number_id: str) -> str:
    """The name of a variable with a passphrase that one number of several has."""
    return f"{variable}_{phone_number_id}"


def joined(environments: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """The environment of an endpoint of several numbers, from each one's ID and the environment for it alone."""
    words: list[str] = []
    passphrases: dict[str, str] = {}
    services: dict[str, None] = {}
    for number, variables in environments:
        words += [f"{number}={word}" for word in variables.get(KEYS, "").split()]
        given = [name for name in (PASSPHRASE, FORMER_PASSPHRASE) if name in variables]
        passphrases |= {of_number(name, number): variables[name] for name in given}
        services |= dict.fromkeys(variables.get(CUSTODY, "").split())
    custody = {CUSTODY: " ".join(services)} if services else {}
    return {KEYS: " ".join(words), **custody, **passphrases}


def read_variable(environ: Mapping[str, str]) -> dict[str | None, str]:
    """For each phone number ID, or None where the variable names none: its ring, or its URLs separated by blanks.

    Raises :class:`InputError` when the variable is not set, was cut or changed, or holds neither.
    """
    given = unwrapped(environ.get(KEYS, ""), "{", f"{one_line.FORMAT}.", f"{one_line.WITH_REFERENCES}.")
    if not given:
        raise InputError(f"{KEYS}: is not set; give the endpoint the environment `endpoint_env`")
    if not _NAMED.match(given):
        return {None: _checked(given, KEYS)}
    places: dict[str, list[str]] = {}
    for at, word in enumerate(given.split(), start=1):
        named = _NAMED.fullmatch(word)
        if not named:
            raise InputError(
                f"{KEYS}: its word {at} has no phone number ID before it, though others have one. Write ID=URL for the "
                f"store of a number and for each of its backups"
            )
        number = parse_phone_number_id(named[1], KEYS)
        places.setdefault(number, []).append(_checked(named[2], f"{KEYS}: phone number {number}"))
    for number, found in places.items():
        if len(found) > 1 and not all(map(is_store, found)):
            raise InputError(f"{KEYS}: phone number {number}: is named {len(found)} times; give its key ring once")
    return {number: " ".join(found) for number, found in places.items()}


def _checked(given: str, where: str) -> str:
    if one_line.is_line(given):
        try:
            one_line.checked(given)
        except one_line.UnusableLineError as error:
            raise InputError(f"{where}: {error}") from None
        return given
    if given.startswith("{"):
        return _document(given, where)
    if not is_store(given):  # it may be a secret, so it isn't quoted
        what = "a PEM that is" if "-----BEGIN " in given else f"{len(given)} characters that are"
        raise InputError(
            f"{where}: holds {what} neither a key ring, which begins with {one_line.FORMAT} or {{, nor the URL of a "
            f"store, such as file:///var/lib/flows/ring.json; give the endpoint the environment `endpoint_env` as "
            f"it is"
        )
    return given


def _document(given: str, where: str) -> str:
    """The document as it was before an environment file or a setting changed its line ends.

    Raises :class:`InputError` where its end is missing. What else is wrong with it is left to whoever loads it.
    """
    for text in (given, with_line_ends(given)):
        try:
            found = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(bundle := found.get("private_keys"), str):
            found["private_keys"] = "".join(pem.text for pem in pems(bundle)) or bundle
        return json.dumps(found)
    if given == "{":
        raise InputError(
            f"{where}: ends after its first line, {{. An env file holds one line for each variable: give it the "
            f"document in one line, as `jq -c .` prints it"
        )
    if not given.endswith("}"):
        raise InputError(
            f"{where}: ends after {len(given)} characters, before the end of the key ring document. Give the endpoint "
            f"all of it, or keep the keys in a store and give its URL"
        )
    return given

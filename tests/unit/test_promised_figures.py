"""Figures that people were promised, each with its page; a change of one is a change of what they rely on.

No test takes a figure from the product: it would pass with any. Those that say what a figure does spell it out, too.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from pkgutil import resolve_name

import pytest

DOCS = Path(__file__).parents[2] / "docs"

_LIFECYCLE = "whatsapp_flow_keys.lifecycle"
_META = "whatsapp_flow_keys.registrars.meta_graph"
_STORES = "whatsapp_flow_keys.stores"
_ENDPOINT = "whatsapp_flow_endpoint"


@dataclass(frozen=True)
class Promise:
    """``figure`` is ``value``; the page (of docs/) promises it in these words."""

    figure: str
    value: object
    page: str
    words: str


@dataclass(frozen=True)
class Internal:
    """``figure`` is ``value``, which no page promises, since ``why``."""

    figure: str
    value: object
    why: str


PROMISES = (
    Promise("whatsapp_flow_keys.resources.passphrase:SHORTEST", 15, "security.md", "at least 15 characters"),
    Promise("whatsapp_flow_keys.sealed_pem:STRETCHED", 600_000, "security.md", "with 600,000 rounds"),
    Promise("whatsapp_flow_keys.sealed_pem:PLAIN", 2_048, "security.md", "made at random has 2,048"),
    Promise("whatsapp_flow_keys.ring:GRACE", timedelta(hours=24), "rotation.md", "a day past its last offer"),
    Promise("whatsapp_flow_keys.ring:UNDER_WAY", timedelta(hours=1), "operations.md", "within the last hour"),
    Promise("whatsapp_flow_keys.resources.reasons:SOON", timedelta(days=14), "rotation.md", "From 14 days before"),
    Promise(f"{_LIFECYCLE}.verification:_LONGEST_PENDING", timedelta(days=2), "command-line.md", "two days after"),
    Promise("whatsapp_flow_keys.keys:KEY_SIZE", 2048, "../README.md", "RSA-2048"),
    Promise(
        f"{_META}.client:_LARGEST_SKEW",
        timedelta(hours=1),
        "operations.md",
        "more than an hour from Meta's",
    ),
    Promise(f"{_LIFECYCLE}.gate:PINGS", 10, "rotation.md", "each key is asked for ten times"),
    # The endpoint, within WhatsApp's 10 s.
    Promise(f"{_ENDPOINT}.numbers:STARTS_WITHIN", 30.0, "endpoint.md", "the reads at its start take 30 s together"),
    Promise(f"{_ENDPOINT}.numbers:AT_LEAST", 1.0, "endpoint.md", "1 s more for each further number"),
    Promise("whatsapp_flow_keys.key_source:LONGEST_FOR_A_BACKUP", 3.0, "endpoint.md", "each backup has 3 s"),
    Promise(f"{_ENDPOINT}.opening:LONGEST_WAIT", 3.0, "endpoint.md", "up to 3 s, and is then answered 421"),
    Promise(f"{_ENDPOINT}.aws_lambda:LONGEST_READ", 3.0, "endpoint.md", "3 s at most"),
    Promise(f"{_ENDPOINT}.live_keys:EVERY", 60.0, "endpoint.md", "a minute after the last read"),
    Promise(f"{_ENDPOINT}.live_keys:APART", 1.0, "endpoint.md", "One read a second"),
    Promise(f"{_ENDPOINT}.live_keys:AT_ONCE", 3, "endpoint.md", "up to three at once"),
    Promise(f"{_ENDPOINT}.live_keys:IN_VAIN", 3, "endpoint.md", "three reads in a row were in vain"),
    Promise(f"{_ENDPOINT}.media:LARGEST", 25 * 1024 * 1024, "endpoint.md", "no file of more than 25 MiB"),
    Promise(f"{_ENDPOINT}.media:DOMAINS", ("whatsapp.net",), "endpoint.md", "no host but those of `whatsapp.net`"),
    Promise(f"{_ENDPOINT}.trouble:DIAGNOSES_APART", 1.0, "endpoint.md", "is done once a second at most"),
    Promise(f"{_ENDPOINT}.log_lines:LINES_APART", 1.0, "endpoint.md", "that say the same come once a second at most"),
    Promise(f"{_ENDPOINT}.exchange:LONGEST_FOR_THE_FIRST", 5.0, "endpoint.md", "waits for its answer, up to 5 s"),
    Promise(f"{_ENDPOINT}.answered:KEPT_FOR", 60.0, "endpoint.md", "gets the same answer for a minute"),
    Promise(f"{_ENDPOINT}.answered:MOST", 1000, "endpoint.md", "The last 1,000 answers are kept"),
    Promise(f"{_ENDPOINT}.answered:MOST_CHARACTERS", 8 * 1024 * 1024, "endpoint.md", "of large ones 8 MiB"),
    Promise(f"{_ENDPOINT}.asgi:THREADS", 32, "endpoint.md", "runs handlers in 32 threads of its own"),
    Promise(f"{_ENDPOINT}.asgi:LONGEST_FOR_A_THREAD", 5.0, "endpoint.md", "no thread has begun 5 s after it came"),
    Promise(f"{_ENDPOINT}.answer:BUSY", 503, "endpoint.md", "| 503 | `asgi_app`: no thread was free in time;"),
    Promise(f"{_ENDPOINT}.endpoint:LARGEST_BODY", 256 * 1024, "endpoint.md", "more than 256 KiB is refused"),
    Promise(f"{_ENDPOINT}.asgi:LONGEST_BODY", 5.0, "endpoint.md", "not there 5 s after its headers is answered 408"),
    Promise(f"{_ENDPOINT}.answer:UNDECRYPTABLE", 421, "endpoint.md", "| 421 | no key opens it"),
    Promise(f"{_ENDPOINT}.answer:TOKEN_NO_LONGER_VALID", 427, "endpoint.md", "| 427 | the handler raised"),
    Promise(f"{_ENDPOINT}.answer:SIGNATURE_REFUSED", 432, "endpoint.md", "| 432 | the signature is"),
    # How long a run waits for others.
    Promise("whatsapp_flow_keys.resources.key_registration:DEFAULT_WAIT", 60.0, "settings.md", "0 to 3600, default 60"),
    Promise(f"{_LIFECYCLE}.gate:_SECONDS_BETWEEN_ROUNDS", 2.0, "settings.md", "asked every 2 s"),
    Promise("whatsapp_flow_keys.flow_protocol.live_endpoint:_TIMEOUT", 10.0, "command-line.md", "10 s for an endpoint"),
    Promise(
        f"{_META}.settings:DEFAULT_DEADLINE",
        30.0,
        "reference/environment.md",
        "| 30 | seconds of one call to Meta with its retries, to the last byte of the answer |",
    ),
    Promise(f"{_META}.settings:DEFAULT_VERSION", "v26.0", "settings.md", "default `v26.0`"),
    Promise(
        f"{_STORES}.client_library:_DEFAULT_SECONDS",
        30.0,
        "reference/environment.md",
        "| 30 | seconds that one call to a store may take with its attempts |",
    ),
    Promise(f"{_STORES}.client_library:ATTEMPTS", 3, "stores/aws-secrets-manager.md", "made three times"),
    # Names and sizes in people's stores.
    Promise(
        f"{_STORES}.aws_secrets_manager.store:STAGED",
        "WHATSAPP_FLOW_KEYS_STAGED",
        "stores/aws-secrets-manager.md",
        "the staging label `WHATSAPP_FLOW_KEYS_STAGED`",
    ),
    Promise(
        f"{_STORES}.aws_secrets_manager.address:MANAGED_BY",
        "whatsapp-flow-keys:managed-by",
        "stores/aws-secrets-manager.md",
        "the tag `whatsapp-flow-keys:managed-by`",
    ),
    Promise(
        f"{_STORES}.aws_secrets_manager.address:_MOST_TAGS", 47, "stores/aws-secrets-manager.md", "At most 47 tags"
    ),
    Promise(
        f"{_STORES}.azure_key_vault.versions:AFTER",
        "whatsapp-flow-keys-after",
        "stores/azure-key-vault.md",
        "tag `whatsapp-flow-keys-after`",
    ),
    Promise(f"{_STORES}.azure_key_vault.client:_TRIES", 5, "stores/azure-key-vault.md", "tried up to five times"),
    Promise(
        f"{_STORES}.azure_key_vault.address:_LONGEST_TAG_VALUE",
        256,
        "stores/azure-key-vault.md",
        "values of 256 characters",
    ),
    Promise(
        f"{_STORES}.aws_secrets_manager.store:_PAUSES",
        (0.25, 0.5, 1.0, 2.0, 4.0),
        "stores/aws-secrets-manager.md",
        "asked again, for up to 8 seconds",
    ),
    Promise(f"{_STORES}.azure_key_vault.store:_LARGEST", 25_000, "stores/azure-key-vault.md", "25,000 bytes"),
)

INTERNAL = (
    Internal(
        "whatsapp_flow_keys.document:FORMAT",
        "whatsapp-flow-keys/1",
        "it is for programs: every document in people's stores begins with it",
    ),
    Internal(f"{_LIFECYCLE}.next_step:READS", 5, "an `up` that waits goes on by itself, or says what to do"),
    Internal(f"{_LIFECYCLE}.next_step:PUBLICATIONS", 3, "the error that ends them says how often"),
    Internal(f"{_LIFECYCLE}.registration:_SECONDS_BETWEEN_READS", 1.0, "as for the reads"),
    Internal(f"{_ENDPOINT}.media:_TIMEOUT", (5.0, 10.0), "the docstring says it, and no page"),
    Internal(f"{_ENDPOINT}.live_keys:IN_VAIN_WITHIN", 10.0, "it tells garbage from two rotations in a row"),
    Internal(f"{_STORES}.azure_key_vault.versions:_MOST_NAMED", 7, "a tag's value ends at 256 characters"),
    Internal(f"{_STORES}.azure_key_vault.client:_FIRST_PAUSE", 0.25, "the page says how often it is tried"),
    Internal(f"{_STORES}.azure_key_vault.client:_SECONDS_BETWEEN_LOOKS", 1.0, "the wait ends with the deadline"),
    Internal(f"{_LIFECYCLE}.asking:_ASKS", 3, "the error that ends them says to try again later"),
    Internal(f"{_LIFECYCLE}.asking:_SECONDS_BETWEEN_ASKS", 1.0, "as for how often it is asked"),
    Internal(f"{_STORES}.aws_secrets_manager.store:_LARGEST", 65536, "AWS's own limit, which the error names"),
    Internal(f"{_STORES}.vault.store:_LARGEST", 512 * 1024, "the error names it; a ring has some kilobytes"),
    Internal(f"{_STORES}.file.store:_LARGEST", 1024 * 1024, "the error names it; a ring has some kilobytes"),
    Internal("whatsapp_flow_keys.pem_text:_LONGEST", 64 * 1024, "no PEM of a 2048-bit key is near it"),
    Internal(
        "whatsapp_flow_keys.flow_protocol.live_endpoint:_LARGEST_ANSWER", 4 * 2**20, "no answer to a form is near it"
    ),
    Internal(f"{_META}.client:_LARGEST_ANSWER", 1024 * 1024, "no answer of Meta's is near it"),
    Internal("whatsapp_flow_keys.resources.parsers:_LONGEST_PASSPHRASE", 1000, "the error names it"),
)


@pytest.mark.parametrize("known", [*PROMISES, *INTERNAL], ids=lambda known: known.figure)
def test_a_figure_is_what_it_was_promised_to_be(known: Promise | Internal) -> None:
    assert resolve_name(known.figure) == known.value


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.figure)
def test_its_page_promises_it(promise: Promise) -> None:
    assert promise.words in " ".join((DOCS / promise.page).read_text().split())


def test_a_request_is_answered_before_whatsapp_gives_up() -> None:
    """It may wait for its key, and then for the answer to the same request, or on Lambda for a read behind it."""
    assert "WhatsApp waits 10 s for an answer" in (DOCS / "endpoint.md").read_text()
    for_its_key = resolve_name(f"{_ENDPOINT}.opening:LONGEST_WAIT")
    assert for_its_key + resolve_name(f"{_ENDPOINT}.aws_lambda:LONGEST_READ") < 10
    assert for_its_key + resolve_name(f"{_ENDPOINT}.exchange:LONGEST_FOR_THE_FIRST") < 10
    assert resolve_name(f"{_ENDPOINT}.asgi:LONGEST_FOR_A_THREAD") < 10


def test_the_versions_that_a_write_names_fit_into_a_tag_of_key_vaults() -> None:
    """A version is 32 hexadecimal digits, a space stands between two, and a tag's value ends at 256 characters."""
    assert resolve_name(f"{_STORES}.azure_key_vault.versions:_MOST_NAMED") * 33 - 1 <= 256

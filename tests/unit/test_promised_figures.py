"""Figures that people were promised, each with its page; a change of one is a change of what they rely on.

No test takes a figure from the product: it would pass with any. Those that say what a figure does spell it out, too.
"""

import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature
from pathlib import Path
from pkgutil import resolve_name

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.resources.parsers import parse_wait
from whatsapp_flow_keys.stores.aws_secrets_manager.address import parse_secret
from whatsapp_graph_emulator.flow_load import FlowLoad

DOCS = Path(__file__).parents[2] / "docs"

_LIFECYCLE = "whatsapp_flow_keys.lifecycle"
_META = "whatsapp_flow_keys.registrars.meta_graph"
_STORES = "whatsapp_flow_keys.stores"
_ENDPOINT = "whatsapp_flow_endpoint"
_KMS = "whatsapp_flow_keys.custody.aws_kms.service"


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
    Promise("whatsapp_flow_encryption.flow_encryption:SHORTEST", 43, "settings.md", "43 letters and digits"),
    Promise("whatsapp_flow_keys.sealed_pem:STRETCHED", 600_000, "security.md", "with 600,000 rounds"),
    Promise("whatsapp_flow_keys.sealed_pem:PLAIN", 2_048, "security.md", "made at random has 2,048"),
    Promise("whatsapp_flow_keys.ring:GRACE", timedelta(hours=24), "rotation.md", "a day past its last offer"),
    Promise("whatsapp_flow_keys.ring:UNDER_WAY", timedelta(hours=1), "operations.md", "within the last hour"),
    Promise("whatsapp_flow_keys.resources.reasons:SOON", timedelta(days=14), "rotation.md", "From 14 days before"),
    Promise(f"{_LIFECYCLE}.verification:_LONGEST_PENDING", timedelta(days=2), "command-line.md", "two days after"),
    Promise("whatsapp_flow_keys.keys:KEY_SIZE", 2048, "../README.md", "RSA-2048"),
    Promise(
        "whatsapp_flow_keys.registrars.answer_time:LARGEST_SKEW",
        timedelta(hours=1),
        "operations.md",
        "more than an hour from Meta's",
    ),
    Promise(f"{_LIFECYCLE}.gate:PINGS", 10, "rotation.md", "each key is asked for ten times"),
    Promise(f"{_LIFECYCLE}.next_step:READS", 5, "architecture.md", "read again, up to 5 times"),
    Promise(f"{_LIFECYCLE}.next_step:PUBLICATIONS", 3, "architecture.md", "published 3 times"),
    Promise(f"{_LIFECYCLE}.next_step:ANSWERS", 3, "architecture.md", "during each of two waits"),
    # The endpoint, within WhatsApp's 10 s.
    Promise(f"{_ENDPOINT}.numbers:LONG_FOR_A_START", 10.0, "endpoint.md", "that has taken 10 s already"),
    Promise(f"{_ENDPOINT}.numbers:THEN_EACH", 1.0, "endpoint.md", "each further number 1 s for its read"),
    Promise("whatsapp_flow_keys.key_source:LONGEST_FOR_A_BACKUP", 3.0, "endpoint.md", "each backup has 3 s"),
    Promise(f"{_ENDPOINT}.opening:LONGEST_WAIT", 3.0, "endpoint.md", "up to 3 s, and is then answered 421"),
    Promise(f"{_ENDPOINT}.aws_lambda:LONGEST_READ", 3.0, "endpoint.md", "3 s at most"),
    Promise(f"{_ENDPOINT}.opening:LONGEST_UNWRAPPING", 3.0, "custody.md", "3 s for a call with its attempts"),
    Promise(
        "whatsapp_flow_keys.custody.vault_transit.batches:AT_ONCE",
        4,
        "custody.md",
        "once 4 calls for a key are",
    ),
    Promise("whatsapp_flow_keys.aws.client:CONNECTIONS", 32, "custody/aws-kms.md", "keeps up to 32 connections"),
    Promise(f"{_KMS}:LONGEST_WINDOW", 30, "custody/aws-kms.md", "with the longest window, 30 days"),
    Promise(f"{_ENDPOINT}.asgi:_ASKING", 32, "custody.md", "has 32 that wait for key services"),
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
    Promise(f"{_ENDPOINT}.asgi:_OPENING", 2, "endpoint.md", "are decrypted in two other threads"),
    Promise(f"{_ENDPOINT}.asgi:_PINGS", 2, "endpoint.md", "pings have two more"),
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
        "whatsapp_flow_keys.registrars.retries:DEFAULT_DEADLINE",
        30.0,
        "reference/environment.md",
        "| 30 | seconds of one call to Meta with its retries, to the last byte of the answer |",
    ),
    Promise(f"{_META}.settings:DEFAULT_VERSION", "v26.0", "settings.md", "default `v26.0`"),
    Promise(
        "whatsapp_flow_keys.client_library:_DEFAULT_SECONDS",
        30.0,
        "reference/environment.md",
        "| 30 | seconds that one call to a store or a key service may take with its attempts |",
    ),
    Promise("whatsapp_flow_keys.client_library:ATTEMPTS", 3, "stores/aws-secrets-manager.md", "made three times"),
    Promise(
        "whatsapp_flow_keys.vault_server.login:_USED", 2 / 3, "stores/vault.md", "after two thirds of the token's life"
    ),
    Promise(f"{_STORES}.azure_key_vault.client:_DEADLINES", 4, "stores/azure-key-vault.md", "four times as long is"),
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
    Promise(f"{_STORES}.azure_key_vault.address:MOST_TAGS", 15, "stores/azure-key-vault.md", "At most 13 tags"),
    Promise(f"{_STORES}.azure_key_vault.address:_LONGEST_TAG_NAME", 512, "stores/azure-key-vault.md", "names of 512"),
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
    Promise(f"{_STORES}.kubernetes.store:_LARGEST", 512 * 1024, "stores/kubernetes.md", "may have 512 KiB"),
    # Hosts that a firewall has to let out.
    Promise(
        "whatsapp_flow_keys.registrars.meta_graph.settings:DEFAULT_URL",
        "https://graph.facebook.com",
        "networks.md",
        "`pulumi`, `whatsapp-flow-keys` | `graph.facebook.com` |",
    ),
    Promise(
        f"{_STORES}.gcp_secret_manager.connection:_HOST",
        "secretmanager.googleapis.com",
        "networks.md",
        "| `secretmanager.googleapis.com`;",
    ),
    # What tests and tools do.
    Promise("tools.verbs:SOAK_HISTORIES", 3000, "model-checking.md", "3,000 random histories"),
    Promise("tests.endpoint_soak:REQUESTS", 200_000, "endpoint.md", "200,000 requests leave no memory behind"),
    Promise("tools.mutants.page:MOST_UNEXPLAINED", 0.03, "mutation-testing.md", "At most 3 % may be unexplained"),
    Promise("tools.mutants.reach:_LONGEST_LOOK", 8.0, "mutation-testing.md", "at most 8 s and 4 s of processor time"),
    Promise("tools.mutants.reach:_LONGEST_LOOK_ELSEWHERE", 4.0, "mutation-testing.md", "8 s and 4 s of processor time"),
    Promise(
        "tools.mutants.reach:_LONGEST_LOOK_AT_IMPORT", 15.0, "mutation-testing.md", "15 s in each for what runs at"
    ),
    Promise("tools.mutants.reach:_LONGEST_LAST_LOOK", 60.0, "mutation-testing.md", "for up to a minute"),
)

ALSO = {
    "whatsapp_flow_keys.resources.passphrase:SHORTEST": {
        "settings.md": "at least 15 characters",
        "recovery/lost-state.md": "less than 15 characters",
        "reference/environment.md": "less than 15 characters",
    },
    "whatsapp_flow_encryption.flow_encryption:SHORTEST": {"security.md": "43 or more letters and digits"},
    "whatsapp_flow_keys.ring:GRACE": {
        "rotation.md": "24 h past its last offer",
        "architecture.md": "24 h after its last offer",
    },
    "whatsapp_flow_keys.ring:UNDER_WAY": {
        "rotation.md": "for 1 h past its last offer",
        "command-line.md": "a warning an hour after it was offered",
    },
    "whatsapp_flow_keys.registrars.answer_time:LARGEST_SKEW": {"rotation.md": "more than an hour apart"},
    "whatsapp_flow_keys.registrars.retries:DEFAULT_DEADLINE": {"command-line.md": "30 s for a store and for Meta"},
    f"{_LIFECYCLE}.gate:PINGS": {"settings.md": "ten with each"},
    f"{_LIFECYCLE}.gate:_SECONDS_BETWEEN_ROUNDS": {"rotation.md": "after 2 s all begins again"},
    f"{_ENDPOINT}.live_keys:EVERY": {
        "reference/log-lines.md": "Said again each minute while it lasts",
        "stores/aws-secrets-manager.md": "by an endpoint [once a minute]",
        "stores/azure-key-vault.md": "by an endpoint [once a minute]",
        "stores/vault.md": "by an endpoint [once a minute]",
    },
    f"{_ENDPOINT}.log_lines:LINES_APART": {"reference/log-lines.md": "come once a second at most"},
    f"{_ENDPOINT}.exchange:LONGEST_FOR_THE_FIRST": {"endpoint.md": "is being handled already, for more than 5 s"},
    f"{_ENDPOINT}.answered:KEPT_FOR": {"security.md": "its own answers, for a minute"},
    f"{_ENDPOINT}.endpoint:LARGEST_BODY": {
        "endpoint.md": "client_max_body_size 256k;",
        "security.md": "no body of more than 256 KiB",
    },
    f"{_ENDPOINT}.asgi:LONGEST_BODY": {"endpoint.md": "client_body_timeout 5s;"},
    "whatsapp_flow_keys.client_library:_DEFAULT_SECONDS": {
        "command-line.md": "30 s for a store and for Meta",
        "stores.md": "`WHATSAPP_STORE_DEADLINE` seconds (30 by default)",
        "stores/aws-secrets-manager.md": "`WHATSAPP_STORE_DEADLINE` seconds (default 30)",
        "stores/azure-key-vault.md": "`WHATSAPP_STORE_DEADLINE` (seconds, default 30)",
        "stores/kubernetes.md": "`WHATSAPP_STORE_DEADLINE` (seconds, 30 by default)",
        "stores/vault.md": "seconds for one call with its attempts, 30 by default",
    },
    "whatsapp_flow_keys.client_library:ATTEMPTS": {"stores/aws-secrets-manager.md": "each for a third of"},
    f"{_STORES}.azure_key_vault.client:_DEADLINES": {"stores/azure-key-vault.md": "two minutes (four times"},
    f"{_STORES}.azure_key_vault.client:_TRIES": {"stores/azure-key-vault.md": "looks five times"},
}
"""By a figure of ``PROMISES``: on which other pages it is promised, or again on its own, and in which words."""

INTERNAL = (
    Internal(
        "whatsapp_flow_keys.document:FORMAT",
        "whatsapp-flow-keys/1",
        "it is for programs: every document in people's stores begins with it",
    ),
    Internal(f"{_LIFECYCLE}.registration:_SECONDS_BETWEEN_READS", 1.0, "the page says how often it is read"),
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
def test_its_pages_promise_it(promise: Promise) -> None:
    said = [(promise.page, promise.words), *ALSO.get(promise.figure, {}).items()]
    assert [words for page, words in said if words not in " ".join((DOCS / page).read_text().split())] == []


def test_what_other_pages_promise_is_a_figure_of_the_list() -> None:
    assert set(ALSO) <= {promise.figure for promise in PROMISES}


def test_a_request_is_answered_before_whatsapp_gives_up() -> None:
    """It may wait for its key, and then for the answer to the same request, or on Lambda for a read behind it."""
    assert "WhatsApp waits 10 s for an answer" in (DOCS / "endpoint.md").read_text()
    for_its_key = resolve_name(f"{_ENDPOINT}.opening:LONGEST_WAIT")
    assert for_its_key + resolve_name(f"{_ENDPOINT}.aws_lambda:LONGEST_READ") < 10
    assert for_its_key + resolve_name(f"{_ENDPOINT}.exchange:LONGEST_FOR_THE_FIRST") < 10
    assert resolve_name(f"{_ENDPOINT}.asgi:LONGEST_FOR_A_THREAD") < 10


def test_the_threads_answer_the_burst_that_the_page_counts() -> None:
    """Of forms that take 1 s each, before the first one is refused."""
    forms = resolve_name(f"{_ENDPOINT}.asgi:THREADS") * resolve_name(f"{_ENDPOINT}.asgi:LONGEST_FOR_A_THREAD")
    assert f"32 threads answer a burst of about {forms:.0f} forms" in (DOCS / "endpoint.md").read_text()


def test_the_limit_of_the_server_is_somewhat_above_the_endpoints() -> None:
    """Else the server refuses what the endpoint would take, without a word in its log."""
    (limit,) = re.findall(r"--max-request-body-size=(\d+)", (DOCS / "endpoint.md").read_text())
    assert 1 < int(limit) / resolve_name(f"{_ENDPOINT}.endpoint:LARGEST_BODY") < 1.2


def test_a_balancer_that_picks_at_random_hides_an_instance_as_seldom_as_the_page_says() -> None:
    page = " ".join((DOCS / "rotation.md").read_text().split())
    pings = resolve_name(f"{_LIFECYCLE}.gate:PINGS")
    assert f"a balancer that picks at random hides it once in {2**pings:,} rounds" in page
    assert "one that takes turns hides none of up to ten" in page
    assert f"Twenty pings take about {2 * pings * 0.1:.0f} s if one takes 0.1 s" in page


def test_as_many_forms_are_sent_as_the_pages_say() -> None:
    assert signature(FlowLoad).parameters["rate"].default == 20
    for page, words in {
        "../README.md": "20 forms a second; Ctrl-C",
        "endpoint.md": "20 forms a second; Ctrl-C",
        "rotation.md": "20 forms come in each second",
    }.items():
        assert words in (DOCS / page).read_text()


def test_a_fingerprint_is_cut_as_the_page_says() -> None:
    assert f"its first {len(short('0' * 64))} digits" in (DOCS / "watching.md").read_text()


def test_a_wait_for_the_endpoint_has_the_bounds_of_the_pages() -> None:
    for seconds, fits in ((0, True), (3600, True), (-1, False), (3601, False)):
        with nullcontext() if fits else pytest.raises(InputError):
            parse_wait(seconds, "endpoint_wait")
    assert "0 to 3600" in (DOCS / "settings.md").read_text()
    assert "3600, an hour, is the most" in (DOCS / "other-languages.md").read_text()


def test_a_secret_of_awss_can_be_restored_for_as_long_as_the_page_says() -> None:
    page = (DOCS / "stores" / "aws-secrets-manager.md").read_text()
    least, most, default = re.findall(r"`recovery_window_days`, (\d+) to (\d+), default (\d+)", page)[0]
    url = "awssecretsmanager://eu-west-1/line"
    assert parse_secret(url, "store").recovery_window_days == int(default)
    for days, fits in ((least, True), (most, True), (int(least) - 1, False), (int(most) + 1, False)):
        with nullcontext() if fits else pytest.raises(InputError):
            parse_secret(f"{url}?recovery_window_days={days}", "store")


def test_the_versions_that_a_write_names_fit_into_a_tag_of_key_vaults() -> None:
    """A version is 32 hexadecimal digits, a space stands between two, and a tag's value ends at 256 characters."""
    assert resolve_name(f"{_STORES}.azure_key_vault.versions:_MOST_NAMED") * 33 - 1 <= 256

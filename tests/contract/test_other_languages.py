"""The programs of docs/other-languages.md, run unchanged: the rule that the page states holds for each."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.contract.other_languages_page import FILES, PAGE, SHELL, Program, program
from tests.forms import APP_SECRET, FORM, PING, TYPED_IN, Sent, key, ring, sent
from tests.passphrases import strong
from tests.servers.foreign_endpoint import DidNotStart, foreign_endpoint
from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, Role

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("other languages")]  # Go compiles its program once

_SECONDS = 60
PASSPHRASE = strong("correct horse battery staple")
ANSWER = {
    "screen": "SUCCESS",
    "data": {"extension_message_response": {"params": {"flow_token": FORM["flow_token"], "day": TYPED_IN}}},
}
TEXTS: dict[str, Callable[[KeyRing], str]] = {"bundle": lambda held: held.private_keys, "document": document.dump}


@dataclass
class Endpoint:
    """A running program, and the file that it reads."""

    url: str
    file: Path
    log: Path

    def hold(self, *keys: PrivateKey) -> None:
        """What a rotation, or a sync tool after it, does to the file."""
        self.write(ring(*keys).private_keys)

    def write(self, text: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    def post(self, form: Sent, **headers: str) -> requests.Response:
        return requests.post(self.url, data=form.body, headers={**form.signed, **headers}, timeout=_SECONDS)

    def outcome(self, to: PrivateKey) -> object:
        """What becomes of a form that is encrypted with this key: "answered", or else its status."""
        form = sent(to=to)
        got = self.post(form)
        if got.status_code != 200:
            return got.status_code
        return "answered" if form.session.decrypt_answer(got.text) == ANSWER else got.text


@pytest.fixture(scope="module", params=FILES)
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A program of the page."""
    return program(request.param, tmp_path_factory.mktemp("shown"))


@contextmanager
def running(shown: Program, folder: Path, text: str, **environ: str) -> Iterator[Endpoint]:
    """The program, with this text in its file of keys."""
    file, log = folder / "keys.pem", folder / "log"
    file.write_text(text)
    environ = {"FLOW_KEYS_FILE": str(file), "WHATSAPP_APP_SECRET": APP_SECRET, **environ}
    with foreign_endpoint(shown.command, environ, log) as url:
        yield Endpoint(url, file, log)


@pytest.fixture
def endpoint(shown: Program, tmp_path: Path) -> Iterator[Endpoint]:
    """It holds the current key, and the one before."""
    with running(shown, tmp_path, ring(key(), key("previous")).private_keys) as endpoint:
        yield endpoint


@pytest.mark.parametrize("text", TEXTS)
def test_a_form_of_each_key_in_the_file_is_answered(shown: Program, tmp_path: Path, text: str) -> None:
    held = [key(), key("previous"), key("retained")]
    with running(shown, tmp_path, TEXTS[text](ring(*held))) as endpoint:
        assert [endpoint.outcome(each) for each in held] == ["answered"] * 3


def test_a_ping_of_each_key_is_answered(endpoint: Endpoint) -> None:
    for each in (key(), key("previous")):
        ping = sent(PING, to=each)
        assert ping.session.decrypt_answer(endpoint.post(ping).text) == {"data": {"status": "active"}}


def test_an_error_notice_is_acknowledged(endpoint: Endpoint) -> None:
    notice = sent({**FORM, "data": {"error": "invalid-screen-transition", "error_message": "no such screen"}})
    assert notice.session.decrypt_answer(endpoint.post(notice).text) == {"data": {"acknowledged": True}}


@pytest.mark.parametrize("given", ["", "sha256=", f"sha256={'0' * 64}", "sha256=" + "\xe9" * 64])
def test_a_request_that_is_not_signed_by_the_app_secret_is_a_432(endpoint: Endpoint, given: str) -> None:
    assert endpoint.post(sent(), **{HEADER: given}).status_code == 432


def test_a_request_without_a_signature_is_a_432(endpoint: Endpoint) -> None:
    assert requests.post(endpoint.url, data=sent().body, timeout=_SECONDS).status_code == 432


def test_a_form_of_an_unknown_key_is_a_421(endpoint: Endpoint) -> None:
    assert endpoint.outcome(key("a stranger's")) == 421


def test_a_form_that_was_changed_on_its_way_is_a_421(endpoint: Endpoint) -> None:
    body = sent().body.replace(b'"encrypted_flow_data": "', b'"encrypted_flow_data": "AAAA')
    got = requests.post(endpoint.url, data=body, headers={HEADER: sign(APP_SECRET, body)}, timeout=_SECONDS)
    assert got.status_code == 421


def test_no_form_fails_in_a_rotation(endpoint: Endpoint) -> None:
    """The file is replaced among forms of the keys before; then Meta serves the new key, and some phones an old one."""
    with ThreadPoolExecutor(4) as phones:
        before = [phones.submit(endpoint.outcome, (key(), key("previous"))[turn % 2]) for turn in range(150)]
        before[50].result(_SECONDS)
        endpoint.hold(key("new"), key(), key("previous"))
        after = [phones.submit(endpoint.outcome, (key("new"), key())[turn % 2]) for turn in range(150)]
        assert Counter(each.result(_SECONDS) for each in before + after) == {"answered": 300}


def test_a_key_that_left_the_file_opens_nothing_any_more(endpoint: Endpoint) -> None:
    assert endpoint.outcome(key("previous")) == "answered"
    endpoint.hold(key())
    assert endpoint.outcome(key("previous")) == 421


@pytest.mark.parametrize("text", ["", "half of a document", "something else"])
def test_a_file_that_cannot_be_used_takes_no_key_away(shown: Program, endpoint: Endpoint, text: str) -> None:
    """PHP holds no keys between two requests: there it is an error, and no missing key."""
    whole = document.dump(ring(key()))
    endpoint.write(whole[: len(whole) // 2] if text == "half of a document" else text)
    assert endpoint.outcome(key()) == (500 if shown.name == "flow.php" else "answered")


def test_a_file_that_cannot_be_used_is_said_and_not_quoted(shown: Program, endpoint: Endpoint) -> None:
    base64 = "".join(key().to_pem().splitlines()[1:-1])
    endpoint.write(f'{{"private_keys": {base64}}}')  # a template without quotes
    endpoint.outcome(key())
    log = endpoint.log.read_text()
    assert ("JsonException" if shown.name == "flow.php" else "FLOW_KEYS_FILE can't be used") in log
    assert [base64[at : at + 6] for at in range(len(base64) - 5) if base64[at : at + 6] in log] == []


MISSING = pytest.mark.parametrize("missing", ["WHATSAPP_APP_SECRET", "FLOW_KEYS_FILE"])


@MISSING
@pytest.mark.parametrize("shown", ["flow.mjs", "flow.go"], indirect=True)
def test_without_a_secret_or_keys_a_server_does_not_start(shown: Program, tmp_path: Path, missing: str) -> None:
    refused = pytest.raises(DidNotStart, match="set WHATSAPP_APP_SECRET and FLOW_KEYS_FILE")
    with refused, running(shown, tmp_path, ring(key()).private_keys, **{missing: ""}):
        pass


@MISSING
@pytest.mark.parametrize("shown", ["flow.php"], indirect=True)
def test_without_a_secret_or_keys_php_answers_nothing(shown: Program, tmp_path: Path, missing: str) -> None:
    """Not even what somebody signed with an empty secret."""
    form = sent()
    signature = sign("" if missing == "WHATSAPP_APP_SECRET" else APP_SECRET, form.body)
    with running(shown, tmp_path, ring(key()).private_keys, **{missing: ""}) as endpoint:
        assert endpoint.post(form, **{HEADER: signature}).status_code == 500


@pytest.mark.parametrize("shown", ["flow.mjs", "flow.php"], indirect=True)
def test_keys_with_a_passphrase_are_opened(shown: Program, tmp_path: Path) -> None:
    bundle = ring(key(), key("previous"), passphrase=PASSPHRASE).private_keys
    with running(shown, tmp_path, bundle, WHATSAPP_FLOW_PASSPHRASE=PASSPHRASE) as endpoint:
        assert endpoint.outcome(key("previous")) == "answered"


@pytest.mark.parametrize("shown", ["flow.go"], indirect=True)
def test_keys_with_a_passphrase_are_refused_by_go(shown: Program, tmp_path: Path) -> None:
    bundle = ring(key(), passphrase=PASSPHRASE).private_keys
    with pytest.raises(DidNotStart, match="can't be used"), running(shown, tmp_path, bundle):
        pass


def test_the_commands_of_the_page_make_a_bundle_of_one_line(tmp_path: Path) -> None:
    line = one_line.dump(ring(key(), key("previous")))
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "WHATSAPP_FLOW_KEYS": line or ""}
    subprocess.run(["sh", "-ec", SHELL], cwd=tmp_path, env=environ, check=True, timeout=_SECONDS)
    (made,) = tmp_path.iterdir()
    assert (made.name, made.stat().st_mode & 0o777) == ("keys.pem", 0o600)
    assert made.read_text() == ring(key(), key("previous")).private_keys


def test_the_page_names_every_field_of_a_document_and_every_role() -> None:
    held = ring(key(), key("previous"), key("retained"))
    fields = json.loads(document.dump(held))
    assert [name for name in (*fields, *fields["keys"][0]) if f"`{name}`" not in PAGE] == []
    assert [role.value for role in Role if f"`{role.value}`" not in PAGE] == []


def test_every_program_of_the_page_is_run() -> None:
    run_elsewhere = ["hcl"]  # by tests/contract/stores/vault/test_server_agent.py
    assert set(FILES) == {"flow.mjs", "flow.go", "flow.php"}
    assert len(re.findall(r"^```\w+$", PAGE, re.MULTILINE)) == len(FILES) + len(run_elsewhere)

"""The audit log tells no secret."""

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.removals import remove
from tests.passphrases import strong
from tests.secret_forms import forms_of, leaks
from tests.stack.project import TOKEN
from whatsapp_flow_keys.errors import DeletionRefusedError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.removal import Force
from whatsapp_flow_keys.registrars.meta_graph.errors import GraphError


def test_no_secret_is_in_what_is_told_of_a_whole_life_with_its_failures(line: Line) -> None:
    line.passphrase = strong("words that open the keys")
    line.rotate()
    line.fault("error", code=LOCKED)
    with pytest.raises(GraphError):
        line.stage()
    line.emulator.clear_faults()
    line.rotate()
    line.passphrase = strong("other words")
    with pytest.raises(ValueError, match="the passphrase does not open"):
        line.stage()
    line.passphrase = strong("words that open the keys")
    with pytest.raises(DeletionRefusedError):
        remove(line)
    secrets = {TOKEN, line.passphrase, strong("other words")}
    for key in line.ring().keys:
        secrets |= set(key.private_key_pem.splitlines())
        secrets |= forms_of(PrivateKey.from_pem(key.private_key_pem, line.passphrase).to_pem())
    remove(line, Force(recorded=True))
    lines = "\n".join(event.line(line.clock.now(), "me@here") for event in line.told.events)
    assert "refused" in lines
    assert "deleted" in lines
    assert leaks(lines, secrets) == set()

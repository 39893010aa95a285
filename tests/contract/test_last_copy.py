"""A lost state whose ring only a running endpoint still holds: its line, saved as a file, is a backup."""

import pytest

from tests.contract.conftest import Line
from tests.contract.stacks_ring import begin, extend, new_key
from whatsapp_flow_keys import document
from whatsapp_flow_keys.lifecycle.staging import begin_recorded_ring
from whatsapp_flow_keys.ring import Role
from whatsapp_flow_keys.stores.file.store import FileStore


@pytest.mark.parametrize("published", [True, False], ids=["the newest was published", "the one before is served"])
def test_every_key_of_the_line_is_in_the_new_states_ring_and_the_file_becomes_a_document(
    line: Line, published: bool
) -> None:
    older, newest = new_key(), new_key()
    line.emulator.set_key(line.number, older.key.public_key_pem)
    ring = extend(line, begin(line, older), newest)
    served = (newest if published else older).key
    line.emulator.set_key(line.number, served.public_key_pem)
    saved = line.folder / "saved.json"
    saved.write_text(document.in_one_line(document.dump(ring), "the state") + "\n")

    made = new_key()
    found = begin_recorded_ring(made, [FileStore(str(saved))], line.session("key-2"))
    roles = {key.fingerprint: key.role for key in found.keys}
    assert roles.keys() == {each.key.fingerprint for each in (older, newest, made)}
    assert roles[made.key.fingerprint] is Role.PENDING
    assert roles[served.fingerprint] is Role.CURRENT
    written = document.load(saved.read_text(), "the file")
    assert saved.read_text() == document.dump(written)
    assert {key.fingerprint for key in written.keys} == roles.keys()

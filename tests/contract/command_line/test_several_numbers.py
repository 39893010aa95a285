"""The commands with the environment of an endpoint that serves several numbers."""

from tests.contract.command_line.shell import PASSPHRASE, Shell

KEYS, OTHER = "WHATSAPP_FLOW_KEYS", "110200345501442"


def named(shell: Shell) -> str:
    return " ".join(f"{shell.line.number}={store.url}" for store in shell.line.stores)


def test_the_environment_may_name_the_number_and_has_its_passphrase(shell: Shell) -> None:
    passphrases = {"WHATSAPP_FLOW_PASSPHRASE": "", f"WHATSAPP_FLOW_PASSPHRASE_{shell.line.number}": PASSPHRASE}
    status, output = shell.run("show", **{KEYS: named(shell), **passphrases})
    assert status == 0
    assert "encrypted; opens" in output
    assert shell.run("export", **{KEYS: named(shell), **passphrases})[0] == 0


def test_of_several_numbers_one_has_to_be_left(shell: Shell) -> None:
    status, output = shell.run("show", **{KEYS: f"{named(shell)} {OTHER}=file:///south.json"})
    assert status == 3
    assert f"holds the key rings of several numbers, {shell.line.number}, {OTHER}; leave one of them here" in output

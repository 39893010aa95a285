"""A shell in which the commands run, and what can go wrong with a number."""

from dataclasses import dataclass, field, replace

from click.testing import CliRunner

from tests.contract.conftest import Line
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace
from tests.passphrases import strong
from whatsapp_flow_keys import document
from whatsapp_flow_keys.command_line import command
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role, newest_first

PASSPHRASE = strong("correct horse battery staple")
APP_SECRET = "secretOfTheAppForTestsOnly"
NOBODY = "http://127.0.0.1:9"


@dataclass
class Shell:
    """A shell in which the commands run, and a number with one rotation behind it, in a store and a backup."""

    line: Line
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def stores(self) -> list[str]:
        return [word for store in self.line.stores for word in ("--store", store.url)]

    def run(self, *words: str, **variables: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, words, env={**self.variables, **variables})
        return result.exit_code, result.output

    def verify(self, *words: str, **variables: str) -> tuple[int, str]:
        return self.run("verify", *(words or self.stores), **variables)

    def show(self, *words: str, **variables: str) -> tuple[int, str]:
        return self.run("show", *(words or self.stores), **variables)

    def private_keys(self) -> list[PrivateKey]:
        return [PrivateKey.from_pem(key.private_key_pem, PASSPHRASE) for key in self.line.ring().keys]

    def roll_back(self, index: int) -> None:
        """One store holds what it held before a further rotation."""
        path = self.line.folder / f"ring{index}.json"
        snapshot = path.read_bytes()
        self.line.rotate()
        path.write_bytes(snapshot)


def first_line(output: str) -> str:
    return output.partition("\n")[0]


def in_the_environment(shell: Shell) -> str:
    """The same as an endpoint has it."""
    return document.in_one_line(recorded(shell), "the stack")


def recorded(shell: Shell) -> str:
    """The ring as a stack keeps it that is its own store: in the clear, the newest key first, never seen as current."""
    clear = {key.fingerprint: key.to_pem() for key in shell.private_keys()}
    current, previous = shell.line.ring().keys
    keys = (
        replace(current, role=Role.PENDING, private_key_pem=clear[current.fingerprint]),
        replace(previous, role=Role.CURRENT, private_key_pem=clear[previous.fingerprint]),
    )
    return document.dump(newest_first(replace(shell.line.ring(), keys=keys, revision=2)))


def lose_the_store(shell: Shell) -> None:
    (shell.line.folder / "ring0.json").unlink()


def lose_the_backup(shell: Shell) -> None:
    (shell.line.folder / "ring1.json").unlink()


def lose_both(shell: Shell) -> None:
    lose_the_store(shell)
    lose_the_backup(shell)


def make_the_store_unreadable(shell: Shell) -> None:
    path = shell.line.folder / "ring0.json"
    path.unlink()
    path.symlink_to(path)


def make_both_unreadable(shell: Shell) -> None:
    make_the_store_unreadable(shell)
    path = shell.line.folder / "ring1.json"
    path.unlink()
    path.symlink_to(path)


def make_the_store_unreadable_and_lose_the_backup(shell: Shell) -> None:
    make_the_store_unreadable(shell)
    lose_the_backup(shell)


def put_another_tools_secret_there(shell: Shell) -> None:
    (shell.line.folder / "ring0.json").write_text('{"format": "theirs", "hunter": 2}')


def let_the_backup_be_another_numbers(shell: Shell) -> None:
    ring = replace(shell.line.ring(), phone_number_id="110200345501442")
    (shell.line.folder / "ring1.json").write_text(document.dump(ring))


def let_the_backup_differ(shell: Shell) -> None:
    (shell.line.folder / "ring1.json").write_text(document.dump(replace(shell.line.ring(), owner="another")))


def let_somebody_publish(shell: Shell) -> None:
    shell.line.emulator.set_key(shell.line.number, PrivateKey.generate().public_key_pem)


def clear_the_key(shell: Shell) -> None:
    shell.line.emulator.set_key(shell.line.number, None)


def register_anew(shell: Shell) -> None:
    shell.line.emulator.reregister(shell.line.number)


def stop_before_the_promotion(shell: Shell) -> None:
    staged = shell.line.stage()
    pending = shell.line.ring().key(staged)
    assert pending is not None
    pem = PrivateKey.from_pem(pending.private_key_pem, PASSPHRASE).public_key_pem
    shell.line.emulator.set_key(shell.line.number, pem)


def versions(place: Place) -> object:
    """What the service knows of every write, by its own means."""
    if isinstance(place, VaultPlace):
        return place.kv.read_secret_metadata(place.path)["data"]
    assert isinstance(place, AwsPlace)
    described = place.client.describe_secret(SecretId=place.secret)
    return described["VersionIdsToStages"], described["LastChangedDate"], described.get("Tags")

"""What a reviewer reads: previews by the real engine, kept as they are in `previews/`, plain and with `--diff`.

`make test ARGS="tests/stack/test_previews.py --write-docs"` writes them: read each as a reviewer would, then keep it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.flow_endpoint import FlowEndpoint
from tests.stack.project import Project, on_file
from whatsapp_flow_keys.keys import PrivateKey

FOLDER = Path(__file__).with_name("previews")
PRIVATE = "-----BEGIN"
SAID = ("phone number ", "A preview can't ask Meta")
"""How what a provider or the program says begins, in the order in which it is kept."""

Kept = Callable[..., None]
pytestmark = pytest.mark.one_utc_day


@pytest.fixture
def kept(project: Project, request: pytest.FixtureRequest) -> Kept:
    """Compares a preview with the one that is kept under a name, or writes it."""

    known = {
        str(project.folder.parent): "/srv",
        project.number: "106540352242922",
        project.emulator.url: "https://graph.facebook.com",
    }

    def compare(name: str, *words: str, command: tuple[str, ...] = ("preview",)) -> None:
        parts = []
        for more in ((), ("--diff",)):
            run = project.run(*command, *more, *words)
            assert run.status == 0, run.output
            assert PRIVATE not in run
            shown = " ".join(["pulumi", *command[:1], *more, *words])
            parts.append(f"$ {shown}\n{settled(run.output, known, diff=bool(more))}")
        text, file = "\n\n".join(parts) + "\n", FOLDER / f"{name}.txt"
        if request.config.getoption("--write-docs"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        assert text == file.read_text(), f"the preview of {file.name} is another one now"

    return compare


def settled(output: str, known: Mapping[str, str], *, diff: bool) -> str:
    """Without what is different in each run: keys, ids, dates, and the order in which lines come.

    ``known``: what stands for this run's own folder, number and Graph API. Keys and ids are numbered in the order of
    the lines as they are kept.
    """
    for own, name in known.items():
        output = output.replace(own, name)
    lines = [line.rstrip() for line in output.splitlines() if not re.match(r"\s*(@ previewing|\[urn=)", line)]
    lines = ["" if re.fullmatch(r"\.+", line) else line for line in lines]  # what a slow engine shows of its progress
    lines = said_in_order(lines)
    text = "\n".join(said_first(refreshed_in_order(lines)) if diff else in_order(lines))
    keys, ids = dict[str, int](), dict[str, int]()

    def named(match: re.Match[str]) -> str:
        key = f"key{keys.setdefault(match[0][:12], len(keys) + 1)}"
        return f"<{key}>" if len(match[0]) == 64 else f"<{key}…>"

    text = re.sub(r"\b[0-9a-f]{64}\b|(?<=[Kk]ey )[0-9a-f]{12}\b", named, text)
    text = re.sub(r"\b[0-9a-f]{32}\b", lambda match: f"<id{ids.setdefault(match[0], len(ids) + 1)}>", text)
    text = re.sub(r"http://127\.0\.0\.1:\d+", "https://flows.example.com", text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d\b", lambda match: dated(match[0]), text)
    return re.sub(r"\n{2,}", "\n\n", text.strip())


def today() -> date:
    """In UTC, as the provider has it."""
    return datetime.now(UTC).date()


def dated(text: str) -> str:
    days = (date.fromisoformat(text) - today()).days
    return "<today>" if days == 0 else f"<today{days:+}>"


def refreshed_in_order(lines: list[str]) -> list[str]:
    """What a refresh finds comes resource by resource, in any order, before the program's own part."""
    if not any("(refresh)" in line for line in lines):
        return lines
    begin = next(index for index, line in enumerate(lines) if "pulumi:pulumi:Stack: (same)" in line)
    said = [line for line in lines[:begin] if line.startswith(SAID)]
    found: list[list[str]] = []
    for line in lines[1:begin]:
        if "(refresh)" in line:
            found.append([])
        if line not in said:
            found[-1].append(line)
    resources = sorted(found, key=lambda resource: _rank(resource[0]))
    return [lines[0], *said, *(line for resource in resources for line in resource), *lines[begin:]]


def said_in_order(lines: list[str]) -> list[str]:
    """The program and the provider speak from processes of their own, so either may be heard first."""
    places = [index for index, line in enumerate(lines) if line.strip().startswith(SAID)]
    said = sorted((lines[index] for index in places), key=lambda line: not line.strip().startswith(SAID[0]))
    moved = dict(zip(places, said, strict=True))
    return [moved.get(index, line) for index, line in enumerate(lines)]


def said_first(lines: list[str]) -> list[str]:
    """What a provider says comes between other lines, now here, now there."""
    said = [line for line in lines if line.startswith(SAID)]
    return [lines[0], *said, *(line for line in lines[1:] if line and line not in said)]


def in_order(lines: list[str]) -> list[str]:
    """The engine shows steps as they come: the last row of each says all, in one order; that of a refresh says less."""
    step = re.compile(r" (\+ |\+\+|\+-|--|- |~ |  ) (\S+:\S+) (\S+)")
    steps = [line for line in lines if step.match(line)]
    rest = [line for line in lines if not step.match(line)]
    steps = [re.sub(r" +\d+ messages?$", "", line) for line in steps]
    last = {" ".join(match.groups()): line for line in steps if (match := step.match(line)) and " refresh" not in line}
    at = next((index for index, line in enumerate(lines) if step.match(line)), len(rest))
    return [*rest[:at], *(last[key] for key in sorted(last, key=_rank)), *rest[at:]]


def _rank(key: str) -> tuple[int, str]:
    kinds = ("pulumi:Stack", "FlowEncryption", "EncryptionKey", "KeyRing", "KeyRegistration")
    return next((index for index, kind in enumerate(kinds) if kind in key), len(kinds)), key


@pytest.fixture(params=["the stack", "a file"])
def declare(request: pytest.FixtureRequest, project: Project) -> Callable[..., None]:
    """Declares a number whose keys are in the stack's secrets, or in a file."""

    def declared(**more: Any) -> None:
        number = {"rotate_after_days": 90, **more}
        project.declare(on_file(project, **number) if request.param == "a file" else number)

    declared.store = str(request.param).removeprefix("the ").removeprefix("a ")  # type: ignore[attr-defined]
    return declared


@pytest.fixture
def of(declare: Any) -> Callable[[str], str]:
    """The file of a preview: one for each store."""
    return lambda name: f"{name}.{declare.store}"


KNOWN = {"/tmp/run-7": "/srv", "http://127.0.0.1:4711": "https://graph.facebook.com"}
REFRESHED = {
    "KeyRegistration": """    ~ pulumi-python:dynamic/whatsapp:KeyRegistration: (refresh)
        [id=106540352242922]
      - proven_fingerprint: "{key}"
""",
    "EncryptionKey": """    ~ pulumi-python:dynamic/whatsapp:EncryptionKey: (refresh)
        [id={id}]
      ~ locations (hidden)
""",
}


@pytest.mark.parametrize("order", [["KeyRegistration", "EncryptionKey"], ["EncryptionKey", "KeyRegistration"]])
def test_what_a_refresh_finds_is_kept_in_one_order(order: list[str]) -> None:
    found = "".join(REFRESHED[kind] for kind in order).format(key="a" * 64, id="1" * 32)
    output = f"""Previewing update (test):
~ pulumi:pulumi:Stack: (refresh)
{found}phone number 106540352242922: drift
  pulumi:pulumi:Stack: (same)
"""
    assert settled(output, KNOWN, diff=True).splitlines() == [
        "Previewing update (test):",
        "phone number 106540352242922: drift",
        "~ pulumi:pulumi:Stack: (refresh)",
        "    ~ pulumi-python:dynamic/whatsapp:EncryptionKey: (refresh)",
        "        [id=<id1>]",
        "      ~ locations (hidden)",
        "    ~ pulumi-python:dynamic/whatsapp:KeyRegistration: (refresh)",
        "        [id=106540352242922]",
        '      - proven_fingerprint: "<key1>"',
        "  pulumi:pulumi:Stack: (same)",
    ]


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (f'key_id: "{"a" * 32}" => "{"b" * 32}"', 'key_id: "<id1>" => "<id2>"'),
        (f'key_id: "{"a" * 32}" => "{"a" * 32}"', 'key_id: "<id1>" => "<id1>"'),
        (f'fingerprint: "{"a" * 64}" => "{"b" * 64}"', 'fingerprint: "<key1>" => "<key2>"'),
        (f"Key {'b' * 12} gives way to key {'b' * 64}", "Key <key1…> gives way to key <key1>"),
        ("http://127.0.0.1:4711/ is asked", "https://graph.facebook.com/ is asked"),
        ("http://127.0.0.1:4712/ is asked", "https://flows.example.com/ is asked"),
        ("file:///tmp/run-7/ring.json", "file:///srv/ring.json"),
        ("file:///tmp/run-8/ring.json", "file:///tmp/run-8/ring.json"),
    ],
)
def test_two_things_of_a_kind_stay_two(printed: str, kept: str) -> None:
    assert settled(f"Previewing update (test):\n{printed}\n", KNOWN, diff=True).splitlines()[1] == kept


def test_a_date_is_kept_by_its_distance_from_today() -> None:
    days = [today() + timedelta(days) for days in (-1, 0, 90)]
    printed = " ".join(day.isoformat() for day in days)
    assert settled(f"Previewing\n{printed}\n", KNOWN, diff=True).splitlines()[1] == "<today-1> <today> <today+90>"


def test_first_create(kept: Kept, declare: Any, of: Any) -> None:
    declare()
    kept(of("first-create"))


def test_nothing_to_do(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    kept(of("nothing-to-do"))
    project.succeed("preview", "--refresh", "--expect-no-changes")


def test_a_rotation_that_is_near(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    project.issue_on((today() - timedelta(87)).isoformat())
    kept(of("rotation-near"))
    project.issue_on((today() - timedelta(75)).isoformat())
    assert "falls due" not in project.succeed("preview")


def test_a_rotation_that_is_due(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    project.issue_on((today() - timedelta(95)).isoformat())
    kept(of("rotation-due"))
    project.fail("preview", "--refresh", "--expect-no-changes")  # what a scheduled job watches


def test_a_rotation_that_is_asked_for(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    declare(rotation_trigger="a laptop was lost")
    kept(of("rotation-asked-for"))


def test_a_key_that_is_staged_and_not_published(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    with FlowEndpoint(list) as without_keys:
        declare(rotation_trigger="two", endpoint_url=without_keys.url, endpoint_wait=0)
        project.failing_up()
        kept(of("staged-not-published"))


def test_another_key_at_meta(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    project.emulator.set_key(project.number, PrivateKey.generate().public_key_pem)
    kept(of("another-key-at-meta"), "--refresh")


def test_a_number_that_was_registered_anew(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    project.emulator.reregister(project.number)
    kept(of("registered-anew"), "--refresh")


def test_a_key_that_is_adopted(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    by_hand = PrivateKey.generate()
    project.emulator.set_key(project.number, by_hand.public_key_pem)
    declare(existing_private_key=by_hand.to_pem())
    kept(of("adopted-at-first"))
    declare(take_over=by_hand.fingerprint)
    project.up()
    project.emulator.set_key(project.number, by_hand.public_key_pem)
    declare(existing_private_key=by_hand.to_pem())
    kept(of("adopted-later"))


def test_a_store_that_moves(project: Project, kept: Kept) -> None:
    first, second = project.path("ring.json").as_uri(), project.path("second.json").as_uri()
    project.declare({"store": first})
    project.up()
    project.declare({"store": first, "backups": [second]})
    kept("store-moves-1")
    project.up()
    project.declare({"store": second, "backups": [first], "rotation_trigger": "together"})
    kept("store-moves-2")
    project.up()
    project.declare({"store": second, "rotation_trigger": "together"})
    kept("store-moves-3")


def test_out_of_the_stack(project: Project, kept: Kept) -> None:
    store = project.path("ring.json").as_uri()
    project.declare({"backups": [store]})
    project.up()
    project.declare({"store": store})
    kept("out-of-the-stack")


def test_another_number(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    another = f"{project.number}9"
    more = {"store": project.path("another.json").as_uri()} if "file" in of("") else {}
    declare(phone_number_id=another, **more)
    kept(of("another-number"))


def test_what_is_only_recorded(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    declare(force_destroy=True)
    kept(of("only-recorded"))


def test_destroy(project: Project, kept: Kept, declare: Any, of: Any) -> None:
    declare()
    project.up()
    kept(of("destroy"), command=("destroy", "--preview-only"))

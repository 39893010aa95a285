"""The recording of a rotation: what a terminal showed when, and the SVG that plays it."""

import re
import sys
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

from tools.recording.film import Film, Take, film
from tools.recording.terminal import Terminal

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "rotation-live.svg"


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_line_that_a_command_writes_over_is_the_newest_one(tmp_path: Path) -> None:
    program = r"import sys; sys.stdout.write('one\r\x1b[Ktwo\nthree\n')"
    terminal = Terminal([sys.executable, "-c", program], tmp_path, monotonic())
    terminal.watch()
    assert terminal.changes[-1][1][1:] == ["two", "three", ""]
    assert terminal.status == 0


def test_a_frame_is_seen_from_the_moment_of_its_screen_to_that_of_the_next() -> None:
    take = Take("t", [(0.0, ["$ t"]), (2.0, ["$ t", "first"]), (4.0, ["$ t", "first", "<last>"])], rows=3)
    shown = Film.of([take])
    assert [(begin, rows[-1]) for begin, _, rows in shown.frames[0]] == [(0.0, "$ t"), (2.0, "first"), (4.0, "<last>")]
    assert shown.frames[0][-1][1] >= shown.seconds
    svg = film("a & b", shown)
    assert texts(svg)[-1] == "<last>"
    assert len(re.findall(r"@keyframes", svg)) == 3


def test_where_nothing_plays_the_last_screen_is_seen() -> None:
    svg = film("t", Film.of([Take("t", [(0.0, ["early"]), (3.0, ["late"])], rows=2)]))
    groups = list(ElementTree.fromstring(svg).iter(f"{SVG}g"))
    assert [group.get("opacity") for group in groups] == ["0", None]


def test_only_the_last_rows_are_seen_and_long_ones_are_cut() -> None:
    take = Take("t", [(0.0, ["gone", "x" * 500, "last"])], rows=2)
    long, last = take.at(0.0)
    assert (len(long), last) == (132, "last")
    assert long.endswith("…")


def test_the_recording_that_is_kept_ends_without_a_failed_form() -> None:
    kept = texts(PICTURE.read_text())
    assert any(re.fullmatch(r"  failed +0  0\.00 %", text) for text in kept)
    assert sum("is live and verified" in text for text in kept) >= 2

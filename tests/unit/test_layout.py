"""How the tests are laid out: a file says one thing, so it is short enough to be read."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
MOST_LINES = 500


def test_no_file_of_tests_has_more_than_500_lines() -> None:
    lines = {file.relative_to(TESTS).as_posix(): len(file.read_text().splitlines()) for file in TESTS.rglob("*.py")}
    assert lines
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}

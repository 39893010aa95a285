"""`make soak` takes hours, so what was searched is not searched again until the code changes."""

from pathlib import Path

from tests.model.soak import Done, digest_of


def test_what_is_done_is_remembered_for_the_same_code(tmp_path: Path) -> None:
    file = tmp_path / "soak.json"
    Done(file, "this code").note("a search")
    Done(file, "this code").note("another")
    assert Done(file, "this code").names == ["a search", "another"]
    assert Done(file, "other code").names == []
    assert Done(file, "this code", fresh=True).names == []


def test_any_change_of_what_is_searched_is_other_code(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "module.py"
    file.parent.mkdir()
    file.write_text("ONE = 1\n")
    before = digest_of(tmp_path, ["folder"])
    file.write_text("ONE = 2\n")
    assert digest_of(tmp_path, ["folder"]) != before
    file.rename(file.with_name("renamed.py"))
    assert digest_of(tmp_path, ["folder"]) not in (before, "")

"""`make mutants`: the defects that it makes, and that one which a test notices is told from one that none does."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.mutants.mutant import Mutant
from tools.mutants.operators import mutants_of
from tools.mutants.page import Score, survivors, table, write_between
from tools.mutants.pool import Pool
from tools.mutants.reach import Names, Reached, learn_reach
from tools.mutants.reasons import as_entry, out_of_date, read_reasons
from tools.mutants.results import KILLED, SURVIVED, Results
from tools.mutants.scope import PACKAGE, fast_tests, looks_first, mutated_modules
from tools.stop import Stop

ROOT = Path(__file__).resolve().parents[2]

RING = '''"""A ring."""

GRACE = 24


def counted(function):
    return function


@counted
def stays(age: int, served: bool) -> bool:
    return served or age < GRACE


def shown(age: int) -> str:
    return str(age)
'''
TESTS = """from whatsapp_flow_keys.ring import stays


def test_served_keys_stay():
    assert stays(99, True)
    assert not stays(99, False)


def test_grace_ends_after_24_hours():
    assert stays(23, False)
    assert not stays(24, False)
"""


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.was, mutant.becomes) for mutant in mutants_of("ring.py", source.encode())}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {("a < b", "a <= b"), ("a < b", "a > b")}),
        ("a is not b", {("a is not b", "a is b")}),
        ("a not in b", {("a not in b", "a in b")}),
        ("a or b", {("a or b", "a"), ("a or b", "b")}),
        ("not a", {("not a", "a")}),
        ("a | b", {("a | b", "a"), ("a | b", "b")}),
        ("a if b else c", {("a if b else c", "a"), ("a if b else c", "c")}),
        ("a - 1", {("a - 1", "a + 1"), ("1", "2")}),
        ("True", {("True", "False")}),
        ("max(a)", {("max", "min")}),
        ("f(a, b)", {("f(a, b)", "f(b, a)")}),
        ("f(a, b=c)", {("f(a, b=c)", "f(a)")}),
        ("[a, *b]", {("[a, *b]", "[*b]"), ("[a, *b]", "[a]")}),
        ("{a: b}", {("{a: b}", "{}")}),
        ("[a for a in b if c]", {("c", "True")}),
        ("'words' + x", set()),
        ("f'{a or b}'", set()),
    ],
)
def test_the_defects_of_an_expression(source: str, expected: set[tuple[str, str]]) -> None:
    assert changes(f"x = {source}\n") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    g()\n", {("g()", "pass")}),
        ("def f():\n    raise a\n", {("raise a", "pass")}),
        ("def f():\n    return a\n", {("a", "None")}),
        ("def f():\n    if a:\n        pass\n", {("a", "True"), ("a", "False")}),
        ("def f():\n    for a in b:\n        pass\n", {("b", "()")}),
        ("def f():\n    with a:\n        pass\n", {("a", "nothing")}),
        ("def f():\n    try:\n        pass\n    except a:\n        pass\n", {("a", "()")}),
        ("@f(frozen=True)\nclass A:\n    '''Words.'''\n    a: 'b | c'\n", set()),
        ("class A:\n    def __repr__(self):\n        return a\n", set()),
    ],
)
def test_the_defects_of_a_statement(source: str, expected: set[tuple[str, str]]) -> None:
    assert changes(source) == expected


def test_every_defect_of_the_product_can_be_compiled() -> None:
    for module in mutated_modules(ROOT, ["ring", "registration"]):
        source = (ROOT / PACKAGE / module).read_bytes()
        for mutant in mutants_of(module, source):
            compile(mutant.of(source), module, "exec")


def test_every_store_has_tests_that_are_tried_first() -> None:
    files = fast_tests(ROOT)
    stores = mutated_modules(ROOT, ["stores"])
    assert len(stores) == 4
    assert [store for store in stores if not looks_first(store, files)] == []


def test_a_mutant_is_known_again_when_lines_are_put_before_it() -> None:
    before = mutants_of("ring.py", RING.encode())
    after = mutants_of("ring.py", RING.replace("GRACE =", "\n\nGRACE =").encode())
    assert [mutant.identity for mutant in before] == [mutant.identity for mutant in after]
    assert [mutant.line for mutant in before] != [mutant.line for mutant in after]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A product of one module, with a test."""
    files = {f"{PACKAGE}/ring.py": RING, f"{PACKAGE}/__init__.py": "", "tests/unit/test_ring.py": TESTS}
    files["pyproject.toml"] = "[tool.pytest]\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_survivor_meets_the_tests_that_were_left_out_those_first_that_noticed_another_defect_there(
    project: Path, tmp_path: Path
) -> None:
    source = RING.encode()
    in_stays = [mutant for mutant in mutants_of("ring.py", source) if mutant.where == "stays"]
    results = Results(tmp_path / "results.jsonl")
    for mutant, test in zip(in_stays, ("killer", "elsewhere"), strict=False):
        results.note(mutant, source, KILLED, test)
    run = {test: frozenset([12]) for test in ("asked", "slow", "killer", "slower", "too slow")} | {
        "elsewhere": frozenset([16])
    }
    seconds = {"asked": 8.0, "slow": 8.5, "killer": 20.0, "slower": 30.0, "too slow": 40.0, "elsewhere": 1.0}
    survivor, names = in_stays[-1], Names(project)
    reached = Reached({"ring.py": run}, seconds, (), {})
    assert reached.stages(survivor, names) == [["asked"]]
    assert reached.once_more(survivor, names, results.killers(survivor)) == ["killer", "slow", "slower"]


def test_a_survivor_that_is_killed_in_the_end_is_none(tmp_path: Path) -> None:
    source = RING.encode()
    mutant, *_ = mutants_of("ring.py", source)
    results = Results(tmp_path / "results.jsonl")
    results.note(mutant, source, SURVIVED, "")
    results.note(mutant, source, KILLED, "a test")
    assert results.alive == {}


@pytest.mark.slow
def test_a_defect_that_a_test_notices_is_told_from_one_that_none_does(project: Path) -> None:
    source = (project / PACKAGE / "ring.py").read_bytes()
    with Pool(project, ROOT, 1) as pool:
        reached = learn_reach(project, pool, project / "reach.json")
        found: dict[tuple[str, str], str] = {}
        for mutant in mutants_of("ring.py", source):
            stages = reached.stages(mutant, Names(project))
            found[(mutant.was, mutant.becomes)] = tried(pool, mutant, source, stages[0]) if stages else "no test"
    assert found == {
        ("24", "25"): "killed",
        ("function", "None"): "killed",
        ("served or age < GRACE", "None"): "killed",
        ("served or age < GRACE", "served"): "killed",
        ("served or age < GRACE", "age < GRACE"): "killed",
        ("age < GRACE", "age <= GRACE"): "killed",
        ("age < GRACE", "age > GRACE"): "killed",
        ("str(age)", "None"): "no test",
    }
    assert (project / PACKAGE / "ring.py").read_bytes() == source


def tried(pool: Pool, mutant: Mutant, source: bytes, tests: list[str]) -> str:
    order = {
        "do": "try",
        "module": "whatsapp_flow_keys.ring",
        "path": f"{PACKAGE}/ring.py",
        "source": mutant.of(source).decode(),
        "tests": tests,
        "within": 60,
    }
    ((_, answer),) = pool.answers([("it", order)])
    return str(answer["status"])


def test_the_tests_about_a_module_look_first() -> None:
    files = ["tests/unit/test_ring.py", "tests/unit/test_ring_seats.py", "tests/contract/test_removal_served.py"]
    assert looks_first("ring.py", files) == set(files[:2])
    assert looks_first("lifecycle/removal.py", files) == {files[2]}


def test_no_test_that_starts_an_engine_is_asked() -> None:
    assert fast_tests(ROOT)
    assert all(file.split("/")[1] in ("unit", "contract", "component") for file in fast_tests(ROOT))


def test_words_choose_modules() -> None:
    assert mutated_modules(ROOT, ["ring", "lifecycle/removal.py"]) == ["ring.py", "lifecycle/removal.py"]
    assert "lifecycle/staging.py" in mutated_modules(ROOT, ["lifecycle"])
    assert mutated_modules(ROOT, ["nothing"]) == []


def test_what_was_killed_is_remembered_while_its_function_is_the_same(tmp_path: Path) -> None:
    source = RING.encode()
    other, *_, mutant = (one for one in mutants_of("ring.py", source) if one.where == "stays")
    Results.read(tmp_path / "results").note(mutant, source, KILLED, "test_it")
    with (tmp_path / "results").open("a") as file:
        file.write("[cut sho")
    again = Results.read(tmp_path / "results")
    assert again.is_dead(mutant, source)
    assert not again.is_dead(other, source)
    for old, new, is_dead in (
        (b"24", b"48", True),
        (b"str(age)", b"repr(age)", True),
        (b"served or", b"not served or", False),
    ):
        changed = source.replace(old, new)
        (same,) = (one for one in mutants_of("ring.py", changed) if one.identity == mutant.identity)
        assert again.is_dead(same, changed) is is_dead


def test_a_survivor_without_an_entry_is_unexplained_and_its_entry_is_given(tmp_path: Path) -> None:
    mutants = mutants_of("ring.py", RING.encode())
    score = Score("ring.py", len(mutants), (mutants[0].identity, mutants[1].identity))
    file = tmp_path / "survivors.json"
    file.write_text(f"[{as_entry(mutants[0].identity)}]".replace('"reason": ""', '"reason": "Both do the same."'))
    reasons = read_reasons(file)
    assert score.unexplained(reasons) == [mutants[1].identity]
    assert table([score], reasons).splitlines()[2] == f"| ring.py | {len(mutants)} | 6 (75.0%) | 1 | 1 |"
    shown = survivors([score], reasons)
    assert "Both do the same:\n\n- `the module`: `24` becomes `25`" in shown
    assert "**unexplained**" in shown


def test_an_entry_whose_mutant_is_dead_is_named(tmp_path: Path) -> None:
    first, second = [mutant.identity for mutant in mutants_of("ring.py", RING.encode())[:2]]
    assert out_of_date({first: "why", second: "why"}, ["ring.py"], [first]) == [second]
    assert out_of_date({first: "why"}, ["document.py"], []) == []


@pytest.mark.parametrize("left_out", ["module", "where", "was", "becomes", "reason"])
def test_an_entry_without_a_field_or_a_reason_is_refused(tmp_path: Path, left_out: str) -> None:
    entry = {"module": "ring.py", "where": "stays", "was": "a", "becomes": "b", "reason": "Both do the same."}
    file = tmp_path / "survivors.json"
    file.write_text(json.dumps([{name: text for name, text in entry.items() if name != left_out}]))
    with pytest.raises(Stop, match=r"survivors\.json"):
        read_reasons(file)
    file.write_text(json.dumps([{**entry, "reason": " "}]))
    with pytest.raises(Stop, match="a survivor without a reason"):
        read_reasons(file)


def test_the_page_keeps_what_was_written_by_hand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- make mutants -->\nold\n<!-- /make mutants -->\nafter\n")
    write_between(page, "new")
    assert page.read_text() == "before\n<!-- make mutants -->\nnew\n<!-- /make mutants -->\nafter\n"


def test_make_hands_its_words_on() -> None:
    shown = subprocess.run(["make", "-n", "mutants", "ARGS=ring removal"], cwd=ROOT, capture_output=True, text=True)
    assert "tools/dev.py mutants ring removal" in shown.stdout

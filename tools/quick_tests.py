"""What `make check` runs: all that is quick, and of the slow kinds of tests those that notice most."""

QUICK = ("tests/unit", "tests/component", "tests/contract")
"""Folders whose tests run, but for those that are marked `slow`."""

SEARCHES = (
    "4 moves: one store, 0 faults",
    "around: a generated passphrase, 1 faults",
    "around: renamed, one store, 1 faults",
    "odd: empty answers, the stack, 2 faults",
    "two at once, 2 rounds: two stacks, one store, 0 faults",
)
"""Searches of some seconds each; together they know every kind of fault and both ways of running at once."""

SMOKE = (
    "tests/stack/test_lifecycle.py::test_a_second_up_changes_nothing_and_asks_nobody",
    "tests/stack/test_lifecycle.py::test_a_new_trigger_rotates_and_the_old_key_stays_in_the_ring",
    "tests/stack/test_lifecycle.py::test_a_file_store_refuses_a_foreign_key_before_it_writes_anything",
)
"""What the real engine does with the providers."""


def quick_tests() -> list[str]:
    """The words for pytest."""
    searches = [f"tests/model/test_search.py::test_no_history_breaks_a_promise[{name}]" for name in SEARCHES]
    return [*QUICK, *searches, *SMOKE, "-m", "not slow"]

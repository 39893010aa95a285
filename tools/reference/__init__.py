"""The parts of pages in `docs/` that are written from the code, each between two markers.

They are in the repository, so that they can be read where there is no site. `tests/unit/test_reference.py` fails where
one is out of date; `make test ARGS="tests/unit/test_reference.py --write-docs"` writes them.
"""

"""What the Makefile calls: up, preview, rotate, endpoint, traffic, down, env, test, bench, mutants, soak, lint, docs,
setup.

This file must parse on every Python there is, 2.7 included, so that an old one gets a sentence and no SyntaxError.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one place that meets an older Python
    sys.exit(
        "This project needs Python 3.11 or newer, and this is Python "
        + ".".join(str(number) for number in sys.version_info[:3])
        + ": name a newer one, as in `make up PYTHON=python3.12`."
    )

# A script finds its own folder first on the path; what it imports starts one above.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from tools.verbs import main  # noqa: E402 - after the path is set

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

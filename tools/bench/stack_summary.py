"""The few lines of the stacks' bench that the README shows, between two markers that this alone writes between."""

from tools.bench.stack_advice import brief_advice
from tools.bench.stack_figures import (
    CREATE,
    FAR,
    NO_OP_PREVIEW,
    ROTATION,
    STORES,
    Case,
    Figures,
)
from tools.bench.table import table
from tools.stop import Stop

BEGIN, END = "<!-- make bench: stacks -->", "<!-- /make bench: stacks -->"


def summary(figures: Figures) -> str:
    """A table, the picture and the advice."""
    sizes = sorted({case.numbers for case in figures.cases()})
    rows = [
        (f"{operation}, keys in {store}", *(_cell(figures, Case(store, numbers), operation) for numbers in sizes))
        for operation in (CREATE, ROTATION, NO_OP_PREVIEW)
        for store in STORES
    ]
    head = (f"seconds, Meta {FAR.name} away", *(f"{numbers} number{'s' if numbers > 1 else ''}" for numbers in sizes))
    lines = [f"- {line}" for line in brief_advice(figures)]
    best = "\n".join(["How many numbers to a stack:", "", *lines] if lines else [])
    return f"""**What `pulumi up` takes**, and in brackets how many times as long as its floor: as many resources with
providers that do nothing ([where the time goes](docs/benchmarks-stacks.md)).

{table(head, rows)}

![Seconds of a creation by the numbers](docs/pictures/stack-times.svg)

{best}""".rstrip()


def put_between(text: str, summary: str) -> str:
    """``text`` with the summary between the markers, instead of what was there. Raises `Stop` without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Stop(f"README.md has lost a marker, {BEGIN} or {END}: put both back, in this order.")
    return f"{before}{BEGIN}\n{summary}\n{END}{after}"


def _cell(figures: Figures, case: Case, operation: str) -> str:
    seconds, ratio = figures.seconds(case, FAR, operation), figures.ratio(case, FAR, operation)
    return "-" if seconds is None or ratio is None else f"{seconds:.1f} ({ratio:.2f})"

"""What a run of the key services' bench found, as the tables, goals and sentences of docs/benchmarks-custody.md."""

from tools.bench.custody import AT_ONCE, CALL, CONTENDERS, FULL, KMS, KMS_CALL, LOCAL, SERVICES, TRANSIT, Measured
from tools.bench.table import table

_OWN_PART = 0.10
_CALLS = 1.0


def forms(measured: Measured, at_once: int) -> str:
    """The table of what came of so many forms at once."""
    rows = [
        (
            name,
            f"{measured.median(name, at_once, lambda turn: turn.per_second):,.0f}",
            f"{measured.median(name, at_once, lambda turn: turn.p50):.2f}",
            f"{measured.median(name, at_once, lambda turn: turn.p99):.2f}",
            f"{measured.to_the_call(name, at_once, lambda turn: turn.p50):.2f}",
            f"{measured.calls_per_form.get((name, at_once), 0 if name == LOCAL else 1):.2f}",
        )
        for name in CONTENDERS
    ]
    return table((_at_once(at_once), "a second", "p50 ms", "p99 ms", "p50 to the call", "calls a form"), rows)


def goals(measured: Measured) -> list[str]:
    """Each with the figure and whether it was reached."""
    return [line for name in SERVICES for line in _goals_of(name, measured)]


def _goals_of(name: str, measured: Measured) -> list[str]:
    calls = measured.calls_per_form[name, 1]
    own = measured.to_the_call(name, 1, lambda turn: turn.p50) - 1
    many, at_once = measured.to_the_call(name, AT_ONCE[-1], lambda turn: turn.per_second), AT_ONCE[-1]
    return [
        f"- {name}: one call a form in the steady state: {calls:.2f}, {_reached(calls <= _CALLS)}",
        f"- {name}: the kit's own part at most {_OWN_PART:.2f} of the call: {own:.2f}, {_reached(own <= _OWN_PART)}",
        f"- {name}: as many forms a second as bare calls, with {at_once} at once: {many:.2f}, {_reached(many >= 1)}",
    ]


def page(measured: Measured, machine: str) -> str:
    """The whole page."""
    tables = "\n\n".join(forms(measured, at_once) for at_once in AT_ONCE)
    return f"""# Benchmarks of key services

Written by `make bench ARGS=custody`: everything side by side, in one run, on one machine, in a minute or two. What a
key service costs beside a PEM in the ring is the call: here to a server on the same machine.
`make bench ARGS="custody --quick"` shows in seconds that it runs, and writes nothing.

{machine}

{tables}

{chr(10).join(goals(measured))}

- *{LOCAL}*, *{TRANSIT}* and *{KMS}* are `FlowEndpoint.answer` with a signed form of 300 bytes of JSON, whose data a
  handler sends back. *{CALL}* is an HTTP request by a `requests.Session`, and the base64 in its answer; *{KMS_CALL}* is
  `decrypt` of a client of boto3: as any program would make them.
- **AWS KMS is MiniStack here**, an emulator in Python. How long it takes says nothing of AWS; what the kit adds to its
  call is the kit's.
- The *own part* is what the kit adds to the call: the signature, the JSON, AES, the handler; hvac, or the
  search for the client of boto3.
- With {AT_ONCE[-1]} at once, forms that arrive while others are under way share a call of Transit, so a form costs less
  than one. AWS KMS has no call for several.
- {FULL.rounds} rounds of {FULL.forms} forms each, in which they take turns. Each form has an AES key of its own,
  and each answer is checked. Figures are medians over the rounds; *p50 to the call* is the median of each round's
  ratio.
"""


def _at_once(at_once: int) -> str:
    return "one form at a time" if at_once == 1 else f"{at_once} forms at once"


def _reached(is_so: bool) -> str:
    return "reached" if is_so else "missed"

"""What a run of the endpoint's bench found, as the tables and goals that the terminal and the page show."""

from tools.bench.endpoint import FORMER_PYWA, KIT_ANSWER, KIT_EXCHANGE, PYWA, REFERENCE, Machine, Measured
from tools.bench.picture import Bar, Chart
from tools.bench.table import table
from tools.bench.task import PAYLOAD_BYTES

FLOOR = "openssl: the RSA operation alone"
PICTURE = "docs/pictures/endpoint-exchange.svg"

_LEAST_OF_REFERENCE = 0.95
_LEAST_OF_TWO_THREADS = 1.85


def exchanges(measured: Measured) -> str:
    """The table of requests a second, the floor first."""
    reference = measured.of(REFERENCE)
    assert reference is not None
    rows = [_floor(measured, reference.median)]
    for rates in measured.rates:
        rows.append(
            (
                rates.name,
                f"{rates.median:,.0f}",
                f"{rates.microseconds:,.0f}",
                f"{rates.ratio_to(reference):.3f}",
                f"{rates.spread:.1%}",
            )
        )
    return table(("", "a second", "µs each", "ratio", "± quartiles"), rows)


def threads(measured: Measured) -> str:
    """The table of two threads."""
    if not measured.threads:
        return "Two threads were not measured: there is one core."
    return table(("two threads beside one", "ratio"), [(row.name, f"{row.ratio:.2f}") for row in measured.threads])


def cold_starts(measured: Measured) -> str:
    """The table of cold starts."""
    rows = [(row.name, f"{row.milliseconds:,.0f}", f"{row.peak_mib:,.1f}") for row in measured.cold]
    return table(("a new process", "ms to the first answer", "peak MiB"), rows)


def goals(measured: Measured) -> list[str]:
    """One line each: reached or missed, with the figure."""
    kit, reference = measured.of(KIT_EXCHANGE), measured.of(REFERENCE)
    assert kit is not None
    assert reference is not None
    lines = [
        _goal(
            f"decrypt and encrypt at {_LEAST_OF_REFERENCE} of {REFERENCE}", kit.ratio_to(reference), _LEAST_OF_REFERENCE
        )
    ]
    for name in (PYWA, FORMER_PYWA):
        other = measured.of(name)
        if other is not None:
            lines.append(_goal(f"decrypt and encrypt ahead of {name}", kit.ratio_to(other), 1))
    for row in measured.threads:
        if row.name == KIT_ANSWER:
            lines.append(_goal(f"two threads at {_LEAST_OF_TWO_THREADS} of one", row.ratio, _LEAST_OF_TWO_THREADS))
    return lines


def on_what(machine: Machine) -> str:
    """The machine and the versions, in a sentence."""
    program = f"the program `openssl` is {machine.openssl}" if machine.openssl else "there is no program `openssl`"
    return (
        f"{machine.system}, {machine.cores} {'core' if machine.cores == 1 else 'cores'}, Python {machine.python}, "
        f"cryptography {machine.cryptography} with {machine.openssl_of_cryptography} in it; {program}."
    )


def bars(measured: Measured) -> Chart:
    """The picture: requests a second."""
    found = [Bar(FLOOR, measured.floor, f"{measured.floor:,.0f}", "floor")] if measured.floor else []
    for rates in measured.rates:
        kind = "ours" if rates.name in (KIT_ANSWER, KIT_EXCHANGE) else "theirs"
        found.append(Bar(rates.name, rates.median, f"{rates.median:,.0f}", kind))
    where = "one thread on one core" if measured.machine.pinned else "one thread"
    return Chart("Flow requests decrypted and answered", f"a second, {where}; more is better", found)


def page(measured: Measured) -> str:
    """The endpoint's section of docs/benchmarks.md."""
    one_core = "on one core" if measured.machine.pinned else "on whichever core (this system can't keep it to one)"
    plan = measured.plan
    goal_list = "\n".join(f"- {line}" for line in goals(measured))
    return f"""## The endpoint's exchange

![Requests a second, one thread on one core](pictures/endpoint-exchange.svg)

{on_what(measured.machine)}

{exchanges(measured)}

{goal_list}

One exchange: RSA-OAEP with SHA-256 unwraps the AES key, AES-128-GCM opens a form of {PAYLOAD_BYTES} bytes of JSON, an
answer that sends its data back is encrypted under the flipped IV. Every contender gets the same requests, each with an
AES key of its own, in a process of its own {one_core}; its answers are checked before it is timed.

They take turns, {plan.seconds} s each in each of {plan.rounds} rounds. *A second* and *µs each* are medians over the
rounds; *ratio* is the median of each round's ratio to *{REFERENCE}*; *± quartiles* says how noisy the
machine was.

- *{FLOOR}* is the private operation of `openssl speed rsa2048`: nothing gets below it with
  that build of OpenSSL. cryptography brings an OpenSSL of its own, so the two may differ by their versions, too.
- *{REFERENCE}* is the exchange written out with that package: JSON and base64, no check, no error
  with a name.
- *{KIT_EXCHANGE}* is `FlowKeys.decrypt` and `Session.encrypt_answer`, the same scope as the row above
  and as pywa's.
- *{KIT_ANSWER}* is everything but the web server, so it does more than any other row: the
  signature, the JSON around the request, its shape, the handler.
- *pywa* is `default_flow_request_decryptor` and `default_flow_response_encryptor`, with the same cryptography. 4.3.1
  parses the private key at each request; 4.5.0 keeps it.

### Two threads

{threads(measured)}

In a process that may use every core. OpenSSL works without the interpreter's lock; Python's own part takes turns.

### Cold start

{cold_starts(measured)}

From the first statement of a new process to its first answer: imports, reading the private key, one exchange; the
start of Python itself is left out. Medians of {plan.cold_starts}, with byte code and files in the caches. The kit reads
the key ring document from `WHATSAPP_FLOW_KEYS` and sets up a `FlowEndpoint`; pywa is `from pywa import WhatsApp,
utils`, without a client or a web framework; cryptography is what the exchange needs and no more. The peak is that of
resident memory.
"""


def _floor(measured: Measured, reference: float) -> tuple[str, str, str, str, str]:
    if measured.floor is None:
        why = "can't measure" if measured.machine.openssl else "not here"
        return FLOOR, why, "", "", ""
    return FLOOR, f"{measured.floor:,.0f}", f"{1e6 / measured.floor:,.0f}", f"{measured.floor / reference:.3f}", ""


def _goal(what: str, figure: float, least: float) -> str:
    return f"{what}: {figure:.3f}, {'reached' if figure >= least else 'missed'}"

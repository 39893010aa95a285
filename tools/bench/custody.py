"""Forms that a key service decrypts, beside the bare call of it and a key that lies in the ring: in rounds, by turns.

All in one process, so that the exchanges share everything but what differs. The services are on this machine, so what a
network adds is the network's: a real OpenBao, and MiniStack in the place of AWS KMS.
"""

import base64
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from threading import local
from time import perf_counter
from typing import Any
from unittest.mock import patch

import requests

from tools.bench.server_figures import percentile
from tools.bench.task import NUMBER, Asked, ask, environment, ring_of
from tools.ministack import REGION, MiniStack
from tools.openbao import OpenBao
from tools.processes import say
from tools.stop import Stop
from whatsapp_flow_endpoint import FlowEndpoint, FlowRequest, show
from whatsapp_flow_keys import document
from whatsapp_flow_keys.custody.aws_kms.service import AwsKms
from whatsapp_flow_keys.custody.services import open_service
from whatsapp_flow_keys.custody.vault_transit.service import VaultTransit
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing

AT_ONCE = (1, 32)
"""How many forms come at once."""

LOCAL, CALL, TRANSIT = "a key in the ring", "the bare call of Transit", "a key in Transit"
KMS_CALL, KMS = "the bare call of AWS KMS", "a key in AWS KMS"
CALL_OF = {LOCAL: CALL, CALL: CALL, TRANSIT: CALL, KMS_CALL: KMS_CALL, KMS: KMS_CALL}
"""By contender, the bare call that it is compared with."""
CONTENDERS = tuple(CALL_OF)
SERVICES = (TRANSIT, KMS)


@dataclass(frozen=True)
class Plan:
    """Rounds, and the forms of each contender in a round."""

    rounds: int
    forms: int


FULL, QUICK = Plan(15, 320), Plan(2, 64)


@dataclass(frozen=True)
class Turn:
    """One contender in one round: forms a second, and the milliseconds that one took."""

    per_second: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Measured:
    """The turns of each contender, with so many forms at once; and the calls that a form cost at each service."""

    turns: dict[tuple[str, int], tuple[Turn, ...]]
    calls_per_form: dict[tuple[str, int], float]

    def median(self, name: str, at_once: int, figure: Callable[[Turn], float]) -> float:
        """Over the rounds."""
        return median(figure(turn) for turn in self.turns[name, at_once])

    def to_the_call(self, name: str, at_once: int, figure: Callable[[Turn], float]) -> float:
        """The median of the ratios of each round."""
        both = zip(self.turns[name, at_once], self.turns[CALL_OF[name], at_once], strict=True)
        return median(figure(ours) / figure(theirs) for ours, theirs in both)


def measure(plan: Plan) -> Measured:
    """Raises `Stop` when an answer is wrong."""
    key = PrivateKey.generate()
    turns: dict[tuple[str, int], list[Turn]] = {}
    calls: dict[tuple[str, int], list[int]] = {}
    with OpenBao() as bao, MiniStack() as aws, patch.dict(os.environ, {**bao.environment, **aws.environment}):
        exchanges = _exchanges(key, bao, aws)
        say(f"Measuring key services, {plan.rounds} rounds:", end="")
        with _counted() as made:
            for at in range(plan.rounds):
                say(f" {at + 1}", end="")
                for at_once, name in itertools.product(AT_ONCE, CONTENDERS):
                    asked = [ask(key) for _ in range(plan.forms)]
                    made.clear()
                    turns.setdefault((name, at_once), []).append(_turn(exchanges[name], asked, at_once))
                    calls.setdefault((name, at_once), []).append(len(made))
        say("")
    return Measured(
        {case: tuple(found) for case, found in turns.items()},
        {case: median(found) / plan.forms for case, found in calls.items() if case[0] in SERVICES},
    )


Exchange = Callable[[Asked], bool]
"""Whether one form was answered rightly."""


def _exchanges(key: PrivateKey, bao: OpenBao, aws: MiniStack) -> dict[str, Exchange]:
    """Of one key, in each place."""
    bao.client().sys.enable_secrets_engine("transit")
    in_transit = f"vaulttransit://127.0.0.1:{bao.port}/whatsapp-flows-?tls=off"
    in_kms = f"awskms://{REGION}/whatsapp-flows-"
    ring, version, arn = ring_of([key]), *(open_service(url, NUMBER).adopt(key) for url in (in_transit, in_kms))
    return {
        LOCAL: _answers(_endpoint(ring)),
        CALL: _calls(bao, version),
        TRANSIT: _answers(_endpoint(_held_by(ring, version), in_transit)),
        KMS_CALL: _calls_of_kms(aws, arn),
        KMS: _answers(_endpoint(_held_by(ring, arn), in_kms)),
    }


def _endpoint(ring: KeyRing, *services: str) -> FlowEndpoint:
    variables = environment(document.in_one_line(document.dump(ring), "the bench"))
    if services:
        variables["WHATSAPP_FLOW_CUSTODY"] = " ".join(services)
    return FlowEndpoint.from_env(_echo, variables)


def _echo(request: FlowRequest) -> dict[str, Any]:
    return show("CONFIRM", request.data)


def _held_by(ring: KeyRing, reference: KeyReference) -> KeyRing:
    (key,) = ring.keys
    return replace(ring, keys=(replace(key, private_key_pem="", reference=reference),))


def _answers(endpoint: FlowEndpoint) -> Exchange:
    def answered(asked: Asked) -> bool:
        answer = endpoint.answer(asked.headers, asked.body.encode())
        return answer.status == 200 and asked.is_rightly_answered(answer.body)

    return answered


def _calls(server: OpenBao, reference: KeyReference) -> Exchange:
    """The call alone, as any program makes it, on a connection of its thread."""
    of_thread = local()
    url = f"{server.address}/v1/transit/decrypt/whatsapp-flows-{NUMBER}"

    def called(asked: Asked) -> bool:
        session = getattr(of_thread, "session", None)
        if session is None:
            session = of_thread.session = requests.Session()
            session.trust_env = False
            session.headers["X-Vault-Token"] = server.token
        wrapped = json.loads(asked.body)["encrypted_aes_key"]
        answer = session.post(url, json={"ciphertext": f"vault:v{reference.key}:{wrapped}"}, timeout=10)
        return base64.b64decode(answer.json()["data"]["plaintext"]) == asked.session.aes_key

    return called


def _calls_of_kms(aws: MiniStack, reference: KeyReference) -> Exchange:
    """The same by a client of boto3, which all threads share."""
    client = aws.client("kms")

    def called(asked: Asked) -> bool:
        wrapped = base64.b64decode(json.loads(asked.body)["encrypted_aes_key"])
        answer = client.decrypt(KeyId=reference.key, CiphertextBlob=wrapped, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
        return bool(answer["Plaintext"] == asked.session.aes_key)

    return called


def _turn(exchange: Exchange, asked: Sequence[Asked], at_once: int) -> Turn:
    seconds: list[float] = []

    def timed(one: Asked) -> None:
        began = perf_counter()
        if not exchange(one):
            raise Stop("A contender gave a wrong answer, so its speed means nothing.")
        seconds.append(perf_counter() - began)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(timed, asked[:at_once]))  # connections are made before anything is measured
        seconds.clear()
        rest = asked[at_once:]
        began = perf_counter()
        list(pool.map(timed, rest))
        took = perf_counter() - began
    return Turn(len(rest) / took, 1e3 * percentile(seconds, 50), 1e3 * percentile(seconds, 99))


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The decryptions that the services were asked for, each with the name of its class."""
    made: list[str] = []
    transit, kms = VaultTransit._decrypted, AwsKms._decrypted

    def counted_transit(self: VaultTransit, ciphertexts: list[str]) -> list[str | Exception]:
        made.append(type(self).__name__)
        return transit(self, ciphertexts)

    def counted_kms(self: AwsKms, key: str, wrapped: bytes) -> bytes:
        made.append(type(self).__name__)
        return kms(self, key, wrapped)

    with patch.object(VaultTransit, "_decrypted", counted_transit), patch.object(AwsKms, "_decrypted", counted_kms):
        yield made

"""An answer that is huge once it is unpacked takes little memory, and ends in the sentence of any long one."""

import gzip
import tomllib
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.contract.test_graph_transport import client, serving
from whatsapp_flow_keys.flow_protocol.timed_post import post
from whatsapp_flow_keys.registrars.meta_graph.errors import UnexpectedAnswerError

MIB = 1024 * 1024
UNPACKED = 256 * MIB


@cache
def packed(times: int) -> bytes:
    """256 MiB of blanks, which JSON may begin with, in some hundred kilobytes; packed again, in less than one."""
    packer = zlib.compressobj(wbits=31)
    found = b"".join([*(packer.compress(b" " * MIB) for _ in range(UNPACKED // MIB)), packer.flush()])
    for _ in range(times - 1):
        found = gzip.compress(found)
    return found


def most_memory(act: Callable[[], object]) -> int:
    """The most bytes that it held at once."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_metas_answer_is_refused_after_some_mib(times: int) -> None:
    def ask() -> None:
        with pytest.raises(UnexpectedAnswerError):
            client(server.url).served("1")

    with serving(packed(times), headers={"Content-Encoding": ", ".join(["gzip"] * times)}) as server:
        assert most_memory(ask) < 12 * MIB


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_endpoints_answer_is_cut_after_some_mib(times: int) -> None:
    def ping() -> None:
        assert len(post(server.url, b"", {}, seconds=30, largest=64 * 1024).content) < MIB

    with serving(packed(times), headers={"Content-Encoding": ", ".join(["gzip"] * times)}) as server:
        assert most_memory(ping) < 12 * MIB


def test_no_older_urllib3_is_taken_which_unpacks_all_of_it() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert "urllib3>=2.8" in project["dependencies"]

"""The console script `pulumi-resource-whatsapp`: what the engine starts."""

import argparse
import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from whatsapp_flow_keys.native.version import VERSION

_COMPONENTS = 256
"""In as many threads resources of components wait for the engine."""


def main() -> None:
    """Serves the engine whose address is given, until the engine ends it."""
    parser = argparse.ArgumentParser(
        prog="pulumi-resource-whatsapp",
        description="A plugin of Pulumi, which starts it. What hands it to Pulumi stands below.",
        epilog=f"  pulumi plugin install resource whatsapp {VERSION} --file $(command -v pulumi-resource-whatsapp)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("engine", help="the engine's address")
    engine_address = parser.parse_known_args()[0].engine
    asyncio.run(_serve(engine_address))


async def _serve(engine_address: str) -> None:
    """The engine asks for an end by SIGINT, after it has announced it by ``Cancel``. A component's call of the engine,
    which answers nothing any more, would hold up another kind of end."""
    import grpc.aio
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
    from pulumi.runtime.proto import provider_pb2_grpc

    from whatsapp_flow_keys.native.answering import Answering

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_COMPONENTS))
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Answering(engine_address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, os._exit, 0)
    print(port, flush=True)
    await server.wait_for_termination()

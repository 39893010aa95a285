"""Programs as people write them around a FlowEncryption: the options' tests write each one out."""

from typing import Any

from tests.stack.project import Project

_PROGRAM = """
import pulumi
from whatsapp_flow_encryption import EncryptionKey, FlowEncryption, KeyRing, KeyRegistration, WhatsAppProvider
{before}
line = FlowEncryption({name!r}, phone_number_id="{number}"{arguments}, opts=pulumi.ResourceOptions({options}))
pulumi.export("line", line.endpoint_env)
pulumi.export("line-fingerprint", line.fingerprint)
{after}
"""


def write(
    project: Project, options: str = "", *, name: str = "line", before: str = "", after: str = "", **arguments: Any
) -> None:
    """The program from now on: ``options`` are those of the FlowEncryption, ``before`` and ``after`` lines around it;
    an argument that is a ``Code`` is an expression."""
    given = "".join(f", {key}={value!r}" for key, value in arguments.items())
    text = _PROGRAM.format(
        before=before, name=name, number=project.number, arguments=given, options=options, after=after
    )
    (project.folder / "__main__.py").write_text(text)


class Code(str):
    """An expression of the program, in place of a value."""

    def __repr__(self) -> str:
        return str(self)


def transform(kind: str, options: str) -> str:
    """Lines that give every resource of a kind (EncryptionKey, …) further options."""
    return f"""
def with_options(args):
    if args.type_.endswith(":{kind}"):
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions({options}))
        return pulumi.ResourceTransformResult(args.props, opts)

pulumi.runtime.register_resource_transform(with_options)
"""

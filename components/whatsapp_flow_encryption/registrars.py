"""Who takes the public key to Meta, as typed, immutable values of a program. What travels to the provider is a URL.

As with the stores, the region is taken of the environment in the program, so that a preview shows it and the state
records it. What is wrong is said by the provider's check, in the preview.
"""

from dataclasses import dataclass, field

import pulumi

from whatsapp_flow_encryption.written_urls import given_url, written_url
from whatsapp_flow_keys.registrars.kinds import complete_registrar, write_registrar


@dataclass(frozen=True)
class AwsSocial:
    """AWS End User Messaging Social, for a number whose WhatsApp Business account is linked to AWS.

    It asks with boto3's own credentials, so that no access token of Meta's is needed.

    Args:
        phone_number_id: AWS's ID of the number, ``phone-number-id-`` with 32 characters, or its ARN, which names the
            region and the account, too.
        region: AWS_REGION by default.
        account: the AWS account that the number must lie in: AWS is then asked for its ARN there.
    """

    phone_number_id: pulumi.Input[str]
    region: pulumi.Input[str] | None = field(default=None, kw_only=True)
    account: pulumi.Input[str] | None = field(default=None, kw_only=True)

    @property
    def url(self) -> pulumi.Input[str]:
        """Its URL, complete; an Output where a field is one."""
        return written_url(lambda **given: complete_registrar(write_registrar("awssocial", **given)), **vars(self))


def registrar_url(registrar: AwsSocial | pulumi.Input[str]) -> pulumi.Input[str]:
    """The URL of a registrar, which may be given as a URL itself: ``meta``, or ``awssocial://phone-number-id-…``.

    It has what the environment knows of where the registrar is.
    """
    return given_url(registrar, complete_registrar, "registrar")

"""The two policies of a key ring in AWS Secrets Manager: what the stack may do with it, and what the endpoint may.

They are those of docs/stores/aws-secrets-manager.md. `secret` is the ARN of the secret without the dash and the six
characters that AWS adds to its name; `kms_key`, the ARN of the key that encrypts it, where it isn't AWS's own.
"""

from typing import Any

Policy = dict[str, Any]

STACK_ACTIONS = [
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
]
ENDPOINT_ACTIONS = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]


def stack_policy(secret: str, kms_key: str | None = None) -> Policy:
    """For who runs the stack: makes, changes and deletes the secret."""
    # Before the secret is made AWS asks for a right to its bare name.
    policy = _policy("KeyRing", STACK_ACTIONS, [secret, _made(secret)])
    if kms_key:
        # AWS names RequestToValidateKeyAccess itself when it tries a key before it uses it.
        uses = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        policy["Statement"].append(_key("ItsKey", uses, kms_key, [_made(secret), "RequestToValidateKeyAccess"]))
    return policy


def endpoint_policy(secret: str, kms_key: str | None = None) -> Policy:
    """For the endpoint: reads the secret."""
    policy = _policy("ReadKeyRing", ENDPOINT_ACTIONS, _made(secret))
    if kms_key:
        policy["Statement"].append(_key("DecryptIt", ["kms:Decrypt"], kms_key, [_made(secret)]))
    return policy


def _made(secret: str) -> str:
    """The pattern of the whole ARN."""
    return f"{secret}-??????"


def _policy(name: str, actions: list[str], secrets: str | list[str]) -> Policy:
    statement = {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": secrets}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _key(name: str, actions: list[str], kms_key: str, contexts: list[str]) -> dict[str, Any]:
    """A right to the key for nothing but the secret of that name, and only by way of Secrets Manager."""
    region = contexts[0].split(":")[3]
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": actions,
        "Resource": kms_key,
        "Condition": {
            "StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:SecretARN": contexts},
        },
    }

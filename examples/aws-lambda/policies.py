"""The two policies of a key ring in AWS Secrets Manager: what the stack may do with it, and what the endpoint may.

They are those of docs/stores/aws-secrets-manager.md. `secrets` is the ARN of the secret, or a pattern of it;
`kms_key`, the ARN of the key that encrypts it, where it isn't AWS's own.
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


def stack_policy(secrets: str, kms_key: str | None = None) -> Policy:
    """For who runs the stack: makes, changes and deletes the secret."""
    policy = _policy("KeyRings", STACK_ACTIONS, secrets)
    if kms_key:
        # AWS names RequestToValidateKeyAccess itself when it tries a key before it uses it.
        uses = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        policy["Statement"].append(_key("TheirKey", uses, kms_key, [secrets, "RequestToValidateKeyAccess"]))
    return policy


def endpoint_policy(secrets: str, kms_key: str | None = None) -> Policy:
    """For the endpoint: reads the secret."""
    policy = _policy("ReadKeyRings", ENDPOINT_ACTIONS, secrets)
    if kms_key:
        policy["Statement"].append(_key("DecryptThem", ["kms:Decrypt"], kms_key, [secrets]))
    return policy


def _policy(name: str, actions: list[str], secrets: str) -> Policy:
    statement = {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": secrets}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _key(name: str, actions: list[str], kms_key: str, contexts: list[str]) -> dict[str, Any]:
    """A right to the key for nothing but secrets of that name, and only by way of Secrets Manager."""
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

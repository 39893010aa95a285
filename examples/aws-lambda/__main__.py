"""A WhatsApp Flow on AWS: its encryption key in Secrets Manager, its endpoint a Lambda function behind an HTTP API."""

import json

import pulumi
import pulumi_aws as aws

from lambda_endpoint import LambdaEndpoint
from policies import endpoint_policy, stack_policy
from whatsapp_flow_encryption import AwsSecretsManagerStore, FlowEncryption, GeneratedPassphrase

config = pulumi.Config()
region, account = aws.get_region().region, aws.get_caller_identity().account_id
kms_key = config.get("kmsKeyArn") or None
secret = f"whatsapp/flows/{pulumi.get_stack()}/support-line"
secret_arn = f"arn:aws:secretsmanager:{region}:{account}:secret:{secret}"  # AWS adds a dash and six characters

endpoint = LambdaEndpoint(
    "support-line",
    policy=endpoint_policy(secret_arn, kms_key),
    app_secret=pulumi.Config("whatsapp").require_secret("appSecret"),
)
encryption = FlowEncryption(
    "support-line",
    phone_number_id=config.require("phoneNumberId"),
    store=AwsSecretsManagerStore(secret, region=region, kms_key_id=kms_key),
    passphrase=GeneratedPassphrase(),
    rotate_after_days=90,
    deploy=endpoint.deploy,
    endpoint_url=endpoint.url,
)

pulumi.export("url", endpoint.url)
pulumi.export("fingerprint", encryption.fingerprint)
pulumi.export("rotates_on", encryption.rotates_on)
pulumi.export("stack_policy", json.dumps(stack_policy(secret_arn, kms_key)))

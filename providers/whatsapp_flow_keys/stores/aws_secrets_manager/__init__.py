"""AWS Secrets Manager through boto3."""

from whatsapp_flow_keys.stores.aws_secrets_manager.address import complete, write
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(AwsSecretsManagerStore.from_url, write, complete, anchor="account")

"""AWS Secrets Manager through boto3."""

from whatsapp_flow_keys.aws.places import with_region
from whatsapp_flow_keys.stores.aws_secrets_manager.address import write
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.kind import StoreKind

KIND = StoreKind(AwsSecretsManagerStore.from_url, write, with_region, anchor="account")

"""A secret of AWS Secrets Manager as its other users see it: its ARN, its versions' labels, its tags; and its store."""

from tests.contract.stores.aws.rings import NUMBER, STACK
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import ACCOUNT, REGION
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore

OTHER_ACCOUNT = "210987654321"
NAME = "whatsapp/flows/line"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{NAME}-AbCdEf"
OLD = "11111111-1111-1111-1111-111111111111"
CURRENT = "AWSCURRENT"
STAGED = "WHATSAPP_FLOW_KEYS_STAGED"  # stands in people's secrets, and on the page
MARKERS = {"whatsapp-flow-keys:managed-by": STACK, "whatsapp-flow-keys:phone-number-id": NUMBER}
RECORD = "whatsapp-flow-keys:tags"


def store(url: str) -> AwsSecretsManagerStore:
    """As a program opens it by its URL."""
    return AwsSecretsManagerStore.from_url(url, "store")


def tags(place: AwsPlace) -> dict[str, str]:
    """All of the secret's tags, whoever set them."""
    return {tag["Key"]: tag["Value"] for tag in place.client.describe_secret(SecretId=place.secret).get("Tags", [])}

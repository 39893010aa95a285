"""AWS KMS through boto3: each key of the ring is a KMS key of its own, since an asymmetric one has no versions."""

from whatsapp_flow_keys.aws.places import with_region
from whatsapp_flow_keys.custody.aws_kms.address import write
from whatsapp_flow_keys.custody.aws_kms.service import AwsKms
from whatsapp_flow_keys.custody.service import CustodyKind

KIND = CustodyKind(AwsKms, write, with_region)

"""The native provider: the plugin `pulumi-resource-whatsapp`, for programs in every language of Pulumi.

It answers the engine over gRPC by the same rules as the dynamic provider.
"""

import sys

try:
    from google.rpc import status_pb2
except ImportError:  # no client of Google's is installed
    pass
else:
    # Pulumi's SDK has a copy of `google.rpc.Status`, and protobuf takes one in a process: so the SDK gets Google's,
    # which the client of a store may import later.
    sys.modules.setdefault("pulumi.runtime.proto.status_pb2", status_pb2)

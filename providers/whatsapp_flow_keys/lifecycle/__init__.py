"""What is done to a key: staging, registration, removal. It imports no Pulumi.

Every step can be repeated: a crash or an error at any point is repaired by running it again.
"""

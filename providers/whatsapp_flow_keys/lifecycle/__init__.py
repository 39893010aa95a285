"""The life of a key, as states found and actions: staging, registration, removal. No Pulumi in it.

Every step can be repeated: a crash or an error at any point is repaired by running it again.
"""

"""The resources: their typed inputs and states, and their rules as functions of these. Both front ends share them.

Nothing here imports Pulumi. A front end translates what its engine says, calls a rule and translates the result.
"""

"""The searches that several defects name."""

ROTATE_ONE, ROTATE_BACKUP = (
    "create and rotate: one store, 2 faults",
    "create and rotate once: a store with a backup, 2 faults",
)
ROTATE_STACK = "create and rotate: the stack, 2 faults"
LIFE_ONE = "3 moves: one store, 1 faults"
LONG_LIFE_ONE, LONG_LIFE_STACK = "4 moves: one store, 0 faults", "4 moves: the stack, 0 faults"
LONG_LIFE_BACKUP = "4 moves: a store with a backup, 0 faults"
LONG_LIFE_STACK_BACKUP = "4 moves: the stack with a backup, 0 faults"
LONG_LIFE_SOFT = "4 moves: one store with soft deletion, 0 faults"
LONG_MOVE = "4 moves: a move to another store, 0 faults"
ADOPTED_ONE, ADOPTED_STACK = (
    "a key is adopted, 3 moves: one store, 1 faults",
    "a key is adopted, 3 moves: the stack, 1 faults",
)
GENERATED = "around: a generated passphrase, 1 faults"
TWO_HOURS = "around: two hours pass, 1 faults"
ODD_PUBLICATIONS = "odd: publications that are not what they say, 2 faults"
TWO_UPS = "meanwhile: two ups of one state, one store, 0 faults"
ONE_STORE, ONE_STORE_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, one store, 0 faults",
    "two at once, 2 rounds: two stacks, one store, 1 faults",
)
A_STORE_EACH, A_STORE_EACH_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, a store each, 0 faults",
    "two at once, 2 rounds: two stacks, a store each, 1 faults",
)
OWN_SECRETS, OWN_SECRETS_AND_A_FAULT = (
    "two at once, 2 rounds: two stacks, their own secrets, 0 faults",
    "two at once, 2 rounds: two stacks, their own secrets, 1 faults",
)

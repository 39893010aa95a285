"""The dynamic resource providers: thin adapters between Pulumi's engine and the lifecycle.

Their module paths and class names stand in people's state for ever, since the engine pickles providers by reference.
They hold no attributes when they are pickled. The engine calls each from up to four threads.
"""

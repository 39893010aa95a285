"""The floor of the native provider: a plugin with its resources and its component that does nothing.

It takes the inputs that the real one takes and records properties of the same names, short, as the template has them.
It imports nothing of the product, so it repeats the few lines that serve a plugin: what the product does in them is a
part of what is measured.
"""

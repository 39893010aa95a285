"""The version of the package that is installed, which is the plugin's."""

from importlib.metadata import version

VERSION = version("whatsapp-flow-encryption")

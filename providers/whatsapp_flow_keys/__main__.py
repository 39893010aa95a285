"""``whatsapp-flow-keys``, also as ``python -m whatsapp_flow_keys``."""

import sys


def main() -> None:
    """Runs the command line; without its extra, says what to install."""
    try:
        from whatsapp_flow_keys.command_line import command
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit('whatsapp-flow-keys needs click: pip install "whatsapp-flow-encryption[cli]"')
    command(prog_name="whatsapp-flow-keys")


if __name__ == "__main__":
    main()

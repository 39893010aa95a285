"""``whatsapp-flow-keys``, also as ``python -m whatsapp_flow_keys``."""

import sys


def main() -> None:
    """Runs the command line; without its extra, says what to install."""
    try:
        from whatsapp_flow_keys.command_line import command
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print('whatsapp-flow-keys needs click: pip install "whatsapp-flow-encryption[cli]"', file=sys.stderr)
        sys.exit(3)  # to monitoring, 1 and 2 say something of the forms
    command(prog_name="whatsapp-flow-keys")


if __name__ == "__main__":
    main()

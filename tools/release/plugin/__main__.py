"""What Pulumi starts: the plugin, from the wheel beside this file."""

from whatsapp_flow_keys.native.plugin import main

main()

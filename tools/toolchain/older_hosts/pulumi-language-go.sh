#!/bin/sh
# This host takes the option `binary` as an argument, and the engine of today gives it no arguments for options.
exec "$0-host" ${BUILT_GO_PROGRAM:+-binary "$BUILT_GO_PROGRAM"} "$@"

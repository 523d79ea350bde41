#!/bin/bash
# Runs a real journald in namespaces of its own, with its own /run and /var/log, then "$@", then prints what
# the journal has of the room `lab`, as JSON. Needs root and a machine id. Ends with whoever started it.
set -eu
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/log/journal /run/systemd/journal
/lib/systemd/systemd-journald 2>/dev/null &
until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
"$@"
entries() { journalctl --directory=/run/log/journal --all --output=json ROOMKEY_KEY=lab; }
until [ "$(entries 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.1; done
entries

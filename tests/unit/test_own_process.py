"""A process that closes itself to others. What others then see is in tests/acceptance/test_secrets.py."""

import subprocess
import sys

from bot.own_process import forget_variables

CLOSED = """
import ctypes, os, resource, sys
from bot.own_process import close_to_others
close_to_others()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)))
"""


def test_it_cannot_be_looked_into_leaves_no_core_and_makes_private_files() -> None:
    done = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "0 (0, 0) 0o77"


def test_variables_that_nobody_needs_are_forgotten() -> None:
    kept = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "LANG": "C",
        "LC_ALL": "C",
        "TZ": "UTC",
        "ANTHROPIC_API_KEY": "sk-ant-1",
        "https_proxy": "http://proxy",
        "SSL_CERT_FILE": "/ca",
        "XDG_RUNTIME_DIR": "/run/user/1",
        "DBUS_SESSION_BUS_ADDRESS": "unix:",
        "CLAUDE_CONFIG_DIR": "/c",
        "ROOMKEY_DATA_DIR": "/data",
        "LD_LIBRARY_PATH": "/lib",
    }
    environ = {
        **kept,
        "AWS_SECRET_ACCESS_KEY": "x",
        "CREDENTIALS_DIRECTORY": "/run",
        "DISCORD_BOT_TOKEN": "t",
    }
    forget_variables(environ)
    assert environ == kept

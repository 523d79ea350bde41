"""Fork many processes that all want one lock at once. Prints how each ended and what it was told.

Arguments: which lock (`file`, `data_dir` or `token`), its path or the token, how many. Prints a list of
`[process id, exit code, words]`; whoever got the lock ends with 0 and was told nothing.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.data_dir import hold_data_dir
from bot.one_token import hold_token
from sessions.errors import Locked
from sessions.instance import hold_instance

HOLD: dict[str, Callable[[str], AbstractContextManager[object]]] = {
    "file": lambda name: hold_instance(Path(name)),
    "data_dir": lambda name: hold_data_dir(Path(name)),
    "token": lambda name: hold_token(name, "http://127.0.0.1:9"),
}


def main() -> None:
    hold, name, count = HOLD[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    assert "discord" not in sys.modules, "this race is of the locks alone"
    go_read, go_write = os.pipe()
    told_read, told_write = os.pipe()
    stop_read, stop_write = os.pipe()
    for _ in range(count):
        if os.fork() == 0:
            os.close(go_write)
            os.close(stop_write)
            os.read(go_read, 1)  # returns for all at once, when the parent closes its end
            code = 0
            try:
                with hold(name):
                    os.write(told_write, f"{os.getpid()} \n".encode())
                    os.read(stop_read, 1)
            except Locked as error:
                code = error.exit_code
                os.write(told_write, f"{os.getpid()} {error}\n".encode())
            os._exit(code)
    os.close(go_write)
    with os.fdopen(told_read) as told:
        lines = [told.readline().rstrip("\n").split(" ", 1) for _ in range(count)]
    os.close(stop_write)
    ended = dict(os.wait() for _ in range(count))
    codes = {pid: os.waitstatus_to_exitcode(status) for pid, status in ended.items()}
    sys.stdout.write(json.dumps([[int(pid), codes[int(pid)], words] for pid, words in lines]))


main()

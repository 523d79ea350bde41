"""Fork many processes that all want one lock at once. Prints who got it and what the others were told.

Arguments: the lock file, how many.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sessions.errors import Locked
from sessions.instance import hold_instance


def main() -> None:
    lock, count = Path(sys.argv[1]), int(sys.argv[2])
    go_read, go_write = os.pipe()
    told_read, told_write = os.pipe()
    stop_read, stop_write = os.pipe()
    for _ in range(count):
        if os.fork() == 0:
            os.close(go_write)
            os.close(stop_write)
            os.read(go_read, 1)  # returns for all at once, when the parent closes its end
            try:
                with hold_instance(lock):
                    os.write(told_write, f"{os.getpid()} \n".encode())
                    os.read(stop_read, 1)
            except Locked as error:
                os.write(told_write, f"{os.getpid()} {error}\n".encode())
            os._exit(0)
    os.close(go_write)
    with os.fdopen(told_read) as told:
        lines = [told.readline().rstrip("\n").split(" ", 1) for _ in range(count)]
    os.close(stop_write)
    for _ in range(count):
        os.wait()
    sys.stdout.write(json.dumps(lines))


main()

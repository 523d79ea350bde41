"""Linux's openat2: the kernel itself keeps a path below its directory and off every link. Blocking."""

import ctypes
import errno
import os
from typing import Final

_NUMBER: Final = 437
"""Of the system call, the same on every architecture (Linux 5.6 and later)."""

_NO_MAGIC_LINKS: Final = 0x02
_NO_LINKS: Final = 0x04
_BENEATH: Final = 0x08
_ABSENT: Final = frozenset({errno.ENOSYS, errno.EPERM, errno.EACCES, errno.E2BIG, errno.EAGAIN})
"""What an old kernel, a container's filter or a busy directory says: then a walk step by step decides."""


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def openat2(directory: int, path: str, flags: int) -> int | None:
    """Open what `path` leads to below an open directory; None if the kernel cannot say, on this machine.

    `flags` are those of os.open, without O_CREAT. Raises OSError.
    """
    how = _How(flags, 0, _BENEATH | _NO_LINKS | _NO_MAGIC_LINKS)
    libc = ctypes.CDLL(None, use_errno=True)
    opened: int = libc.syscall(_NUMBER, directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    if opened >= 0:
        return opened
    error = ctypes.get_errno()
    if error in _ABSENT:
        return None
    raise OSError(error, os.strerror(error), path)

"""How processes die on each operating system, and how they are made to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_WINDOWS_DEATHS = {
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC0000094: "integer division by zero",
    0xC00000FD: "stack overflow",
    0xC0000374: "heap corruption",
    0xC0000409: "abort",
}


def exit_in_words(code: int) -> str:
    """What an exit code of `subprocess.Popen` says, to be read after "the worker died: "."""
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return f"{signal.strsignal(-code) or name} ({name})"
        return f"signal {-code}"
    if code in _WINDOWS_DEATHS:
        return f"{_WINDOWS_DEATHS[code]} (0x{code:08X})"
    return f"it left with exit status {code}"


def kill_group(leader: int) -> None:
    """Kill the processes of the group of `leader`; nothing happens if none is left."""
    if sys.platform != "win32":
        # macOS answers "not permitted" for a group that holds only dead processes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def die_with_parent_thread() -> None:
    """Ask Linux to kill this process when the thread that started it ends.

    Elsewhere the end of standard input is the only sign, and code that never releases the
    interpreter lock does not see it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_at_once() -> NoReturn:
    """End this process, and the ones it started if it leads their group."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)

"""Which process works on a run, told apart from later processes that get the same number."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

# Process ids are reused, also after a reboot; the pair of id and start is not.
if sys.platform == "linux":

    def process_start(pid: int) -> str | None:
        """When process `pid` started, as an opaque text; None if no such process runs."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
        return None if state in "ZX" else f"{boot}:{fields[18]}"

elif sys.platform == "win32":
    import ctypes

    def process_start(pid: int) -> str | None:
        """When process `pid` started, as an opaque text; None if no such process runs."""
        query_limited_information = 0x1000
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel.OpenProcess(query_limited_information, False, pid))
        if not process:
            return None
        try:
            created, exited, in_kernel, in_user = (ctypes.c_uint64() for _ in range(4))
            known = kernel.GetProcessTimes(
                process,
                ctypes.byref(created),
                ctypes.byref(exited),
                ctypes.byref(in_kernel),
                ctypes.byref(in_user),
            )
            return str(created.value) if known and not exited.value else None
        finally:
            kernel.CloseHandle(process)

else:

    def process_start(pid: int) -> str | None:
        """When process `pid` started, as an opaque text; None if no such process runs."""
        listing = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return listing.stdout.strip() or None


def worker_identity(pid: int | None = None) -> dict[str, Any]:
    """What `run.worker` holds: process id (this one by default), its start, and the host."""
    pid = os.getpid() if pid is None else pid
    return {"pid": pid, "start": process_start(pid), "host": platform.node()}


def is_gone(worker: dict[str, Any] | None) -> bool:
    """Whether a worker certainly runs no more. One on another host cannot be looked at."""
    if worker is None:
        return True
    is_here = bool(worker["host"] == platform.node())
    return is_here and process_start(worker["pid"]) != worker["start"]

"""An executor whose jobs do everything a job can do to its worker. Free of torch."""

# ruff: noqa: T201
from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from workbench.core.errors import DataError, PluginError
from workbench.jobs.execution import Channel
from workbench.jobs.protocol import Job


class Toy:
    def __init__(self, device: str) -> None:
        self._device = device
        self._jobs = 0

    def run(self, job: Job, channel: Channel) -> Any:
        self._jobs += 1
        result = globals()[job.kind](channel, **job.payload)
        return {"device": self._device, "jobs": self._jobs, **(result or {})} | _identity()

    def close(self) -> None:
        pass


class Closing:
    """Writes down what it does in the file named by its environment."""

    def __init__(self, _: str) -> None:
        self._diary = Path(os.environ["TOY_DIARY"])
        self._note("made")

    def run(self, job: Job, _: Channel) -> Any:
        self._note(job.id)
        return {}

    def close(self) -> None:
        print("a word to nobody")
        self._note("closed")
        raise OSError("closing fails too")

    def _note(self, what: str) -> None:
        with self._diary.open("a") as diary:
            diary.write(f"{what}\n")


class Broken:
    def __init__(self, device: str) -> None:
        raise DataError(f"There is no device {device!r}.", remedy="Use cpu.")


class Leaving:
    def __init__(self, _: str) -> None:
        sys.exit("enough")


class Raw:
    """Returns whatever it is told to."""

    def __init__(self, device: str) -> None:
        pass

    def run(self, job: Job, _: Channel) -> Any:
        return job.payload["returned"]

    def close(self) -> None:
        pass


def _identity() -> dict[str, Any]:
    return {"pid": os.getpid()}


def echo(channel: Channel, **payload: Any) -> dict[str, Any]:
    return {"payload": payload}


def nothing(channel: Channel) -> None:
    pass


def count(channel: Channel, steps: int, pause: float = 0.0) -> None:
    for step in range(steps):
        channel.cancel_token.check()
        time.sleep(pause)
        channel.progress((step + 1) / steps, f"step {step + 1}")
        channel.series("loss", step, 1 / (step + 1))
    channel.committed({"steps": steps})


def wait_for_cancel(channel: Channel) -> None:
    channel.progress(0.0, "waiting")
    while True:
        channel.cancel_token.check()
        time.sleep(0.005)


def ignore_cancel(channel: Channel) -> None:
    channel.progress(0.0, "waiting")
    while True:
        time.sleep(0.05)


def hold_interpreter(channel: Channel) -> None:
    """No thread of the worker runs any more: PyDLL calls keep the interpreter lock."""
    channel.progress(0.0, "waiting")
    ctypes.PyDLL(None).sleep(600)


def finish_although_cancelled(channel: Channel) -> dict[str, Any]:
    channel.progress(0.0, "waiting")
    while not channel.cancel_token.cancelled():
        time.sleep(0.005)
    return {"kept": True}


def speak(channel: Channel) -> None:
    c_library = ctypes.CDLL(None)
    print("from print")
    print("from print to stderr", file=sys.stderr)
    os.write(1, b"from file descriptor 1\n")
    c_library.puts(b"from C")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    os.write(2, b"odd bytes \xff\n")
    channel.log("from the channel")
    c_library.printf(b"from C without newline")


def print_unfinished_line(channel: Channel, length: int) -> None:
    sys.stdout.write("x" * length)


def ask(channel: Channel) -> None:
    input("Your name? ")


def raise_value_error(channel: Channel) -> None:
    raise ValueError("shapes differ\nin a second line")


def raise_data_error(channel: Channel) -> None:
    raise DataError("Row 7 has no label.", remedy="Label it.")


def raise_plugin_error(channel: Channel) -> None:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        raise PluginError("The method 'ssd' failed.", plugin="toy-methods") from error


class MuteError(Exception):
    def __str__(self) -> str:
        raise LookupError("there are no words")


def raise_mute_error(channel: Channel) -> None:
    raise MuteError


class OddError(DataError):
    def __init__(self) -> None:
        """Leave out what every error of ours has."""


def raise_odd_error(channel: Channel) -> None:
    raise OddError


def raise_undecodable(channel: Channel) -> None:
    channel.log("reading caf\udce9.csv")
    raise DataError("The file 'caf\udce9.csv' is empty.")


def open_missing_file(channel: Channel) -> None:
    Path("/no such folder/cifar.npz").stat()


def raise_memory_error(channel: Channel) -> None:
    bytearray(1 << 62)


def raise_diverging(channel: Channel) -> None:
    channel.progress(0.25, "first")
    channel.progress(0.5, "last before the failure")
    raise FloatingPointError("the loss is not finite")


def leave(channel: Channel) -> None:
    sys.exit("enough")


def leave_at_once(channel: Channel) -> None:
    print("last words", flush=True)
    os._exit(3)


def crash(channel: Channel) -> None:
    channel.log("about to crash")
    faulthandler._sigsegv()  # type: ignore[attr-defined]


def be_killed(channel: Channel) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt_self(channel: Channel) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def babble(channel: Channel) -> None:
    """Write to every private pipe that can be found."""
    for descriptor in range(3, 32):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
            if is_pipe:
                os.write(descriptor, b"this is no message\n")
        except OSError:
            continue
    time.sleep(600)


def be_huge(channel: Channel, numbers: int) -> dict[str, Any]:
    return {"numbers": [index / 7 for index in range(numbers)]}


def diverge(channel: Channel) -> dict[str, Any]:
    channel.series("loss", 0, float("nan"))
    return {"loss": float("inf")}


def environment(channel: Channel, names: list[str]) -> dict[str, Any]:
    return {"environment": {name: os.environ.get(name) for name in names}}


def speak_from_thread(channel: Channel) -> None:
    thread = threading.Thread(target=channel.log, args=["from another thread"])
    thread.start()
    thread.join()
    channel.log("from the job's thread")


def start_child_and_wait(channel: Channel) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    channel.committed({"child": child.pid})
    while True:
        time.sleep(0.05)


def start_child_and_crash(channel: Channel) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    channel.committed({"child": child.pid})
    os._exit(9)

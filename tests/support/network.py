"""Machines of their own, as far as the network is concerned: Linux namespaces, joined by cables that can be pulled.

    with network("a", "b") as (hub, (a, b)):
        a.run(start_something)  # in a thread of that machine, with all the processes and sockets that it makes
        a.pull()
        a.plug()

Each machine has a cable to the hub, and reaches nobody else. A unix socket is reached from any machine.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

Result = TypeVar("Result")

NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
CABLE = "cable"  # the name of a machine's own end


class Machine:
    """A namespace. `address` is its own, `hub_address` the one at the other end of its cable."""

    def __init__(self, name: str, hub: str, number: int) -> None:
        self.name = name
        self.address = f"10.77.{number}.2"
        self.hub_address = f"10.77.{number}.1"
        self._hub = hub
        self._far_end = f"{CABLE}-{number}"
        self._thread = ThreadPoolExecutor(1, initializer=lambda: enter_namespace(name))

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns in a thread of this machine."""
        return self._thread.submit(work).result()

    def connect(self) -> None:
        """Lay the cable."""
        ends = (self.name, "type", "veth", "peer", "name", self._far_end, "netns", self._hub)
        ip("link", "add", CABLE, "netns", *ends)
        ip("-n", self._hub, "address", "add", f"{self.hub_address}/24", "dev", self._far_end)
        ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", CABLE)
        self.plug()
        ip("-n", self.name, "link", "set", CABLE, "up")

    def pull(self) -> None:
        """Cut the machine off. It is told nothing: what it sends gets lost, and nothing comes."""
        ip("-n", self._hub, "link", "set", self._far_end, "down")

    def plug(self) -> None:
        """Join it again."""
        ip("-n", self._hub, "link", "set", self._far_end, "up")

    def switch_off(self) -> None:
        """Take the machine's own end away. It is told at once that it reaches nobody."""
        ip("-n", self.name, "link", "set", CABLE, "down")

    def switch_on(self) -> None:
        """Give it back."""
        ip("-n", self.name, "link", "set", CABLE, "up")

    def close(self) -> None:
        """End its thread."""
        self._thread.shutdown()


@contextmanager
def network(*names: str) -> Iterator[tuple[Machine, list[Machine]]]:
    """Yield a hub, and a machine of each name with a cable to it. Skips the test where there are no namespaces."""
    prefix = f"nova-{os.getpid()}"
    hub = Machine(f"{prefix}-hub", f"{prefix}-hub", 0)
    machines = [Machine(f"{prefix}-{name}", hub.name, number) for number, name in enumerate(names, 1)]
    with ExitStack() as stack:
        for machine in (hub, *machines):
            stack.callback(machine.close)
            stack.enter_context(_namespace(machine.name))
        for machine in machines:
            machine.connect()
        yield hub, machines


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    try:
        ip("netns", "add", name)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        pytest.skip(f"network namespaces cannot be made here, for which one has to be root: {reason.strip()}")
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        ip("netns", "delete", name)


def ip(*arguments: str) -> None:
    """Run `ip`. Raises CalledProcessError with what it said."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def enter_namespace(name: str) -> None:
    """Move the current thread, and whatever it starts, to a network namespace. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(NAMESPACES / name, os.O_RDONLY)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "the network namespace cannot be entered")
    finally:
        os.close(descriptor)

"""A port is kept for those who share it, and for nobody else."""

from __future__ import annotations

import socket

import pytest
from nova_server.reserved_port import reserved_port

HOST = "127.0.0.1"


def listening(port: int, *options: int) -> socket.socket:
    """Return a server on the port. Raises OSError when it is taken."""
    server = socket.socket()
    try:
        for option in (socket.SO_REUSEADDR, *options):
            server.setsockopt(socket.SOL_SOCKET, option, 1)
        server.bind((HOST, port))
        server.listen()
    except OSError:
        server.close()
        raise
    return server


def port_of(address: str) -> int:
    return int(address.removeprefix(f"{HOST}:"))


def test_a_free_port_is_found_once_for_all() -> None:
    with reserved_port(f"{HOST}:0", shared=False) as address:
        assert port_of(address) > 0
        with listening(port_of(address), socket.SO_REUSEPORT), listening(port_of(address), socket.SO_REUSEPORT):
            pass


def test_those_who_share_the_port_get_every_connection() -> None:
    with reserved_port(f"{HOST}:0", shared=False) as address, listening(port_of(address), socket.SO_REUSEPORT) as one:
        for _ in range(8):
            with socket.create_connection((HOST, port_of(address))) as client:
                taken, whence = one.accept()
                taken.close()
                assert whence == client.getsockname()


def test_nobody_else_can_listen_on_a_port_that_is_kept() -> None:
    with reserved_port(f"{HOST}:0", shared=False) as address, pytest.raises(OSError, match="in use"):
        listening(port_of(address))


@pytest.mark.parametrize("options", [(), (socket.SO_REUSEPORT,)])
def test_a_port_on_which_somebody_listens_is_refused(options: tuple[int, ...]) -> None:
    with (
        listening(0, *options) as other,
        pytest.raises(OSError, match="in use"),
        reserved_port(f"{HOST}:{other.getsockname()[1]}", shared=False),
    ):
        pytest.fail("it was kept")


def test_a_port_that_is_kept_cannot_be_kept_by_another() -> None:
    with (
        reserved_port(f"{HOST}:0", shared=False) as address,
        pytest.raises(OSError, match="in use"),
        reserved_port(address, shared=False),
    ):
        pytest.fail("it was kept twice")


def test_several_keep_a_port_that_they_share() -> None:
    with reserved_port(f"{HOST}:0", shared=True) as address, reserved_port(address, shared=True) as again:
        assert again == address


def test_a_port_is_free_again_afterwards() -> None:
    with reserved_port(f"{HOST}:0", shared=False) as address:
        pass
    with listening(port_of(address)):
        pass


def test_ended_connections_do_not_keep_a_port_taken() -> None:
    with listening(0) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            taken, _ = server.accept()
            taken.close()  # the end of who closes first lingers
            assert client.recv(1) == b""
    with reserved_port(f"{HOST}:{port}", shared=False) as address:
        assert port_of(address) == port


def test_every_address_of_a_name_is_kept() -> None:
    with reserved_port("localhost:0", shared=False) as address, pytest.raises(OSError, match="in use"):
        listening(int(address.removeprefix("localhost:")))


def test_a_name_that_stands_for_no_address_of_this_machine_is_refused() -> None:
    with pytest.raises(OSError, match="no address"), reserved_port("192.0.2.1:0", shared=False):
        pytest.fail("it was kept")

import socket

import pytest
import pytest_socket


def test_no_test_can_reach_the_network():
    with pytest.raises(
        (pytest_socket.SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"
    ):
        socket.create_connection(("192.0.2.1", 80), timeout=1)

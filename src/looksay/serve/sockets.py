"""The socket that a server listens on, apart from what listens."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from looksay.errors import UsageError


def open_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. UsageError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise UsageError(
            f"The host {host!r} is no address of this machine ({error.strerror}); "
            "try 127.0.0.1, or 0.0.0.0 for all its addresses."
        ) from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UsageError(_why_not(error, host, port)) from error
    return listening


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use, perhaps by another `looksay serve`; "
            "choose another with --port, or --port 0 for any that is free."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} may not be used by this user; choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; try 127.0.0.1."
    return f"The server cannot listen on {host}, port {port}: {error.strerror or error}."


def url_of(listening: socket.socket) -> str:
    """Where a browser finds it; of all addresses, the local one."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"

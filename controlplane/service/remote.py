"""The way to a service: a socket of a folder, or one on another machine by its address and the caller's certificate.

``PENNYWIRE_SERVER`` is HOST:PORT of a service that listens with TLS, ``PENNYWIRE_CERTS`` the folder with ``ca.pem`` and
the caller's ``ROLE.pem`` and ``ROLE-key.pem``. Without the first, callers use the sockets of a folder on this machine.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from controlplane.service.certificates import CertificateError
from controlplane.service.tls import read_pem

__all__ = ["Remote", "open_channel", "remote_service"]


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a service is, and whose certificate to show there."""

    address: str
    certificates: Path
    role: str

    def credentials(self) -> grpc.ChannelCredentials:
        """Give the credentials of a channel.

        Raises
        ------
        CertificateError
            A certificate or the key cannot be read.
        """
        return grpc.ssl_channel_credentials(
            root_certificates=read_pem(self.certificates / "ca.pem"),
            private_key=read_pem(self.certificates / f"{self.role}-key.pem"),
            certificate_chain=read_pem(self.certificates / f"{self.role}.pem"),
        )


def remote_service(roles: Sequence[str]) -> Remote | None:
    """Give the service that the environment names, with the first role whose key may be read; None: it names none.

    Raises
    ------
    CertificateError
        A service is named, and there is no folder of certificates or no key of any of the roles.
    """
    address = os.environ.get("PENNYWIRE_SERVER", "")
    if not address:
        return None
    folder = os.environ.get("PENNYWIRE_CERTS", "")
    if not folder:
        raise CertificateError("PENNYWIRE_SERVER is set: set PENNYWIRE_CERTS to the folder with your certificate too")
    for role in roles:
        if os.access(Path(folder) / f"{role}-key.pem", os.R_OK):
            return Remote(address, Path(folder), role)
    raise CertificateError(f"{folder} has no key that you may read for {' or '.join(roles)}")


def open_channel(directory: Path, roles: Sequence[str]) -> grpc.aio.Channel:
    """Open a channel to the service that the environment names, or to the first of a folder's sockets that is there.

    Parameters
    ----------
    directory : Path
        Folder of the sockets.
    roles : sequence of str
        ``operator``, ``agent``, ``viewer``, in the order in which they are tried; the first one's socket is taken where
        none is there yet.

    Raises
    ------
    CertificateError
        The environment names a service, and no certificate of these roles can be read.
    """
    remote = remote_service(roles)
    if remote is not None:
        return grpc.aio.secure_channel(remote.address, remote.credentials())
    sockets = [(directory / f"{role}.sock").absolute() for role in roles]
    usable = (path for path in sockets if os.access(path, os.R_OK | os.W_OK))
    return grpc.aio.insecure_channel(f"unix:{next(usable, sockets[0])}")

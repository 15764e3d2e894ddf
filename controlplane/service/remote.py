"""The way to a service on another machine: its address and the caller's certificate, from the environment.

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

__all__ = ["Remote", "remote_service"]


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

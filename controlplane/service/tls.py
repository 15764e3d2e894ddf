"""Mutual TLS for callers on another machine: the server's credentials, and a caller's role by its certificate.

Without a certificate of the folder's authority there is no connection at all. With one, the role is the single
``urn:pennywire:role:`` URI in it; none, two or an unknown one is no role, and no role may call anything. A certificate
that runs out while its connection stands is refused from then on, call by call.
"""

import datetime
import functools
from pathlib import Path

import grpc
from cryptography import x509

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.certificates import ROLE_URI, CertificateError
from controlplane.service.refusal import RefusedError

__all__ = ["certificate_role", "read_pem", "role_by_certificate", "server_credentials"]

_ROLES = {"operator": pb.ROLE_OPERATOR, "agent": pb.ROLE_AGENT, "viewer": pb.ROLE_VIEWER}


def read_pem(path: Path) -> bytes:
    """Read a certificate or a key.

    Raises
    ------
    CertificateError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        words = f"cannot read {path}: {error.strerror}; `pennywire certs make` makes a folder of certificates"
        raise CertificateError(words) from error


def server_credentials(directory: Path) -> grpc.ServerCredentials:
    """Give credentials that ask every caller for a certificate of the folder's authority.

    Raises
    ------
    CertificateError
        ``ca.pem``, ``server.pem`` or ``server-key.pem`` cannot be read.
    """
    pair = (read_pem(directory / "server-key.pem"), read_pem(directory / "server.pem"))
    return grpc.ssl_server_credentials([pair], read_pem(directory / "ca.pem"), require_client_auth=True)


@functools.lru_cache(maxsize=256)
def certificate_role(pem: bytes) -> tuple[int, datetime.datetime]:
    """Give the role in a certificate, ROLE_UNSPECIFIED where it has not exactly one, and until when it is good."""
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except x509.ExtensionNotFound:
        uris = []
    roles = [uri.removeprefix(ROLE_URI) for uri in uris if uri.startswith(ROLE_URI)]
    role = _ROLES.get(roles[0], pb.ROLE_UNSPECIFIED) if len(roles) == 1 else pb.ROLE_UNSPECIFIED
    return role, certificate.not_valid_after_utc


def role_by_certificate(context: grpc.aio.ServicerContext) -> int:
    """Give the role of a caller on a TLS port.

    Raises
    ------
    RefusedError
        PERMISSION_DENIED: no certificate, one without a role, or one that ran out.
    """
    shown = context.auth_context().get("x509_pem_cert")
    if not shown:
        raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, "no certificate was shown")
    role, until = certificate_role(shown[0])
    if role == pb.ROLE_UNSPECIFIED:
        words = f"the certificate has no role: it must have exactly one URI {ROLE_URI}operator, agent or viewer"
        raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, words)
    if until <= datetime.datetime.now(datetime.UTC):
        raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, f"the certificate ran out at {until.isoformat()}")
    return role

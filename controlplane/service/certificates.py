"""Makes certificates for mutual TLS: one authority, one server, one client for each role, each with its key.

The role is in the client's certificate as a URI of its subject's alternative names, ``urn:pennywire:role:operator``.
Who holds the authority's key can make more: take ``ca-key.pem`` away from the machine that serves.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["ROLE_URI", "CertificateError", "make_certificates", "write_client"]

#: Followed by the role's name, ``operator``, ``agent`` or ``viewer``.
ROLE_URI = "urn:pennywire:role:"
#: Wall clocks differ: a certificate is good from a little before it is made.
_BEFORE = datetime.timedelta(minutes=5)


class CertificateError(Exception):
    """Certificates cannot be made or used; the text says why and what to do."""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write(path: Path, content: bytes, *, private: bool) -> None:
    path.touch(mode=0o600 if private else 0o644, exist_ok=False)
    path.write_bytes(content)


def _write_pair(directory: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(directory / f"{name}-key.pem", secret, private=True)
    _write(directory / f"{name}.pem", certificate.public_bytes(pem), private=False)


def _builder(subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _authority(directory: Path, days: float) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = "Pennywire certificate authority"
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(subject, _name(subject), key, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_pair(directory, "ca", certificate, key)


def _leaf(directory: Path, name: str, common: str, names: Sequence[x509.GeneralName], use: x509.ObjectIdentifier,
          days: float) -> None:  # fmt: skip
    authority = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
    authority_key = serialization.load_pem_private_key((directory / "ca-key.pem").read_bytes(), password=None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(common, authority.subject, key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_pair(directory, name, certificate, key)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_client(directory: Path, role: str, common: str, days: float) -> None:
    """Make ``ROLE.pem`` and ``ROLE-key.pem``, signed by the folder's authority.

    Parameters
    ----------
    directory : Path
        A folder with ``ca.pem`` and ``ca-key.pem``.
    role : str
        ``operator``, ``agent`` or ``viewer``.
    common : str
        Name of whom it is for.
    days : float
        For how long it is good.

    Raises
    ------
    OSError
        The authority cannot be read, or the files are there already.
    """
    uri = x509.UniformResourceIdentifier(ROLE_URI + role)
    _leaf(directory, role, common, [uri], ExtendedKeyUsageOID.CLIENT_AUTH, days)


def make_certificates(directory: Path, hosts: Sequence[str], days: float) -> None:
    """Make ``ca``, ``server``, ``operator``, ``agent`` and ``viewer``, each as ``NAME.pem`` and ``NAME-key.pem``.

    Keys are readable by their owner alone.

    Parameters
    ----------
    directory : Path
        The folder; made when missing.
    hosts : sequence of str
        Names and addresses by which clients reach the server.
    days : float
        For how long they are good.

    Raises
    ------
    CertificateError
        No host, or certificates are there already: none is ever written over.
    OSError
        The folder cannot be written.
    """
    if not hosts:
        raise CertificateError("name at least one host or address by which clients reach the server")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    present = sorted(path.name for path in directory.glob("*.pem"))
    if present:
        raise CertificateError(f"{directory} holds {', '.join(present)} already: give an empty folder")
    _authority(directory, days)
    _leaf(directory, "server", hosts[0], [_host(h) for h in hosts], ExtendedKeyUsageOID.SERVER_AUTH, days)
    for role in ("operator", "agent", "viewer"):
        write_client(directory, role, f"pennywire {role}", days)

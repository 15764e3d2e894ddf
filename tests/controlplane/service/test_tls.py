"""Callers on a TCP port: a role by certificate, and nobody without one."""

import asyncio
import datetime
import socket
import stat

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from typer.testing import CliRunner

from controlplane.cli.main import app
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.certificates import make_certificates, write_client
from controlplane.service.control_service import Listen
from controlplane.service.refusal import words_of
from controlplane.service.tls import certificate_role

PEM = serialization.Encoding.PEM
ROLES = {"operator": pb.ROLE_OPERATOR, "agent": pb.ROLE_AGENT, "viewer": pb.ROLE_VIEWER}


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certs")
    make_certificates(folder, ["localhost", "127.0.0.1"], 1)
    return folder


def client(folder, name, uris, *, days=1.0, use=ExtendedKeyUsageOID.CLIENT_AUTH, began=2.0):
    """Make a client's certificate by hand; ``days`` below zero: it has run out."""
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "ca-key.pem").read_bytes(), None)
    now = datetime.datetime.now(datetime.UTC)
    # The public key is the viewer's: one key may have many certificates.
    own = serialization.load_pem_private_key((folder / "viewer-key.pem").read_bytes(), None)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=began))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    )
    if uris:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
        made = made.add_extension(names, critical=False)
    (folder / f"{name}.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(PEM))
    (folder / f"{name}-key.pem").write_bytes((folder / "viewer-key.pem").read_bytes())


def channel(port, folder, name, *, authority=None):
    credentials = grpc.ssl_channel_credentials(
        root_certificates=((authority or folder) / "ca.pem").read_bytes(),
        private_key=(folder / f"{name}-key.pem").read_bytes() if name else None,
        certificate_chain=(folder / f"{name}.pem").read_bytes() if name else None,
    )
    return grpc.aio.secure_channel(f"localhost:{port}", credentials)


async def status(opened):
    async with opened as here:
        return await rpc.CardServiceStub(here).GetStatus(pb.GetStatusRequest(), timeout=10)


async def code(opened):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await status(opened)
    return caught.value.code(), words_of(caught.value)


@pytest.fixture
def listening(serving, plain_card, demo_config, certs):
    """Run a scenario that takes the port of a service with TLS."""

    def run(scenario):
        async def whole():
            async with serving(plain_card, demo_config, listen=Listen("localhost:0", certs)) as (service, _):
                return await scenario(service.port)

        return asyncio.run(whole())

    return run


def test_the_role_is_in_the_certificate(listening, certs, plain_card):
    async def scenario(port):
        for name, role in ROLES.items():
            assert (await status(channel(port, certs, name))).role == role
        async with channel(port, certs, "viewer") as viewer:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await rpc.LeaseServiceStub(viewer).AcquireLease(pb.AcquireLeaseRequest(holder="x"))
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
            await rpc.CardServiceStub(viewer).Kill(pb.KillRequest())
            assert plain_card.killed
        async with channel(port, certs, "agent") as agent:
            with pytest.raises(grpc.aio.AioRpcError, match="may not call"):
                await rpc.CardServiceStub(agent).Arm(pb.ArmRequest())
        # Two roles at once on one port do not get in each other's way.
        async with channel(port, certs, "agent") as agent, channel(port, certs, "operator") as operator:
            calls = [rpc.CardServiceStub(c).GetStatus(pb.GetStatusRequest()) for c in (agent, operator) * 20]
            assert [s.role for s in await asyncio.gather(*calls)] == [pb.ROLE_AGENT, pb.ROLE_OPERATOR] * 20

    listening(scenario)


def test_without_a_good_certificate_there_is_no_connection(listening, certs, tmp_path):
    stranger = tmp_path / "stranger"
    make_certificates(stranger, ["localhost"], 1)
    client(certs, "late", ["urn:pennywire:role:operator"], days=-1)
    client(certs, "early", ["urn:pennywire:role:operator"], began=-0.5)

    async def scenario(port):
        unavailable = grpc.StatusCode.UNAVAILABLE
        assert (await code(channel(port, certs, "")))[0] == unavailable
        assert (await code(channel(port, stranger, "operator", authority=certs)))[0] == unavailable
        assert (await code(channel(port, certs, "late")))[0] == unavailable
        assert (await code(channel(port, certs, "early")))[0] == unavailable
        assert (await code(channel(port, certs, "operator", authority=stranger)))[0] == unavailable
        assert (await code(grpc.aio.insecure_channel(f"localhost:{port}")))[0] == unavailable
        assert (await status(channel(port, certs, "viewer"))).role == pb.ROLE_VIEWER

    listening(scenario)


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["urn:pennywire:role:root"],
        ["urn:pennywire:role:"],
        ["urn:pennywire:role:viewer", "urn:pennywire:role:operator"],
        ["URN:PENNYWIRE:ROLE:OPERATOR"],
        ["urn:example:operator"],
    ],
)
def test_a_certificate_without_one_known_role_may_do_nothing(listening, certs, uris):
    client(certs, "odd", uris)

    async def scenario(port):
        status_code, words = await code(channel(port, certs, "odd"))
        assert status_code == grpc.StatusCode.PERMISSION_DENIED
        assert "no role" in words

    listening(scenario)


def test_the_servers_own_certificate_is_no_role(listening, certs):
    async def scenario(port):
        found, _ = await code(channel(port, certs, "server"))
        assert found in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.PERMISSION_DENIED)

    listening(scenario)


def test_a_certificate_that_runs_out_on_a_standing_connection_is_refused(listening, certs):
    client(certs, "short", ["urn:pennywire:role:viewer"], days=3 / 86400)

    async def scenario(port):
        async with channel(port, certs, "short") as here:
            stub = rpc.CardServiceStub(here)
            assert (await stub.GetStatus(pb.GetStatusRequest())).role == pb.ROLE_VIEWER
            until = certificate_role((certs / "short.pem").read_bytes())[1]
            left = (until - datetime.datetime.now(datetime.UTC)).total_seconds()
            await asyncio.sleep(max(0.0, left) + 0.01)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.GetStatus(pb.GetStatusRequest())
            assert "ran out" in words_of(caught.value)

    listening(scenario)


def test_the_command_line_reaches_a_service_by_tls(listening, certs, monkeypatch, tmp_path):
    only_viewer = tmp_path / "mine"
    only_viewer.mkdir()
    for name in ("ca.pem", "viewer.pem", "viewer-key.pem"):
        (only_viewer / name).write_bytes((certs / name).read_bytes())

    async def scenario(port):
        def run(*words, folder=certs):
            monkeypatch.setenv("PENNYWIRE_SERVER", f"localhost:{port}")
            monkeypatch.setenv("PENNYWIRE_CERTS", str(folder))
            result = CliRunner().invoke(app, list(words))
            return result.exit_code, result.output

        done = await asyncio.to_thread(run, "status")
        assert done[0] == 0, done
        limits = ("limits", "set", "--max-inventory", "7", "--order-size", "5", "--reason", "far away")
        assert "0x0 -> 0x7" in (await asyncio.to_thread(run, *limits))[1]
        refused = await asyncio.to_thread(lambda: run(*limits, folder=only_viewer))
        assert refused[0] == 2
        assert "no key that you may read for operator" in refused[1]
        assert (await asyncio.to_thread(lambda: run("status", folder=only_viewer)))[0] == 0

    listening(scenario)


def test_a_port_needs_certificates_that_are_there(serving, plain_card, demo_config, tmp_path):
    from controlplane.service.certificates import CertificateError

    async def scenario():
        async with serving(plain_card, demo_config, listen=Listen("localhost:0", tmp_path / "none")):
            pass

    with pytest.raises(CertificateError, match="certs make"):
        asyncio.run(scenario())
    assert plain_card.writes == []
    words = ["serve", "--device", "unix:x", "--config", "x", "--listen", "0.0.0.0:7443"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "there is no port without TLS" in result.output


def test_a_port_in_use_is_said(serving, plain_card, demo_config, certs):
    from controlplane.service.startup import StartupError

    async def scenario(port):
        async with serving(plain_card, demo_config, listen=Listen(f"127.0.0.1:{port}", certs)):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StartupError, match="cannot listen"):
            asyncio.run(scenario(taken.getsockname()[1]))


def test_certificates_are_made_once_and_keys_are_private(tmp_path):
    def run():
        words = ["certs", "make", str(tmp_path / "c"), "--host", "example.test", "--host", "192.0.2.1"]
        result = CliRunner().invoke(app, words)
        return result.exit_code, result.output

    assert run()[0] == 0
    for key in (tmp_path / "c").glob("*-key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(list((tmp_path / "c").glob("*.pem"))) == 10
    status_code, words = run()
    assert status_code == 1
    assert "already" in words
    server = x509.load_pem_x509_certificate((tmp_path / "c" / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["example.test"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    with pytest.raises(FileExistsError):
        write_client(tmp_path / "c", "viewer", "another", 1)

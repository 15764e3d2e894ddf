"""``serve``, ``report``, ``watch``, ``doctor``: the service, what it knows, and what it needs here."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, Json, connect

__all__ = ["add_to"]

_DEMO_CONFIG = Path(__file__).resolve().parents[1] / "config" / "demo.toml"


def serve(
    device: Annotated[str, typer.Option(help="Device address, for example unix:build/run/link.sock.")],
    config: Annotated[Path, typer.Option(help="Configuration with the envelope; see controlplane/config/demo.toml.")],
    directory: Directory = DEFAULT_DIRECTORY,
    listen: Annotated[str, typer.Option(help="HOST:PORT to serve on besides, always with mutual TLS.")] = "",
    certs: Annotated[Path | None, typer.Option(help="Folder of `pennywire certs make`, for --listen.")] = None,
    metrics: Annotated[str, typer.Option(help="Loopback HOST:PORT for Prometheus, as 127.0.0.1:9464.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Limits at zero, modules off: take up nothing.")] = False,
    json_log: Annotated[bool, typer.Option("--json-log", help="Log one JSON object a line.")] = False,
) -> None:
    """Hold the card and serve the control API on one socket a role: operator.sock, agent.sock, viewer.sock.

    With --listen it serves on a TCP port as well: a caller's role is in its certificate, and there is no port without
    certificates.
    """
    if bool(listen) != (certs is not None):
        print("pennywire serve: --listen and --certs go together: there is no port without TLS", file=sys.stderr)
        raise typer.Exit(2)
    from controlplane.service.control_service import Listen
    from controlplane.service.serve import serve as run

    port = Listen(listen, certs) if listen and certs else None
    raise typer.Exit(run(device, config, directory, port, metrics, fresh=fresh, json_log=json_log))


def report(
    directory: Directory = DEFAULT_DIRECTORY,
    since: Annotated[int, typer.Option(help="Exchange time, ns since midnight; 0: from the beginning.", min=0)] = 0,
    until: Annotated[int, typer.Option(help="Exchange time, ns since midnight; 0: up to now.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Show how trading went over a stretch of exchange time."""
    with connect(directory, "viewer", "agent", "operator") as channel:
        from google.protobuf.json_format import MessageToJson

        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.GetReportRequest(since=since, until=until)
        answer = rpc.PerformanceServiceStub(channel).GetReport(request, timeout=DEADLINE)
        if as_json:
            print(MessageToJson(answer, always_print_fields_with_no_presence=True, preserving_proto_field_name=True))
            return
        from controlplane.cli.tables import print_report

        print_report(answer)


def watch(
    directory: Directory = DEFAULT_DIRECTORY,
    rate: Annotated[float, typer.Option(help="Depth updates a second.", min=0.2, max=50)] = 10.0,
) -> None:
    """Show depth, imbalance, position, profit, refusals, latency and the agent's last words, live; k kills."""
    from controlplane.service.certificates import CertificateError
    from controlplane.watch.app import WatchApp

    try:
        WatchApp(directory, rate).run()
    except CertificateError as error:
        print(f"pennywire: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def doctor(
    config: Annotated[Path, typer.Option(help="Configuration to check.")] = _DEMO_CONFIG,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Check system, environment, Verilator, driver, configuration, sockets and audit log; say what to do.

    Exit status 1 if something is wrong.
    """
    from controlplane.cli.doctor import examine

    findings = examine(config, directory)
    for finding in findings:
        print(f"{finding.state:<6}{finding.name}: {finding.words}")
        if finding.advice:
            print(f"      {'do' if finding.state == 'wrong' else 'you may'}: {finding.advice}")
    raise typer.Exit(1 if any(finding.state == "wrong" for finding in findings) else 0)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(serve)
    app.command()(report)
    app.command()(watch)
    app.command()(doctor)

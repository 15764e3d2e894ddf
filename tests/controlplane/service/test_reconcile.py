"""An operator's arm first compares the card with what the exchange says, and refuses where they differ."""

import asyncio
import json

import grpc
import pytest
from typer.testing import CliRunner

from controlplane.cli.main import app
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of

OPERATOR, VIEWER = pb.ROLE_OPERATOR, pb.ROLE_VIEWER
#: What the card says in these tests: long 100, short 200 and flat; three orders open; number 41 comes next.
CARD = {
    "slot[0].position": 100,
    "slot[1].position": (1 << 32) - 200,
    "slot[0].open_shares": 30 << 32,
    "slot[2].open_shares": 10,
    "orders.open_orders": 3,
    "orders.user_ref": 41,
}


def row(symbol, position=0, buy=0, sell=0):
    return pb.SymbolStatement(symbol=symbol, position_shares=position, open_buy_shares=buy, open_sell_shares=sell)


def statement(*rows, open_orders=3, number=41):
    return pb.ExchangeStatement(symbols=rows, open_orders=open_orders, next_order_number=number)


RIGHT = (row("PWAA", 100, sell=30), row("PWBB", -200), row("PWCC", buy=10))


@pytest.fixture
def asked(serving, plain_card, demo_config):
    """Reconcile with a statement, then try to arm; give the differences, the refusal's words and the last audit row."""

    def run(said):
        async def scenario():
            async with serving(plain_card, demo_config) as (_service, channels):
                plain_card.values |= CARD
                card = rpc.CardServiceStub(channels[OPERATOR])
                reconciled = await rpc.CardServiceStub(channels[VIEWER]).Reconcile(pb.ReconcileRequest(statement=said))
                lease = await rpc.LeaseServiceStub(channels[OPERATOR]).AcquireLease(pb.AcquireLeaseRequest(holder="o"))
                header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="open")
                words = ""
                try:
                    await card.Arm(pb.ArmRequest(header=header, statement=said))
                except grpc.aio.AioRpcError as error:
                    words = f"{error.code().name}: {words_of(error)}"
                log = (await rpc.AuditServiceStub(channels[VIEWER]).Query(pb.AuditQueryRequest())).rows
                armed, plain_card.armed = plain_card.armed, False
                return {d.what: (d.card, d.exchange) for d in reconciled.differences}, words, armed, log[-1]

        return asyncio.run(scenario())

    return run


def test_where_both_agree_the_card_is_armed(asked):
    found, words, armed, last = asked(statement(*RIGHT))
    assert (found, words, armed) == ({}, "", True)
    assert (last.method, last.result) == ("CardService.Arm", "committed")


def test_a_card_that_is_ahead_in_numbers_is_armed(asked):
    assert asked(statement(*RIGHT, number=7))[2]


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        (statement(row("PWAA", 0, sell=30), *RIGHT[1:]), {"PWAA position": (100, 0)}),
        (statement(RIGHT[0], row("PWBB", 200), RIGHT[2]), {"PWBB position": (-200, 200)}),
        (statement(RIGHT[0], RIGHT[2]), {"PWBB position": (-200, 0)}),
        (statement(row("PWAA", 100), *RIGHT[1:]), {"PWAA open to sell": (30, 0)}),
        (statement(*RIGHT[:2], row("PWCC", buy=11)), {"PWCC open to buy": (10, 11)}),
        (statement(*RIGHT, open_orders=2), {"open orders": (3, 2)}),
        (statement(*RIGHT, number=42), {"next order number": (41, 42)}),
        (statement(*RIGHT, row("OTHER", 1)), {"OTHER position, which the card does not follow": (0, 1)}),
    ],
)
def test_where_they_differ_it_is_shown_and_refused(asked, said, differs):
    found, words, armed, last = asked(said)
    assert found == differs
    assert not armed
    assert words.startswith("FAILED_PRECONDITION")
    ((what, (card, exchange)),) = differs.items()
    assert f"{what}: card {card}, exchange {exchange}" in words
    assert what in last.result


def test_every_difference_is_named_at_once(asked):
    found, words, _, _ = asked(pb.ExchangeStatement(next_order_number=1))
    assert len(found) == 5
    assert all(what in words for what in found)


def test_a_statement_is_needed_and_must_make_sense(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            card = rpc.CardServiceStub(channels[OPERATOR])
            lease = await rpc.LeaseServiceStub(channels[OPERATOR]).AcquireLease(pb.AcquireLeaseRequest(holder="o"))
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="open")
            for said, word in (
                (None, "statement"),
                (statement(row("PWAA"), row("PWAA")), "named twice"),
                (statement(number=0), "next_order_number"),
                (statement(row("PWAA", 1 << 40)), "cannot be"),
                (statement(row("PWAA", buy=1 << 40)), "cannot be"),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await card.Arm(pb.ArmRequest(header=header, statement=said))
                assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
                assert word in words_of(caught.value)
            assert not plain_card.armed

    asyncio.run(scenario())


def test_the_command_line_shows_what_differs(serving, plain_card, demo_config, tmp_path):
    right = tmp_path / "right.json"
    rows = [
        {"symbol": "PWAA", "position_shares": 100, "open_sell_shares": 30},
        {"symbol": "PWBB", "position_shares": -200},
        {"symbol": "PWCC", "open_buy_shares": 10},
    ]
    right.write_text(json.dumps({"symbols": rows, "open_orders": 3, "next_order_number": 41}))
    (tmp_path / "bad.json").write_text('{"positions": 1}')

    async def scenario():
        async with serving(plain_card, demo_config):
            plain_card.values |= CARD

            async def run(*words):
                result = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--dir", str(tmp_path)])
                return result.exit_code, result.output

            reason = ("--reason", "open")
            status, output = await run("reconcile", "--fresh-day")
            assert status == 1
            assert "PWBB position: card -200, exchange 0" in output
            status, output = await run("arm", "--fresh-day", *reason)
            assert status == 1
            assert "find out which is right" in output
            assert (await run("arm", *reason))[0] == 2
            assert (await run("arm", "--statement", str(tmp_path / "bad.json"), *reason))[0] == 2
            assert (await run("reconcile", "--statement", str(right))) == (0, "card and exchange agree\n")
            assert (await run("arm", "--statement", str(right), *reason))[0] == 0
            assert plain_card.armed
            plain_card.armed = False

    asyncio.run(scenario())

"""What comes to the page's port from anything but the page itself is refused; no browser is needed to try."""

import asyncio
import json

import grpc
import httpx
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.web.feed import Cursor, PageFeed, Ring
from controlplane.web.page import MOST_BROWSERS
from controlplane.web.sessions import LENGTHS, Sessions

JSON = {"content-type": "application/json"}
KILL = {"confirm": "kill"}


def raw(address, words):
    """Send bytes as they are; give the answer's first line and headers."""

    async def talk():
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(words)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.close()
        return answer

    return talk()


async def logged_in(client, address, channels, role=pb.ROLE_OPERATOR):
    made = await rpc.LoginServiceStub(channels[role]).MakeCode(pb.MakeLoginCodeRequest(name="anna"))
    answer = await client.post("/login", json={"code": made.code}, headers={"origin": address})
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "max-age=" in cookie
    return {"origin": address, "x-pennywire-token": answer.json()["token"]}


def test_a_foreign_host_is_refused(paged):
    async def scenario(address, _service, _channels):
        port = address.rpartition(":")[2]
        for host in (
            "evil.example",
            f"evil.example:{port}",
            "127.0.0.1",
            f"127.0.0.2:{port}",
            f"127.0.0.1:{port}.evil",
        ):
            for path in ("/", "/stream", "/static/page.js"):
                answer = await raw(address, f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
                assert answer.startswith("HTTP/1.1 421 "), (host, path, answer)
        two = f"GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nhost: evil.example\r\n\r\n"
        assert " 4" in (await raw(address, two.encode())).splitlines()[0]
        for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
            answer = await raw(address, f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
            assert answer.startswith("HTTP/1.1 200 "), answer

    paged(scenario)


def test_a_write_from_another_page_is_refused(paged, plain_card):
    async def scenario(address, _service, channels):
        async with httpx.AsyncClient(base_url=address) as client:
            own = await logged_in(client, address, channels)
            port = address.rpartition(":")[2]
            foreign = (
                "http://evil.example",
                "null",
                f"http://127.0.0.1:{int(port) ^ 1}",
                f"https://127.0.0.1:{port}",
                "",
            )
            for origin in foreign:
                headers = own | {"origin": origin}
                if not origin:
                    del headers["origin"]
                answer = await client.post("/write/kill", json=KILL, headers=headers)
                assert answer.status_code == 403, origin
            for site in ("cross-site", "same-site"):
                answer = await client.post("/write/kill", json=KILL, headers=own | {"sec-fetch-site": site})
                assert answer.status_code == 403
                assert (await client.get("/audit?before=9", headers={"sec-fetch-site": site})).status_code == 403
            form = own | {"content-type": "application/x-www-form-urlencoded"}
            assert (await client.post("/write/kill", content="confirm=kill", headers=form)).status_code == 415
            long = json.dumps(KILL | {"x": "y" * 9000})
            assert (await client.post("/write/kill", content=long, headers=own | JSON)).status_code == 413
            for method in ("PUT", "DELETE", "OPTIONS", "HEAD"):
                assert (await client.request(method, "/write/kill", headers=own)).status_code == 405
            assert not plain_card.killed
            # A link from elsewhere may lead to the page.
            looking = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
            assert (await client.get("/", headers=looking)).status_code == 200

    paged(scenario)


def test_both_secrets_are_needed_and_a_code_is_good_once(paged, plain_card):
    async def scenario(address, _service, channels):
        async with httpx.AsyncClient(base_url=address) as client:
            own = await logged_in(client, address, channels)
            cookie = client.cookies.get("pennywire")
            without_token = {"origin": address}
            assert (await client.post("/write/kill", json=KILL, headers=without_token)).status_code == 401
            client.cookies.clear()
            assert (await client.post("/write/kill", json=KILL, headers=own)).status_code == 401
            client.cookies.set("pennywire", cookie)
            assert (await client.post("/write/kill", json={}, headers=own)).status_code == 400
            assert (await client.post("/write/kill", content="[1", headers=own | JSON)).status_code == 400
            assert (await client.post("/write/arm", json=KILL, headers=own)).status_code == 404
            wish = {"confirm": "flatten", "symbol": "PWAA", "worst_price": "25.10", "reason": "x"}
            for wrong in ({"confirm": "kill"}, {"worst_price": 25.1}, {"worst_price": "NaN"}, {"symbol": None}):
                assert (await client.post("/write/flatten", json=wish | wrong, headers=own)).status_code == 400
            # A wish that is whole is the service's to refuse: the card is disarmed, and nothing is held.
            refused = await client.post("/write/flatten", json=wish, headers=own)
            assert (refused.status_code, "the card is disarmed" in refused.json()["words"]) == (409, True)
            assert not plain_card.killed
            # Not the string "true": switches take a truth value and nothing that looks like one.
            body = {"strategy": "imbalance", "state": "true", "reason": "x"}
            assert (await client.post("/write/toggle", json=body, headers=own)).status_code == 400
            refused = await client.post("/write/toggle", json=body | {"state": True, "reason": ""}, headers=own)
            assert (refused.status_code, "say why" in refused.json()["words"]) == (409, True)
            assert (await client.post("/write/kill", json=KILL, headers=own)).status_code == 200
            assert plain_card.killed
            await client.post("/logout", json={}, headers=own)
            assert (await client.post("/write/kill", json=KILL, headers=own)).status_code == 401
            made = await rpc.LoginServiceStub(channels[pb.ROLE_VIEWER]).MakeCode(pb.MakeLoginCodeRequest(name="ben"))
            codes = [made.code.lower().replace("-", " "), made.code, "AAAA-AAAA-AAAA-AAAA", 7, "x" * 100]
            answers = [await client.post("/login", json={"code": c}, headers=without_token) for c in codes]
            assert [a.status_code for a in answers] == [200, 403, 403, 400, 400]
            rows = await rpc.AuditServiceStub(channels[pb.ROLE_VIEWER]).Query(pb.AuditQueryRequest())
            logins = [(r.who, pb.Role.Name(r.role)) for r in rows.rows if r.method == "LoginService.Redeem"]
            assert logins == [("anna", "ROLE_OPERATOR"), ("ben", "ROLE_VIEWER")]
            assert made.code not in str(rows)

    paged(scenario)


def test_a_page_that_is_read_only_takes_no_operators_code(paged, plain_card):
    async def scenario(address, _service, channels):
        async with httpx.AsyncClient(base_url=address) as client:
            made = await rpc.LoginServiceStub(channels[pb.ROLE_OPERATOR]).MakeCode(pb.MakeLoginCodeRequest(name="anna"))
            answer = await client.post("/login", json={"code": made.code}, headers={"origin": address})
            assert (answer.status_code, "operator's socket" in answer.json()["words"]) == (403, True)
            own = await logged_in(client, address, channels, pb.ROLE_VIEWER)
            assert (await client.post("/write/kill", json=KILL, headers=own)).status_code == 200

    paged(scenario, "--read-only")


def test_an_agent_gets_no_code(paged):
    async def scenario(_address, _service, channels):
        with pytest.raises(grpc.aio.AioRpcError, match="may not call"):
            await rpc.LoginServiceStub(channels[pb.ROLE_AGENT]).MakeCode(pb.MakeLoginCodeRequest(name="agent"))

    paged(scenario)


def test_every_answer_carries_the_policy_and_no_file_is_inline(paged):
    async def scenario(address, _service, _channels):
        async with httpx.AsyncClient(base_url=address) as client:
            for path in ("/", "/static/page.js", "/static/none.js", "/audit?before=1", "/static/../page.py"):
                answer = await client.get(path)
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "access-control-allow-origin" not in answer.headers
            page = (await client.get("/")).text
            assert "style=" not in page
            assert "onclick" not in page
            # Every resource is the page's own.
            assert "//" not in page.replace("<!doctype html>", "")
            assert (await client.get("/static/../page.py")).status_code == 404

    paged(scenario)


def test_a_reader_that_reads_nothing_is_skipped_and_streams_are_counted(paged, market, eventually):
    async def scenario(address, service, _channels):
        host, port = address.removeprefix("http://").split(":")
        ask = f"GET /stream HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode()
        stuck = await asyncio.open_connection(host, int(port), limit=1024)
        stuck[1].write(ask)
        readers = [await asyncio.open_connection(host, int(port)) for _ in range(MOST_BROWSERS - 1)]
        for _reader, writer in readers:
            writer.write(ask)
        for reader, _writer in readers:
            assert b" 200 " in await asyncio.wait_for(reader.readline(), 20)
        one_more = await raw(address, ask)
        assert one_more.startswith("HTTP/1.1 503 ")
        # Those that read go on while one does not: for so long that its buffers are full.
        records, heard = service.state.ledger.records, 0
        end = asyncio.get_running_loop().time() + 3
        while asyncio.get_running_loop().time() < end:
            line = await asyncio.wait_for(readers[0][0].readline(), 5)
            heard += line.startswith(b"data: ")
        assert heard > 15
        assert service.state.ledger.records > records + 50
        for _reader, writer in [*readers, stuck]:
            writer.close()
        # Their places are free again.
        async with asyncio.timeout(20):
            while not (await raw(address, ask)).startswith("HTTP/1.1 200 "):
                await asyncio.sleep(0.1)

    paged(scenario, market=market)


def test_a_ring_gives_what_it_still_has():
    ring = Ring(3)
    for number in range(5):
        ring.add(number)
    assert (ring.since(0), ring.since(2), ring.since(4), ring.since(5)) == ([2, 3, 4], [2, 3, 4], [4], [])


def test_a_cursor_is_told_everything_once(tmp_path):
    feed, cursor = PageFeed(None, tmp_path), Cursor()
    feed._put("agent", "one")
    feed._put_row("PWAA", bid=1)
    assert json.loads(feed.update(cursor))["rows"] == [{"symbol": "PWAA", "bid": 1}]
    assert feed.update(cursor) == ""
    feed._put_row("PWAA", bid=1)
    assert feed.update(cursor) == ""
    feed._put_row("PWAA", bid=2)
    assert json.loads(feed.update(cursor))["rows"] == [{"symbol": "PWAA", "bid": 2}]


def test_sessions_run_out():
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    cookie, token, seconds = sessions.begin("anna", pb.ROLE_OPERATOR)
    assert seconds == LENGTHS[pb.ROLE_OPERATOR] < LENGTHS[pb.ROLE_VIEWER]
    now[0] = seconds - 1
    assert sessions.find(cookie, token).name == "anna"
    assert sessions.find(cookie, cookie) is None
    now[0] = seconds
    assert sessions.find(cookie, token) is None

"""The page in a headless Chromium, before a service on a plain card. Pictures are left in build/web."""

import asyncio
import json

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from tests.controlplane.web.browser import DARK, LIGHT
from tests.controlplane.web.conftest import OPEN, PICTURES

CHARTS = ("mid", "imbalance", "profit", "latency", "markouts")
HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>'


def cell(row, column):
    return f"#holdings tbody tr:nth-child({row}) td:nth-child({column})"


async def made_code(channels, role=pb.ROLE_OPERATOR, name="anna"):
    made = await rpc.LoginServiceStub(channels[role]).MakeCode(pb.MakeLoginCodeRequest(name=name))
    return made.code


async def log_in(tab, channels, role=pb.ROLE_OPERATOR, name="anna"):
    await tab.click("#log")
    await tab.type("#code", await made_code(channels, role, name))
    await tab.click("#login-dialog .primary")
    await tab.until("document.body.dataset.role")


async def audit_rows(channels):
    found = await rpc.AuditServiceStub(channels[pb.ROLE_VIEWER]).Query(pb.AuditQueryRequest())
    return [(row.method, row.who, row.reason, row.result) for row in found.rows]


def ink(name):
    """A script: how many pixels of a chart have been drawn on."""
    return (
        f"(() => {{ const c = document.getElementById('{name}'), d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0;"
        " return n; })()"
    )


def test_the_page_shows_the_cards_numbers_at_twenty_updates_a_second(browsing, plain_card, market, tmp_path):
    plain_card.values |= {"slot[0].position": 300, "slot[1].position": (1 << 32) - 200, "modules.taker": 1}
    plain_card.values |= {"slot[0].open_shares": 40 << 32 | 25, "orders.open_orders": 2}
    decision = {"exchange_time": OPEN, "said": "Calm and earning.", "error": ""}
    (tmp_path / "decisions.jsonl").write_text(json.dumps(decision) + "\n")

    async def scenario(browser, address, service, channels):
        tab = await browser.open(address)
        await tab.until(f"document.querySelector('{cell(3, 1)}')")
        names = [await tab.text(cell(row, 1)) for row in (1, 2, 3)]
        assert names == ["PWAA", "PWBB", "PWCC"]
        await tab.until(f"document.querySelector('{cell(1, 6)}').textContent === '300'")
        held = [await tab.text(cell(*place)) for place in ((2, 6), (1, 7), (1, 8))]
        assert held == ["-200", "25", "40"]
        assert (await tab.text("#state"), await tab.text("#agent")) == ("disarmed", "09:30:00  Calm and earning.")
        await tab.until("document.querySelector('[data-tile=open] b')?.textContent === '2'")
        # What the report says of the money is what the page says.
        await tab.until("Number(document.querySelector('[data-tile=fills] b')?.textContent.split(' ')[0]) >= 4")
        report = await rpc.PerformanceServiceStub(channels[pb.ROLE_VIEWER]).GetReport(pb.GetReportRequest())
        assert report.fills >= 4
        # Twenty updates a second, counted in the page over three seconds, while depth comes at 25. Never more; and less
        # only while the machine has no time for it, so the best of some stretches counts.
        rates = []
        while len(rates) < 8 and max(rates, default=0) < 18:
            before, began = await tab.run("[Number(document.body.dataset.updates), performance.now()]")
            await asyncio.sleep(3)
            after, ended = await tab.run("[Number(document.body.dataset.updates), performance.now()]")
            rates.append((after - before) / ((ended - began) / 1000))
        skipped = await tab.run("document.body.dataset.skipped")
        print(f"web page: {max(rates):.1f} updates a second, {skipped} passed over")
        assert 18 <= max(rates) <= 21, rates
        for name in CHARTS:
            await tab.until(f"{ink(name)} > 200")
        first = await tab.run("document.getElementById('mid').toDataURL()")
        await tab.until(f"document.getElementById('mid').toDataURL() !== {json.dumps(first)}")
        await tab.until("Number(document.querySelector('[data-tile=fills] b')?.textContent.split(' ')[0]) >= 30")
        for name, features in (("light", LIGHT), ("dark", DARK)):
            await tab.theme(features)
            await asyncio.sleep(0.5)
            await tab.picture(PICTURES / f"page-{name}.png")
        await tab.size(390, 844, mobile=True)
        await asyncio.sleep(0.5)
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
        await tab.picture(PICTURES / "page-phone.png", whole=True)
        assert tab.wrong == []

    browsing(scenario)


def test_without_logging_in_nothing_can_be_written(browsing, plain_card):
    async def scenario(browser, address, _service, _channels):
        tab = await browser.open(address)
        await tab.until("document.querySelectorAll('#modules li').length === 2")
        assert await tab.text("#who") == "read-only"
        assert await tab.run("document.getElementById('disarm').hidden")
        assert not await tab.run("document.querySelectorAll('#modules button').length")
        # The kill button asks to log in.
        await tab.click("#kill")
        await tab.until("document.getElementById('login-dialog').open")
        await tab.type("#code", "AAAA-BBBB-CCCC-DDDD")
        await tab.click("#login-dialog .primary")
        await tab.until("document.getElementById('login-wrong').textContent.includes('this code is not good')")
        # Nor by hand, from the page's own script.
        for what in ("kill", "flatten", "disarm", "toggle", "approve", "deny"):
            body = {"confirm": "kill", "reason": "x", "strategy": "imbalance", "state": True}
            request = {"method": "POST", "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
            assert await tab.run(f"fetch('/write/{what}', {json.dumps(request)}).then((a) => a.status)") == 401
        assert not plain_card.killed
        assert [error for error in tab.wrong if "status of 401" not in error and "status of 403" not in error] == []

    browsing(scenario)


def test_an_operator_logs_in_switches_disarms_and_kills(browsing, plain_card):
    plain_card.armed = False

    async def scenario(browser, address, service, channels):
        # The address that `pennywire web login` prints, with the code behind the #.
        tab = await browser.open(f"{address}/#{await made_code(channels)}")
        await tab.until("document.getElementById('login-dialog').open")
        await tab.click("#login-dialog .primary")
        await tab.until("document.body.dataset.role === 'operator'")
        assert (await tab.text("#who"), await tab.run("location.hash")) == ("anna, operator", "")
        # No script sees the cookie.
        assert await tab.run("document.cookie") == ""

        async def answer(reason):
            await tab.until("document.getElementById('ask-dialog').open")
            if reason:
                await tab.type("#ask-reason", reason)
            await tab.click("#ask-go")

        await tab.click("#modules li:nth-child(1) button")
        await answer("a calm <b>day</b>")
        await tab.until("document.querySelector('#modules li:nth-child(1) b').textContent === 'on'")
        assert plain_card.values["modules.taker"] == 1
        plain_card.armed = True
        await tab.until("document.getElementById('state').textContent === 'ARMED'")
        await tab.picture(PICTURES / "page-operator.png")
        await tab.click("#disarm")
        await answer("lunch")
        await tab.until("document.getElementById('state').textContent === 'disarmed'")
        assert not plain_card.armed
        # Going back kills nothing; going on does.
        await tab.click("#kill")
        await tab.until("document.getElementById('ask-dialog').open")
        await tab.picture(PICTURES / "page-kill.png")
        await tab.click("#ask-dialog [value=cancel]")
        await asyncio.sleep(0.3)
        assert not plain_card.killed
        await tab.click("#kill")
        await answer("")
        await tab.until("document.getElementById('state').textContent === 'KILLED by cause 0'")
        assert plain_card.killed
        await tab.until("document.querySelectorAll('#audit tbody tr').length >= 6")
        assert await tab.text("#audit tbody tr:nth-child(1) td:nth-child(4)") == "CardService.Kill"
        await tab.picture(PICTURES / "page-killed.png")
        rows = await audit_rows(channels)
        holder = "anna at the web page"
        assert [row[:3] for row in rows[-3:]] == [
            ("StrategyService.ToggleModule", holder, "a calm <b>day</b>"),
            ("CardService.Disarm", holder, "lunch"),
            ("CardService.Kill", "anyone as operator", holder),
        ]
        assert service.state.lease.live == (0, "")
        # A new tab has the cookie and no token: it is not logged in.
        other = await browser.open(address)
        await other.until("document.getElementById('who').textContent === 'read-only'")
        await tab.click("#log")
        await tab.until("document.body.dataset.role === ''")

    browsing(scenario)


def test_the_audit_trail_goes_back_to_its_first_row(browsing):
    async def scenario(browser, address, _service, channels):
        channel = channels[pb.ROLE_OPERATOR]
        lease = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="boss"))
        header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_VERIFY, reason="look")
        for _ in range(119):
            await rpc.CardServiceStub(channel).Disarm(pb.DisarmRequest(header=header))
        tab = await browser.open(address)
        numbers = (
            "[...document.querySelectorAll('#audit tbody tr td:first-child')].map((cell) => Number(cell.textContent))"
        )
        await tab.until(f"{numbers}[0] === 120")
        while (shown := await tab.run(numbers))[-1] > 1:
            # No row is missing between the newest and the oldest that are shown.
            assert shown == list(range(120, 120 - len(shown), -1))
            await tab.click("#older")
            await tab.until(f"{numbers}.length > {len(shown)}")
        assert shown == list(range(120, 0, -1))
        # A hundred and more between two updates leave no hole either.
        for _ in range(130):
            await rpc.CardServiceStub(channel).Disarm(pb.DisarmRequest(header=header))
        await tab.until(f"{numbers}[0] === 250")
        shown = await tab.run(numbers)
        assert shown == list(range(250, 250 - len(shown), -1))
        while (await tab.run(numbers))[-1] > 1:
            before = await tab.run(f"{numbers}.length")
            await tab.click("#older")
            await tab.until(f"{numbers}.length > {before}")
        assert await tab.run("document.getElementById('older').hidden")

    browsing(scenario)


def test_a_viewer_who_logged_in_may_kill_and_nothing_else(browsing, plain_card):
    async def scenario(browser, address, _service, channels):
        tab = await browser.open(address)
        await log_in(tab, channels, pb.ROLE_VIEWER, "ben")
        assert await tab.text("#who") == "ben, viewer"
        assert await tab.run("document.getElementById('disarm').hidden")
        headers = "{'content-type': 'application/json', 'x-pennywire-token': sessionStorage.getItem('pennywire-token')}"
        send = f"(what, body) => fetch('/write/' + what, {{method: 'POST', headers: {headers}, body}})"
        refused = await tab.run(f"({send})('disarm', '{{\"reason\": \"x\"}}').then((a) => a.json())")
        assert "an operator may do this" in refused["words"]
        assert await tab.run("document.getElementById('flatten').hidden")
        wish = json.dumps({"confirm": "flatten", "symbol": "PWBB", "worst_price": "1", "reason": "x"})
        refused = await tab.run(f"({send})('flatten', {json.dumps(wish)}).then((a) => a.json())")
        assert "an operator may do this" in refused["words"]
        await tab.click("#kill")
        await tab.click("#ask-go")
        await tab.until("document.getElementById('state').textContent.startsWith('KILLED')")
        assert plain_card.killed
        assert (await audit_rows(channels))[-1][1:3] == ("anyone as viewer", "ben at the web page")

    browsing(scenario)


def test_hostile_words_are_shown_as_words(browsing, plain_card, market, tmp_path):
    decision = {"exchange_time": OPEN, "said": HOSTILE, "error": ""}
    (tmp_path / "decisions.jsonl").write_text(json.dumps(decision) + "\n")

    async def scenario(browser, address, service, channels):
        agent = channels[pb.ROLE_AGENT]
        lease = await rpc.LeaseServiceStub(agent).AcquireLease(pb.AcquireLeaseRequest(holder=HOSTILE[:60]))
        header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason=HOSTILE)
        # Beyond the agent's part: asked of a person, with the agent's words.
        limits = pb.UpdateRiskParametersRequest(header=header, max_inventory=400, order_size=100)
        await rpc.RiskServiceStub(agent).UpdateRiskParameters(limits)
        # A name that no configuration takes: the page must not rely on that.
        service.state.config.symbols[0].__dict__["name"] = HOSTILE
        tab = await browser.open(address)
        await tab.until("document.querySelector('#agent').textContent.includes('owned')")
        await tab.until("document.querySelector('#asked').textContent.includes('owned')")
        await tab.until("document.querySelector('#audit').textContent.includes('owned')")
        await tab.until("document.querySelector('#holdings').textContent.includes('owned')")
        await tab.until("document.querySelector('#symbols').textContent.includes('owned')")
        await tab.picture(PICTURES / "page-hostile.png")
        assert HOSTILE in await tab.text("#agent")
        assert not await tab.run("document.querySelectorAll('main img, main script').length")
        assert await tab.run("document.title") == "Pennywire"
        # Even if text were taken for markup, the browser would refuse: no markup from strings, no script in the page.
        tried = (
            "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'taken'; } catch (e) { return e.name; } })()"
        )
        assert await tab.run(tried) == "TypeError"

    browsing(scenario)


def test_a_browser_that_is_busy_gets_what_is_newest_and_holds_up_nobody(browsing, market):
    async def scenario(browser, address, service, _channels):
        slow, brisk = await browser.open(address), await browser.open(address)
        await brisk.until("Number(document.body.dataset.updates) > 20")
        # Its page does nothing else for six seconds; the other one goes on.
        before = await brisk.run("Number(document.body.dataset.updates)")
        busy = asyncio.create_task(slow.run("(() => { const end = performance.now() + 6000; "
                                            "while (performance.now() < end); return 1; })()"))  # fmt: skip
        await asyncio.sleep(5)
        assert await brisk.run("Number(document.body.dataset.updates)") - before > 40
        await busy
        # What it is told first afterwards is the newest, not what piled up.
        await slow.until(f"document.querySelector('{cell(1, 2)}').textContent !== ''")
        bid = await brisk.text(cell(1, 2))
        await slow.until(f"document.querySelector('{cell(1, 2)}').textContent === {json.dumps(bid)}", 5)

    browsing(scenario)

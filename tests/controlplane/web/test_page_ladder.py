"""The ladder of the page in a headless Chromium: ten levels as the card told them, or question marks."""

from tests.controlplane.ladders import records_of, tell
from tests.controlplane.web.conftest import OPEN, PICTURES

BIDS = [(250_000, 9000), (249_900, 4500), (249_700, 100), (249_600, 1), (9_900, 2250)]
ASKS = [(250_100, 1000), (250_300, 2500), (250_400, 70), (251_000, 12_000), (260_000, 3)]
#: What a person reads, asks from the worst to the best, then bids.
SHOWN = [
    ["", "26.00", "3"], ["", "25.10", "12,000"], ["", "25.04", "70"], ["", "25.03", "2,500"], ["", "25.01", "1,000"],
    ["9,000", "25.00", ""], ["4,500", "24.99", ""], ["100", "24.97", ""], ["1", "24.96", ""], ["2,250", "0.9900", ""],
]  # fmt: skip
ROWS = "[...document.querySelectorAll('#ladder tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
BAR = "document.querySelector('#ladder [data-level={}] .bar.{}').style.getPropertyValue('--share')"


def test_the_page_shows_ten_levels_or_says_that_it_has_none(browsing, plain_card, market):
    market.silent = {0}
    plain_card.values["slot[0].state"] = 0b110001

    async def scenario(browser, address, _service, _channels):
        tab = await browser.open(address)
        await tab.until("document.getElementById('ladder-note').textContent === 'no sample yet'")
        tell(plain_card, 0, BIDS, ASKS, time=OPEN, cause=1)
        await tab.until(f"{ROWS}[5][0] === '9,000'")
        assert await tab.run(ROWS) == SHOWN
        assert await tab.text("#ladder-note") == ""
        assert await tab.run(BAR.format("ask3", "ask")) == "100%"
        assert await tab.run(BAR.format("bid0", "bid")) == "75%"
        assert await tab.run("getComputedStyle(document.querySelector('#ladder .bar.bid')).backgroundImage") != "none"
        await tab.picture(PICTURES / "page-ladder.png")
        # Another view, of whose records one is lost: the best prices are told, and no level of either view.
        first, *levels = records_of([(250_500, 10), *BIDS[1:]], [(250_600, 20), *ASKS[1:]])
        for number, (kind, detail, words) in enumerate((first, *levels[1:])):
            where = {"slot": 0, "detail": detail, "exchange_time": OPEN + 1, "cause": 2}
            plain_card.say(kind, words, **where, skip=int(number == 1))
        await tab.until("document.getElementById('ladder-note').textContent.startsWith('levels lost')")
        rows = await tab.run(ROWS)
        assert [rows[4], rows[5]] == [["", "25.06", "?"], ["?", "25.05", ""]]
        assert rows[:4] + rows[6:] == [["", "?", "?"]] * 4 + [["?", "?", ""]] * 4
        # Whole again, short of asks, and locked; then the book is stale.
        tell(plain_card, 0, BIDS, [(250_000, 5)], time=OPEN + 2, cause=3, flags=0b0110)
        await tab.until("document.getElementById('ladder-note').textContent === 'locked; asks may miss a level'")
        rows = await tab.run(ROWS)
        assert rows[:5] == [["", "\u2013", "\u2013"]] * 4 + [["", "25.00", "5"]]
        plain_card.say("SYMBOL_STATE", (7,), slot=0, detail=0b110011)
        await tab.until("document.getElementById('ladder-note').textContent.startsWith('STALE')")
        assert await tab.run("document.getElementById('ladder').className") == "old"
        assert tab.wrong == []

    browsing(scenario)

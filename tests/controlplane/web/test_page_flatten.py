"""The flatten button in a headless Chromium: asked once more, never without a price, followed to its end."""

import asyncio

import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.fields import pack, unpack
from hdl.strategy.host_orders import HostOutcome
from tests.controlplane.service.test_flatten import HeldCard
from tests.controlplane.web.conftest import PICTURES
from tests.controlplane.web.test_page import audit_rows, cell, log_in


@pytest.fixture
def plain_card():
    card = HeldCard()
    card.armed = False  # a service does not start on an armed one
    return card


def test_an_operator_flattens_what_is_held(browsing, plain_card):
    async def scenario(browser, address, _service, channels):
        plain_card.hold()
        tab = await browser.open(address)
        await log_in(tab, channels, pb.ROLE_OPERATOR)
        await tab.until(f"document.querySelector('{cell(2, 6)}').textContent === '300'")
        await tab.click(cell(2, 1))
        await tab.until(f"document.querySelector('{cell(2, 10)}.down')?.textContent === 'position UNMANAGED'")

        # Going back sends nothing, nor does a wish without a price, or with one that is none.
        await tab.click("#flatten")
        await tab.until("document.getElementById('ask-dialog').open")
        assert await tab.text("#ask-title") == "Flatten PWBB?"
        assert (await tab.text("#ask-words")).startswith("300 shares are held.")
        await tab.click("#ask-dialog [value=cancel]")
        await asyncio.sleep(0.3)
        await tab.click("#flatten")
        await tab.type("#ask-reason", "the stop was refused")
        await tab.click("#ask-go")
        assert await tab.run("document.getElementById('ask-price').validity.valueMissing")
        await tab.type("#ask-price", "-8.95")
        await tab.click("#ask-go")
        await tab.until("document.getElementById('ask-wrong').textContent.includes('must be dollars above 0')")
        assert not plain_card.commands

        await tab.picture(PICTURES / "page-flatten.png")
        await tab.run("document.getElementById('ask-price').value = ''")
        await tab.type("#ask-price", "8.95")
        await tab.click("#ask-go")
        await tab.until("document.getElementById('flatten-state').textContent.includes('awaiting deaths')")
        assert plain_card.commands == [1]
        asked = unpack("host_order.what", plain_card.values["host_order.what"])
        assert (asked["slot"], asked["role"], plain_card.values["host_order.price"]) == (1, 3, 89_500)
        (row,) = [row for row in await audit_rows(channels) if row[0] == "CardService.Flatten"]
        assert row[1:] == ("anna at the web page", "the stop was refused", "committed")

        plain_card.values |= {
            "host_order.state": pack("host_order.state", outcome=HostOutcome.OVER.value, executed=300),
            "slot[1].position": 0,
        }
        await tab.until("document.getElementById('flatten-state').textContent.includes('executed 300, held now 0')")
        assert [error for error in tab.wrong if "status of 400" not in error] == []

    browsing(scenario)

"""What the scenarios of the order port begin with: intents, a driver, an order that lives."""

from hdl.types import Module, OrderIntentKind, Role, Side, TimeInForce
from tests.hdl.orders.order_bench import accepted
from tests.hdl.orders.order_driver import Driver

ENTER = {
    "kind": OrderIntentKind.ENTER,
    "slot": 1,
    "module": Module.TAKER,
    "role": Role.ENTRY,
    "side": Side.BUY,
    "shares": 300,
    "price": 250_100,
    "time_in_force": TimeInForce.IMMEDIATE,
}
EXIT = {**ENTER, "role": Role.EXIT, "side": Side.SELL, "time_in_force": TimeInForce.DAY}
MOVE = {**EXIT, "kind": OrderIntentKind.REPLACE, "price": 250_000}
CANCEL = {**EXIT, "kind": OrderIntentKind.CANCEL, "shares": 0}


def ks(*kinds):
    return [k.value for k in kinds]


async def ready(dut):
    driver = Driver(dut)
    await driver.start()
    return driver


async def live_order(d, ref=1, shares=300, **fields):
    """Enter an order and have it accepted; give its row."""
    await d.intent(**{**EXIT, "shares": shares, **fields})
    await d.idle()
    d.say(accepted(ref, shares, 250_100))
    await d.idle()
    return d.answers[-1][1]["order"]

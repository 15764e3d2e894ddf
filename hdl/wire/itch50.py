"""NASDAQ TotalView-ITCH 5.0: every message, as data.

Source: Nasdaq TotalView-ITCH 5.0 specification, revision of 2026-02-19, section 1 (layouts unchanged since 2017 but
for the additions ``h`` and ``O``). Every message starts with the same 11 bytes; the table below gives what follows
them. In the table ``name:8a`` is 8 bytes of text, ``name:4u`` a number of 4 bytes, ``name:p4`` and ``name:p8`` prices
of 4 and 8 bytes with as many implied decimals.

``ITCH50["A"].pack(stock_locate=1, ...)`` makes bytes, ``ITCH50["A"].unpack(data)`` a dict.
"""

from hdl.wire.fields import Field, Kind, MessageFormat, WireError

__all__ = ["ITCH50", "LONGEST", "PREFIX", "SHORTEST"]

#: The prefix of every message, after the type.
PREFIX = (
    Field("stock_locate", 1, 2, Kind.UINT),
    Field("tracking_number", 3, 2, Kind.UINT, default=0),
    Field("timestamp", 5, 6, Kind.TIME),
)

_TABLE = """
S system_event 12  event_code:1a
R stock_directory 39  stock:8a market_category:1a financial_status_indicator:1a round_lot_size:4u
    round_lots_only:1a issue_classification:1a issue_sub_type:2a authenticity:1a
    short_sale_threshold_indicator:1a ipo_flag:1a luld_reference_price_tier:1a etp_flag:1a
    etp_leverage_factor:4u inverse_indicator:1a
H stock_trading_action 25  stock:8a trading_state:1a reserved:1a reason:4a
Y reg_sho_restriction 20  stock:8a reg_sho_action:1a
L market_participant_position 26  mpid:4a stock:8a primary_market_maker:1a market_maker_mode:1a
    market_participant_state:1a
V mwcb_decline_level 35  level_1:p8 level_2:p8 level_3:p8
W mwcb_status 12  breached_level:1a
K ipo_quoting_period_update 28  stock:8a ipo_quotation_release_time:4u ipo_quotation_release_qualifier:1a
    ipo_price:p4
J luld_auction_collar 35  stock:8a auction_collar_reference_price:p4 upper_auction_collar_price:p4
    lower_auction_collar_price:p4 auction_collar_extension:4u
h operational_halt 21  stock:8a market_code:1a operational_halt_action:1a
A add_order 36  order_reference_number:8u buy_sell_indicator:1a shares:4u stock:8a price:p4
F add_order_mpid 40  order_reference_number:8u buy_sell_indicator:1a shares:4u stock:8a price:p4 attribution:4a
E order_executed 31  order_reference_number:8u executed_shares:4u match_number:8u
C order_executed_with_price 36  order_reference_number:8u executed_shares:4u match_number:8u printable:1a
    execution_price:p4
X order_cancel 23  order_reference_number:8u cancelled_shares:4u
D order_delete 19  order_reference_number:8u
U order_replace 35  original_order_reference_number:8u new_order_reference_number:8u shares:4u price:p4
P trade 44  order_reference_number:8u buy_sell_indicator:1a shares:4u stock:8a price:p4 match_number:8u
Q cross_trade 40  shares:8u stock:8a cross_price:p4 match_number:8u cross_type:1a
B broken_trade 19  match_number:8u
I net_order_imbalance_indicator 50  paired_shares:8u imbalance_shares:8u imbalance_direction:1a stock:8a
    far_price:p4 near_price:p4 current_reference_price:p4 cross_type:1a price_variation_indicator:1a
N retail_price_improvement_indicator 20  stock:8a interest_flag:1a
O direct_listing_with_capital_raise 48  stock:8a open_eligibility_status:1a minimum_allowable_price:p4
    maximum_allowable_price:p4 near_execution_price:p4 near_execution_time:8u lower_price_range_collar:p4
    upper_price_range_collar:p4
"""


def _messages() -> dict[str, MessageFormat]:
    """Read the table: a line that starts in column one begins a message, an indented one continues it."""
    formats = {}
    for line in _TABLE.strip().replace("\n    ", " ").splitlines():
        letter, name, length, *items = line.split()
        fields = [Field("message_type", 0, 1, Kind.ALPHA, default=letter), *PREFIX]
        for item in items:
            field, code = item.split(":")
            kind, width = (Kind(code), int(code[1])) if code[0] == "p" else (Kind(code[-1]), int(code[:-1]))
            default = " " * width if field == "reserved" else None
            fields.append(Field(field, fields[-1].end, width, kind, default))
        formats[letter] = MessageFormat(name, tuple(fields), letter)
        if formats[letter].length != int(length):
            raise WireError(f"{name}: the fields make {formats[letter].length} bytes, the table says {length}")
    return formats


#: Formats by type letter, in the order of the specification.
ITCH50: dict[str, MessageFormat] = _messages()
LONGEST = max(f.length for f in ITCH50.values())
SHORTEST = min(f.length for f in ITCH50.values())

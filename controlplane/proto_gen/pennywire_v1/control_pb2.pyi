from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_VIEWER: _ClassVar[Role]
    ROLE_AGENT: _ClassVar[Role]
    ROLE_OPERATOR: _ClassVar[Role]

class WriteMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WRITE_MODE_UNSPECIFIED: _ClassVar[WriteMode]
    WRITE_MODE_VERIFY: _ClassVar[WriteMode]
    WRITE_MODE_COMMIT: _ClassVar[WriteMode]

class FlattenStep(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLATTEN_STEP_UNSPECIFIED: _ClassVar[FlattenStep]
    FLATTEN_STEP_IDLE: _ClassVar[FlattenStep]
    FLATTEN_STEP_CANCELING: _ClassVar[FlattenStep]
    FLATTEN_STEP_AWAITING_DEATHS: _ClassVar[FlattenStep]
    FLATTEN_STEP_AT_THE_GATE: _ClassVar[FlattenStep]
    FLATTEN_STEP_AT_THE_EXCHANGE: _ClassVar[FlattenStep]

class FlattenOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLATTEN_OUTCOME_UNSPECIFIED: _ClassVar[FlattenOutcome]
    FLATTEN_OUTCOME_OVER: _ClassVar[FlattenOutcome]
    FLATTEN_OUTCOME_REFUSED: _ClassVar[FlattenOutcome]
    FLATTEN_OUTCOME_REJECTED: _ClassVar[FlattenOutcome]
    FLATTEN_OUTCOME_NOTHING_HELD: _ClassVar[FlattenOutcome]
    FLATTEN_OUTCOME_GIVEN_UP: _ClassVar[FlattenOutcome]

class LadderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LADDER_STATE_UNSPECIFIED: _ClassVar[LadderState]
    LADDER_STATE_WHOLE: _ClassVar[LadderState]
    LADDER_STATE_UNTOLD: _ClassVar[LadderState]
    LADDER_STATE_LOST: _ClassVar[LadderState]

class ConfirmationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFIRMATION_STATE_UNSPECIFIED: _ClassVar[ConfirmationState]
    CONFIRMATION_STATE_PENDING: _ClassVar[ConfirmationState]
    CONFIRMATION_STATE_APPROVED: _ClassVar[ConfirmationState]
    CONFIRMATION_STATE_DENIED: _ClassVar[ConfirmationState]
    CONFIRMATION_STATE_EXPIRED: _ClassVar[ConfirmationState]
    CONFIRMATION_STATE_OUTDATED: _ClassVar[ConfirmationState]
ROLE_UNSPECIFIED: Role
ROLE_VIEWER: Role
ROLE_AGENT: Role
ROLE_OPERATOR: Role
WRITE_MODE_UNSPECIFIED: WriteMode
WRITE_MODE_VERIFY: WriteMode
WRITE_MODE_COMMIT: WriteMode
FLATTEN_STEP_UNSPECIFIED: FlattenStep
FLATTEN_STEP_IDLE: FlattenStep
FLATTEN_STEP_CANCELING: FlattenStep
FLATTEN_STEP_AWAITING_DEATHS: FlattenStep
FLATTEN_STEP_AT_THE_GATE: FlattenStep
FLATTEN_STEP_AT_THE_EXCHANGE: FlattenStep
FLATTEN_OUTCOME_UNSPECIFIED: FlattenOutcome
FLATTEN_OUTCOME_OVER: FlattenOutcome
FLATTEN_OUTCOME_REFUSED: FlattenOutcome
FLATTEN_OUTCOME_REJECTED: FlattenOutcome
FLATTEN_OUTCOME_NOTHING_HELD: FlattenOutcome
FLATTEN_OUTCOME_GIVEN_UP: FlattenOutcome
LADDER_STATE_UNSPECIFIED: LadderState
LADDER_STATE_WHOLE: LadderState
LADDER_STATE_UNTOLD: LadderState
LADDER_STATE_LOST: LadderState
CONFIRMATION_STATE_UNSPECIFIED: ConfirmationState
CONFIRMATION_STATE_PENDING: ConfirmationState
CONFIRMATION_STATE_APPROVED: ConfirmationState
CONFIRMATION_STATE_DENIED: ConfirmationState
CONFIRMATION_STATE_EXPIRED: ConfirmationState
CONFIRMATION_STATE_OUTDATED: ConfirmationState

class WriteHeader(_message.Message):
    __slots__ = ("lease_epoch", "mode", "reason")
    LEASE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    lease_epoch: int
    mode: WriteMode
    reason: str
    def __init__(self, lease_epoch: _Optional[int] = ..., mode: _Optional[_Union[WriteMode, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class WriteResult(_message.Message):
    __slots__ = ("audit_id", "mode", "changes", "config_epoch", "asked")
    AUDIT_ID_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CONFIG_EPOCH_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    audit_id: int
    mode: WriteMode
    changes: _containers.RepeatedCompositeFieldContainer[RegisterChange]
    config_epoch: int
    asked: Confirmation
    def __init__(self, audit_id: _Optional[int] = ..., mode: _Optional[_Union[WriteMode, str]] = ..., changes: _Optional[_Iterable[_Union[RegisterChange, _Mapping]]] = ..., config_epoch: _Optional[int] = ..., asked: _Optional[_Union[Confirmation, _Mapping]] = ...) -> None: ...

class RegisterChange(_message.Message):
    __slots__ = ("register", "before", "after")
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    register: str
    before: int
    after: int
    def __init__(self, register: _Optional[str] = ..., before: _Optional[int] = ..., after: _Optional[int] = ...) -> None: ...

class AcquireLeaseRequest(_message.Message):
    __slots__ = ("holder", "seconds")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    holder: str
    seconds: float
    def __init__(self, holder: _Optional[str] = ..., seconds: _Optional[float] = ...) -> None: ...

class AcquireLeaseResponse(_message.Message):
    __slots__ = ("lease_epoch", "seconds")
    LEASE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    lease_epoch: int
    seconds: float
    def __init__(self, lease_epoch: _Optional[int] = ..., seconds: _Optional[float] = ...) -> None: ...

class ReleaseLeaseRequest(_message.Message):
    __slots__ = ("lease_epoch",)
    LEASE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    lease_epoch: int
    def __init__(self, lease_epoch: _Optional[int] = ...) -> None: ...

class ReleaseLeaseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCapabilitiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCapabilitiesResponse(_message.Message):
    __slots__ = ("config_name", "abi_version", "git_hash", "soft", "clock_period_ps", "slots", "symbols", "feed_width", "row_levels", "own_orders", "table_orders", "strategies", "allowed_calls")
    CONFIG_NAME_FIELD_NUMBER: _ClassVar[int]
    ABI_VERSION_FIELD_NUMBER: _ClassVar[int]
    GIT_HASH_FIELD_NUMBER: _ClassVar[int]
    SOFT_FIELD_NUMBER: _ClassVar[int]
    CLOCK_PERIOD_PS_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    FEED_WIDTH_FIELD_NUMBER: _ClassVar[int]
    ROW_LEVELS_FIELD_NUMBER: _ClassVar[int]
    OWN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    TABLE_ORDERS_FIELD_NUMBER: _ClassVar[int]
    STRATEGIES_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_CALLS_FIELD_NUMBER: _ClassVar[int]
    config_name: str
    abi_version: int
    git_hash: str
    soft: bool
    clock_period_ps: int
    slots: int
    symbols: _containers.RepeatedScalarFieldContainer[str]
    feed_width: int
    row_levels: int
    own_orders: int
    table_orders: int
    strategies: _containers.RepeatedScalarFieldContainer[str]
    allowed_calls: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, config_name: _Optional[str] = ..., abi_version: _Optional[int] = ..., git_hash: _Optional[str] = ..., soft: _Optional[bool] = ..., clock_period_ps: _Optional[int] = ..., slots: _Optional[int] = ..., symbols: _Optional[_Iterable[str]] = ..., feed_width: _Optional[int] = ..., row_levels: _Optional[int] = ..., own_orders: _Optional[int] = ..., table_orders: _Optional[int] = ..., strategies: _Optional[_Iterable[str]] = ..., allowed_calls: _Optional[_Iterable[str]] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("config_name", "abi_version", "soft", "armed", "killed", "lease_alive", "session_up", "market_open", "card_time", "clock_period_ps", "config_epoch", "symbols", "modules", "records_received", "records_lost", "lease_epoch", "lease_holder", "role", "kill_cause")
    CONFIG_NAME_FIELD_NUMBER: _ClassVar[int]
    ABI_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOFT_FIELD_NUMBER: _ClassVar[int]
    ARMED_FIELD_NUMBER: _ClassVar[int]
    KILLED_FIELD_NUMBER: _ClassVar[int]
    LEASE_ALIVE_FIELD_NUMBER: _ClassVar[int]
    SESSION_UP_FIELD_NUMBER: _ClassVar[int]
    MARKET_OPEN_FIELD_NUMBER: _ClassVar[int]
    CARD_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOCK_PERIOD_PS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    RECORDS_LOST_FIELD_NUMBER: _ClassVar[int]
    LEASE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    LEASE_HOLDER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    KILL_CAUSE_FIELD_NUMBER: _ClassVar[int]
    config_name: str
    abi_version: int
    soft: bool
    armed: bool
    killed: bool
    lease_alive: bool
    session_up: bool
    market_open: bool
    card_time: int
    clock_period_ps: int
    config_epoch: int
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolStatus]
    modules: _containers.RepeatedCompositeFieldContainer[ModuleStatus]
    records_received: int
    records_lost: int
    lease_epoch: int
    lease_holder: str
    role: Role
    kill_cause: int
    def __init__(self, config_name: _Optional[str] = ..., abi_version: _Optional[int] = ..., soft: _Optional[bool] = ..., armed: _Optional[bool] = ..., killed: _Optional[bool] = ..., lease_alive: _Optional[bool] = ..., session_up: _Optional[bool] = ..., market_open: _Optional[bool] = ..., card_time: _Optional[int] = ..., clock_period_ps: _Optional[int] = ..., config_epoch: _Optional[int] = ..., symbols: _Optional[_Iterable[_Union[SymbolStatus, _Mapping]]] = ..., modules: _Optional[_Iterable[_Union[ModuleStatus, _Mapping]]] = ..., records_received: _Optional[int] = ..., records_lost: _Optional[int] = ..., lease_epoch: _Optional[int] = ..., lease_holder: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., kill_cause: _Optional[int] = ...) -> None: ...

class SymbolStatus(_message.Message):
    __slots__ = ("symbol", "slot", "bound", "stale", "halted", "short_restricted", "opened", "enabled", "position_shares", "cash_microdollars", "open_buy_shares", "open_sell_shares", "bid_price", "ask_price", "bid_volume", "ask_volume", "unmanaged")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    HALTED_FIELD_NUMBER: _ClassVar[int]
    SHORT_RESTRICTED_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    CASH_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    OPEN_BUY_SHARES_FIELD_NUMBER: _ClassVar[int]
    OPEN_SELL_SHARES_FIELD_NUMBER: _ClassVar[int]
    BID_PRICE_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_VOLUME_FIELD_NUMBER: _ClassVar[int]
    ASK_VOLUME_FIELD_NUMBER: _ClassVar[int]
    UNMANAGED_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    slot: int
    bound: bool
    stale: bool
    halted: bool
    short_restricted: bool
    opened: bool
    enabled: bool
    position_shares: int
    cash_microdollars: int
    open_buy_shares: int
    open_sell_shares: int
    bid_price: int
    ask_price: int
    bid_volume: int
    ask_volume: int
    unmanaged: bool
    def __init__(self, symbol: _Optional[str] = ..., slot: _Optional[int] = ..., bound: _Optional[bool] = ..., stale: _Optional[bool] = ..., halted: _Optional[bool] = ..., short_restricted: _Optional[bool] = ..., opened: _Optional[bool] = ..., enabled: _Optional[bool] = ..., position_shares: _Optional[int] = ..., cash_microdollars: _Optional[int] = ..., open_buy_shares: _Optional[int] = ..., open_sell_shares: _Optional[int] = ..., bid_price: _Optional[int] = ..., ask_price: _Optional[int] = ..., bid_volume: _Optional[int] = ..., ask_volume: _Optional[int] = ..., unmanaged: _Optional[bool] = ...) -> None: ...

class ModuleStatus(_message.Message):
    __slots__ = ("strategy_name", "enabled", "available")
    STRATEGY_NAME_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    strategy_name: str
    enabled: bool
    available: bool
    def __init__(self, strategy_name: _Optional[str] = ..., enabled: _Optional[bool] = ..., available: _Optional[bool] = ...) -> None: ...

class ReadRegistersRequest(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class ReadRegistersResponse(_message.Message):
    __slots__ = ("values",)
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.ScalarMap[str, int]
    def __init__(self, values: _Optional[_Mapping[str, int]] = ...) -> None: ...

class ExchangeStatement(_message.Message):
    __slots__ = ("symbols", "open_orders", "next_order_number")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_ORDER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolStatement]
    open_orders: int
    next_order_number: int
    def __init__(self, symbols: _Optional[_Iterable[_Union[SymbolStatement, _Mapping]]] = ..., open_orders: _Optional[int] = ..., next_order_number: _Optional[int] = ...) -> None: ...

class SymbolStatement(_message.Message):
    __slots__ = ("symbol", "position_shares", "open_buy_shares", "open_sell_shares")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    OPEN_BUY_SHARES_FIELD_NUMBER: _ClassVar[int]
    OPEN_SELL_SHARES_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    position_shares: int
    open_buy_shares: int
    open_sell_shares: int
    def __init__(self, symbol: _Optional[str] = ..., position_shares: _Optional[int] = ..., open_buy_shares: _Optional[int] = ..., open_sell_shares: _Optional[int] = ...) -> None: ...

class ReconcileRequest(_message.Message):
    __slots__ = ("statement",)
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    statement: ExchangeStatement
    def __init__(self, statement: _Optional[_Union[ExchangeStatement, _Mapping]] = ...) -> None: ...

class ReconcileResponse(_message.Message):
    __slots__ = ("differences",)
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    def __init__(self, differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("what", "card", "exchange")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    what: str
    card: int
    exchange: int
    def __init__(self, what: _Optional[str] = ..., card: _Optional[int] = ..., exchange: _Optional[int] = ...) -> None: ...

class ArmRequest(_message.Message):
    __slots__ = ("header", "statement")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    statement: ExchangeStatement
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., statement: _Optional[_Union[ExchangeStatement, _Mapping]] = ...) -> None: ...

class DisarmRequest(_message.Message):
    __slots__ = ("header",)
    HEADER_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ...) -> None: ...

class KillRequest(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class ReleaseKillRequest(_message.Message):
    __slots__ = ("header",)
    HEADER_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ...) -> None: ...

class FlattenRequest(_message.Message):
    __slots__ = ("header", "symbol", "worst_price", "shares")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    WORST_PRICE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    symbol: str
    worst_price: int
    shares: int
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., symbol: _Optional[str] = ..., worst_price: _Optional[int] = ..., shares: _Optional[int] = ...) -> None: ...

class GetFlattenRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GiveUpFlattenRequest(_message.Message):
    __slots__ = ("header",)
    HEADER_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ...) -> None: ...

class FlattenStatus(_message.Message):
    __slots__ = ("symbol", "step", "outcome", "refusal", "executed_shares", "order_number", "position_shares", "open_shares")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_SHARES_FIELD_NUMBER: _ClassVar[int]
    ORDER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    OPEN_SHARES_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    step: FlattenStep
    outcome: FlattenOutcome
    refusal: str
    executed_shares: int
    order_number: int
    position_shares: int
    open_shares: int
    def __init__(self, symbol: _Optional[str] = ..., step: _Optional[_Union[FlattenStep, str]] = ..., outcome: _Optional[_Union[FlattenOutcome, str]] = ..., refusal: _Optional[str] = ..., executed_shares: _Optional[int] = ..., order_number: _Optional[int] = ..., position_shares: _Optional[int] = ..., open_shares: _Optional[int] = ...) -> None: ...

class ToggleModuleRequest(_message.Message):
    __slots__ = ("header", "strategy_name", "state")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    strategy_name: str
    state: bool
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., strategy_name: _Optional[str] = ..., state: _Optional[bool] = ...) -> None: ...

class UpdateThresholdsRequest(_message.Message):
    __slots__ = ("header", "strategy_name", "imbalance_ratio", "min_volume", "half_spread")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_NAME_FIELD_NUMBER: _ClassVar[int]
    IMBALANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_VOLUME_FIELD_NUMBER: _ClassVar[int]
    HALF_SPREAD_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    strategy_name: str
    imbalance_ratio: float
    min_volume: int
    half_spread: int
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., strategy_name: _Optional[str] = ..., imbalance_ratio: _Optional[float] = ..., min_volume: _Optional[int] = ..., half_spread: _Optional[int] = ...) -> None: ...

class GetThresholdsRequest(_message.Message):
    __slots__ = ("strategy_name",)
    STRATEGY_NAME_FIELD_NUMBER: _ClassVar[int]
    strategy_name: str
    def __init__(self, strategy_name: _Optional[str] = ...) -> None: ...

class GetThresholdsResponse(_message.Message):
    __slots__ = ("imbalance_ratio", "min_volume", "half_spread")
    IMBALANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_VOLUME_FIELD_NUMBER: _ClassVar[int]
    HALF_SPREAD_FIELD_NUMBER: _ClassVar[int]
    imbalance_ratio: float
    min_volume: int
    half_spread: int
    def __init__(self, imbalance_ratio: _Optional[float] = ..., min_volume: _Optional[int] = ..., half_spread: _Optional[int] = ...) -> None: ...

class GetLimitsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetLimitsResponse(_message.Message):
    __slots__ = ("max_inventory", "order_size", "ceiling_inventory", "ceiling_order_size")
    MAX_INVENTORY_FIELD_NUMBER: _ClassVar[int]
    ORDER_SIZE_FIELD_NUMBER: _ClassVar[int]
    CEILING_INVENTORY_FIELD_NUMBER: _ClassVar[int]
    CEILING_ORDER_SIZE_FIELD_NUMBER: _ClassVar[int]
    max_inventory: int
    order_size: int
    ceiling_inventory: int
    ceiling_order_size: int
    def __init__(self, max_inventory: _Optional[int] = ..., order_size: _Optional[int] = ..., ceiling_inventory: _Optional[int] = ..., ceiling_order_size: _Optional[int] = ...) -> None: ...

class UpdateRiskParametersRequest(_message.Message):
    __slots__ = ("header", "max_inventory", "order_size")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    MAX_INVENTORY_FIELD_NUMBER: _ClassVar[int]
    ORDER_SIZE_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    max_inventory: int
    order_size: int
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., max_inventory: _Optional[int] = ..., order_size: _Optional[int] = ...) -> None: ...

class TakeUpRequest(_message.Message):
    __slots__ = ("header",)
    HEADER_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ...) -> None: ...

class GetEnvelopeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetEnvelopeResponse(_message.Message):
    __slots__ = ("envelope", "unattended")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    UNATTENDED_FIELD_NUMBER: _ClassVar[int]
    envelope: EnvelopePart
    unattended: EnvelopePart
    def __init__(self, envelope: _Optional[_Union[EnvelopePart, _Mapping]] = ..., unattended: _Optional[_Union[EnvelopePart, _Mapping]] = ...) -> None: ...

class EnvelopePart(_message.Message):
    __slots__ = ("max_inventory", "max_order_size", "min_imbalance_ratio", "min_min_volume", "strategies", "min_half_spread", "max_quote_ratio")
    MAX_INVENTORY_FIELD_NUMBER: _ClassVar[int]
    MAX_ORDER_SIZE_FIELD_NUMBER: _ClassVar[int]
    MIN_IMBALANCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_MIN_VOLUME_FIELD_NUMBER: _ClassVar[int]
    STRATEGIES_FIELD_NUMBER: _ClassVar[int]
    MIN_HALF_SPREAD_FIELD_NUMBER: _ClassVar[int]
    MAX_QUOTE_RATIO_FIELD_NUMBER: _ClassVar[int]
    max_inventory: int
    max_order_size: int
    min_imbalance_ratio: float
    min_min_volume: int
    strategies: _containers.RepeatedScalarFieldContainer[str]
    min_half_spread: int
    max_quote_ratio: float
    def __init__(self, max_inventory: _Optional[int] = ..., max_order_size: _Optional[int] = ..., min_imbalance_ratio: _Optional[float] = ..., min_min_volume: _Optional[int] = ..., strategies: _Optional[_Iterable[str]] = ..., min_half_spread: _Optional[int] = ..., max_quote_ratio: _Optional[float] = ...) -> None: ...

class GetFillsRequest(_message.Message):
    __slots__ = ("after", "limit")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after: int
    limit: int
    def __init__(self, after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class GetFillsResponse(_message.Message):
    __slots__ = ("fills", "total")
    FILLS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    fills: _containers.RepeatedCompositeFieldContainer[Fill]
    total: int
    def __init__(self, fills: _Optional[_Iterable[_Union[Fill, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class Fill(_message.Message):
    __slots__ = ("symbol", "exchange_time", "sell", "price", "shares", "fee_microdollars", "order", "entry", "markouts")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    SELL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    FEE_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    MARKOUTS_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    exchange_time: int
    sell: bool
    price: int
    shares: int
    fee_microdollars: int
    order: int
    entry: bool
    markouts: _containers.RepeatedCompositeFieldContainer[Markout]
    def __init__(self, symbol: _Optional[str] = ..., exchange_time: _Optional[int] = ..., sell: _Optional[bool] = ..., price: _Optional[int] = ..., shares: _Optional[int] = ..., fee_microdollars: _Optional[int] = ..., order: _Optional[int] = ..., entry: _Optional[bool] = ..., markouts: _Optional[_Iterable[_Union[Markout, _Mapping]]] = ...) -> None: ...

class GetReportRequest(_message.Message):
    __slots__ = ("since", "until")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    since: int
    until: int
    def __init__(self, since: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class GetReportResponse(_message.Message):
    __slots__ = ("exchange_time", "symbols", "triggers", "orders", "fills", "refusals", "pnl_microdollars", "fees_microdollars", "round_trips", "round_trips_won", "markouts", "latency", "bars", "refusals_by_reason", "records_lost", "differences")
    class RefusalsByReasonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    EXCHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    PNL_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    FEES_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    ROUND_TRIPS_FIELD_NUMBER: _ClassVar[int]
    ROUND_TRIPS_WON_FIELD_NUMBER: _ClassVar[int]
    MARKOUTS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    BARS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_BY_REASON_FIELD_NUMBER: _ClassVar[int]
    RECORDS_LOST_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    exchange_time: int
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolReport]
    triggers: int
    orders: int
    fills: int
    refusals: int
    pnl_microdollars: int
    fees_microdollars: int
    round_trips: int
    round_trips_won: int
    markouts: _containers.RepeatedCompositeFieldContainer[Markout]
    latency: LatencyCycles
    bars: _containers.RepeatedCompositeFieldContainer[MinuteBar]
    refusals_by_reason: _containers.ScalarMap[str, int]
    records_lost: int
    differences: _containers.RepeatedCompositeFieldContainer[LedgerDifference]
    def __init__(self, exchange_time: _Optional[int] = ..., symbols: _Optional[_Iterable[_Union[SymbolReport, _Mapping]]] = ..., triggers: _Optional[int] = ..., orders: _Optional[int] = ..., fills: _Optional[int] = ..., refusals: _Optional[int] = ..., pnl_microdollars: _Optional[int] = ..., fees_microdollars: _Optional[int] = ..., round_trips: _Optional[int] = ..., round_trips_won: _Optional[int] = ..., markouts: _Optional[_Iterable[_Union[Markout, _Mapping]]] = ..., latency: _Optional[_Union[LatencyCycles, _Mapping]] = ..., bars: _Optional[_Iterable[_Union[MinuteBar, _Mapping]]] = ..., refusals_by_reason: _Optional[_Mapping[str, int]] = ..., records_lost: _Optional[int] = ..., differences: _Optional[_Iterable[_Union[LedgerDifference, _Mapping]]] = ...) -> None: ...

class LedgerDifference(_message.Message):
    __slots__ = ("exchange_time", "symbol", "card_position_shares", "card_cash_microdollars", "ledger_position_shares", "ledger_cash_microdollars", "after_loss")
    EXCHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    CARD_POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    CARD_CASH_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    LEDGER_CASH_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    AFTER_LOSS_FIELD_NUMBER: _ClassVar[int]
    exchange_time: int
    symbol: str
    card_position_shares: int
    card_cash_microdollars: int
    ledger_position_shares: int
    ledger_cash_microdollars: int
    after_loss: bool
    def __init__(self, exchange_time: _Optional[int] = ..., symbol: _Optional[str] = ..., card_position_shares: _Optional[int] = ..., card_cash_microdollars: _Optional[int] = ..., ledger_position_shares: _Optional[int] = ..., ledger_cash_microdollars: _Optional[int] = ..., after_loss: _Optional[bool] = ...) -> None: ...

class SymbolReport(_message.Message):
    __slots__ = ("symbol", "triggers", "orders", "fills", "shares", "position_shares", "pnl_microdollars", "fees_microdollars", "mid_times_two")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    POSITION_SHARES_FIELD_NUMBER: _ClassVar[int]
    PNL_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    FEES_MICRODOLLARS_FIELD_NUMBER: _ClassVar[int]
    MID_TIMES_TWO_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    triggers: int
    orders: int
    fills: int
    shares: int
    position_shares: int
    pnl_microdollars: int
    fees_microdollars: int
    mid_times_two: int
    def __init__(self, symbol: _Optional[str] = ..., triggers: _Optional[int] = ..., orders: _Optional[int] = ..., fills: _Optional[int] = ..., shares: _Optional[int] = ..., position_shares: _Optional[int] = ..., pnl_microdollars: _Optional[int] = ..., fees_microdollars: _Optional[int] = ..., mid_times_two: _Optional[int] = ...) -> None: ...

class Markout(_message.Message):
    __slots__ = ("seconds", "average", "fills")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    average: float
    fills: int
    def __init__(self, seconds: _Optional[float] = ..., average: _Optional[float] = ..., fills: _Optional[int] = ...) -> None: ...

class LatencyCycles(_message.Message):
    __slots__ = ("min", "median", "max", "orders", "histogram")
    class HistogramEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    MIN_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_FIELD_NUMBER: _ClassVar[int]
    min: int
    median: float
    max: int
    orders: int
    histogram: _containers.ScalarMap[int, int]
    def __init__(self, min: _Optional[int] = ..., median: _Optional[float] = ..., max: _Optional[int] = ..., orders: _Optional[int] = ..., histogram: _Optional[_Mapping[int, int]] = ...) -> None: ...

class MinuteBar(_message.Message):
    __slots__ = ("symbol", "start", "open", "high", "low", "close", "volume", "trades", "incomplete")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TRADES_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    incomplete: bool
    def __init__(self, symbol: _Optional[str] = ..., start: _Optional[int] = ..., open: _Optional[int] = ..., high: _Optional[int] = ..., low: _Optional[int] = ..., close: _Optional[int] = ..., volume: _Optional[int] = ..., trades: _Optional[int] = ..., incomplete: _Optional[bool] = ...) -> None: ...

class StreamDepthRequest(_message.Message):
    __slots__ = ("symbols", "most_per_second")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    MOST_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    most_per_second: float
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., most_per_second: _Optional[float] = ...) -> None: ...

class Depth(_message.Message):
    __slots__ = ("symbol", "exchange_time", "card_time", "bid_price", "ask_price", "bid_volume", "ask_volume", "skipped", "ladder", "bids", "asks", "bid_incomplete", "ask_incomplete", "locked", "crossed", "stale")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    CARD_TIME_FIELD_NUMBER: _ClassVar[int]
    BID_PRICE_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_VOLUME_FIELD_NUMBER: _ClassVar[int]
    ASK_VOLUME_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    LADDER_FIELD_NUMBER: _ClassVar[int]
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    BID_INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    ASK_INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    CROSSED_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    exchange_time: int
    card_time: int
    bid_price: int
    ask_price: int
    bid_volume: int
    ask_volume: int
    skipped: int
    ladder: LadderState
    bids: _containers.RepeatedCompositeFieldContainer[DepthLevel]
    asks: _containers.RepeatedCompositeFieldContainer[DepthLevel]
    bid_incomplete: bool
    ask_incomplete: bool
    locked: bool
    crossed: bool
    stale: bool
    def __init__(self, symbol: _Optional[str] = ..., exchange_time: _Optional[int] = ..., card_time: _Optional[int] = ..., bid_price: _Optional[int] = ..., ask_price: _Optional[int] = ..., bid_volume: _Optional[int] = ..., ask_volume: _Optional[int] = ..., skipped: _Optional[int] = ..., ladder: _Optional[_Union[LadderState, str]] = ..., bids: _Optional[_Iterable[_Union[DepthLevel, _Mapping]]] = ..., asks: _Optional[_Iterable[_Union[DepthLevel, _Mapping]]] = ..., bid_incomplete: _Optional[bool] = ..., ask_incomplete: _Optional[bool] = ..., locked: _Optional[bool] = ..., crossed: _Optional[bool] = ..., stale: _Optional[bool] = ...) -> None: ...

class DepthLevel(_message.Message):
    __slots__ = ("price", "shares")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    price: int
    shares: int
    def __init__(self, price: _Optional[int] = ..., shares: _Optional[int] = ...) -> None: ...

class GetBarsRequest(_message.Message):
    __slots__ = ("symbol", "since", "until")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    since: int
    until: int
    def __init__(self, symbol: _Optional[str] = ..., since: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class GetBarsResponse(_message.Message):
    __slots__ = ("bars", "incomplete_minutes")
    BARS_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_MINUTES_FIELD_NUMBER: _ClassVar[int]
    bars: _containers.RepeatedCompositeFieldContainer[MinuteBar]
    incomplete_minutes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, bars: _Optional[_Iterable[_Union[MinuteBar, _Mapping]]] = ..., incomplete_minutes: _Optional[_Iterable[int]] = ...) -> None: ...

class GetDayStatisticsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetDayStatisticsResponse(_message.Message):
    __slots__ = ("exchange_time", "symbols", "records_lost")
    EXCHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_LOST_FIELD_NUMBER: _ClassVar[int]
    exchange_time: int
    symbols: _containers.RepeatedCompositeFieldContainer[DayStatistics]
    records_lost: int
    def __init__(self, exchange_time: _Optional[int] = ..., symbols: _Optional[_Iterable[_Union[DayStatistics, _Mapping]]] = ..., records_lost: _Optional[int] = ...) -> None: ...

class DayStatistics(_message.Message):
    __slots__ = ("symbol", "open", "high", "low", "close", "volume", "trades", "average_price", "depth_samples", "samples_at_one_tick")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TRADES_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_PRICE_FIELD_NUMBER: _ClassVar[int]
    DEPTH_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_AT_ONE_TICK_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    average_price: float
    depth_samples: int
    samples_at_one_tick: int
    def __init__(self, symbol: _Optional[str] = ..., open: _Optional[int] = ..., high: _Optional[int] = ..., low: _Optional[int] = ..., close: _Optional[int] = ..., volume: _Optional[int] = ..., trades: _Optional[int] = ..., average_price: _Optional[float] = ..., depth_samples: _Optional[int] = ..., samples_at_one_tick: _Optional[int] = ...) -> None: ...

class GetPrerequisitesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPrerequisitesResponse(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolPrerequisites]
    def __init__(self, symbols: _Optional[_Iterable[_Union[SymbolPrerequisites, _Mapping]]] = ...) -> None: ...

class SymbolPrerequisites(_message.Message):
    __slots__ = ("symbol", "known", "failures", "dated", "average_daily_volume", "spread_at_one_tick", "per_share_commission", "rebate")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    DATED_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_DAILY_VOLUME_FIELD_NUMBER: _ClassVar[int]
    SPREAD_AT_ONE_TICK_FIELD_NUMBER: _ClassVar[int]
    PER_SHARE_COMMISSION_FIELD_NUMBER: _ClassVar[int]
    REBATE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    known: bool
    failures: _containers.RepeatedScalarFieldContainer[str]
    dated: str
    average_daily_volume: int
    spread_at_one_tick: float
    per_share_commission: int
    rebate: int
    def __init__(self, symbol: _Optional[str] = ..., known: _Optional[bool] = ..., failures: _Optional[_Iterable[str]] = ..., dated: _Optional[str] = ..., average_daily_volume: _Optional[int] = ..., spread_at_one_tick: _Optional[float] = ..., per_share_commission: _Optional[int] = ..., rebate: _Optional[int] = ...) -> None: ...

class AuditQueryRequest(_message.Message):
    __slots__ = ("after_id", "limit")
    AFTER_ID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after_id: int
    limit: int
    def __init__(self, after_id: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class AuditQueryResponse(_message.Message):
    __slots__ = ("rows",)
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[AuditRow]
    def __init__(self, rows: _Optional[_Iterable[_Union[AuditRow, _Mapping]]] = ...) -> None: ...

class AuditRow(_message.Message):
    __slots__ = ("id", "who", "role", "method", "card_time", "before", "after", "reason", "result")
    ID_FIELD_NUMBER: _ClassVar[int]
    WHO_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CARD_TIME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    id: int
    who: str
    role: Role
    method: str
    card_time: int
    before: str
    after: str
    reason: str
    result: str
    def __init__(self, id: _Optional[int] = ..., who: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., method: _Optional[str] = ..., card_time: _Optional[int] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., reason: _Optional[str] = ..., result: _Optional[str] = ...) -> None: ...

class Confirmation(_message.Message):
    __slots__ = ("id", "state", "method", "asked_for", "asked_by", "reason", "beyond", "config_epoch", "seconds_left")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ASKED_FOR_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BEYOND_FIELD_NUMBER: _ClassVar[int]
    CONFIG_EPOCH_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    id: int
    state: ConfirmationState
    method: str
    asked_for: str
    asked_by: str
    reason: str
    beyond: _containers.RepeatedScalarFieldContainer[str]
    config_epoch: int
    seconds_left: float
    def __init__(self, id: _Optional[int] = ..., state: _Optional[_Union[ConfirmationState, str]] = ..., method: _Optional[str] = ..., asked_for: _Optional[str] = ..., asked_by: _Optional[str] = ..., reason: _Optional[str] = ..., beyond: _Optional[_Iterable[str]] = ..., config_epoch: _Optional[int] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class ListConfirmationsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListConfirmationsResponse(_message.Message):
    __slots__ = ("confirmations",)
    CONFIRMATIONS_FIELD_NUMBER: _ClassVar[int]
    confirmations: _containers.RepeatedCompositeFieldContainer[Confirmation]
    def __init__(self, confirmations: _Optional[_Iterable[_Union[Confirmation, _Mapping]]] = ...) -> None: ...

class ApproveRequest(_message.Message):
    __slots__ = ("header", "id", "method")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    header: WriteHeader
    id: int
    method: str
    def __init__(self, header: _Optional[_Union[WriteHeader, _Mapping]] = ..., id: _Optional[int] = ..., method: _Optional[str] = ...) -> None: ...

class DenyRequest(_message.Message):
    __slots__ = ("id", "reason")
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    id: int
    reason: str
    def __init__(self, id: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class MakeLoginCodeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class MakeLoginCodeResponse(_message.Message):
    __slots__ = ("code", "seconds", "role")
    CODE_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    code: str
    seconds: float
    role: Role
    def __init__(self, code: _Optional[str] = ..., seconds: _Optional[float] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

class RedeemLoginCodeRequest(_message.Message):
    __slots__ = ("code",)
    CODE_FIELD_NUMBER: _ClassVar[int]
    code: str
    def __init__(self, code: _Optional[str] = ...) -> None: ...

class RedeemLoginCodeResponse(_message.Message):
    __slots__ = ("name", "role")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    role: Role
    def __init__(self, name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

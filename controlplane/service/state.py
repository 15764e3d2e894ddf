"""What the services of every role share: the card, the configuration, the lease, the stores."""

from dataclasses import dataclass

from controlplane.config.models import ServiceConfig
from controlplane.service.card_link import CardLink, CardRequests
from controlplane.service.envelope import NO_RATIO, Posture
from controlplane.service.fields import unpack
from controlplane.service.lease import WriterLease
from controlplane.service.writes import WritePath
from controlplane.store.audit import AuditLog
from controlplane.store.ledger import Ledger

__all__ = ["ServiceState"]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service's parts; the gRPC servers of the three roles share them."""

    link: CardLink
    config: ServiceConfig
    lease: WriterLease
    writes: WritePath
    ledger: Ledger
    audit: AuditLog

    def slot_names(self, register: str) -> list[str]:
        """Give the name of a slot's register for every symbol followed; ``maker.size``: of another block."""
        block, _, name = register.rpartition(".")
        return [f"{block or 'slot'}[{slot}].{name}" for slot in range(len(self.config.symbols))]

    def posture(self, card: CardRequests, *, boldest: bool = False) -> Posture:
        """Read how bold the card is set, on the card's thread.

        Parameters
        ----------
        card : CardRequests
            The card.
        boldest : bool
            Where symbols differ: the boldest value, which a start is judged by, instead of the least bold one, by which
            any raise is seen.
        """
        settings = (
            "max_inventory",
            "max_order_size",
            "taker_order_size",
            "taker_ratio",
            "taker_min_volume",
            "maker.inventory",
            "maker.size",
            "maker.ratio",
            "maker.prices",
        )
        names = {setting: self.slot_names(setting) for setting in settings}
        values = card.read([name for group in names.values() for name in group])

        def column(setting: str, field: str) -> list[int]:
            return [unpack(name, values[name])[field] for name in names[setting]]

        of_limits, of_thresholds = (max, min) if boldest else (min, max)
        sizes = [column(name, "shares") for name in ("max_order_size", "taker_order_size", "maker.size")]
        # No ratio is no limit.
        quote_ratios = [ratio or NO_RATIO for ratio in column("maker.ratio", "ratio")]
        return Posture(
            max_inventory=of_limits(column("max_inventory", "shares") + column("maker.inventory", "shares")),
            order_size=of_limits(size for column_of in sizes for size in column_of),
            ratio=of_thresholds(column("taker_ratio", "ratio")),
            min_volume=of_thresholds(column("taker_min_volume", "shares")),
            half_spread=of_thresholds(column("maker.prices", "half_spread")),
            quote_ratio=of_limits(quote_ratios),
        )

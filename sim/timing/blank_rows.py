"""Rows of a part that are left without logic, so that a placer which packs tight leaves room for wires."""

import json
from pathlib import Path

from sim.timing.part import Part

__all__ = ["EDGE", "EVERY", "leave_rows_blank"]

#: So many rows at either edge of a part are left blank, where wires come from one side only.
EDGE = 2
#: Of so many rows one is left blank, where what is asked for and the blank rows take no more than this share.
EVERY = 6
MOST = 0.8
SPREAD = "spread.json"
_PORTS = {name: "output" if name == "F" else "input" for name in "ABCDMF"}


def leave_rows_blank(netlist: Path, part: Part, luts: int) -> tuple[Path, int]:
    """Put a look-up table that is joined to nothing at every place of every sixth row, and of those at the edges.

    nextpnr's analytic placer fills what it fills to the same share whatever the part has left, and no option changes
    that. Logic that is there already is kept clear of: the rest then takes the whole part, and between its rows wires
    find their way (decision 0045).

    Parameters
    ----------
    netlist : Path
        As :func:`sim.timing.flow.synthesise` leaves it.
    part : Part
        To be filled; where its rows are.
    luts : int
        Look-up tables that the netlist asks for.

    Returns
    -------
    tuple of Path and int
        The netlist to be placed, beside the one given, and the tables that were put in; that one and 0 where there is
        no room for them, or nobody has looked where the rows of the part are.
    """
    n = len(part.logic_rows)
    blank = {*range(EDGE), *range(EVERY // 2, n, EVERY), *range(n - EDGE, n)} if n else set()
    rows = [part.logic_rows[i] for i in sorted(blank)]
    places = [f"X{x}/Y{y}/SLICE{s}.K{k}" for y in rows for x in part.logic_columns for s in "ABCD" for k in "01"]
    if not places or luts + len(places) > MOST * part.luts:
        return netlist, 0
    design = json.loads(netlist.read_text())
    design["modules"]["top"]["cells"] |= {
        f"blank.{place}": {
            "hide_name": 0,
            "type": "TRELLIS_COMB",
            "parameters": {"MODE": "LOGIC", "INITVAL": "0" * 16},
            "attributes": {"BEL": place},
            "port_directions": _PORTS,
            "connections": {name: [] for name in _PORTS},
        }
        for place in places
    }
    spread = netlist.with_name(SPREAD)
    spread.write_text(json.dumps(design))
    return spread, len(places)

"""The boards: one small file each, of pins, clocks and PHYs. Nothing of the engine knows any of them."""

from hdl.boards.board import Board
from hdl.boards.ecpix5 import ECPIX5
from hdl.boards.versa import VERSA

__all__ = ["BOARDS", "Board"]

BOARDS: dict[str, Board] = {board.name: board for board in (ECPIX5, VERSA)}

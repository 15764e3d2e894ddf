"""Which block a line of the model's C++ works for."""

from sim.bench.profile import AROUND, block_at

MODEL = """\
    vlSelfRef.top__DOT__book__DOT__rows__DOT__change__DOT__less
        = (vlSelfRef.top__DOT__feed__DOT__lines__DOT__mold_a__DOT__finder__DOT__hop
           & (IData)(
                     1U));
    vlSelfRef.top__DOT__level = 1U;
    if (1U) {
        // 1
        // 2
        // 3
        // 4
        // 5
        vlSelfRef.view = 0U;
""".splitlines()


def test_a_line_is_of_the_block_whose_signal_it_names() -> None:
    assert block_at(MODEL, 1) == "book.rows.change"
    assert block_at(MODEL, 1, depth=1) == "book"
    assert block_at(MODEL, 2) == "feed.lines.mold_a"
    assert block_at(MODEL, 4) == "feed.lines.mold_a"  # the statement began above
    assert block_at(MODEL, 5) == "between blocks"
    assert block_at(MODEL, 12) == AROUND

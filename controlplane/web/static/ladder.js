// The depth ladder: five asks above five bids, worst to best to worst, with a bar for the shares of each level.

import { price } from "./charts.js";

const LEVELS = 5, table = document.getElementById("ladder"), note = document.getElementById("ladder-note");

const lines = Array.from({ length: 2 * LEVELS }, (_, n) => {
  const line = table.tBodies[0].insertRow(), side = n < LEVELS ? "ask" : "bid";
  line.dataset.level = `${side}${n < LEVELS ? LEVELS - 1 - n : n - LEVELS}`;
  for (const name of ["bid", "at", "ask"]) line.insertCell().className = name === side ? `${side} bar` : side;
  return line;
});

function fill(cell, words, share = 0) {
  if (cell.textContent !== words) cell.textContent = words;
  cell.style.setProperty("--share", `${Math.round(100 * share)}%`);
}

/** Show a symbol's last sample; levels that were not told with it are question marks, never those of an earlier one. */
export function showLadder(row, fills) {
  const levels = row.levels || [], told = levels.length === LEVELS;
  const most = Math.max(1, ...levels.map((level) => Math.max(level[1], level[3])));
  const traded = new Map();
  for (const f of fills.slice(-100)) traded.set(f[2], (traded.get(f[2]) || 0) + (f[4] ? -f[3] : f[3]));
  lines.forEach((line, n) => {
    const isAsk = n < LEVELS, number = isAsk ? LEVELS - 1 - n : n - LEVELS, [bid, at, ask] = line.cells;
    const best = isAsk ? row.ask : row.bid;
    const [value, shares] = told ? levels[number].slice(isAsk ? 2 : 0, isAsk ? 4 : 2) : [number ? 0 : best || 0, 0];
    const net = value ? traded.get(value) || 0 : 0;
    fill(at, told || (!number && row.bid !== undefined) ? price(value) : "?");
    fill(isAsk ? ask : bid, told ? (value ? shares.toLocaleString("en-US") : "–") : "?", shares / most);
    // Our own net trades at this price stand on the other, empty side.
    const mark = isAsk ? bid : ask;
    fill(mark, net > 0 ? "▲" : net < 0 ? "▼" : "");
    mark.className = net < 0 ? "ask" : "bid";
  });
  table.classList.toggle("old", Boolean(row.stale));
  const words = row.note ?? "no sample yet";
  if (note.textContent !== words) note.textContent = words;
  note.title = words;
}

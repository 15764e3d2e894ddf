// The charts: each draws what it is given onto its canvas, in the colours of the page's theme.

const css = () => getComputedStyle(document.documentElement);

/** Colours of the theme in force, by the names of page.css without their dashes. */
function theme() {
  const values = css(), colours = {};
  for (const name of ["text", "soft", "line", "bid", "ask", "bid-soft", "ask-soft", "good", "bad", "mark", "panel"])
    colours[name] = values.getPropertyValue(`--${name}`).trim();
  return colours;
}

/** A canvas that is as sharp as the screen and drawn at most once a frame. */
export class Chart {
  constructor(id, draw) {
    this.canvas = document.getElementById(id);
    this.note = document.getElementById(`${id}-note`);
    this.draw = draw;
    new ResizeObserver(() => this.refresh()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh());
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const { canvas } = this, scale = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    pen.lineWidth = 1;
    const words = this.draw(pen, width, height, theme()) || "";
    this.note.textContent = words;
    canvas.setAttribute("aria-label", words);
  }
}

export const dollars = (microdollars) =>
  (microdollars / 1e6).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const price = (value) => (value ? (value / 1e4).toFixed(value < 10000 ? 4 : 2) : "–");
export const clock = (ns) => {
  const seconds = Math.floor(ns / 1e9), two = (n) => String(n).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

function quiet(pen, width, height, colours, words) {
  pen.fillStyle = colours.soft;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(words, width / 2, height / 2);
  return words;
}

/** Axes of a chart over time: gives the functions that place a time and a value. */
function frame(pen, width, height, colours, first, last, low, high, label, ticks) {
  const left = 6, right = 62, top = 6, bottom = 18;
  const x = (t) => left + ((t - first) / Math.max(1, last - first)) * (width - left - right);
  const y = (v) => height - bottom - ((v - low) / (high - low || 1)) * (height - top - bottom);
  pen.strokeStyle = colours.line;
  pen.fillStyle = colours.soft;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (const value of ticks) {
    const at = Math.round(y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(left, at);
    pen.lineTo(width - right, at);
    pen.stroke();
    pen.fillText(label(value), width - right + 6, at);
  }
  pen.textBaseline = "alphabetic";
  const marks = Math.max(2, Math.floor((width - left - right) / 110));
  for (let n = 0; n <= marks; n++) {
    const t = first + ((last - first) * n) / marks;
    pen.textAlign = n === 0 ? "left" : n === marks ? "right" : "center";
    pen.fillText(clock(t), x(t), height - 4);
  }
  return { x, y, left, right: width - right, floor: height - bottom };
}

/** Round steps between two values, at most so many. */
function steps(low, high, most, least = 1) {
  let step = least;
  for (let n = 0; (high - low) / step > most; n++) step *= n % 3 === 1 ? 2.5 : 2;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

export function drawMid(pen, width, height, colours, points, fills) {
  const known = points.filter((p) => p[1] && p[2]);
  if (known.length < 2) return quiet(pen, width, height, colours, "no quotes yet");
  const first = known[0][0], last = known[known.length - 1][0];
  const shown = fills.filter((f) => f[1] >= first && f[1] <= last);
  const low = Math.min(...known.map((p) => p[1]), ...shown.map((f) => f[2]));
  const high = Math.max(...known.map((p) => p[2]), ...shown.map((f) => f[2]));
  const pad = Math.max(50, (high - low) * 0.12);
  const at = frame(pen, width, height, colours, first, last, low - pad, high + pad, price,
    steps(low - pad, high + pad, Math.max(2, height / 34), 100));
  const walk = (column) => known.forEach((p, n) => {
    if (n) pen.lineTo(at.x(p[0]), at.y(column(known[n - 1])));
    pen.lineTo(at.x(p[0]), at.y(column(p)));
  });
  for (const [column, colour] of [[(p) => p[1], colours.bid], [(p) => p[2], colours.ask]]) {
    pen.beginPath();
    walk(column);
    pen.globalAlpha = 0.7;
    pen.strokeStyle = colour;
    pen.stroke();
    pen.globalAlpha = 1;
  }
  pen.beginPath();
  walk((p) => (p[1] + p[2]) / 2);
  pen.strokeStyle = colours.text;
  pen.lineWidth = 1.6;
  pen.stroke();
  for (const [, time, at_price, , sell, entry] of shown) {
    const x = at.x(time), y = at.y(at_price), way = sell ? -1 : 1, size = 6;
    pen.beginPath();
    pen.moveTo(x, y - way * size);
    pen.lineTo(x - size, y + way * size);
    pen.lineTo(x + size, y + way * size);
    pen.closePath();
    pen.fillStyle = entry ? (sell ? colours.ask : colours.bid) : colours.panel;
    pen.strokeStyle = sell ? colours.ask : colours.bid;
    pen.fill();
    pen.stroke();
  }
  const newest = known[known.length - 1];
  return `${price(newest[1])} / ${price(newest[2])}, ▲ bought, ▼ sold, hollow closes`;
}

export function drawImbalance(pen, width, height, colours, points, ratio) {
  const known = points.filter((p) => p[3] || p[4]);
  if (known.length < 2) return quiet(pen, width, height, colours, "no depth yet");
  const first = known[0][0], last = known[known.length - 1][0], bound = 4;
  const log = (p) => Math.max(-bound, Math.min(bound, Math.log2(Math.max(p[3], 1) / Math.max(p[4], 1))));
  const label = (v) => (v ? `${2 ** Math.abs(v)}× ${v > 0 ? "bid" : "ask"}` : "even");
  const at = frame(pen, width, height, colours, first, last, -bound, bound, label, height > 110 ? [-4, -2, 0, 2, 4] : [-2, 0, 2]);
  for (const side of [1, -1]) {
    pen.beginPath();
    pen.moveTo(at.x(first), at.y(0));
    known.forEach((p, n) => {
      const value = side > 0 ? Math.max(0, log(p)) : Math.min(0, log(p));
      if (n) {
        const before = log(known[n - 1]);
        pen.lineTo(at.x(p[0]), at.y(side > 0 ? Math.max(0, before) : Math.min(0, before)));
      }
      pen.lineTo(at.x(p[0]), at.y(value));
    });
    pen.lineTo(at.x(last), at.y(0));
    pen.closePath();
    pen.fillStyle = side > 0 ? colours["bid-soft"] : colours["ask-soft"];
    pen.strokeStyle = side > 0 ? colours.bid : colours.ask;
    pen.fill();
    pen.stroke();
  }
  if (ratio > 1 && Math.log2(ratio) < bound) {
    pen.strokeStyle = colours.mark;
    pen.setLineDash([5, 4]);
    for (const value of [Math.log2(ratio), -Math.log2(ratio)]) {
      pen.beginPath();
      pen.moveTo(at.left, at.y(value));
      pen.lineTo(at.right, at.y(value));
      pen.stroke();
    }
    pen.setLineDash([]);
  }
  const [, , , bid, ask] = known[known.length - 1];
  const now = bid >= ask ? `${(bid / Math.max(ask, 1)).toFixed(1)}× bid` : `${(ask / Math.max(bid, 1)).toFixed(1)}× ask`;
  return `${now} now; dashed: ${ratio}×, where the module acts`;
}

export function drawProfit(pen, width, height, colours, points) {
  if (points.length < 2) return quiet(pen, width, height, colours, "no results yet");
  const values = points.map((p) => p[1]);
  const low = Math.min(0, ...values), high = Math.max(0, ...values, low + 1e6), pad = (high - low) * 0.1;
  const first = points[0][0], last = points[points.length - 1][0];
  const at = frame(pen, width, height, colours, first, last, low - pad, high + pad, (v) => (v / 1e6).toFixed(high - low < 5e6 ? 1 : 0),
    steps(low - pad, high + pad, Math.max(2, height / 26), 1e5));
  const now = values[values.length - 1];
  pen.beginPath();
  points.forEach((p, n) => {
    if (n) pen.lineTo(at.x(p[0]), at.y(points[n - 1][1]));
    pen.lineTo(at.x(p[0]), at.y(p[1]));
  });
  pen.strokeStyle = now < 0 ? colours.bad : colours.good;
  pen.lineWidth = 1.8;
  pen.stroke();
  pen.lineTo(at.x(last), at.y(0));
  pen.lineTo(at.x(first), at.y(0));
  pen.globalAlpha = 0.15;
  pen.fillStyle = pen.strokeStyle;
  pen.fill();
  pen.globalAlpha = 1;
  return `${now < 0 ? "▼" : "▲"} ${dollars(now)} $`;
}

/** Bars with their labels below and values above. */
function bars(pen, width, height, colours, rows, colour) {
  const most = Math.max(...rows.map((r) => Math.abs(r.value)), 1e-9), negative = rows.some((r) => r.value < 0);
  const slot = Math.min(64, width / rows.length), left = (width - slot * rows.length) / 2;
  const top = 14, floor = height - 15, zero = negative ? (top + floor) / 2 : floor;
  const room = negative ? (floor - top) / 2 - 2 : floor - top;
  pen.strokeStyle = colours.line;
  pen.beginPath();
  pen.moveTo(0, zero + 0.5);
  pen.lineTo(width, zero + 0.5);
  pen.stroke();
  pen.textAlign = "center";
  const every = Math.ceil(34 / slot);
  rows.forEach((row, n) => {
    const long = (Math.abs(row.value) / most) * room, x = left + n * slot;
    pen.fillStyle = colour(row);
    pen.fillRect(x + slot * 0.12, row.value < 0 ? zero : zero - long, slot * 0.76, Math.max(long, row.value ? 1 : 0));
    if (n % every) return;
    pen.fillStyle = colours.soft;
    pen.textBaseline = "alphabetic";
    pen.fillText(row.label, x + slot / 2, height - 3);
    pen.fillStyle = colours.text;
    pen.fillText(row.words, x + slot / 2, row.value < 0 ? zero - 4 : zero - long - 3);
  });
}

export function drawLatency(pen, width, height, colours, results, period) {
  const found = results.histogram || [];
  if (!found.length) return quiet(pen, width, height, colours, "no order yet");
  const first = found[0][0], last = found[found.length - 1][0], step = Math.ceil((last - first + 1) / 24);
  const rows = [];
  for (let low = first; low <= last; low += step) {
    const value = found.filter(([c]) => c >= low && c < low + step).reduce((sum, [, n]) => sum + n, 0);
    rows.push({ value, label: step > 1 ? `${low}–${low + step - 1}` : `${low}`, words: value.toLocaleString("en-US") });
  }
  bars(pen, width, height, colours, rows, () => colours.mark);
  const [, median] = results.latency;
  return `median ${median} cycles, ${Math.round((median * period) / 1000)} ns`;
}

export function drawMarkouts(pen, width, height, colours, results) {
  const found = (results.markouts || []).filter(([, , fills]) => fills);
  if (!found.length) return quiet(pen, width, height, colours, "no entry is old enough yet");
  const rows = found.map(([seconds, average, fills]) => ({
    value: average, label: `${seconds} s`, words: `${average < 0 ? "−" : "+"}${Math.abs(average / 100).toFixed(2)}`, fills,
  }));
  bars(pen, width, height, colours, rows, (row) => (row.value < 0 ? colours.ask : colours.bid));
  return `¢ a share, ${found[0][2]} entries`;
}

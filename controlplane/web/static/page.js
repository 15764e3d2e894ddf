// The page: takes the service's updates as they come and shows them. Text is set by textContent only.

import { Chart, clock, dollars, drawImbalance, drawLatency, drawMarkouts, drawMid, drawProfit, price } from "./charts.js";
import { showLadder } from "./ladder.js";
import { begin, isOperator, write } from "./session.js";

const by = (id) => document.getElementById(id);
const MOST_POINTS = 2400, WINDOW = 180e9;
const state = { rows: new Map(), points: new Map(), fills: [], profit: [], results: {}, settings: {}, card: {}, asked: [] };
let chosen = "";

const pointsOf = (symbol) => {
  const points = state.points.get(symbol) || [];
  if (!points.length) return points;
  const since = points[points.length - 1][0] - WINDOW;
  return points[0][0] >= since ? points : points.filter((p) => p[0] >= since);
};
const fillsOf = (symbol) => state.fills.filter((f) => f[0] === symbol);

const charts = {
  mid: new Chart("mid", (...pen) => drawMid(...pen, pointsOf(chosen), fillsOf(chosen))),
  imbalance: new Chart("imbalance", (...pen) => drawImbalance(...pen, pointsOf(chosen), state.settings.ratio || 0)),
  profit: new Chart("profit", (...pen) => drawProfit(...pen, state.profit)),
  latency: new Chart("latency", (...pen) => drawLatency(...pen, state.results, state.card.period_ps || 0)),
  markouts: new Chart("markouts", (...pen) => drawMarkouts(...pen, state.results)),
};

/** Make an element with words in it. */
function make(tag, words = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = words;
  if (name) made.className = name;
  return made;
}

/** Set words only where they changed: the screen is not laid out anew for nothing. */
function tell(element, words, name) {
  if (element.textContent !== words) element.textContent = words;
  if (name !== undefined && element.className !== name) element.className = name;
}

function choose(symbol) {
  chosen = symbol;
  for (const button of by("symbols").children) button.setAttribute("aria-pressed", String(button.textContent === symbol));
  for (const row of state.rows.values()) row.line.setAttribute("aria-selected", String(row.symbol === symbol));
  for (const name of ["mid", "imbalance"]) charts[name].refresh();
  showLadder(state.rows.get(symbol)?.told || {}, fillsOf(symbol));
}

function showRow(told) {
  let row = state.rows.get(told.symbol);
  if (!row) {
    row = { symbol: told.symbol, line: document.createElement("tr"), cells: {} };
    for (const name of ["symbol", "bid", "ask", "bid_volume", "ask_volume", "position", "buy", "sell", "pnl", "state"])
      row.cells[name] = row.line.appendChild(document.createElement("td"));
    row.line.onclick = () => choose(told.symbol);
    by("holdings").tBodies[0].append(row.line);
    const button = make("button", told.symbol);
    button.type = "button";
    button.onclick = () => choose(told.symbol);
    by("symbols").append(button);
    state.rows.set(told.symbol, row);
    row.told = told;
    choose(chosen || told.symbol);
  }
  row.told = told;
  const number = (value) => (value || 0).toLocaleString("en-US");
  const { cells } = row;
  tell(cells.symbol, told.symbol);
  tell(cells.bid, price(told.bid), "bid");
  tell(cells.ask, price(told.ask), "ask");
  tell(cells.bid_volume, number(told.bid_volume));
  tell(cells.ask_volume, number(told.ask_volume));
  tell(cells.position, number(told.position), told.position > 0 ? "pos" : "");
  tell(cells.buy, number(told.buy));
  tell(cells.sell, number(told.sell));
  tell(cells.pnl, dollars(told.pnl || 0), told.pnl < 0 ? "down" : "");
  const words = told.state || "";
  tell(cells.state, words, words.includes("UNMANAGED") ? "down" : words === "trading" ? "" : "quiet");
}

function showCard(card) {
  const words = card.killed ? `KILLED by ${card.killed}` : card.armed ? "ARMED" : "disarmed";
  tell(by("state"), words, `pill ${card.killed ? "killed" : card.armed ? "armed" : ""}`);
  const facts = [
    [`${card.soft ? "soft card" : "card"} ${card.name}`, true],
    [card.heartbeat ? "heartbeat alive" : "heartbeat out", card.heartbeat],
    [card.session ? "order session up" : "order session down", card.session],
    [card.open ? "market open" : "market closed", true],
    [`lease: ${card.lease || "free"}`, true],
    ...(card.lost ? [[`${card.lost} event records lost`, false]] : []),
  ];
  by("facts").replaceChildren(...facts.map(([text, good]) => make("li", text, good ? "" : "off")));
  showModules();
}

function showModules() {
  by("modules").replaceChildren(...Object.entries(state.card.modules || {}).map(([name, on]) => {
    const line = make("li");
    line.append(make("span", name), make("b", on ? "on" : "off", on ? "up" : "quiet"));
    if (isOperator()) {
      const button = make("button", on ? "Switch off" : "Switch on");
      button.type = "button";
      button.onclick = () => write("toggle", { strategy: name, state: !on }, `Switch ${name} ${on ? "off" : "on"}?`,
        on ? "It opens nothing from now on; exits go on." : "It trades within the limits that are set.", on ? "Switch off" : "Switch on");
      line.append(button);
    }
    return line;
  }));
}

function showTiles() {
  const { results: r, settings: s } = state;
  if (r.time === undefined) return;
  const refused = Object.values(r.refusals).reduce((sum, n) => sum + n, 0);
  const tiles = [
    ["profit", `${dollars(r.pnl)} $`, `made; fees ${dollars(r.fees)} $`, r.pnl < 0 ? "down" : r.pnl > 0 ? "up" : ""],
    ["clock", clock(r.time), "exchange time"],
    ["fills", `${r.fills} / ${r.orders}`, "fills / orders"],
    ["trips", `${r.won} / ${r.trips}`, "won / round trips"],
    ["open", s.open_orders ?? "–", "open orders"],
    ["limits", `${s.inventory ?? "–"} / ${s.size ?? "–"}`, "inventory / size"],
    ["speed", r.orders ? `${r.latency[1]}` : "–", "cycles, median"],
    ["refused", `${refused} / ${r.triggers}`, "refused / triggers"],
  ];
  for (const [name, value, words, tone = ""] of tiles) {
    let tile = document.querySelector(`[data-tile="${name}"]`);
    if (!tile) {
      tile = make("div");
      tile.dataset.tile = name;
      tile.append(make("b"), make("span"));
      by("tiles").append(tile);
    }
    tile.className = `tile ${tone}`;
    tell(tile.children[0], String(value));
    tell(tile.children[1], words);
  }
  const reasons = Object.entries(r.refusals);
  by("refusals").replaceChildren(...(reasons.length ? reasons : [["nothing", ""]]).map(([name, count]) => {
    const line = make("li");
    line.append(make("span", name.replaceAll("_", " "), count ? "" : "quiet"), make("b", String(count)));
    return line;
  }));
}

const auditLine = (row) => {
  const line = document.createElement("tr");
  for (const words of [String(row.id), row.who, row.role, row.method, row.result, row.reason]) line.append(make("td", words));
  line.title = `before ${row.before || "–"}\nafter ${row.after || "–"}`;
  return line;
};
let oldest = 0;

function showAudit(rows) {
  const body = by("audit").tBodies[0];
  const newest = Number(body.rows[0]?.cells[0].textContent || 0);
  // More came at once than an update has: begin anew, so that there is no hole; what is older can be asked for.
  if (newest && rows.length && rows[rows.length - 1].id > newest + 1) body.replaceChildren();
  body.prepend(...rows.filter((row) => row.id > newest).map(auditLine));
  oldest = Number(body.rows[body.rows.length - 1]?.cells[0].textContent || 0);
  by("older").hidden = oldest <= 1;
}

by("older").onclick = async () => {
  const { rows } = await (await fetch(`/audit?before=${oldest}`)).json();
  by("audit").tBodies[0].append(...rows.map(auditLine));
  oldest = rows.length ? rows[rows.length - 1].id : 0;
  by("older").hidden = oldest <= 1;
};

function showAsked() {
  by("asked").replaceChildren(...(state.asked.length ? state.asked.map((one) => {
    const line = make("li");
    line.append(make("b", `${one.id}`), make("span", `${one.method} ${one.asked_for} (${one.beyond.join("; ")}), asked by ${one.by}: ${one.reason}`));
    if (isOperator()) for (const [what, words] of [["approve", "Approve"], ["deny", "Deny"]]) {
      const button = make("button", words);
      button.type = "button";
      button.onclick = () => write(what, { id: one.id, method: one.method }, `${words} ${one.id}?`, `${one.method} ${one.asked_for}`, words);
      line.append(button);
    }
    line.append(make("span", `${one.left} s left`, "quiet"));
    return line;
  }) : [make("li", "nothing waits for an answer", "quiet")]));
}

document.addEventListener("session", () => { showModules(); showAsked(); });

function add(kept, entries, most) {
  kept.push(...entries);
  if (kept.length > most) kept.splice(0, kept.length - most);
}

let updates = 0, times = [];

function take(told) {
  if (told.day !== undefined) { state.points.clear(); state.fills = []; state.profit = []; }
  if (told.card) { state.card = told.card; showCard(told.card); }
  for (const row of told.rows || []) showRow(row);
  for (const [symbol, ...point] of told.depth || []) {
    if (!state.points.has(symbol)) state.points.set(symbol, []);
    add(state.points.get(symbol), [point], MOST_POINTS);
  }
  if (told.fills) add(state.fills, told.fills, 2000);
  if (told.profit) { add(state.profit, told.profit, 4000); charts.profit.refresh(); }
  if (told.settings) state.settings = told.settings;
  if (told.results) { state.results = told.results; charts.latency.refresh(); charts.markouts.refresh(); }
  if (told.results || told.settings) showTiles();
  if (told.depth || told.fills || told.settings) for (const name of ["mid", "imbalance"]) charts[name].refresh();
  if (told.fills || told.rows?.some((row) => row.symbol === chosen)) showLadder(state.rows.get(chosen)?.told || {}, fillsOf(chosen));
  if (told.audit) showAudit(told.audit);
  if (told.agent !== undefined) tell(by("agent"), told.agent);
  if (told.flatten !== undefined) tell(by("flatten-state"), told.flatten);
  if (told.asked) { state.asked = told.asked; showAsked(); }
  if (told.service !== undefined) { tell(by("trouble"), told.service); by("trouble").hidden = !told.service; }
  const now = performance.now();
  updates += 1;
  times.push(now);
  while (times[0] < now - 2000) times.shift();
  document.body.dataset.updates = String(updates);
  document.body.dataset.skipped = String(told.skipped);
}

by("flatten").onclick = () => {
  const held = state.rows.get(chosen)?.cells.position.textContent || "0";
  write("flatten", { confirm: "flatten", symbol: chosen }, `Flatten ${chosen}?`,
    `${held} shares are held. The card cancels its own orders of ${chosen}, waits until each is dead, and sends one immediate order that can only reduce, at no worse than this price.`,
    `Flatten ${chosen}`, { price: true });
};

setInterval(() => {
  const now = performance.now();
  times = times.filter((time) => time > now - 2000);
  const skipped = Number(document.body.dataset.skipped || 0);
  tell(by("rate"), `${(times.length / 2).toFixed(1)} updates a second${skipped ? `, ${skipped} passed over by this browser` : ""}`);
}, 500);

const stream = new EventSource("/stream");
stream.onmessage = (event) => take(JSON.parse(event.data));
stream.onopen = () => { by("trouble").hidden = true; };
stream.onerror = () => { tell(by("trouble"), "the page’s process does not answer: what is shown is old"); by("trouble").hidden = false; };
begin();

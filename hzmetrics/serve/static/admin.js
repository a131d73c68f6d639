"use strict";
// What all pages share: documents by their address, refreshed while the page is seen; elements; curves.

const admin = (() => {
  const base = document.body.dataset.base;
  const tags = new Map();
  const trouble = document.getElementById("trouble");

  function tell(message) {
    trouble.textContent = message;
    trouble.hidden = !message;
  }

  async function fail(answer) {
    let said = answer.statusText;
    try { said = (await answer.json()).error.message; } catch { /* it is not ours */ }
    throw new Error(`${answer.status}: ${said}`);
  }

  // A copy of a page holds its documents, and asks for no others.
  const copied = document.getElementById("documents");
  const copies = copied && new Map(Object.entries(JSON.parse(copied.textContent)));

  /** The document at a path; null: it is the one that was given last. */
  async function get(path, { again = false } = {}) {
    if (copies) {
      const found = copies.get(path) || null;
      copies.delete(path);
      return found;
    }
    const known = again ? undefined : tags.get(path);
    const answer = await fetch(base + path, { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
    if (answer.status === 304) return null;
    if (!answer.ok) await fail(answer);
    if (tags.size > 50) tags.clear();
    tags.set(path, answer.headers.get("ETag"));
    return answer.json();
  }

  async function post(path) {
    const answer = await fetch(base + path, { method: "POST", headers: { "X-Requested-With": "hzmetrics" } });
    if (!answer.ok) await fail(answer);
    return answer.json();
  }

  /** Do something, and tell what goes wrong. */
  async function attempt(work) {
    try { await work(); tell(""); } catch (error) { tell(String(error.message || error)); }
  }

  /** Do something now, and every so many seconds while the page is seen. */
  function every(seconds, work) {
    let running = false;
    const turn = async () => {
      if (document.hidden || running) return;
      running = true;
      await attempt(work);
      running = false;
    };
    setInterval(turn, seconds * 1000);
    document.addEventListener("visibilitychange", turn);
    turn();
    return turn;
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => { if (value !== null && value !== false) made.setAttribute(key, value); });
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  const text = (value) => value === null || value === undefined || value === "" ? "–" : String(value);
  const grouped = (value) => value.toLocaleString("en-US");
  const plain = (time) => String(time || "").replace("T", " ").replace("Z", "");

  /** Fill a table: each row a list of texts or elements; the first is its heading. `kinds`: classes by column. */
  function fill(table, rows, kinds = []) {
    table.tBodies[0].replaceChildren(...rows.map((cells) => element("tr", {}, ...cells.map((cell, place) =>
      element(place ? "td" : "th", place ? { class: kinds[place] || null } : { scope: "row" }, cell instanceof Node ? cell : text(cell))))));
    const none = table.closest("section")?.querySelector(":scope > .note[hidden], :scope > .note.none");
    if (none) { none.classList.add("none"); none.hidden = rows.length > 0; }
  }

  /** Work that waits until somebody has stopped typing. */
  function calmly(work) {
    let timer = 0;
    return () => { clearTimeout(timer); timer = setTimeout(work, 200); };
  }

  const COLOURS = ["#0b5f8a", "#c2571a", "#3b8f5a", "#8a4b9c", "#b33951", "#6b6b2a", "#2aa0a0"];

  /** Curves over time. `traces`: name, points of [time, value]; a missing value interrupts. `bounds`: of the scale. */
  function curves(place, traces, { label = "", bounds = null, title = "" } = {}) {
    const points = traces.flatMap(({ name, points: given }) => given.map(([time, value]) => ({ name, time, value })));
    const known = points.filter((point) => point.value !== null);
    if (!known.length) { place.replaceChildren("no data yet"); return; }
    const names = traces.map((trace) => trace.name);
    const svg = Plot.plot({
      width: room(place), height: 300, marginLeft: 60, ariaLabel: title || label,
      style: { color: "var(--text)", background: "none", fontSize: "12px" },
      x: { type: "utc", label: null }, y: { grid: true, label: label || null, tickFormat: (value) => d3.format("~s")(value), ...(bounds ? { domain: bounds } : { zero: true, nice: true }) },
      color: { domain: names, range: COLOURS, legend: names.length > 1 },
      marks: [
        Plot.line(points, { x: "time", y: (point) => point.value === null ? NaN : point.value, z: "name", stroke: "name", strokeWidth: 2 }),
        known.length < 150 ? Plot.dot(known, { x: "time", y: "value", fill: "name", r: 2.5 }) : null,
        Plot.tip(known, Plot.pointer({ x: "time", y: "value", fill: "var(--surface)", stroke: "var(--quiet)",
          title: (point) => `${point.name}\n${point.time.toISOString().slice(0, 16).replace("T", " ")}\n${grouped(point.value)}` })),
      ],
    });
    show(place, svg);
  }

  /** The width for a drawing; an empty place has none itself. */
  function room(place) {
    return Math.max(280, place.parentElement.clientWidth - 26);
  }

  /** Put a drawing in its place; the texts in it are for the eyes alone. */
  function show(place, drawing) {
    const svg = drawing.tagName === "FIGURE" ? [...drawing.children].findLast((part) => part.tagName === "svg") : drawing;
    svg.setAttribute("role", "img");
    svg.querySelectorAll("[aria-label], [aria-description]").forEach((part) => {
      part.removeAttribute("aria-label");
      part.removeAttribute("aria-description");
    });
    place.replaceChildren(drawing);
  }

  return { base, get, post, attempt, every, element, text, grouped, plain, fill, calmly, curves, room, show };
})();

"use strict";
// The plots of a course; each is drawn when it is unfolded.

(() => {
  const { get, attempt, grouped, curves, room, show } = admin;
  const GREEN = "#91d27e";
  const MAP = [[0, [69, 117, 180]], [0.2, [171, 217, 233]], [0.4, [224, 243, 248]], [0.6, [254, 224, 144]], [0.8, [253, 174, 97]], [1, [215, 48, 39]]];
  const course = document.getElementById("course").dataset.course;
  const least = +document.getElementById("course").dataset.least;
  const path = (kind) => `/staff/stats/${kind}/${encodeURIComponent(course)}`;
  const shown = (name) => name.replaceAll("%20", " ");
  const day = (text) => new Date(`${text.replace(" ", "T")}Z`);
  const drawing = (id) => document.querySelector(`#${id} .drawing`);
  let documents = null;
  let step = 1;
  let playing = 0;

  function bars(id, data, { x, tip, fill = "var(--accent)", most = null, xLabel = null }) {
    const place = drawing(id);
    if (!data.length) { place.replaceChildren("no data yet"); return; }
    show(place, Plot.plot({
      width: room(place), height: 300, marginLeft: 50, ariaLabel: document.querySelector(`#${id} summary`).textContent,
      style: { color: "var(--text)", background: "none", fontSize: "12px" },
      x: { type: "linear", label: xLabel, tickFormat: (value) => Number.isInteger(value) ? String(value) : "" },
      y: { grid: true, zero: true, label: null, ...(most ? { domain: [0, most] } : {}) },
      marks: [
        Plot.rectY(data, { x1: (row) => x(row) - 0.42, x2: (row) => x(row) + 0.42, y: "count", fill }),
        Plot.ruleY([0]),
        Plot.tip(data, Plot.pointerX({ x, y: "count", title: tip, fill: "var(--surface)", stroke: "var(--quiet)" })),
      ],
    }));
  }

  /** The notebooks that enough students read, numbered in the order of their names. */
  function numbered(pairs) {
    return pairs.filter(([, count]) => count >= least).map(([name, count], place) => ({ name, count, number: place + 1 }));
  }

  function perNotebook() {
    const data = numbered(documents.usage.nbstudents_per_notebook);
    document.querySelector("#per-notebook .note").textContent = `number of students/${data.length} per notebook`;
    bars("per-notebook", data, { x: (row) => row.number, tip: (row) => `${row.number}: ${shown(row.name)}\n${grouped(row.count)}` });
  }

  function animated() {
    const steps = Object.entries(documents.usage.nbstudents_per_notebook_animated);
    const slider = document.getElementById("slider");
    step = Math.min(Math.max(1, step), Math.max(1, steps.length));
    slider.max = Math.max(1, steps.length);
    slider.value = step;
    document.getElementById("step").textContent = `${steps.length ? step : 0}/${steps.length}`;
    document.getElementById("when").textContent = steps.length ? steps[step - 1][0].replace("T", " ") : "";
    const places = new Map(numbered(documents.usage.nbstudents_per_notebook).map((row) => [row.name, row.number]));
    const now = new Map(steps.length ? steps[step - 1][1] : []);
    const data = [...places].map(([name, number]) => ({ name, number, count: now.get(name) || 0 }));
    const most = Math.max(1, ...steps.flatMap(([, pairs]) => pairs.map(([, count]) => count)));
    bars("animated", data, { x: (row) => row.number, most, tip: (row) => `${row.number}: ${shown(row.name)}\n${grouped(row.count)}` });
  }

  function perStudent() {
    const data = documents.usage.nbstudents_per_nbnotebooks.map(([number, count]) => ({ number, count }));
    bars("per-student", data, { x: (row) => row.number, fill: GREEN, xLabel: "notebooks", tip: (row) => `${grouped(row.count)} students opened ${row.number} notebooks` });
  }

  function people(id, total, unique, fresh, name) {
    const { daily, events } = documents.daily;
    const daysOf = (values) => daily.timestamps.map((time, place) => [day(time), values[place]]);
    curves(drawing(id), [
      { name, points: events.timestamps.map((time, place) => [day(time), events[total][place]]) },
      { name: "unique a day", points: daysOf(daily[unique]) },
      { name: "new a day", points: daysOf(daily[fresh]) },
    ], { title: document.querySelector(`#${id} summary`).textContent });
  }

  /** Cells grow to fill 500 x 500; a student has at least a line of two pixels. */
  function map() {
    const { x, y, z, zmax } = documents.usage.heatmap;
    const title = `${x.length} notebooks * ${y.length} students map`;
    document.querySelector("#map summary").textContent = title;
    const place = drawing("map");
    if (!x.length) { place.replaceChildren("no data yet"); return; }
    const width = Math.max(1, Math.min(Math.max(500 / x.length, 4), 800 / x.length));
    const height = Math.max(500 / y.length, Math.min(2, 30000 / y.length));  // a canvas has a largest size
    const canvas = admin.element("canvas", { role: "img", "aria-label": title });
    canvas.width = Math.round(width * x.length);
    canvas.height = Math.round(height * y.length);
    const pen = canvas.getContext("2d");
    z.forEach((row, line) => row.forEach((opens, column) => {
      if (opens === null) return;
      pen.fillStyle = colour(opens, zmax);
      pen.fillRect(column * width, line * height, Math.max(1, width - (width > 6 ? 1 : 0)), Math.max(1, height - (height > 6 ? 1 : 0)));
    }));
    const note = document.querySelector("#map .hour");
    canvas.addEventListener("mousemove", (event) => {
      const column = Math.min(x.length - 1, Math.floor(event.offsetX / width));
      const line = Math.min(y.length - 1, Math.floor(event.offsetY / height));
      note.textContent = `${shown(y[line])}, ${shown(x[column])}: ${z[line][column] === null ? "never opened" : `${grouped(z[line][column])} opens`}`;
    });
    place.replaceChildren(canvas);
  }

  function colour(value, most) {
    const at = most > 1 ? (value - 1) / (most - 1) : 0;
    const upper = MAP.findIndex(([stop]) => stop >= at);
    if (upper <= 0) return `rgb(${MAP[0][1]})`;
    const [[low, from], [high, to]] = [MAP[upper - 1], MAP[upper]];
    return `rgb(${from.map((part, place) => Math.round(part + (to[place] - part) * (at - low) / (high - low)))})`;
  }

  function counts(id, traces, more = {}) {
    const { timestamps } = documents.counts;
    curves(drawing(id), traces.map(([name, of]) => ({
      name, points: timestamps.map((time, place) => [day(time), typeof of === "function" ? of(place) : documents.counts[of][place]]),
    })), { title: document.querySelector(`#${id} summary`).textContent, ...more });
  }

  const share = (name) => (place) => {
    const total = documents.counts.memory_totals[place];
    const value = documents.counts[name][place];
    return total && value !== null ? 100 * value / total : null;
  };

  const DISKS = ["container_ds", "nbhosting_ds", "system_ds"];
  const PLOTS = {
    "per-notebook": perNotebook,
    animated,
    "per-student": perStudent,
    students: () => people("students", "total_students", "unique_students", "new_students", "total"),
    notebooks: () => people("notebooks", "total_notebooks", "unique_notebooks", "new_notebooks", "opened at least once"),
    map,
    containers: () => counts("containers", [["running containers", "running_containers"], ["frozen containers", "frozen_containers"],
      ["running kernels", "running_kernels"], ["containers of all courses", "system_containers"], ["kernels of all courses", "system_kernels"]]),
    "space-percent": () => counts("space-percent", DISKS.map((name) => [name.split("_")[0], `${name}_percents`]), { bounds: [0, 100] }),
    space: () => counts("space", DISKS.map((name) => [name.split("_")[0], `${name}_frees`])),
    loads: () => counts("loads", [["1 minute", "load1s"], ["5 minutes", "load5s"], ["15 minutes", "load15s"]], { label: "100 × load" }),
    memory: () => counts("memory", [["free", share("memory_frees")], ["available", share("memory_availables")]], { label: "%", bounds: [0, 100] }),
  };

  function draw(id) {
    if (documents && document.getElementById(id).open) PLOTS[id]();
  }

  async function load() {
    const anonymous = document.getElementById("anonymous").checked;
    document.getElementById("export").href = `${admin.base}${path("export")}${anonymous ? "?anonymous=1" : ""}`;
    const [daily, usage, monitor] = await Promise.all([
      get(path("daily_metrics"), { again: true }), get(`${path("material_usage")}${anonymous ? "?anonymous=1" : ""}`, { again: true }),
      get(path("monitor_counts"), { again: true })]);
    documents = { daily, usage, counts: monitor };
    const isEmpty = !usage.nbnotebooks && !monitor.timestamps.length;
    document.getElementById("none").hidden = !isEmpty;
    document.getElementById("plots").hidden = isEmpty;
    document.querySelector("#map summary").textContent = `${usage.nbnotebooks} notebooks * ${usage.nbstudents} students map`;
    step = Object.keys(usage.nbstudents_per_notebook_animated).length;
    Object.keys(PLOTS).forEach(draw);
  }

  const GO = { first: () => { step = 1; }, back: () => { step -= 1; }, forward: () => { step += 1; }, last: () => { step = Infinity; } };
  const players = [...document.querySelectorAll("[data-go^=continuous]")];

  function stop() {
    clearInterval(playing);
    playing = 0;
    players.forEach((button) => button.setAttribute("aria-pressed", "false"));
  }

  function play(button) {
    const was = button.getAttribute("aria-pressed") === "true";
    stop();
    if (was) return;
    const isBack = button.dataset.go === "continuous-back";
    const steps = Object.keys(documents.usage.nbstudents_per_notebook_animated).length;
    if (!isBack && step >= steps) step = 0;
    if (isBack && step <= 1) step = steps + 1;
    button.setAttribute("aria-pressed", "true");
    playing = setInterval(() => {
      step += isBack ? -1 : 1;
      if (step >= steps || step <= 1) stop();
      animated();
    }, 400);
  }

  document.querySelectorAll("[data-go]").forEach((button) => button.addEventListener("click", () => {
    if (players.includes(button)) { play(button); return; }
    stop();
    GO[button.dataset.go]();
    animated();
  }));
  document.getElementById("slider").addEventListener("input", (event) => { stop(); step = +event.target.value; animated(); });
  const all = (open) => () => document.querySelectorAll("details.plot").forEach((one) => { one.open = open; });
  document.getElementById("show-all").addEventListener("click", all(true));
  document.getElementById("hide-all").addEventListener("click", all(false));
  document.getElementById("anonymous").addEventListener("change", () => attempt(load));
  document.querySelectorAll("details.plot").forEach((one) => one.addEventListener("toggle", () => draw(one.id)));
  attempt(load);
})();

"use strict";
// Charts, drawn from the tables beside them.

hzmetrics.charts = (() => {
  const { element, shown, number, MONTHS } = hzmetrics;
  const HEIGHT = 280;
  const zooms = new WeakMap();

  function date(name) {
    const [month, year] = name.split(" ");
    return new Date(Date.UTC(year, MONTHS.indexOf(month), 1));
  }

  function read(figure) {
    const table = figure.querySelector("table");
    return {
      columns: [...table.tHead.rows[0].cells].slice(1).map((cell) => (cell.querySelector(".column") || cell).textContent),
      rows: [...table.tBodies[0].rows].map((row) => ({
        name: (row.cells[0].querySelector(".name") || row.cells[0].firstChild).textContent.trim(),
        mark: row.className,
        values: [...row.cells].slice(1).map((cell) => number(cell)),
      })),
    };
  }

  /** How values are divided, and the unit of the axis: that of the table, or else one that fits. */
  function scale({ unit, times }, largest) {
    if (unit !== "seconds") return { by: 1, label: "" };
    return (times || (largest < 7200 ? "minutes" : "hours")) === "minutes" ? { by: 60, label: "minutes" } : { by: 3600, label: "hours" };
  }

  /** How wide a drawing can be, in pixels. */
  function room(figure) {
    return Math.max(240, figure.clientWidth - 26);
  }

  /** A drawing is one picture: the names of its parts are for those who style them. */
  function show(place, svg) {
    svg.setAttribute("role", "img");
    svg.querySelectorAll("g[aria-label]").forEach((part) => part.removeAttribute("aria-label"));
    place.append(svg);
  }

  /** Every month from the first point to the last; those without one have no value, so that no line leads over them. */
  function withGaps(points) {
    if (!points.length) return [];
    const known = new Map(points.map((point) => [+point.time, point]));
    const end = d3.utcMonth.offset(points.at(-1).time);
    return d3.utcMonth.range(points[0].time, end).map((time) => known.get(+time) ?? { time, value: NaN });
  }

  function drawCurve(figure) {
    const place = figure.querySelector(".drawing");
    const { columns, rows } = read(figure);
    const column = +figure.dataset.column;
    const title = figure.dataset.title || figure.querySelector(".name").textContent;
    const unit = figure.dataset.unit;
    const points = rows.map((row) => ({ time: date(row.name), value: row.values[column], name: row.name, mark: row.mark }))
      .filter((point) => point.value !== null);
    place.replaceChildren();
    setUpChoices(figure, columns, points.length);
    if (!points.length) return;
    const zoom = zooms.get(figure);
    const visible = zoom ? points.filter((point) => point.time >= zoom[0] && point.time <= zoom[1]) : points;
    const { by, label } = scale(figure.dataset, d3.max(visible, (point) => point.value));
    const width = room(figure);
    const y = (point) => point.value / by;
    const open = visible.filter((point) => point.mark);
    const whole = withGaps(visible.filter((point) => point.mark !== "provisional"));  // no line leads to part of a month: it is no decline
    const svg = Plot.plot({
      width, height: HEIGHT, marginLeft: 60, marginRight: 16, marginTop: label ? 28 : 16,
      ariaLabel: `${title}, ${points[0].name} to ${points.at(-1).name}. The table below has the numbers.`,
      style: { color: "var(--text)", background: "none", fontSize: "12px" },
      x: { type: "utc", label: null, ...(visible.length < 14 && width > 500 && { ticks: "month" }) },
      y: { grid: true, zero: true, nice: true, label: label || null, tickFormat: (value) => Math.abs(value) < 1 ? String(value) : d3.format("~s")(value), ticks: 5 },
      marks: [
        Plot.areaY(whole, { x: "time", y1: 0, y2: y, fill: "var(--accent)", fillOpacity: 0.12, curve: "monotone-x" }),
        Plot.lineY(whole, { x: "time", y, stroke: "var(--accent)", strokeWidth: 2, curve: "monotone-x" }),
        visible.length < 40 ? Plot.dot(visible, { x: "time", y, fill: "var(--accent)", r: 2.5 }) : null,
        Plot.dot(open, { x: "time", y, fill: "var(--surface)", stroke: "var(--mark)", strokeWidth: 2, r: 4.5 }),
        Plot.ruleY([0], { stroke: "var(--quiet)" }),
        Plot.tip(visible, Plot.pointerX({
          x: "time", y, fill: "var(--surface)", stroke: "var(--quiet)", fontSize: 13,
          title: (point) => `${point.name}${point.mark ? ` (${point.mark})` : ""}\n${shown(point.value, unit)}`,
        })),
      ],
    });
    show(place, svg);
    if (visible.length > 2) brush(figure, svg, width);
  }

  /** Dragging over a stretch of time shows that alone. */
  function brush(figure, svg, width) {
    const x = svg.scale("x");
    const selection = d3.brushX().extent([[60, 16], [width - 16, HEIGHT - 30]]).on("end", ({ selection: ends }) => {
      if (ends) zoomTo(figure, ends.map((end) => x.invert(end)));
    });
    d3.select(svg).insert("g", ":first-child").call(selection);
  }

  function zoomTo(figure, range) {
    zooms.set(figure, range);
    drawCurve(figure);
  }

  /** What a reader can choose: the column, and how much time is shown. */
  function setUpChoices(figure, columns, months) {
    const choices = figure.querySelector(".choices");
    choices.hidden = columns.length < 2 && months < 13;
    if (choices.childElementCount) { choices.lastChild.hidden = !zooms.has(figure); return; }
    if (columns.length > 1) {
      const select = element("select", { "aria-label": figure.dataset.choice || "Period" }, ...columns.map((name, place) => element("option", { value: place }, name)));
      select.value = figure.dataset.column;
      select.addEventListener("change", () => { figure.dataset.column = select.value; drawCurve(figure); });
      choices.append(select);
    }
    [[1, "1 year"], [5, "5 years"]].forEach(([years, name]) => {
      if (months <= 12 * years) return;
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => {
        const last = date(read(figure).rows.at(-1).name);
        zoomTo(figure, [new Date(Date.UTC(last.getUTCFullYear() - years, last.getUTCMonth(), 1)), last]);
      });
      choices.append(button);
    });
    const whole = element("button", { type: "button" }, "All");
    whole.hidden = !zooms.has(figure);
    whole.addEventListener("click", () => { zooms.delete(figure); drawCurve(figure); });
    choices.append(whole);
  }

  /** A name that is too long without its middle: paths differ at their ends. */
  function shortened(name, letters) {
    if (name.length <= letters) return name;
    const end = Math.floor((letters - 1) / 2);
    return `${name.slice(0, letters - 1 - end)}…${name.slice(-end)}`;
  }

  function drawBars(figure) {
    const place = figure.querySelector(".drawing");
    const { rows } = read(figure);
    const all = rows.map((row) => ({ name: row.name, value: row.values[0] })).filter((row) => row.value !== null);
    const named = all.filter((row) => row.name !== "other");  // the sum of the rest would dwarf the bars; the table has it
    const known = named.length ? named : all;
    place.replaceChildren();
    const total = d3.sum(known, (row) => row.value);
    if (!total) return;
    const width = room(figure);
    const longest = d3.max(known, (row) => row.name.length);
    const marginLeft = Math.min(width * 0.4, 14 + 7.5 * longest);
    const letters = Math.floor((marginLeft - 8) / 7.2);
    const svg = Plot.plot({
      width, marginLeft, marginRight: 64, marginTop: 4, marginBottom: 4, height: 8 + 30 * known.length,
      ariaLabel: `${figure.dataset.title || figure.querySelector("figcaption > *").textContent}. The table below has the numbers.`,
      style: { color: "var(--text)", background: "none", fontSize: "13px" },
      x: { axis: null }, y: { label: null, domain: d3.range(known.length), tickSize: 0, padding: 0.3,
        tickFormat: (row) => shortened(known[row].name, letters) },
      marks: [
        Plot.barX(known, { y: (row, index) => index, x: "value", fill: "var(--accent)", rx: 2 }),
        Plot.text(known, { y: (row, index) => index, x: "value", text: (row) => shown(row.value, figure.dataset.unit), textAnchor: "start", dx: 6, fill: "var(--text)" }),
      ],
    });
    show(place, svg);
  }

  /** A cell for each hour of the week: the more, the stronger its color. */
  function drawHours(figure) {
    const place = figure.querySelector(".drawing");
    const { columns, rows } = read(figure);
    const cells = rows.flatMap((row, hour) => row.values.map((value, day) => ({ hour, day, value, name: `${columns[day]}, ${row.name}` })));
    const most = d3.max(cells, (cell) => cell.value) || 1;
    place.replaceChildren();
    const width = room(figure);
    const svg = Plot.plot({
      width, height: 230, marginLeft: 44, marginRight: 8, marginTop: 8, marginBottom: 28,
      ariaLabel: `${figure.dataset.title}. The table below has the numbers.`,
      style: { color: "var(--text)", background: "none", fontSize: "12px" },
      x: { domain: d3.range(24), label: null, tickSize: 0, padding: 0.06, round: false, ticks: d3.range(0, 24, width < 500 ? 6 : 3), tickFormat: (hour) => `${hour}:00` },
      y: { domain: d3.range(7), label: null, tickSize: 0, padding: 0.06, tickFormat: (day) => columns[day].slice(0, 3) },
      marks: [
        Plot.cell(cells, { x: "hour", y: "day", fill: "var(--line)", fillOpacity: 0.35, rx: 2 }),
        Plot.cell(cells, { x: "hour", y: "day", fill: "var(--accent)", fillOpacity: (cell) => cell.value / most, rx: 2 }),
        Plot.tip(cells, Plot.pointer({
          x: "hour", y: "day", fill: "var(--surface)", stroke: "var(--quiet)", fontSize: 13,
          title: (cell) => `${cell.name}\n${shown(cell.value, figure.dataset.unit)}`,
        })),
      ],
    });
    show(place, svg);
  }

  const KINDS = { bars: drawBars, hours: drawHours, curve: drawCurve };

  function draw(figure) {
    KINDS[figure.dataset.chart](figure);
  }

  function drawAll() {
    document.querySelectorAll("figure[data-chart]").forEach(draw);
  }

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    requestAnimationFrame(drawAll);
  });
  addEventListener("unfold", (event) => event.target.querySelectorAll("figure[data-chart]").forEach(draw));
  drawAll();
  return { draw, forgetZoom: (figure) => zooms.delete(figure) };
})();

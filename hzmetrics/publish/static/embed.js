"use strict";
// One chart, for a frame in another page. The address says which: the script with its data, and the chart in it.

(async () => {
  const { want, readState, shown, monthName, viewName, element, charts } = hzmetrics;
  const PLACE = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;  // a script of this site, whatever the address says
  const main = document.getElementById("content");

  /** A resource: its users over the months. */
  function ofResource(one) {
    return {
      page: `resources/${one.resource}.html`, kind: "curve", title: `${one.title}: Users`, unit: "count",
      columns: ["Month", "12 months", "All time"], names: one.month,
      values: [one.users_month, one.users_12_months, one.users_all_time], marks: {},
    };
  }

  /** A figure of the overview over all months. */
  function ofFigure(found, key) {
    const said = { ...found.marks, ...Object.fromEntries(found.incomplete.map((month) => [month, "incomplete"])) };
    const marks = Object.fromEntries(Object.entries(said).map(([month, mark]) => [found.months.indexOf(month), mark]));
    return {
      page: `index.html#${new URLSearchParams({ period: found.period, figure: key })}`, kind: "curve",
      title: `${found.titles[key]}, ${found.period_title.toLowerCase()}`, unit: found.units[key] || "count", columns: [found.titles[key]],
      names: found.months, values: [found.series[key]], marks,
    };
  }

  /** The residence or organization of a group of users in a period; null if there is no such month or group. */
  function ofParts(found, state) {
    const part = found.parts[state.chart];
    const group = state.group || 1;
    const month = state.month || found.months.at(-1);
    const place = found.months.indexOf(month);
    const running = found.running?.month === month ? found.running.values : null;
    const mark = running ? " (provisional)" : "";
    const people = found.titles[`user.${group}.1`];
    if ((place < 0 && !running) || !people) return null;
    const keys = part.columns.map((column) => `user.${group}.${column}`).filter((key) => found.series[key]);
    return {
      page: `index.html#${new URLSearchParams({ period: found.period, month, group })}`,
      kind: "bars", title: `${part.title}: ${people.toLowerCase()}, ${viewName(month, found.period_title)}${mark}`,
      unit: "count", columns: ["Users"], names: keys.map((key) => found.titles[key]),
      values: [keys.map((key) => (running ? running[key] ?? null : found.series[key][place]))], marks: {},
    };
  }

  function chosen(found, state) {
    if (Array.isArray(found)) {
      const one = found.find((resource) => `users-${resource.resource}` === state.chart);
      return one && ofResource(one);
    }
    if (found.charts) return found.charts[state.chart];
    if (found.parts[state.chart]) return ofParts(found, state);
    return found.series[state.chart] && ofFigure(found, state.chart);
  }

  function table({ kind, unit, columns, names, values, marks }) {
    const head = [kind === "curve" ? "Month" : "Name", ...columns].map((name) => element("th", { scope: "col" }, name));
    const rows = names.map((name, place) => {
      const label = element("th", { scope: "row" }, element("bdi", {}, kind === "curve" ? monthName(name) : name));
      if (marks[place]) label.append(" ", element("small", {}, `(${marks[place]})`));
      const cells = values.map((column) => element("td", column[place] === null ? {} : { "data-v": column[place] }, shown(column[place], unit)));
      return element("tr", marks[place] ? { class: marks[place] } : {}, label, ...cells);
    });
    return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  }

  const state = readState();
  const found = PLACE.test(state.data) ? await want(state.data).catch(() => null) : null;
  const chart = found && chosen(found, state);
  if (!chart) {
    main.append(element("p", {}, "There is no such chart."));
    return;
  }
  const figure = element("figure", { class: "chart", "data-chart": chart.kind, "data-unit": chart.unit, "data-column": +state.column || 0, "data-title": chart.title },
    element("figcaption", {}, element("h1", {}, chart.title), element("div", { class: "choices", hidden: "" })),
    element("div", { class: "drawing" }),
    element("details", {}, element("summary", {}, "Table"), element("div", { class: "scroll", tabindex: 0 }, table(chart))),
    element("p", { class: "links" }, element("a", { href: chart.page, target: "_blank", rel: "noopener" }, main.dataset.site)));
  document.title = chart.title;
  main.append(figure);
  charts.draw(figure);
})();

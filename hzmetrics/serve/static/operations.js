"use strict";
// What status, doctor and audit know, the runs, the ledger of imported files and the log.

(() => {
  const { get, every, attempt, element, text, grouped, fill, calmly, room, show } = admin;
  const byId = (id) => document.getElementById(id);

  function age(seconds) {
    if (seconds === null) return "–";
    const [unit, length] = [["days", 86400], ["hours", 3600], ["minutes", 60], ["s", 1]].find(([, one]) => seconds >= 2 * one) || ["s", 1];
    return `${Math.floor(seconds / length)} ${unit}`;
  }

  async function status() {
    const found = await get("/api/operations/status");
    if (!found) return;
    byId("health").textContent = found.healthy ? "No problems." : `${found.problems.length} ${found.problems.length === 1 ? "problem" : "problems"}`;
    byId("problems").replaceChildren(...[...found.problems, ...found.warnings].map((one) => element("p", { class: "problem" }, one)));
    months(found);
    fill(byId("freshness"), found.freshness.map((one) => [one.name, one.newest, age(one.age_seconds), age(one.limit_seconds)]), ["", "text", "", ""]);
    fill(byId("steps"), Object.entries(found.steps).map(([name, one]) => [name, one.exit_code === null ? "running, or killed" : one.exit_code ? "failed" : "done", one.started, one.error]), ["", "text", "text", "long"]);
    fill(byId("state"), [["Mode", found.mode], ["Next", found.next_unit], ["Last daily analysis", found.analyzed], ["Rebuild", found.rebuild],
      ["Last tick", found.last_tick?.started], ["Last run", found.last_run && `${found.last_run.started} ${found.last_run.what}`], ["Running now", found.at_work],
      ["Backlog", found.backlog.join(", ")], ["Marked months", found.dirty_months.join(", ")], ["Corrections", found.corrections],
      ["Configuration", found.configuration], ["Log file", found.log_file]].filter(([, value]) => value), ["", "long"]);
    fill(byId("files"), ["pending", "imported"].flatMap((place) => Object.entries(found[place]).map(([kind, one]) => [`${place === "pending" ? "waiting" : place}, ${kind}`, grouped(one.files), one.first, one.last])), ["", "", "text", "text"]);
    byId("left-out").replaceChildren(...found.bad_files.map((one) => element("p", { class: "problem" }, `Left out: ${one.path}: ${one.reason}`)));
  }

  /** A row a year, a column a month. */
  function months(found) {
    const years = new Map();
    found.months.forEach((one) => {
      const [year, month] = one.month.split("-");
      if (!years.has(year)) years.set(year, new Map());
      years.get(year).set(+month, one);
    });
    const numbers = Array.from({ length: 12 }, (_, place) => place + 1);
    const cell = (one) => one ? element("td", { class: one.is_marked ? "marked" : one.summary === "all periods" ? "done" : null, title: one.month }, found.symbols[one.month]) : element("td");
    byId("months").replaceChildren(
      element("thead", {}, element("tr", {}, element("td"), ...numbers.map((month) => element("th", { scope: "col" }, String(month).padStart(2, "0"))))),
      element("tbody", {}, ...[...years].map(([year, of]) => element("tr", {}, element("th", { scope: "row" }, year), ...numbers.map((month) => cell(of.get(month)))))));
  }

  async function runs() {
    const found = await get("/api/operations/runs");
    if (!found) return;
    const place = document.querySelector("#runs .drawing");
    const parts = found.flatMap((run, number) => Object.entries(run.stages).map(([stage, seconds]) => ({ number, stage, seconds, started: run.started, failed: run.failed })));
    const stages = [...new Set(parts.map((part) => part.stage))];
    if (!parts.length) { place.replaceChildren("no runs in the log file yet"); return; }
    show(place, Plot.plot({
      width: room(place), height: 320, marginLeft: 50, ariaLabel: "Seconds of each stage of the last runs",
      style: { color: "var(--text)", background: "none", fontSize: "12px" },
      color: { legend: true, domain: stages, range: stages.map((_, place) => d3.interpolateTurbo(0.08 + 0.84 * place / Math.max(1, stages.length - 1))) }, y: { label: "seconds", grid: true },
      x: { type: "band", label: null, tickFormat: (number) => found.length < 20 || number % Math.ceil(found.length / 12) === 0 ? found[number].started.slice(5, 16).replace("T", " ") : "" },
      marks: [
        Plot.barY(parts, { x: "number", y: "seconds", fill: "stage", order: stages, title: (part) => `${part.started}${part.failed ? " (failed)" : ""}\n${part.stage}: ${part.seconds} s`, tip: true }),
        Plot.ruleY([0]),
      ],
    }));
  }

  async function ledger(again = false) {
    const found = await get(`/api/operations/ledger?${new URLSearchParams({ limit: 25, search: byId("search").value.trim() })}`, { again });
    if (found) fill(byId("ledger"), found.map((one) => [one.filename, one.target_table, one.row_count === null ? "–" : grouped(one.row_count), one.imported_at,
      element("span", {}, element("code", {}, one.command), " ", copy(one.command))]), ["", "text", "", "text", "long"]);
  }

  function copy(command) {
    const button = element("button", { type: "button", "aria-label": `Copy ${command}` }, "Copy");
    button.addEventListener("click", () => attempt(async () => { await navigator.clipboard.writeText(command); button.textContent = "Copied"; }));
    return button;
  }

  async function log(again = false) {
    const found = await get(`/api/operations/log?level=${byId("level").value}`, { again });
    if (found) fill(byId("log"), found.map((line) => [line.time.slice(0, 19).replace("T", " "), line.level, line.message]), ["", "text", "long"]);
  }

  function check(name, rows) {
    byId(name).addEventListener("click", () => attempt(async () => {
      byId("checking").textContent = `${name} is running …`;
      try {
        const lines = rows(await get(`/api/operations/${name}`, { again: true }));
        fill(byId("checks"), lines, ["", "text", "long", "long"]);
        byId("checks").hidden = !lines.length;
        byId("checking").textContent = lines.length ? "" : `${name}: nothing was found`;
      } catch (error) {
        byId("checking").textContent = "";
        throw error;
      }
    }));
  }

  check("doctor", (checks) => checks.map((one) => [one.name, one.verdict, one.detail, one.fix]));
  check("audit", (report) => report.findings.map((one) => [`${one.check} ${one.subject}`, text(one.key), one.text, one.command && `hzmetrics ${one.command}`]));
  byId("search").addEventListener("input", calmly(() => attempt(() => ledger(true))));
  byId("level").addEventListener("change", () => attempt(() => log(true)));
  every(30, status);
  every(60, runs);
  every(60, () => ledger());
  every(10, () => log());
})();

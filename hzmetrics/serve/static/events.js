"use strict";
// Stress levels, the heat map of a week, anomalies, and the events of the last minute.

(() => {
  const { get, every, attempt, element, grouped, plain, fill } = admin;
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const SHADES = ["#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58"];
  const LEVELS = ["green", "yellow", "red"];
  const WHY = { "-1": "no data: before the first update, or an hour that does not exist", "-2": "still to come", "-3": "this hour, which is not over" };
  const heat = document.getElementById("heat");
  let weeks = 0;

  const total = (cell) => Object.values(cell.summary).reduce((sum, count) => sum + count, 0);
  const counts = (summary) => Object.entries(summary).map(([name, count]) => `${name} ${grouped(count)}`).join(", ");

  function describe(cell) {
    const when = `${DAYS[cell.day]} ${String(cell.hour).padStart(2, "0")}:00`;
    if (cell.valid) return `${when}: ${WHY[cell.valid]}`;
    const space = cell.free_disk_space < 0 ? "free space not known" : `${grouped(cell.free_disk_space)} MiB free`;
    return `${when}: ${counts(cell.summary) || "no events"}; ${space}`;
  }

  function draw(cells) {
    const most = Math.max(1, ...cells.map(total));
    document.getElementById("week-title").textContent = `Week ${cells[0].week} of ${cells[0].year}`;
    const hours = Array.from({ length: 24 }, (_, hour) => element("th", { scope: "col" }, String(hour).padStart(2, "0")));
    const focused = document.activeElement?.dataset?.place;
    heat.replaceChildren(
      element("thead", {}, element("tr", {}, element("td"), ...hours)),
      element("tbody", {}, ...DAYS.map((day, row) => element("tr", {}, element("th", { scope: "row" }, day),
        ...cells.slice(row * 24, row * 24 + 24).map((cell, hour) => element("td", {}, button(cell, most, row * 24 + hour)))))));
    if (focused) heat.querySelector(`[data-place="${focused}"]`)?.focus();
  }

  function button(cell, most, place) {
    const shade = cell.valid ? -1 : Math.min(8, Math.floor(9 * total(cell) / (most + 1)));
    const said = describe(cell);
    const kind = { "-2": "future", "-3": "current" }[cell.valid] || (shade > 4 ? "dark" : "");
    const made = element("button", { type: "button", class: kind || null, title: said, "aria-label": said, "data-place": place },
      cell.valid ? "" : String(total(cell)));
    if (shade >= 0) made.style.background = SHADES[shade];
    ["mouseenter", "focus"].forEach((event) => made.addEventListener(event, () => { document.getElementById("hour").textContent = said; }));
    return made;
  }

  function lamp(id, level) {
    const place = document.getElementById(id);
    place.querySelector(".lamp").className = `lamp${level === null ? "" : ` level-${level}`}`;
    place.querySelector("b").textContent = level === null ? "not known" : LEVELS[level];
  }

  async function present() {
    const found = await get("/admin/present");
    if (!found) return;
    lamp("activity-level", found.stress.activity);
    lamp("disk-level", found.stress.disk);
    const free = found.stress.free_disk_space;
    document.getElementById("free").textContent = free < 0 ? "free space not known" : `${grouped(free)} MiB free`;
    fill(document.getElementById("memory"), found.memory.map((row) => [String(row.number), plain(row.time), row.event,
      row.duration ? `${row.duration.toFixed(3)} s` : "–"]), ["", "text", "text", ""]);
  }

  async function week(again = false) {
    const found = await get(`/admin/stats/${weeks}`, { again });
    if (found) draw(found);
    document.getElementById("after").disabled = weeks === 0;
    document.getElementById("csv").href = `${admin.base}/admin/export/${weeks}`;
  }

  async function anomalies() {
    const found = await get("/admin/anomalies?limit=100");
    if (found) fill(document.getElementById("anomalies"), found.map((row) => [plain(row.when), LEVELS[row.alarm],
      counts(row.events) || "none: the level fell from red"]), ["", "text", "long"]);
  }

  const go = (change) => () => { weeks = Math.max(0, weeks + change); attempt(() => week(true)); };
  document.getElementById("before").addEventListener("click", go(1));
  document.getElementById("after").addEventListener("click", go(-1));
  document.getElementById("numbers").addEventListener("click", (event) => {
    event.currentTarget.setAttribute("aria-pressed", String(heat.classList.toggle("numbers")));
  });
  every(2, present);
  every(10, anomalies);
  every(60, () => week());
})();

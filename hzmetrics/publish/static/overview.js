"use strict";
// The overview: month, period and figure are chosen here, and are in the address, so that a link is a view.

(() => {
  const { want, shown, change, share, monthName, viewName, element, readState, writeState, charts } = hzmetrics;
  const form = document.getElementById("chooser");
  if (!form) return;
  const month = form.elements.month;
  const period = form.elements.period;
  const group = document.getElementById("group");
  const curve = document.getElementById("curve");
  const running = [...month.options].find((option) => "running" in option.dataset);
  const steps = form.querySelectorAll("button[data-step]");
  let figure = curve.dataset.figure || document.querySelector(".card").dataset.figure;
  let data = null;

  function at(key, of) {
    if (data.running && of === data.running.month) return data.running.values[key] ?? null;
    const place = data.months.indexOf(of);
    return place < 0 ? null : data.series[key]?.[place] ?? null;
  }

  /** Whether there are data of the whole period that ends with a month. */
  function isWhole(of) {
    return data.whole_from !== null && of >= data.whole_from;
  }

  function back(of, months) {
    if (!months) return "";
    const [year, number] = of.split("-").map(Number);
    const count = year * 12 + number - 1 - months;
    return `${String(Math.floor(count / 12)).padStart(4, "0")}-${String(count % 12 + 1).padStart(2, "0")}`;
  }

  /** The number of an earlier period, kind "before" or "year"; null: it began before the data, or is a sum over other hubs. */
  function earlier(key, kind, of) {
    const isComparable = data.comparable?.[key]?.[kind][data.months.indexOf(month.value)] ?? isWhole(of);
    return isComparable ? at(key, of) : null;
  }

  function moments() {
    const step = +period.selectedOptions[0].dataset.step;
    return { now: month.value, before: back(month.value, step), year: back(month.value, 12) };
  }

  function showNumbers() {
    const when = moments();
    const isRunning = month.selectedOptions[0] === running;  // a part of a month is not compared with a whole one
    document.querySelectorAll("[data-key]").forEach((place) => {
      const { key, unit, change: kind, at: moment } = place.dataset;
      const value = moment ? earlier(key, moment, when[moment]) : at(key, when.now);
      if (kind) place.firstChild.textContent = `${isRunning ? "–" : change(value, earlier(key, kind, when[kind]))} `;
      else place.textContent = shown(value, unit);
      if (place.matches(".value")) place.style.setProperty("--letters", place.textContent.length);
    });
    const option = period.selectedOptions[0];
    const mark = isRunning ? "provisional: the month is not over" : data.incomplete.includes(month.value) ? "incomplete: this month will be counted again" : data.marks?.[month.value];
    const place = document.getElementById("when");
    place.replaceChildren(viewName(month.value, option.textContent));
    if (!isRunning && !isWhole(month.value)) place.append(` (data from ${monthName(data.data_from)} on)`);
    if (mark) place.append(" ", element("span", { class: "mark" }, mark));
    document.querySelectorAll("[data-change=before]").forEach((one) => { one.hidden = option.dataset.step === "0" || option.dataset.step === "12"; });
  }

  function showCurve() {
    const card = document.querySelector(`.card[data-figure="${figure}"]`);
    const name = card.querySelector(".name").textContent;
    const unit = card.querySelector(".value").dataset.unit;
    document.querySelectorAll(".card").forEach((one) => {
      one.classList.toggle("chosen", one === card);
      one.querySelector(".draw").ariaPressed = String(one === card);
    });
    const months = data.running ? [...data.months, data.running.month] : data.months;
    curve.querySelector("tbody").replaceChildren(...months.map((one) => {
      const value = at(figure, one);
      const mark = data.running?.month === one ? "provisional" : data.incomplete.includes(one) ? "incomplete" : data.marks?.[one];
      const head = element("th", { scope: "row" }, monthName(one));
      if (mark) head.append(" ", element("small", {}, `(${mark})`));
      const cell = element("td", value === null ? {} : { "data-v": value }, shown(value, unit));
      return element("tr", mark ? { class: mark } : {}, head, cell);
    }));
    curve.querySelector("thead th:last-child").textContent = name;
    const heading = curve.querySelector(".name");
    heading.textContent = name;
    curve.querySelector("[role=tooltip]").textContent = card.querySelector("[role=tooltip]").textContent;
    curve.dataset.unit = unit;
    curve.dataset.title = `${name}, ${period.selectedOptions[0].textContent.toLowerCase()}`;
    charts.draw(curve);
  }

  function showParts() {
    const row = group.value;
    document.querySelectorAll("[data-group-key]").forEach((place) => {
      place.textContent = shown(at(`user.${row}.${place.dataset.groupKey}`, month.value), "count");
    });
    const people = group.selectedOptions[0].textContent;
    document.querySelectorAll("figure[data-known]").forEach((one) => {
      const title = one.querySelector("figcaption h2").textContent;
      one.dataset.title = `${title}: ${people}, ${viewName(month.value, period.selectedOptions[0].textContent)}`;
      const known = at(`user.${row}.${one.dataset.known}`, month.value);
      one.querySelectorAll("[data-part]").forEach((line) => {
        const value = at(`user.${row}.${line.dataset.part}`, month.value);
        const cell = line.cells[1];
        if (value === null) delete cell.dataset.v; else cell.dataset.v = value;
        cell.textContent = shown(value, "count");
        line.cells[2].textContent = share(value, known);
      });
      charts.draw(one);
    });
  }

  function showLinks() {
    document.querySelectorAll(".links").forEach((links) => {
      links.querySelectorAll("a:not(.self)").forEach((link) => {
        link.href = `data/overview-${period.value}.${link.textContent.toLowerCase()}`;
      });
      links.querySelector(".self").href = `#${new URLSearchParams({ ...state(), at: links.dataset.of })}`;
      const which = links.dataset.of === "curve" ? { chart: figure }
        : { chart: links.dataset.of, group: group?.value ?? "1", month: month.value };
      links.dataset.frame = new URLSearchParams({ data: `data/overview-${period.value}`, ...which });
    });
  }

  function state() {
    return { month: month.value, period: period.value, figure, group: group?.value ?? "" };
  }

  async function show(isChosen = true) {
    if (month.selectedOptions[0] === running) period.value = "1";
    steps.forEach((button) => { button.disabled = !month.options[month.selectedIndex - +button.dataset.step]; });
    data = await want(`data/overview-${period.value}`);
    showNumbers();
    showCurve();
    if (group) showParts();
    showLinks();
    if (isChosen) writeState(state());
  }

  function readAddress() {
    const wanted = readState();
    [[month, wanted.month], [period, wanted.period], [group, wanted.group]].forEach(([select, value]) => {
      if (select && value && [...select.options].some((option) => option.value === value)) select.value = value;
    });
    if (wanted.figure && document.querySelector(`.card[data-figure="${CSS.escape(wanted.figure)}"]`)) figure = wanted.figure;
    return wanted;
  }

  form.hidden = false;
  if (group) group.closest("[hidden]").hidden = false;
  document.querySelectorAll(".card .draw").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => { figure = button.closest(".card").dataset.figure; charts.forgetZoom(curve); show(); });
  });
  month.addEventListener("change", () => show());
  period.addEventListener("change", () => {
    if (period.value !== "1" && month.selectedOptions[0] === running) month.selectedIndex += 1;
    show();
  });
  group?.addEventListener("change", () => show());
  form.addEventListener("submit", (event) => event.preventDefault());
  steps.forEach((button) => button.addEventListener("click", () => { month.selectedIndex -= +button.dataset.step; show(); }));
  addEventListener("hashchange", () => {
    const { at: part } = readAddress();
    show(false).then(() => part && document.getElementById(part)?.scrollIntoView());
  });
  const { at: part, month: chosen } = readAddress();
  show(Boolean(chosen)).then(() => part && document.getElementById(part)?.scrollIntoView());
})();

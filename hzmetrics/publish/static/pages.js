"use strict";
// What all pages share: values handed over by data scripts, numbers in words, lists, tabs, links, embedding.

const hzmetrics = (() => {
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December"];
  const NOTHING = "–";
  const LENGTHS = { minutes: 60, hours: 3600 };
  const waiting = new Map();
  const given = new Map();

  /** The way from this page to the site. */
  const { root } = document.documentElement.dataset;

  /** Called by a data script. */
  function give(name, value) {
    given.set(name, value);
    (waiting.get(name) || []).forEach((ready) => ready(value));
    waiting.delete(name);
  }

  /** The value that the script `name`.js hands over; works without a web server. */
  function want(name) {
    if (given.has(name)) return Promise.resolve(given.get(name));
    return new Promise((ready, failed) => {
      if (!waiting.has(name)) {
        waiting.set(name, []);
        const script = document.createElement("script");
        script.src = `${root}${name}.js`;
        script.onerror = () => { waiting.delete(name); failed(new Error(`${script.src} cannot be loaded`)); };
        document.head.append(script);
      }
      waiting.get(name).push(ready);
    });
  }

  /** The number in a cell of a table, or null. */
  function number(cell) {
    const text = cell.dataset.v ?? cell.textContent;
    return text.trim() && !Number.isNaN(+text) ? +text : null;
  }

  function grouped(value, digits = 0) {
    return Number(value.toFixed(digits)).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  function duration(seconds) {
    if (Math.abs(seconds) < 60) return `${grouped(seconds)} s`;
    if (Math.abs(seconds) < 3600) return `${grouped(seconds / 60)} min`;
    return Math.abs(seconds) < 345600 ? `${grouped(seconds / 3600, 1)} h` : `${grouped(seconds / 86400, 1)} days`;
  }

  function shown(value, unit) {
    if (value === null || value === undefined) return NOTHING;
    if (typeof value === "string") return value.replace(/ (?=\S*$)/, "\n");
    if (unit in LENGTHS) return grouped(Math.sign(value) * Math.floor(Math.abs(value) / (LENGTHS[unit] / 10) + 0.5) / 10, 1);
    return unit === "seconds" ? duration(value) : grouped(value);
  }

  function change(value, before) {
    if (typeof value !== "number" || typeof before !== "number" || !before) return NOTHING;
    const percent = 100 * (value - before) / before;
    const size = grouped(Math.abs(percent));
    return `${size === "0" ? "" : percent < 0 ? "−" : "+"}${size} %`;
  }

  function share(value, whole) {
    return typeof value === "number" && whole ? `${grouped(100 * value / whole)} %` : NOTHING;
  }

  function monthName(text) {
    const [year, month] = text.split("-");
    return `${MONTHS[month - 1]} ${year}`;
  }

  /** What is shown, in words: the month and the title of a period that ends with it. */
  function viewName(month, period) {
    return `${monthName(month)}, ${period.toLowerCase()}`;
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  }

  // The state of a view is in the part of the address after #: key=value pairs, or the id of a part of the page.
  function readState() {
    const text = decodeURIComponent(location.hash.slice(1));
    if (!text.includes("=")) return text ? { at: text } : {};
    return Object.fromEntries(new URLSearchParams(text));
  }

  function writeState(state) {
    const text = new URLSearchParams(Object.entries(state).filter(([, value]) => value)).toString();
    history.replaceState(null, "", `#${text}`);
  }

  function setUpSorting(table) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      let button = cell.querySelector("button.name");  // it has the definition of the figure
      if (!button) cell.append(button = element("button", { type: "button" }, ...cell.childNodes));
      button.classList.add("sort");
      button.addEventListener("click", () => sort(table, column));
    });
  }

  function sort(table, column) {
    const head = table.tHead.rows[0].cells[column];
    const isText = column === 0;
    const order = head.ariaSort ? (head.ariaSort === "ascending" ? "descending" : "ascending")
      : isText ? "ascending" : "descending";
    const direction = order === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row, place) => {
      const cell = row.cells[column];
      return { row, place, key: isText ? cell.dataset.v ?? cell.textContent.trim() : number(cell) };
    });
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      return direction * (isText ? compare(a.key, b.key) : a.key - b.key) || a.place - b.place;
    });
    [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    table.tBodies[0].append(...rows.map((one) => one.row));
  }

  function setUpSearch() {
    const input = document.getElementById("search");
    if (!input) return;
    const found = document.getElementById("found");
    const tables = [...document.querySelectorAll("table[data-search]")];
    const texts = tables.map((table) => [...table.tBodies[0].rows].map((row) => [row, row.cells[0].textContent.toLowerCase()]));
    const search = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      texts.forEach((rows, place) => rows.forEach(([row, text]) => {
        row.hidden = !words.every((word) => text.includes(word));
        if (place === 0 && !row.hidden) count += 1;
      }));
      found.textContent = words.length ? `${grouped(count)} of ${grouped(texts[0].length)}` : "";
    };
    input.addEventListener("input", () => {
      search();
      const state = readState();
      delete state.at;
      writeState({ ...state, search: input.value });
    });
    input.closest("[hidden]").hidden = false;
    input.value = readState().search || "";
    search();
  }

  function setUpTabs() {
    const sections = [...document.querySelectorAll("section[data-tab]")];
    if (!sections.length) return;
    const list = element("div", { class: "tabs", role: "tablist", "aria-label": "Period" });
    const choose = (chosen) => {
      sections.forEach((section, place) => {
        section.hidden = place !== chosen;
        list.children[place].ariaSelected = String(place === chosen);
        list.children[place].tabIndex = place === chosen ? 0 : -1;
      });
      sections[chosen].dispatchEvent(new Event("unfold", { bubbles: true }));  // charts are as wide as there is room
    };
    sections.forEach((section, place) => {
      const button = element("button", { type: "button", role: "tab", "aria-controls": section.id }, section.dataset.tab);
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-label", section.dataset.tab);
      section.querySelector("h2").hidden = true;
      button.addEventListener("click", () => {
        choose(place);
        const state = readState();
        delete state.at;
        writeState({ ...state, tab: section.id });
      });
      list.append(button);
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const next = list.children[[...list.children].indexOf(document.activeElement) + step];
      if (next) { next.focus(); next.click(); }
    });
    sections[0].before(list);
    const { tab, at } = readState();
    const part = document.getElementById(tab || at);
    choose(Math.max(0, sections.findIndex((section) => section.contains(part))));
  }

  /** Beside the links of a chart: HTML with which another page shows it in a frame. */
  function setUpEmbedding() {
    document.querySelectorAll(".links[data-embed]").forEach((links) => {
      const button = element("button", { type: "button", "aria-expanded": "false" }, "Embed");
      button.addEventListener("click", () => {
        const shown = links.querySelector("textarea");
        button.ariaExpanded = String(!shown);
        if (shown) { shown.remove(); return; }
        const text = element("textarea", { readonly: "", "aria-label": "HTML for your page" });
        text.value = snippet(links);
        links.append(text);
        text.select();
      });
      links.append(button);
    });
  }

  function snippet(links) {
    const figure = links.closest("figure, section");
    const { embed, of, frame } = links.dataset;
    const state = new URLSearchParams(frame || { data: embed, chart: of });
    if (+figure.dataset.column) state.set("column", figure.dataset.column);
    const name = figure.dataset.title || (figure.querySelector("figcaption .name") || figure.querySelector("figcaption > *, h2")).textContent;
    const page = embed.endsWith(".html") ? embed : `embed.html#${state}`;
    const src = new URL(root + page, location.href).href;
    return element("iframe", { src, width: 720, height: 440, title: `${name} · ${document.title}`, loading: "lazy" }).outerHTML;
  }

  function setUpDefinitions() {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") document.querySelectorAll(".term:hover, .term:focus-within").forEach((term) => term.classList.add("closed"));
    });
    document.addEventListener("pointerover", open);
    document.addEventListener("focusin", open);
    function open(event) {
      const term = event.target.closest?.(".term");
      document.querySelectorAll(".term.closed").forEach((one) => { if (one !== term) one.classList.remove("closed"); });
      const tip = term?.querySelector("[role=tooltip]");
      if (!tip) return;
      tip.style.left = "0";
      const over = tip.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
      if (over > 0) tip.style.left = `${-over}px`;
    }
  }

  function setUpPrinting() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      opened.forEach((details) => { details.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
  }

  document.querySelectorAll("table[data-sort]").forEach(setUpSorting);
  document.querySelectorAll(".scroll").forEach((part) => {
    if (part.scrollWidth > part.clientWidth || part.closest("details")) part.tabIndex = 0;
  });
  setUpTabs();
  setUpSearch();
  setUpEmbedding();
  setUpDefinitions();
  setUpPrinting();

  return { give, want, root, shown, number, duration, grouped, change, share, monthName, viewName, element, readState, writeState, MONTHS };
})();

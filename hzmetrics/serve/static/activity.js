"use strict";
// The table of users: sorted and searched by the server over all of them, refreshed in place.

(() => {
  const { get, post, attempt, every, element, calmly, grouped } = admin;
  const STEP = 200;
  const table = document.getElementById("users");
  const search = document.getElementById("search");
  const heads = [...table.tHead.rows[0].cells];
  const rows = new Map();
  const view = { sort: "", ascending: false, limit: STEP };

  function address() {
    const query = new URLSearchParams({ limit: view.limit });
    if (view.sort) { query.set("sort", view.sort); query.set("asc", view.ascending ? 1 : 0); }
    if (search.value.trim()) query.set("search", search.value.trim());
    return `/api/activity/table?${query}`;
  }

  async function refresh(again = false) {
    const asked = address();
    const found = await get(asked, { again });
    if (found && asked === address()) show(found);
  }

  function show(found) {
    document.getElementById("badge").textContent = found.badge;
    document.getElementById("samples").textContent = found.sampling_status;
    document.getElementById("empty").hidden = found.total > 0;
    table.hidden = found.total === 0;
    document.getElementById("found").textContent = found.matching < found.total ? `${grouped(found.matching)} of ${grouped(found.total)}`
      : found.rows.length < found.total ? `the first ${grouped(found.rows.length)} of ${grouped(found.total)}` : "";
    document.getElementById("more").hidden = found.rows.length >= found.matching || view.limit >= 5000;
    const names = new Set(found.rows.map((row) => row.cells.User));
    rows.forEach((row, name) => { if (!names.has(name)) { row.remove(); rows.delete(name); } });
    const focused = document.activeElement;
    let before = null;
    found.rows.forEach((one) => {
      const name = one.cells.User;
      let row = rows.get(name);
      if (!row) { row = make(); rows.set(name, row); }
      write(row, one);
      const wanted = before ? before.nextElementSibling : table.tBodies[0].firstElementChild;
      if (wanted !== row) table.tBodies[0].insertBefore(row, wanted);
      before = row;
    });
    if (focused !== document.activeElement) focused.focus({ preventScroll: true });  // its row has moved
  }

  /** A row whose cells `write` fills: they stay the same elements, so that a selection and the focus stay. */
  function make() {
    const bar = element("span", { class: "bar", role: "img", tabindex: "0" }, ...Array.from({ length: 5 }, () => element("i")));
    return element("tr", {},
      element("th", { scope: "row" }, element("bdi")), element("td"), element("td", { class: "text" }, element("span", { class: "dot", role: "img" })),
      element("td"), element("td"), element("td"), element("td"), element("td", { class: "text" }), element("td", { class: "text" }, bar));
  }

  function put(cell, text, title = "") {
    if (cell.textContent !== text) cell.textContent = text;
    if (title && cell.title !== title) cell.title = title;
    if (!title) cell.removeAttribute("title");
  }

  function write(row, { cells, segments, colour, tooltip, percent }) {
    const [name, auth, status, cpu, memory, volumes, left, last, activity] = row.cells;
    put(name.firstChild, cells.User);
    auth.className = cells.Auth;
    if (auth.dataset.is !== cells.Auth) {
      const title = cells.Auth === "yes" ? "Authorized" : "Not authorized";
      auth.dataset.is = cells.Auth;
      auth.replaceChildren(element("span", { role: "img", "aria-label": title, title }, cells.Auth === "yes" ? "✓" : "✗"));
    }
    const title = { Active: "Online (active)", Inactive: "Online (inactive)", Offline: "Offline" }[cells.Status];
    Object.assign(status.firstChild, { className: `dot ${cells.Status}`, title, ariaLabel: title });
    put(cpu, cells.CPU);
    put(memory, cells.Memory);
    put(volumes, cells.Volumes, cells["Volumes tooltip"]);
    put(left, cells["Time Left"]);
    put(last, cells["Last Active"]);
    const bar = activity.firstElementChild;
    const isNone = percent === null;
    bar.hidden = isNone;
    if (isNone !== (activity.childNodes.length > 1)) activity.append(...(isNone ? ["--"] : []));
    if (!isNone && activity.childNodes.length > 1) activity.lastChild.remove();
    if (isNone) return;
    Object.assign(bar, { title: tooltip, ariaLabel: tooltip });
    bar.style.setProperty("--lit", colour || "transparent");
    [...bar.children].forEach((segment, place) => segment.classList.toggle("lit", place < segments));
  }

  /** Descending, ascending, and back to the default: by status, then by name. */
  function sortBy(column) {
    if (view.sort !== column) Object.assign(view, { sort: column, ascending: false });
    else if (!view.ascending) view.ascending = true;
    else view.sort = "";
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    if (view.sort) heads.find((head) => head.dataset.column === column).setAttribute("aria-sort", view.ascending ? "ascending" : "descending");
    attempt(() => refresh(true));
  }

  heads.forEach((head) => head.firstElementChild.addEventListener("click", () => sortBy(head.dataset.column)));
  search.addEventListener("input", calmly(() => { view.limit = STEP; attempt(() => refresh(true)); }));
  document.getElementById("more").addEventListener("click", () => { view.limit = Math.min(5000, view.limit + STEP * 2); attempt(() => refresh(true)); });
  document.getElementById("refresh").addEventListener("click", () => attempt(() => refresh(true)));
  const dialog = document.getElementById("sure");
  document.getElementById("reset").addEventListener("click", () => { dialog.returnValue = ""; dialog.showModal(); });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "reset") attempt(async () => { await post("/api/activity/reset"); await refresh(true); });
  });
  every(+document.querySelector("[data-seconds]").dataset.seconds, () => refresh());
})();

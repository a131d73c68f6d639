"use strict";
// The history of the counts of active users.

(() => {
  const { get, every, element, grouped, plain, fill, curves } = admin;
  const NAMES = { active_users_1d: "day", active_users_7d: "week", active_users_30d: "month" };
  const buttons = [...document.querySelectorAll("[data-hours]")];
  let hours = 744;

  async function refresh(again = false) {
    const found = await get(`/api/active-users?limit=${hours}`, { again });
    if (!found) return;
    const latest = found.at(-1);
    document.getElementById("counts").replaceChildren(...Object.entries(NAMES).map(([key, name]) => element("div", { class: "card" },
      element("h2", {}, `Past ${name}`), element("p", { class: "value" }, latest ? grouped(latest[key]) : "–"),
      element("p", { class: "change" }, latest ? plain(latest.time) : "not counted yet"))));
    curves(document.querySelector("#curve .drawing"), Object.entries(NAMES).map(([key, name]) => ({
      name: `past ${name}`, points: found.map((row) => [new Date(row.time), row[key]]),
    })), { title: "Users of the past day, week and month over time" });
    fill(document.getElementById("table"), found.slice(-48).reverse().map((row) => [plain(row.time), ...Object.keys(NAMES).map((key) => grouped(row[key]))]));
  }

  buttons.forEach((button) => button.addEventListener("click", () => {
    hours = +button.dataset.hours;
    buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    admin.attempt(() => refresh(true));
  }));
  every(60, () => refresh());
})();

"use strict";
// The map of who is online, drawn from the list below it; both are refreshed while the page is open.

(() => {
  const { want, shown, number, element } = hzmetrics;
  const EVERY = 60_000;
  const WIDTH = 960;
  const HEIGHT = 470;
  const map = document.getElementById("map");
  const body = document.querySelector("#places tbody");

  function draw(land) {
    const projection = d3.geoNaturalEarth1().fitExtent([[4, 4], [WIDTH - 4, HEIGHT - 4]], { type: "Sphere" });
    const path = d3.geoPath(projection);
    const places = [...body.rows].filter((row) => row.dataset.latitude).map((row) => ({
      name: row.cells[0].textContent,
      at: projection([+row.dataset.longitude, +row.dataset.latitude]),
      count: d3.sum([...row.cells].slice(1), number),
    }));
    const size = d3.scaleSqrt([0, Math.max(10, d3.max(places, (place) => place.count) || 0)], [0, 18]);
    const svg = d3.create("svg").attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`).attr("role", "img")
      .attr("aria-label", `World map of ${places.length} places; the list below has the numbers.`);
    svg.append("path").attr("d", path(d3.geoGraticule10())).attr("fill", "none").attr("stroke", "var(--quiet)").attr("stroke-opacity", 0.15);
    svg.append("path").attr("d", path(land)).attr("fill", "var(--line)");
    svg.selectAll("circle").data(places).join("circle")
      .attr("cx", (place) => place.at[0]).attr("cy", (place) => place.at[1]).attr("r", (place) => Math.max(3, size(place.count)))
      .attr("fill", "var(--accent)").attr("fill-opacity", 0.55).attr("stroke", "var(--accent)")
      .append("title").text((place) => `${place.name}: ${shown(place.count, "count")}`);
    map.replaceChildren(svg.node());
  }

  function row(name, place) {
    const made = element("tr", {}, element("th", { scope: "row" }, element("bdi", {}, name)));
    if (place.latitude !== undefined) Object.assign(made.dataset, { latitude: place.latitude, longitude: place.longitude });
    [place.users, place.guests, place.bots].forEach((number) => made.append(element("td", { "data-v": number }, shown(number, "count"))));
    return made;
  }

  const KINDS = ["users", "guests", "bots"];
  const sum = (places) => Object.fromEntries(KINDS.map((kind) => [kind, d3.sum(places, (place) => place[kind])]));
  const isKnown = (name) => name && name !== "-";

  /** Places with few people are one with the others of their country, or elsewhere: as in the page that was published. */
  function together({ places, elsewhere }, names) {
    const least = +map.dataset.least;
    const nameOf = (country) => names[country] || country;
    const isShown = (place) => place.users + place.guests >= least;
    const named = places.map((place) => ({ ...place, name: [place.city, place.region, nameOf(place.country)].filter(isKnown).join(", ") || "unknown" }));
    const countries = d3.groups(named.filter((place) => !isShown(place)), (place) => place.country).map(([country, of]) => ({
      name: nameOf(country), country, ...sum(of), latitude: d3.mean(of, (place) => place.latitude), longitude: d3.mean(of, (place) => place.longitude),
    }));
    const isOne = (place) => isShown(place) && isKnown(place.country);
    return {
      places: [...named.filter(isShown), ...countries.filter(isOne)],
      elsewhere: sum([elsewhere, ...countries.filter((place) => !isOne(place))]),
    };
  }

  function renew(document_, names) {
    const everybody = (place) => place.users + place.guests + place.bots;
    const { places, elsewhere } = together(document_, names);
    const rows = places.sort((a, b) => everybody(b) - everybody(a)).map((place) => row(place.name, place));
    if (everybody(elsewhere)) rows.push(row("elsewhere", elsewhere));
    body.replaceChildren(...rows);
    ["users", "guests", "bots"].forEach((kind, place) => {
      const total = d3.sum(document_.places, (one) => one[kind]) + document_.elsewhere[kind];
      document.getElementById(`total-${place}`).textContent = shown(total, "count");
    });
    document.getElementById("generated").textContent = document_.generated.replace("T", " ").replace("+00:00", " UTC");
  }

  Promise.all([want("assets/world"), want("assets/countries")]).then(([world, names]) => {
    const land = topojson.feature(world, world.objects.land);
    draw(land);
    if (!map.dataset.source || !location.protocol.startsWith("http")) return;
    const refresh = () => fetch(map.dataset.source, { cache: "no-cache" })
      .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText)))
      .then((found) => { renew(found, names); draw(land); })
      .catch(() => {});  // the numbers of before stay, with their time
    refresh();
    setInterval(() => { if (!document.hidden) refresh(); }, EVERY);
  });
})();

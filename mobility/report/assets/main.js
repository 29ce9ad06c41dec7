// The page's state and what follows from it.
var state = { run: 0, mode: "", direction: "from", what: "time", percentile: "p50", cutoff: 0,
  unit: "zone", all: false, place: null };
var view = null, current = null, asked = 0;

function byId(id) { return document.getElementById(id); }

function shownPlaces() {
  return state.unit === "municipality" ? municipalities : meta.zones.id.map(function (_, k) { return zonePlace(k); });
}

function placeOf(zone) {
  return state.unit === "municipality" ? municipalities[municipalityOf[zone]] : zonePlace(zone);
}

function readControls() {
  state.run = Number(byId("run").value);
  ["mode", "direction", "what", "percentile", "unit"].forEach(function (id) { state[id] = byId(id).value; });
  state.cutoff = Number(byId("cutoff").value);
  if (!hasLayer(state.run, state.mode, state.percentile)) { state.percentile = "p50"; }
}

function load() {
  var place = state.place, s = state, wanted = [];
  wanted.push(zoneValues(s.run, s.mode, s.percentile, s.direction, place));
  var base = hasLayer(meta.runs[s.run].base, s.mode, "p50") ? meta.runs[s.run].base : 0;
  wanted.push(zoneValues(base, s.mode, hasLayer(base, s.mode, s.percentile) ? s.percentile : "p50", s.direction, place));
  return Promise.all(wanted).then(function (both) {
    return { time: both[0], base: both[1], change: difference(both[0], both[1]) };
  });
}

function update() {
  readControls();
  asked += 1;
  var turn = asked;
  if (!hasLayer(state.run, state.mode, "p50")) {
    byId("status").textContent = t("This scenario was not computed for this mode.");
    return Promise.resolve();
  }
  return load().then(function (loaded) {
    if (turn !== asked) { return; }
    current = loaded;
    draw();
  });
}

function draw() {
  var difference_ = state.what === "difference", places = shownPlaces();
  paint(view, function (k) {
    return difference_ ? changeColour(current.change[k]) : timeColour(current.time[k], state.cutoff);
  }, state.place.zones);
  showGround(view, state.run, byId("show-lines").checked, byId("show-stops").checked, byId("show-names").checked);
  showLegend(byId("legend"), state.what, state.cutoff);
  showStatus(byId("status"), state, current.time, state.place);
  var time = overPlaces(current.time, places), base = overPlaces(current.base, places);
  showTable(byId("reached"), places, { time: time, change: beside() ? difference(time, base) : null },
    state, choose);
  byId("more").hidden = places.length <= SHOWN_PLACES;
  byId("more").textContent = state.all ? t("Show fewer places") : t("Show all places");
  tell(byId("told"), state.place.name, state.place.country, [t("Point at a place on the map for its time.")]);
  byId("search").value = state.place.name;
  byId("map").setAttribute("data-drawn", [state.run, state.mode, state.direction, state.what, state.percentile, state.cutoff, state.place.zones.join(" "), asked].join("|"));
}

// Whether the chosen scenario has another one to be compared with.
function beside() { return meta.runs[state.run].base !== state.run; }

function choose(place) { state.place = place; return update(); }

// The time to the zone under the pointer, and the parts of that journey for a single zone.
function hover(zone) {
  if (!current) { return; }
  var s = state, v = current.time[zone], lines = [timeText(v)];
  if (beside()) { lines.push(t("Difference with the baseline") + ": " + changeText(current.change[zone])); }
  var name = meta.zones.name[zone] || meta.zones.id[zone], of = meta.zones.municipality[zone];
  var shown = of && of !== name ? name + ", " + of : name, country = meta.zones.country[zone];
  tell(byId("told"), shown, country, lines);
  var parts = meta.parts.filter(function (part) { return hasLayer(s.run, s.mode, part); });
  if (!(v >= 0) || !parts.length || s.place.zones.length > 1 || s.percentile !== "p50") { return; }
  var turn = asked;
  Promise.all(parts.concat(hasLayer(s.run, s.mode, "transfers") ? ["transfers"] : []).map(function (part) {
    return zoneValues(s.run, s.mode, part, s.direction, s.place);
  })).then(function (found) {
    if (turn !== asked || hover.last !== zone) { return; }
    var values = {};
    parts.forEach(function (part, k) { values[part] = found[k][zone]; });
    var changes = found[parts.length] ? found[parts.length][zone] : NaN;
    tell(byId("told"), shown, country, lines.concat([partTexts(values, v),
      changes >= 0 ? t("Transfers") + ": " + number(changes) : ""]));
  });
  hover.last = zone;
}

function fillSearch() {
  var list = byId("places"), seen = {};
  list.replaceChildren();
  shownPlaces().forEach(function (place) {
    if (seen[place.name]) { return; }
    seen[place.name] = true;
    list.appendChild(element("option", null, { value: place.name }));
  });
}

function search() {
  var text = byId("search").value.trim().toLowerCase();
  if (!text) { return; }
  var places = shownPlaces();
  var found = places.filter(function (p) { return p.name.toLowerCase() === text; })[0] ||
    places.filter(function (p) { return p.name.toLowerCase().indexOf(text) === 0; })[0] ||
    places.filter(function (p) { return p.name.toLowerCase().indexOf(text) > 0; })[0];
  if (found) { choose(found); } else { byId("status").textContent = t("No place of that name."); }
}

function startMap() {
  if (!byId("map")) { return; }
  if (!window.DecompressionStream) {
    byId("status").textContent = t("This browser is too old for the map; the tables below hold the figures.");
    return;
  }
  readControls();
  view = makeMap(byId("map"), { choose: function (zone) { choose(placeOf(zone)); }, hover: hover });
  ["run", "mode", "direction", "what", "percentile", "cutoff"].forEach(function (id) { byId(id).addEventListener("change", update); });
  ["show-lines", "show-stops", "show-names"].forEach(function (id) {
    byId(id).addEventListener("change", function () { if (current) { draw(); } });
  });
  byId("unit").addEventListener("change", function () {
    readControls(); fillSearch(); choose(placeOf(state.place.zones[0]));
  });
  byId("search").addEventListener("change", search);
  byId("search").addEventListener("focus", function () { byId("search").select(); });
  byId("controls").addEventListener("submit", function (event) { event.preventDefault(); search(); });
  byId("more").addEventListener("click", function () { state.all = !state.all; draw(); });
  dark.addEventListener("change", function () { repaintGround(view); if (current) { draw(); } if (byId("matrix")) { showMatrix(); } });
  fillSearch();
  choose(placeOf(meta.first));
}

document.querySelectorAll(".languages button").forEach(function (button) {
  button.addEventListener("click", function () {
    showLanguage(button.getAttribute("data-lang"));
    if (view) { nameZoom(view); }
    if (current) { draw(); }
    if (byId("matrix")) { showMatrix(); }
  });
});
// All tables are printed but the evidence, which has columns for no paper and stands in CSV files.
var onScreen = null;
function resizeMap(bounds) {
  view.map.invalidateSize({ animate: false });
  view.map.fitBounds(bounds, { animate: false });
}
window.addEventListener("beforeprint", function () {
  document.querySelectorAll("section:not(#merge) > details").forEach(function (d) { if (!d.open) { d.open = true; d.setAttribute("data-printed", ""); } });
  if (view) { onScreen = view.map.getBounds(); resizeMap(onScreen); }
});
window.addEventListener("afterprint", function () {
  if (view && onScreen) { resizeMap(onScreen); }
  document.querySelectorAll("details[data-printed]").forEach(function (d) { d.open = false; d.removeAttribute("data-printed"); });
});
startMap();
startMatrix();

// The map: our own shapes on a canvas, no tiles.
var dark = window.matchMedia("(prefers-color-scheme: dark)");
var TIME_LIMITS = [15, 30, 45, 60, 90, 120, 180];
var TIME_LIGHT = ["#081d58", "#233390", "#225aa6", "#1e8bbd", "#40b5c4", "#87d0ba", "#bfe6b4", "#fdfcd9"];
var TIME_DARK = ["#fffff2", "#d8efa9", "#b4e2b6", "#7fcdbb", "#47b2c4", "#2787bd", "#2a5aa3", "#2a3478"];
var CHANGE_LIMITS = [-15, -5, -1, 1, 5, 15];
var CHANGE_LIGHT = ["#08519c", "#4292c6", "#b3d3ea", "#efefef", "#fdd49e", "#fc8d3c", "#a63603"];
var CHANGE_DARK = ["#9ecae1", "#4292c6", "#1f4f7d", "#2e363d", "#6b4524", "#d9702a", "#ffc38a"];
// Not reachable, and no difference known: no eye takes these for one of the classes.
var NONE_LIGHT = ["#7d7068", "#c9c9c9"];
var NONE_DARK = ["#555c63", "#555c63"];
var GAINED = "#00b386", LOST = "#d14fa0";
var stepsPerDegree = 10000;

function colours() {
  return dark.matches
    ? { time: TIME_DARK, change: CHANGE_DARK, none: NONE_DARK[0], unknown: NONE_DARK[1], outline: "#0d1115", border: "#ffffff",
        road: "#8b98a5", line: "#c3a6ff", crossing: "#ffd54a", chosen: "#ff5a8a" }
    : { time: TIME_LIGHT, change: CHANGE_LIGHT, none: NONE_LIGHT[0], unknown: NONE_LIGHT[1], outline: "#ffffff", border: "#1a1a1a",
        road: "#7d7d7d", line: "#6a3d9a", crossing: "#b30059", chosen: "#d6004c" };
}

function classOf(value, limits) {
  var k = 0;
  while (k < limits.length && value >= limits[k]) { k += 1; }
  return k;
}

// Colour by the minute as it is shown, so that number and colour never disagree.
function shownMinute(seconds) {
  var size = Math.floor(Number((Math.abs(seconds) / 60).toFixed(6)) + 0.5);
  return seconds < 0 ? -size : size;
}

function timeColour(seconds, cutoff) {
  var c = colours();
  if (isNaN(seconds) || seconds < 0) { return c.none; }
  if (cutoff && seconds > cutoff) { return c.none; }
  return c.time[classOf(shownMinute(seconds), TIME_LIMITS)];
}

function changeColour(seconds) {
  var c = colours();
  if (seconds === Infinity) { return GAINED; }
  if (seconds === -Infinity) { return LOST; }
  if (isNaN(seconds) || seconds < -1e8) { return c.unknown; }
  var m = shownMinute(seconds);
  // -15, -5, -1 belong to the faster classes: limits count from the outside in on both sides.
  return c.change[m < 0 ? 6 - classOf(-m, [1, 5, 15]) - 3 : 3 + classOf(m, [1, 5, 15])];
}

function decode(deltas) {
  var points = [], lat = 0, lon = 0;
  for (var i = 0; i < deltas.length; i += 2) {
    lat += deltas[i]; lon += deltas[i + 1];
    points.push([lat / stepsPerDegree, lon / stepsPerDegree]);
  }
  return points;
}

function makeMap(node, events) {
  var map = L.map(node, { preferCanvas: true, zoomControl: false, attributionControl: false,
    zoomSnap: 0.25, fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false });
  var canvas = L.canvas({ padding: 0.3, tolerance: 4 });
  var zoom = L.control.zoom({ zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
  var shapes = meta.zones.id.map(function (_, k) {
    var shape = meta.zones.rings
      ? L.polygon(meta.zones.rings[k].map(decode), { renderer: canvas, weight: 0.6, fillOpacity: 0.88 })
      : L.circleMarker([meta.zones.lat[k] / stepsPerDegree, meta.zones.lon[k] / stepsPerDegree],
        { renderer: canvas, radius: 6, weight: 0.6, fillOpacity: 0.9 });
    shape.on("click", function () { events.choose(k); });
    shape.on("mouseover", function () { events.hover(k); });
    return shape.addTo(map);
  });
  var ground = background(map, canvas);
  map.fitBounds(L.featureGroup(shapes).getBounds().pad(0.02));
  var names = nameLayer(map);
  return { map: map, shapes: shapes, ground: ground, names: names, zoom: zoom };
}

// Very many lines would hide the colours below: the more there are, the thinner each.
function thin() { return Math.max(0.4, Math.min(1, 120 / Math.max(1, meta.lines.length))); }

function background(map, canvas) {
  var c = colours();
  function drawn(records, style) {
    return records.map(function (record) {
      return L.polyline(decode(record.g || record), Object.assign(
        { renderer: canvas, interactive: false, noClip: false }, style(record))).addTo(map);
    });
  }
  var dots = L.layerGroup(meta.stops.map(function (s) {
    return L.circleMarker([s[0] / stepsPerDegree, s[1] / stepsPerDegree],
      { renderer: canvas, radius: 1.8, weight: 0, fillOpacity: 0.9, fillColor: c.border, interactive: false });
  }));
  return {
    roads: drawn(meta.roads, function () { return { color: c.road, weight: 1, opacity: 0.55 }; }),
    lines: drawn(meta.lines, function (r) {
      var crossing = r.cross_border, own = Boolean(r.scenario);
      return { color: crossing ? c.crossing : c.line, weight: own ? 4 : (crossing ? 2 : 1.1) * thin(), opacity: crossing || own ? 0.95 : 0.6 * Math.sqrt(thin()) };
    }),
    border: drawn(meta.border, function () { return { color: c.border, weight: 2.2, opacity: 0.9, dashArray: "7 4" }; }),
    stops: dots
  };
}

// The zoom buttons' titles, in the language chosen.
function nameZoom(view) {
  [["in", t("Zoom in")], ["out", t("Zoom out")]].forEach(function (way) {
    var button = view.zoom.getContainer().querySelector(".leaflet-control-zoom-" + way[0]);
    button.title = way[1];
    button.setAttribute("aria-label", way[1]);
  });
}

// Names of the largest places, as many as fit without touching.
function nameLayer(map) {
  var layer = L.layerGroup().addTo(map);
  var places = municipalities.map(function (m) {
    var main = m.zones.reduce(function (a, b) { return weight[b] > weight[a] ? b : a; });
    return { name: m.name, people: people(m), at: L.latLng(meta.zones.lat[main] / stepsPerDegree, meta.zones.lon[main] / stepsPerDegree) };
  }).sort(function (a, b) { return b.people - a.people || (a.name < b.name ? -1 : 1); });
  function place() {
    layer.clearLayers();
    var taken = [], size = map.getSize();
    places.forEach(function (p) {
      var at = map.latLngToContainerPoint(p.at), half = p.name.length * 3.6 + 8;
      if (taken.length > 60 || at.x < half || at.y < 8 || at.x > size.x - half || at.y > size.y - 8) { return; }
      var clash = taken.some(function (o) { return Math.abs(o.x - at.x) < o.half + half && Math.abs(o.y - at.y) < 16; });
      if (clash) { return; }
      taken.push({ x: at.x, y: at.y, half: half });
      var label = element("span", p.name, { "class": "place-name", "aria-hidden": "true" });
      L.marker(p.at, { interactive: false, keyboard: false,
        icon: L.divIcon({ className: "", html: label, iconSize: [half * 2, 14], iconAnchor: [half - 8, 8] }) }).addTo(layer);
    });
  }
  map.on("moveend", place);
  place();
  return { shown: function (yes) { if (yes) { layer.addTo(map); } else { layer.remove(); } } };
}

function paint(view, colourOf, chosen) {
  var c = colours(), inside = {};
  chosen.forEach(function (z) { inside[z] = true; });
  view.shapes.forEach(function (shape, k) {
    shape.setStyle({ fillColor: colourOf(k), color: inside[k] ? c.chosen : c.outline, weight: inside[k] ? 2.6 : 0.6 });
    if (inside[k]) { shape.bringToFront(); }
  });
  view.ground.roads.concat(view.ground.border).forEach(function (l) { l.bringToFront(); });
}

// A line that a scenario adds is drawn with that scenario only.
function showGround(view, run, lines, stops, names) {
  view.ground.lines.forEach(function (l, k) {
    var own = meta.lines[k].scenario, wanted = lines && (!own || own === meta.runs[run].name);
    if (wanted) { l.addTo(view.map); l.bringToFront(); } else { l.remove(); }
  });
  if (stops) { view.ground.stops.addTo(view.map); } else { view.ground.stops.remove(); }
  view.names.shown(names);
}

function repaintGround(view) {
  var c = colours();
  view.ground.roads.forEach(function (l) { l.setStyle({ color: c.road }); });
  view.ground.border.forEach(function (l) { l.setStyle({ color: c.border }); });
  view.ground.lines.forEach(function (l, k) { l.setStyle({ color: meta.lines[k].cross_border ? c.crossing : c.line }); });
}

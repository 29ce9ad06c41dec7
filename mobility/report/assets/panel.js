// What stands beside the map: legend, told values, the same in a table.
var SHOWN_PLACES = 20;

function swatch(colour) {
  var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 14 9"); svg.setAttribute("aria-hidden", "true");
  var rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("width", "14"); rect.setAttribute("height", "9"); rect.setAttribute("fill", colour);
  rect.setAttribute("stroke", "#888"); rect.setAttribute("stroke-width", "0.5");
  svg.appendChild(rect);
  return svg;
}

function legendRows(what, cutoff) {
  var c = colours();
  if (what === "difference") {
    return [[t("15 min or more faster"), c.change[0]], [t("5 to 14 min faster"), c.change[1]],
      [t("1 to 4 min faster"), c.change[2]], [t("no difference"), c.change[3]],
      [t("1 to 4 min slower"), c.change[4]], [t("5 to 14 min slower"), c.change[5]],
      [t("15 min or more slower"), c.change[6]], [t("becomes reachable"), GAINED],
      [t("no longer reachable"), LOST], [t("not reachable"), c.unknown]];
  }
  var rows = c.time.map(function (colour, k) {
    if (k === 0) { return [fill(t("under {n} min"), { n: TIME_LIMITS[0] }), colour]; }
    if (k === TIME_LIMITS.length) { return [fill(t("{n} min and more"), { n: TIME_LIMITS[k - 1] }), colour]; }
    return [fill(t("{a} to {b} min"), { a: TIME_LIMITS[k - 1], b: TIME_LIMITS[k] - 1 }), colour];
  });
  if (cutoff) {
    rows = rows.filter(function (_, k) { return k === 0 || TIME_LIMITS[k - 1] * 60 < cutoff; });
    return rows.concat([[t("beyond the limit, or not reachable"), c.none]]);
  }
  return rows.concat([[t("not reachable"), c.none]]);
}

function showLegend(node, what, cutoff) {
  node.replaceChildren();
  legendRows(what, cutoff).forEach(function (row) {
    var entry = element("span");
    entry.appendChild(swatch(row[1]));
    entry.appendChild(element("span", row[0]));
    node.appendChild(entry);
  });
}

function timeText(v) {
  if (v === NOT_COMPUTED) { return t("not computed"); }
  if (v === IS_OUTSIDE) { return t("outside the network"); }
  return isNaN(v) ? t("not reachable") : minutes(v) + " min";
}

function changeText(v) {
  if (v === Infinity) { return t("becomes reachable"); }
  if (v === -Infinity) { return t("no longer reachable"); }
  return isNaN(v) || v < -1e8 ? NOTHING : signed(v) + " min";
}

function showTable(table, places, shown, state, onChoose) {
  var head = table.querySelector("thead"), body = table.querySelector("tbody");
  var heads = [t("place"), t("country"), t("minutes")];
  if (shown.change) { heads.push(t("difference")); }
  heads.push(t("inhabitants"));
  var row = element("tr");
  heads.forEach(function (text) { row.appendChild(element("th", text, { scope: "col" })); });
  head.replaceChildren(row);
  var order = places.map(function (_, k) { return k; });
  function rank(v) { return v >= 0 ? v : 1e12; }
  order.sort(function (a, b) {
    return rank(shown.time[a]) - rank(shown.time[b]) || (places[a].name < places[b].name ? -1 : 1);
  });
  if (!state.all) { order = order.slice(0, SHOWN_PLACES); }
  body.replaceChildren.apply(body, order.map(function (k) {
    var place = places[k], line = element("tr"), first = element("th", null, { scope: "row" });
    var button = element("button", place.name, { type: "button" });
    button.addEventListener("click", function () { onChoose(place); });
    first.appendChild(button);
    line.appendChild(first);
    line.appendChild(element("td", place.country));
    line.appendChild(element("td", timeText(shown.time[k]).replace(/ min$/, ""), { "class": "number" }));
    if (shown.change) { line.appendChild(element("td", changeText(shown.change[k]).replace(/ min$/, ""), { "class": "number" })); }
    line.appendChild(element("td", number(people(place)), { "class": "number" }));
    return line;
  }));
}

function showStatus(node, state, time, place) {
  var cutoff = state.cutoff || 3600, reached = 0;
  time.forEach(function (v, z) { if (v >= 0 && v <= cutoff) { reached += meta.zones.people[z]; } });
  var text = state.direction === "from"
    ? t("From {place} by {mode}: {people} inhabitants within {n} minutes.")
    : t("To {place} by {mode}: {people} inhabitants within {n} minutes.");
  var run = meta.runs[state.run];
  node.textContent = run[lang] + ". " + fill(text, { place: place.name, mode: word(state.mode),
    people: number(reached), n: number(cutoff / 60) });
}

// Parts of the median journey; the last is what the others leave.
function partTexts(values, total) {
  var told = [], left = total;
  var names = { access_s: t("to the stop"), wait_s: t("waiting"), ride_s: t("riding"),
    transfer_s: t("changing"), egress_s: t("from the stop") };
  meta.parts.forEach(function (part, k) {
    var v = k < meta.parts.length - 1 ? values[part] : left;
    if (v === undefined || !(v >= 0)) { return; }
    left -= v;
    if (shownMinute(v) > 0) { told.push(names[part] + " " + minutes(v) + " min"); }
  });
  return told.join(" · ");
}

function tell(node, name, country, lines) {
  node.replaceChildren(element("strong", name + (country ? " (" + word(country) + ")" : "")));
  lines.filter(Boolean).forEach(function (line) { node.appendChild(element("div", line)); });
}

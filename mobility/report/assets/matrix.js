// The matrix of cities and border municipalities.
function matrixCells() {
  var chosen = meta.runs[Number(document.getElementById("matrix-run").value)];
  var run = chosen.name, against = meta.runs[chosen.base].name;
  var mode = document.getElementById("matrix-mode").value;
  var own = (meta.matrix.minutes[run] || {})[mode], base = (meta.matrix.minutes[against] || {})[mode];
  return { own: own, base: base, difference: document.getElementById("matrix-what").value === "difference" };
}

// Black or white, whichever stands out more by the contrast formula of WCAG.
function light(colour) {
  var v = parseInt(colour.slice(1), 16);
  var parts = [v >> 16, (v >> 8) & 255, v & 255].map(function (part) {
    var c = part / 255;
    return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  });
  var bright = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  return (bright + 0.05) / 0.05 > 1.05 / (bright + 0.05);
}

function showMatrix() {
  var table = document.getElementById("matrix"), places = meta.matrix.places, n = places.length;
  var cells = matrixCells(), head = element("tr"), body = table.querySelector("tbody");
  head.appendChild(element("td", ""));
  places.forEach(function (p) { head.appendChild(element("th", p[0] + (p[1] ? " (" + p[1] + ")" : ""), { scope: "col" })); });
  table.querySelector("thead").replaceChildren(head);
  body.replaceChildren.apply(body, places.map(function (p, i) {
    var row = element("tr");
    row.appendChild(element("th", p[0] + (p[1] ? " (" + p[1] + ")" : ""), { scope: "row" }));
    for (var j = 0; j < n; j += 1) { row.appendChild(matrixCell(cells, i * n + j, i === j)); }
    return row;
  }));
}

function matrixCell(cells, at, self) {
  if (self) { return element("td", "", { "class": "self" }); }
  var v = cells.own ? cells.own[at] : null, was = cells.base ? cells.base[at] : null;
  var cell = element("td"), colour;
  if (cells.difference) {
    var change = v !== null && was !== null ? (v - was) * 60 : v !== null ? Infinity : was !== null ? -Infinity : NaN;
    cell.textContent = isFinite(change) ? signed(change) : change === Infinity ? "+ " + number(v) : change === -Infinity ? "\u00d7" : NOTHING;
    colour = isNaN(change) || shownMinute(change) === 0 ? null : changeColour(change);
  } else {
    cell.textContent = v === null ? NOTHING : number(v);
    colour = v === null ? null : timeColour(v * 60, 0);
  }
  if (colour) {
    cell.style.backgroundColor = colour;
    cell.style.color = light(colour) ? "#000000" : "#ffffff";
  }
  return cell;
}

function startMatrix() {
  if (!document.getElementById("matrix")) { return; }
  ["matrix-run", "matrix-mode", "matrix-what"].forEach(function (id) {
    document.getElementById(id).addEventListener("change", showMatrix);
  });
  showMatrix();
}

// Matrices, unpacked when first asked for: base64, deflate, neighbours, reference.
var UNREACHED = 65535, OUTSIDE = 65534;
var unpacked = {};

function inflate(base64) {
  var raw = atob(base64), bytes = new Uint8Array(raw.length);
  for (var i = 0; i < raw.length; i += 1) { bytes[i] = raw.charCodeAt(i); }
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer().then(function (b) { return new Uint8Array(b); });
}

function sideOf(mode, side) {
  var given = meta.axes[mode][side];
  return given || meta.zones.id.map(function (_, k) { return k; });
}

function join(bytes, rows, columns, predictor) {
  var n = rows * columns, cells = new Uint16Array(n), i, j;
  for (i = 0; i < n; i += 1) { cells[i] = bytes[i] | (bytes[n + i] << 8); }
  if (predictor === 2) {
    for (i = columns; i < n; i += 1) { cells[i] += cells[i - columns]; }
  }
  if (predictor >= 1) {
    for (i = 0; i < rows; i += 1) {
      for (j = 1; j < columns; j += 1) { cells[i * columns + j] += cells[i * columns + j - 1]; }
    }
  }
  return cells;
}

function hasLayer(run, mode, name) { return Boolean(meta.layers[run + "." + mode + "." + name]); }

// Promise of the cells of a layer, row by row over its origins.
function layer(run, mode, name) {
  var key = run + "." + mode + "." + name;
  if (unpacked[key]) { return unpacked[key]; }
  var about = meta.layers[key], reference = about[0].split(".");
  var known = about[0] ? layer(reference[0], reference[1], reference[2]) : Promise.resolve(null);
  if (about[2]) { unpacked[key] = known; return known; }
  var node = document.getElementById("layer-" + key);
  var rows = sideOf(mode, "o").length, columns = sideOf(mode, "d").length;
  unpacked[key] = Promise.all([known, inflate(node.textContent)]).then(function (both) {
    var cells = join(both[1], rows, columns, about[1]);
    if (both[0]) {
      for (var i = 0; i < cells.length; i += 1) { cells[i] += both[0][i]; }
    }
    return cells;
  });
  return unpacked[key];
}

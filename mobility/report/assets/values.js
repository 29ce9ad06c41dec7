// From cells to one value per zone, for a chosen place of one zone or a whole municipality.
// NaN: not reachable; -1: outside the network; -2: not computed.
var IS_OUTSIDE = -1, NOT_COMPUTED = -2;
var weight = meta.zones.people.some(function (p) { return p > 0; }) ? meta.zones.people
  : meta.zones.people.map(function () { return 1; });

var municipalities = (function () {
  var found = {}, list = [];
  meta.zones.municipality.forEach(function (name, k) {
    var key = name ? name + "\u0000" + meta.zones.country[k] : "zone\u0000" + meta.zones.id[k];
    if (!found[key]) {
      found[key] = { name: name || meta.zones.name[k], country: meta.zones.country[k], zones: [] };
      list.push(found[key]);
    }
    found[key].zones.push(k);
  });
  list.sort(function (a, b) { return a.name < b.name ? -1 : a.name > b.name ? 1 : 0; });
  return list;
}());

var municipalityOf = (function () {
  var of = [];
  municipalities.forEach(function (m, k) { m.zones.forEach(function (z) { of[z] = k; }); });
  return of;
}());

function zonePlace(k) {
  return { name: meta.zones.name[k] || meta.zones.id[k], country: meta.zones.country[k], zones: [k] };
}

function people(place) {
  return place.zones.reduce(function (sum, z) { return sum + meta.zones.people[z]; }, 0);
}

// Mean over zones, weighted by people; not reachable where less than half of them are.
function mean(values, zones) {
  var all = 0, held = 0, sum = 0, out = 0;
  zones.forEach(function (z, k) {
    var w = weight[z], v = values[k];
    all += w;
    if (v === IS_OUTSIDE || v === NOT_COMPUTED) { out += w; return; }
    if (!isNaN(v)) { held += w; sum += w * v; }
  });
  if (zones.length === 1) { return values[0]; }
  if (all === 0) { return mean1(values); }
  if (held < all / 2) { return out > all / 2 ? IS_OUTSIDE : NaN; }
  return sum / held;
}

function mean1(values) {
  var known = values.filter(function (v) { return v >= 0; });
  return known.length * 2 >= values.length ? known.reduce(function (a, b) { return a + b; }, 0) / known.length : NaN;
}

// Promise of one value per zone: the layer from or to the place's zones.
function zoneValues(run, mode, name, direction, place) {
  return layer(run, mode, name).then(function (cells) {
    var origins = sideOf(mode, "o"), destinations = sideOf(mode, "d"), columns = destinations.length;
    var row = {}, column = {};
    origins.forEach(function (z, k) { row[z] = k; });
    destinations.forEach(function (z, k) { column[z] = k; });
    var step = name === "transfers" ? 1 : meta.step;
    function cell(o, d) {
      if (row[o] === undefined || column[d] === undefined) { return NOT_COMPUTED; }
      var v = cells[row[o] * columns + column[d]];
      return v === UNREACHED ? NaN : v === OUTSIDE ? IS_OUTSIDE : v * step;
    }
    return meta.zones.id.map(function (_, z) {
      return mean(place.zones.map(function (p) {
        return direction === "from" ? cell(p, z) : cell(z, p);
      }), place.zones);
    });
  });
}

function overPlaces(values, places) {
  return places.map(function (place) {
    return mean(place.zones.map(function (z) { return values[z]; }), place.zones);
  });
}

// Change in seconds; Infinity: becomes reachable, -Infinity: no longer.
function difference(now, before) {
  return now.map(function (v, k) {
    var was = before[k], reached = v >= 0, did = was >= 0;
    if (reached && did) { return v - was; }
    if (v < 0) { return v === IS_OUTSIDE ? IS_OUTSIDE - 1e9 : NOT_COMPUTED - 1e9; }
    return reached ? Infinity : did ? -Infinity : NaN;
  });
}

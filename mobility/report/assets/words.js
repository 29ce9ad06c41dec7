// Language: texts come from the catalogue in the page's data, never from this file.
var meta = JSON.parse(document.getElementById("meta").textContent);
var lang = meta.lang;
var NOTHING = "\u2013", MINUS = "\u2212";

function t(text) { return meta.words[lang][text]; }

function word(name) { return meta.words[lang][name] || name; }

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, function (_, key) { return String(values[key]); });
}

function number(x, digits) {
  if (!isFinite(x)) { return NOTHING; }
  var scale = Math.pow(10, digits || 0);
  var size = Math.floor(Number((Math.abs(x) * scale).toFixed(6)) + 0.5) / scale;
  var text = new Intl.NumberFormat(lang === "nl" ? "nl-NL" : "en-GB",
    { minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 0 }).format(size);
  return x < 0 && size > 0 ? MINUS + text : text;
}

function minutes(seconds) { return number(seconds / 60, 0); }

function signed(seconds) {
  var text = number(seconds / 60, 0);
  return seconds > 0 && text !== "0" ? "+" + text : text;
}

function element(tag, text, attributes) {
  var made = document.createElement(tag);
  if (text !== undefined && text !== null) { made.textContent = text; }
  Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
  return made;
}

function showLanguage(chosen) {
  lang = chosen;
  document.documentElement.lang = chosen;
  document.querySelectorAll("[data-" + chosen + "]").forEach(function (node) {
    node.textContent = node.getAttribute("data-" + chosen);
  });
  ["aria-label", "placeholder"].forEach(function (name) {
    document.querySelectorAll("[data-" + name + "-" + chosen + "]").forEach(function (node) {
      node.setAttribute(name, node.getAttribute("data-" + name + "-" + chosen));
    });
  });
  document.querySelectorAll(".languages button").forEach(function (button) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-lang") === chosen));
  });
}

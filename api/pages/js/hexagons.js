// The H3 layer: how many features of one layer lie in each hexagon.

import { byId, element } from "./element.js";
import { count, language, text } from "./text.js";
import { titleOf } from "./layers.js";

const SOURCE = "hexagons";
/** Few to many; by night from the dark of the ground to a glow. */
const COLOURS = {
  day: ["#fff3d6", "#fdd49e", "#fdae6b", "#f3722c", "#c1272d"],
  night: ["#22304a", "#40407a", "#7a4487", "#c04f76", "#ff9a5c"],
};
const LINES = { day: "#ffffff", night: "#0d1420" };

/** @type {string} */
let shown = "";

/** @returns {"day" | "night"} */
function theme() {
  return document.documentElement.dataset.theme === "night" ? "night" : "day";
}

/**
 * @param {import("maplibre-gl").Map} map
 * @param {import("./layers.js").Collection[]} collections
 */
export function offerHexagons(map, collections) {
  const select = /** @type {HTMLSelectElement} */ (byId("cells-of"));
  select.replaceChildren(element("option", { value: "" }, text("none")));
  for (const collection of collections) {
    if (!collection.itemCount || collection.geometry === "none") continue;
    select.append(element("option", { value: collection.id }, titleOf(collection)));
  }
  select.value = shown;
  select.onchange = () => showHexagons(map, select.value);
}

/** Draw what was chosen again after the style changed. @param {import("maplibre-gl").Map} map */
export function restoreHexagons(map) {
  if (shown) showHexagons(map, shown);
}

/** @param {import("maplibre-gl").Map} map @param {string} name */
function showHexagons(map, name) {
  shown = name;
  for (const id of [`${SOURCE}-fill`, `${SOURCE}-line`]) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource(SOURCE)) map.removeSource(SOURCE);
  byId("legend").hidden = true;
  if (!name) return;
  const tiles = [`${location.origin}/tiles/${name}.cells/{z}/{x}/{y}.mvt`];
  map.addSource(SOURCE, { type: "vector", tiles, minzoom: 6, maxzoom: 14 });
  const below = map.getStyle().layers.find((layer) => layer.type === "symbol")?.id;
  const base = { source: SOURCE, "source-layer": "cells" };
  map.addLayer({ id: `${SOURCE}-fill`, type: "fill", ...base, paint: { "fill-color": COLOURS[theme()][0], "fill-opacity": 0.62 } }, below);
  map.addLayer({ id: `${SOURCE}-line`, type: "line", ...base, paint: { "line-color": LINES[theme()], "line-opacity": 0.6, "line-width": 0.8 } }, below);
  map.off("idle", recolour);
  map.on("idle", recolour);
}

/** @param {{target: import("maplibre-gl").Map}} event */
function recolour(event) {
  colourByRank(event.target);
}

/** Colour by fifths of the counts in view, so that the classes fit the zoom. @param {import("maplibre-gl").Map} map */
function colourByRank(map) {
  if (!map.getLayer(`${SOURCE}-fill`)) return;
  const counts = map.queryRenderedFeatures({ layers: [`${SOURCE}-fill`] }).map((cell) => Number(cell.properties.count));
  if (!counts.length) return;
  const colours = COLOURS[theme()];
  const breaks = quantiles(counts, colours.length);
  /** @type {any} */
  const expression = ["step", ["get", "count"], colours[0]];
  breaks.forEach((value, rank) => expression.push(value, colours[rank + 1]));
  const paint = JSON.stringify(expression);
  if (JSON.stringify(map.getPaintProperty(`${SOURCE}-fill`, "fill-color")) !== paint) {
    map.setPaintProperty(`${SOURCE}-fill`, "fill-color", expression);
  }
  drawLegend(breaks);
}

/** @param {number[]} values @param {number} classes @returns {number[]} rising, distinct lower bounds of all but the first class */
export function quantiles(values, classes) {
  const sorted = [...values].sort((one, other) => one - other);
  const bounds = [];
  for (let rank = 1; rank < classes; rank += 1) {
    const bound = sorted[Math.floor((rank * sorted.length) / classes)];
    if (bound > (bounds.at(-1) ?? sorted[0])) bounds.push(bound);
  }
  return bounds;
}

/** @param {number[]} breaks */
function drawLegend(breaks) {
  const legend = byId("legend");
  legend.replaceChildren();
  breaks.concat(Infinity).forEach((upper, rank) => {
    const swatch = element("i");
    swatch.style.background = COLOURS[theme()][rank];
    const lower = rank === 0 ? 1 : breaks[rank - 1];
    const range = upper === Infinity ? `≥ ${count(lower)}` : lower === upper - 1 ? count(lower) : `${count(lower)} – ${count(upper - 1)}`;
    legend.append(swatch, element("span", {}, range));
  });
  legend.append(element("span"), element("span", {}, text("perHexagon")));
  legend.lang = language();
  legend.hidden = false;
}

// The layer switch: which layers the city has, and which of them are drawn.

import { byId, element } from "./element.js";
import { count, language } from "./text.js";

const KEPT = "citytwin.hidden";
/** Dense point layers start switched off: a first look should be a map, not a cloud. */
const OFF_AT_FIRST = ["addresses", "parts", "incidents", "traffic_signals", "barriers", "restrictions", "grid", "units"];

/**
 * @typedef {{id: string, title: string, "title_en"?: string, itemCount?: number, geometry?: string,
 *   extent?: {spatial?: {bbox: number[][]}}}} Collection
 */

/** @returns {Promise<Collection[]>} */
export async function fetchCollections() {
  const answer = await fetch("/collections?f=json");
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).collections;
}

/** A layer also draws what is derived from it, such as roads.labels. @param {any} layer @returns {string | undefined} */
function cityLayerOf(layer) {
  return layer["source-layer"]?.split(".")[0];
}

/** @param {Collection} collection @returns {string} */
export function titleOf(collection) {
  return (language() === "en" && collection.title_en) || collection.title || collection.id;
}

/** @returns {Set<string>} */
function hiddenLayers() {
  const kept = localStorage.getItem(KEPT);
  return new Set(kept === null ? OFF_AT_FIRST : JSON.parse(kept));
}

/**
 * Set the visibility of every style layer that draws a hidden city layer.
 * @param {import("maplibre-gl").StyleSpecification} style
 */
export function applyVisibility(style) {
  const hidden = hiddenLayers();
  for (const layer of style.layers) {
    const name = cityLayerOf(layer);
    if (name && hidden.has(name)) layer.layout = { ...layer.layout, visibility: "none" };
  }
}

/**
 * Fill the list with a switch a layer.
 * @param {import("maplibre-gl").Map} map
 * @param {Collection[]} collections
 */
export function listLayers(map, collections) {
  const hidden = hiddenLayers();
  const list = byId("layer-list");
  list.replaceChildren();
  for (const collection of collections) {
    if (collection.geometry === "none") continue;
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", name: collection.id }));
    box.checked = !hidden.has(collection.id);
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(collection.id);
      else hidden.add(collection.id);
      localStorage.setItem(KEPT, JSON.stringify([...hidden]));
      show(map, collection.id, box.checked);
    });
    const rows = element("span", { class: "count" }, count(collection.itemCount ?? 0));
    list.append(element("li", {}, element("label", {}, box, titleOf(collection), rows)));
  }
}

/** @param {import("maplibre-gl").Map} map @param {string} name @param {boolean} visible */
function show(map, name, visible) {
  for (const layer of map.getStyle().layers) {
    if (cityLayerOf(layer) === name) {
      map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
    }
  }
}

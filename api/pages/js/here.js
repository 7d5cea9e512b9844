// What is here: the grid unit, its five levels, the nearest building and address of a clicked point.

import { byId, element } from "./element.js";
import { distance, text } from "./text.js";

/** @typedef {{level: string, name: string, code: string}} Level */
/** @typedef {{name?: string, text?: string, distance_m: number, contains?: boolean, floors?: number, use?: string}} Near */

/** Each click cancels the question of the one before. @type {AbortController | undefined} */
let asking;
/** The last answer, to be told again in another language. @type {{answer: any, coordinates: string} | undefined} */
let told;

/** @param {import("maplibre-gl").Map} map */
export function answerClicks(map) {
  map.on("click", (event) => showPlace(map, event.lngLat));
  byId("here-close").addEventListener("click", () => close(map));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(map);
  });
}

/** Tell what is at a place. @param {import("maplibre-gl").Map} map @param {{lng: number, lat: number}} place */
export async function showPlace(map, place) {
  asking?.abort();
  asking = new AbortController();
  mark(map, place);
  const lon = place.lng.toFixed(7);
  const lat = place.lat.toFixed(7);
  try {
    const answer = await fetch(`/v1/locate?lon=${lon}&lat=${lat}`, { signal: asking.signal });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail ?? `${answer.status}`);
    show(body, `${lon}, ${lat}`);
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") return;
    fill(element("p", {}, `${text("refused")}: ${/** @type {Error} */ (error).message}`));
  }
}

/** Tell the open answer again, after the language changed. */
export function retell() {
  if (told && !byId("here").hidden) show(told.answer, told.coordinates);
}

/** @param {any} answer @param {string} coordinates */
function show(answer, coordinates) {
  told = { answer, coordinates };
  /** @type {Level[]} */
  const chain = answer.chain ?? [];
  const levels = element("ol", { class: "chain" });
  for (const level of chain) levels.append(element("li", { title: level.code }, level.name || level.code));
  const facts = element("dl");
  addFact(facts, text("building"), describe(answer.building));
  addFact(facts, text("address"), describe(answer.address));
  addFact(facts, text("coordinates"), coordinates);
  fill(chain.length ? levels : element("p", { class: "muted" }, text("noUnit")), facts);
}

/** @param {Near | null | undefined} near @returns {string} */
function describe(near) {
  if (!near) return text("nothing");
  const parts = [near.name || near.text || near.use || ""];
  if (near.floors) parts.push(`${near.floors} ${text("floors")}`);
  parts.push(near.contains ? text("inside") : text("away").replace("{}", distance(near.distance_m)));
  return parts.filter(Boolean).join(" · ");
}

/** @param {HTMLElement} list @param {string} name @param {string} value */
function addFact(list, name, value) {
  list.append(element("dt", {}, name), element("dd", {}, value));
}

/** @param {...HTMLElement} children */
function fill(...children) {
  byId("here-body").replaceChildren(...children);
  byId("here").hidden = false;
}

/** @param {import("maplibre-gl").Map} map */
function close(map) {
  byId("here").hidden = true;
  if (map.getLayer("here")) map.setLayoutProperty("here", "visibility", "none");
}

/** @param {import("maplibre-gl").Map} map @param {{lng: number, lat: number}} place */
function mark(map, place) {
  /** @type {import("geojson").Feature} */
  const point = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [place.lng, place.lat] } };
  const source = /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (map.getSource("here"));
  if (source) source.setData(point);
  else map.addSource("here", { type: "geojson", data: point });
  if (!map.getLayer("here")) {
    const paint = { "circle-radius": 7, "circle-color": "#1f6feb", "circle-stroke-color": "#fff", "circle-stroke-width": 2.5 };
    map.addLayer({ id: "here", type: "circle", source: "here", paint });
  }
  map.setLayoutProperty("here", "visibility", "visible");
}

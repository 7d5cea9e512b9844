// The search box: suggestions as one types, and the place of what was typed, with how sure the answer is.

import { byId, element } from "./element.js";
import { showPlace } from "./here.js";
import { text } from "./text.js";

/** @typedef {{address_id: number, text: string, level: string, lon: number | null, lat: number | null}} Suggestion */
/** @typedef {{address_id: number, standard_text: string, level: string, score: number, lon: number | null, lat: number | null, reason: string}} Match */

const PAUSE_MS = 120;
const SURE = 0.9;
const CLOSE_ZOOM = 17;

/** Each stroke cancels the question of the one before. @type {AbortController | undefined} */
let asking;
/** @type {number | undefined} */
let pause;
/** @type {Suggestion[]} */
let offered = [];
let chosen = -1;

/** @param {import("maplibre-gl").Map} map @param {boolean} hasAddresses */
export function offerSearch(map, hasAddresses) {
  const box = /** @type {HTMLInputElement} */ (byId("search-text"));
  byId("search").hidden = !hasAddresses;
  if (box.dataset.wired) return;
  box.dataset.wired = "yes";
  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => suggest(box.value.trim()), PAUSE_MS);
  });
  box.addEventListener("keydown", (event) => press(map, box, event));
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    geocode(map, box.value.trim());
  });
  byId("search-list").addEventListener("pointerdown", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest("li");
    if (!item || item.dataset.place === undefined) return;
    event.preventDefault();
    pick(map, box, Number(item.dataset.place));
  });
  box.addEventListener("blur", hide);
}

/** @param {import("maplibre-gl").Map} map @param {HTMLInputElement} box @param {KeyboardEvent} event */
function press(map, box, event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!offered.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark((chosen + step + offered.length) % offered.length);
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    pick(map, box, chosen);
  } else if (event.key === "Escape" && offered.length) {
    event.stopPropagation();
    hide();
  }
}

/** @param {string} question @param {string} path @returns {Promise<any>} */
async function fetchAnswer(question, path) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(`${path}?text=${encodeURIComponent(question)}`, { signal: asking.signal });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? `${answer.status}`);
  return body;
}

/** @param {string} question */
async function suggest(question) {
  if (!question) return hide();
  try {
    offered = (await fetchAnswer(question, "/v1/suggest")).suggestions;
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") hide();
    return;
  }
  chosen = -1;
  const items = offered.map((one, place) =>
    element("li", { id: `search-${place}`, role: "option", "data-place": `${place}`, "aria-selected": "false" },
      element("span", {}, one.text), element("small", {}, one.level)));
  byId("search-list").replaceChildren(...(items.length ? items : [element("li", { class: "muted" }, text("nothingFound"))]));
  open(true);
}

/** @param {number} place */
function mark(place) {
  chosen = place;
  for (const item of byId("search-list").children) {
    item.setAttribute("aria-selected", String(item.id === `search-${place}`));
  }
  byId(`search-${place}`).scrollIntoView({ block: "nearest" });
  byId("search-text").setAttribute("aria-activedescendant", `search-${place}`);
}

/** @param {import("maplibre-gl").Map} map @param {HTMLInputElement} box @param {number} place */
function pick(map, box, place) {
  const one = offered[place];
  box.value = one.text;
  hide();
  go(map, one, "");
}

/** @param {import("maplibre-gl").Map} map @param {string} question */
async function geocode(map, question) {
  if (!question) return;
  clearTimeout(pause);
  try {
    /** @type {Match[]} */
    const matches = (await fetchAnswer(question, "/v1/geocode")).matches;
    hide();
    const best = matches[0];
    if (!best) return say(text("nothingFound"));
    const surety = `${text(best.score >= SURE ? "sure" : "unsure")} ${Math.round(best.score * 100)}% · ${best.reason}`;
    go(map, { ...best, text: best.standard_text }, surety);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") say(`${text("refused")}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {import("maplibre-gl").Map} map @param {Suggestion} one @param {string} surety */
function go(map, one, surety) {
  const words = [one.text, surety].filter(Boolean).join("\n");
  if (one.lon === null || one.lat === null) return say(`${words}\n${text("noPlace")}`);
  say(words);
  map.flyTo({ center: [one.lon, one.lat], zoom: Math.max(map.getZoom(), CLOSE_ZOOM) });
  showPlace(map, { lng: one.lon, lat: one.lat });
}

/** @param {string} words */
function say(words) {
  byId("search-said").textContent = words;
}

function hide() {
  offered = [];
  chosen = -1;
  open(false);
}

/** @param {boolean} isOpen */
function open(isOpen) {
  byId("search-list").hidden = !isOpen;
  byId("search-text").setAttribute("aria-expanded", String(isOpen));
  byId("search-text").removeAttribute("aria-activedescendant");
}

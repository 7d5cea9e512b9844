// The map page: the city's own layers as a base map, a layer switch, hexagons, and what is here.

import * as maplibre from "/vendor/maplibre-gl/maplibre-gl.mjs";

import { byId } from "./element.js";
import { answerClicks, retell } from "./here.js";
import { offerHexagons, restoreHexagons } from "./hexagons.js";
import { applyVisibility, fetchCollections, listLayers } from "./layers.js";
import { watchProgress } from "./progress.js";
import { offerSearch } from "./search.js";
import { fillTexts, keepLanguage, language, text } from "./text.js";

const THEME = "citytwin.theme";
const TILT_DEG = 52;
const CHINESE_FONTS = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif';

/** @returns {string} */
function theme() {
  return localStorage.getItem(THEME) === "night" ? "night" : "day";
}

/** @returns {Promise<import("maplibre-gl").StyleSpecification>} */
async function fetchStyle() {
  const answer = await fetch(`/styles/${theme()}.json?lang=${language()}`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const style = await answer.json();
  applyVisibility(style);
  return style;
}

/** @param {import("./layers.js").Collection[]} collections @returns {[number, number, number, number] | undefined} */
function extentOf(collections) {
  const settled = collections.find((one) => one.id === "grid") ?? collections.find((one) => one.id === "roads") ?? collections[0];
  const box = settled?.extent?.spatial?.bbox?.[0];
  return box && /** @type {[number, number, number, number]} */ (box.slice(0, 4));
}

function labelControls() {
  fillTexts();
  document.documentElement.dataset.theme = theme();
  byId("map").setAttribute("aria-label", text("map"));
  byId("language").textContent = text("otherLanguage");
  /** @type {[string, string][]} */
  const names = [["tilt", "building3d"], ["theme", "night"], ["panel-toggle", "toggleLayers"], ["here-close", "close"]];
  for (const [id, key] of names) {
    byId(id).setAttribute("aria-label", text(key));
    byId(id).title = text(key);
  }
  byId("search-text").setAttribute("aria-label", text("search"));
  byId("search-text").setAttribute("placeholder", text("search"));
  byId("theme").setAttribute("aria-pressed", String(theme() === "night"));
}

/** @param {boolean} visible */
function showPanel(visible) {
  byId("panel").hidden = !visible;
  byId("panel-toggle").setAttribute("aria-expanded", String(visible));
}

/** @param {import("maplibre-gl").Map} map @param {() => Promise<void>} redraw */
function wireControls(map, redraw) {
  byId("tilt").addEventListener("click", () => {
    const tilted = map.getPitch() > 1;
    map.easeTo({ pitch: tilted ? 0 : TILT_DEG, zoom: tilted ? map.getZoom() : Math.max(map.getZoom(), 15.2) });
    byId("tilt").setAttribute("aria-pressed", String(!tilted));
  });
  byId("theme").addEventListener("click", () => {
    localStorage.setItem(THEME, theme() === "day" ? "night" : "day");
    redraw();
  });
  byId("language").addEventListener("click", () => {
    keepLanguage(language() === "zh" ? "en" : "zh");
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    history.replaceState(null, "", address);
    redraw();
  });
  byId("panel-toggle").addEventListener("click", () => showPanel(byId("panel").hidden));
  if (matchMedia("(max-width: 640px)").matches) showPanel(false);
}

async function start() {
  labelControls();
  if (!document.createElement("canvas").getContext("webgl2")) {
    byId("notice").textContent = text("noWebgl");
    byId("notice").hidden = false;
    return;
  }
  maplibre.setWorkerUrl("/vendor/maplibre-gl/maplibre-gl-worker.mjs");
  const [style, collections] = await Promise.all([fetchStyle(), fetchCollections()]);
  byId("city-name").textContent = document.title = style.name ?? "citytwin";
  const bounds = extentOf(collections);
  const map = new maplibre.Map({
    container: "map",
    style,
    bounds,
    fitBoundsOptions: { padding: 24 },
    hash: "map",
    maxPitch: 70,
    localIdeographFontFamily: CHINESE_FONTS,
    attributionControl: { compact: true },
  });
  map.addControl(new maplibre.NavigationControl({ visualizePitch: true }), "bottom-right");
  map.addControl(new maplibre.ScaleControl({}), "bottom-left");
  answerClicks(map);

  const refresh = async () => {
    const found = await fetchCollections();
    listLayers(map, found);
    offerHexagons(map, found);
    offerSearch(map, found.some((one) => one.id === "address_base"));
    if (!bounds && extentOf(found)) map.fitBounds(/** @type {any} */ (extentOf(found)), { padding: 24 });
  };
  const redraw = async () => {
    labelControls();
    retell();
    map.setStyle(await fetchStyle());
    map.once("styledata", () => restoreHexagons(map));
    await refresh();
  };
  wireControls(map, redraw);
  map.on("load", refresh);
  watchProgress(redraw);
  // For the tests: they wait until the map has nothing left to draw.
  map.on("idle", () => { document.documentElement.dataset.map = "idle"; });
  Object.assign(window, { citytwinMap: map });
}

start().catch((error) => {
  byId("notice").textContent = `${text("refused")}: ${error.message}`;
  byId("notice").hidden = false;
});

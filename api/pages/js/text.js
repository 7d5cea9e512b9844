// Every sentence of the map page in both languages; the tests compare the keys.

/** @type {Record<string, Record<string, string>>} */
export const TEXTS = {
  zh: {
    layers: "图层",
    hexagons: "六边形统计",
    countOf: "数量",
    none: "无",
    whatIsHere: "这里是",
    noUnit: "不在任何网格内",
    building: "建筑",
    address: "地址",
    coordinates: "坐标",
    cell: "六边形编号",
    floors: "层",
    away: "距离 {}",
    inside: "在其中",
    nothing: "附近没有",
    building3d: "立体建筑",
    night: "夜间配色",
    toggleLayers: "显示或隐藏图层",
    otherLanguage: "English",
    close: "关闭",
    working: "正在建设",
    failed: "建设出错",
    lost: "与服务器的连接已断开，正在重试",
    refused: "无法查询",
    perHexagon: "每个六边形",
    noWebgl: "此浏览器不支持 WebGL 2，无法显示地图；请使用较新的浏览器",
    map: "地图",
    search: "查地址：小区、路名、拼音或首字母",
    nothingFound: "没有找到",
    noPlace: "该地址没有坐标",
    sure: "可信",
    unsure: "不确定",
  },
  en: {
    layers: "Layers",
    hexagons: "Hexagon counts",
    countOf: "Count of",
    none: "none",
    whatIsHere: "What is here",
    noUnit: "In no grid unit",
    building: "Building",
    address: "Address",
    coordinates: "Coordinates",
    cell: "H3 cell",
    floors: "floors",
    away: "{} away",
    inside: "inside",
    nothing: "none near",
    building3d: "Buildings in 3D",
    night: "Night colours",
    toggleLayers: "Show or hide layers",
    otherLanguage: "中文",
    close: "Close",
    working: "Building",
    failed: "Build failed",
    lost: "Connection to the server lost, trying again",
    refused: "Cannot ask",
    perHexagon: "per hexagon",
    noWebgl: "This browser has no WebGL 2 and cannot show the map; please use a newer one",
    map: "Map",
    search: "Find an address: estate, road, pinyin or initials",
    nothingFound: "Nothing found",
    noPlace: "This address has no coordinates",
    sure: "sure",
    unsure: "not sure",
  },
};

const KEPT = "citytwin.language";

/** @returns {"zh" | "en"} the language of the page: asked for in the address, chosen before, or Chinese */
export function language() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEPT);
  return wanted === "en" ? "en" : "zh";
}

/** @param {"zh" | "en"} chosen */
export function keepLanguage(chosen) {
  localStorage.setItem(KEPT, chosen);
}

/** @param {string} key @returns {string} */
export function text(key) {
  return TEXTS[language()][key];
}

/** Fill every element that names its sentence in data-text. */
export function fillTexts() {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text(/** @type {HTMLElement} */ (element).dataset.text ?? "");
  }
}

/** @param {number} metres @returns {string} */
export function distance(metres) {
  const locale = language() === "zh" ? "zh-CN" : "en";
  return metres < 1000
    ? new Intl.NumberFormat(locale, { style: "unit", unit: "meter", maximumFractionDigits: 0 }).format(metres)
    : new Intl.NumberFormat(locale, { style: "unit", unit: "kilometer", maximumFractionDigits: 1 }).format(metres / 1000);
}

/** @param {number} value @returns {string} */
export function count(value) {
  return new Intl.NumberFormat(language() === "zh" ? "zh-CN" : "en").format(value);
}

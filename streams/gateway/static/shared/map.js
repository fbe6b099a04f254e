// Leaflet on the city's own polygons: no tiles, no request that leaves the site. Drawn on a canvas.
import * as L from "../vendor/leaflet.js";
import { get } from "./api.js";

let shapes = null;
/** The territories, fetched once. */
export const fetchShapes = () => {
  shapes ??= get("/api/map").catch((fault) => {
    shapes = null;
    throw fault;
  });
  return shapes;
};

/** A colour of the tokens as the canvas needs it. */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** An empty map in `box`. Leaflet's own texts are set to text nodes or left out. */
export function makeMap(box, label) {
  const map = L.map(box, {
    renderer: L.canvas({ padding: 0.3 }),
    preferCanvas: true,
    attributionControl: false,
    zoomControl: false,
    keyboard: false,
    zoomSnap: 0.25,
    minZoom: 7,
    maxZoom: 18,
    fadeAnimation: false,
    zoomAnimation: false,
    markerZoomAnimation: false,
  });
  box.removeAttribute("tabindex");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", label);
  map.setView([30.75, 120.75], 9);
  return map;
}

const HAS_AREA = new Set(["Polygon", "MultiPolygon"]);

/**
 * Draws the territories; `fill(properties)` gives {fillOpacity, fillColor}. Returns the layer.
 * @param {{fill?:Function, onClick?:Function, tip?:Function}} how
 */
export function drawTerritories(map, geojson, how) {
  const { fill, onClick, tip } = how;
  const layer = L.geoJSON(geojson, {
    filter: (feature) => HAS_AREA.has(feature.geometry.type),
    style: (feature) => ({ color: token("edge"), weight: 1, fillColor: token("focus"), fillOpacity: 0, ...fill?.(feature.properties) }),
    onEachFeature: (feature, one) => {
      if (onClick) one.on("click", () => onClick(feature.properties));
      if (tip) one.bindTooltip(() => textNode(tip(feature.properties)), { sticky: true });
    },
  });
  return layer.addTo(map);
}

/** Leaflet puts strings in as HTML: an element keeps a person's words what they are, text. */
export function textNode(text) {
  const node = document.createElement("span");
  node.textContent = text;
  return node;
}

export function dot([lat, lon], { radius = 5, color = token("text"), fill = 1, text = "" } = {}) {
  const marker = L.circleMarker([lat, lon], { radius, color, weight: 2, fillColor: color, fillOpacity: fill });
  return text ? marker.bindTooltip(textNode(text)) : marker;
}

/** A number on the map that can be clicked. */
export function bubble([lat, lon], n, title, onClick, tone = "") {
  const face = document.createElement("span");
  face.textContent = n;
  const marker = L.marker([lat, lon], {
    icon: L.divIcon({ html: face, className: `bubble ${tone}`, iconSize: [34, 22] }),
    title,
    alt: title,
    keyboard: false,
  });
  return marker.on("click", onClick);
}

/** A line of words at a point, with a mark where it is. */
export function flag([lat, lon], text, onClick, tone = "") {
  const face = textNode(text);
  face.className = "words";
  const marker = L.marker([lat, lon], { icon: L.divIcon({ html: face, className: `flag ${tone}`, iconSize: [10, 10] }), title: text, alt: text, keyboard: false });
  return marker.on("click", onClick);
}

export const group = () => L.layerGroup();
export const bounds = (layer) => layer.getBounds();

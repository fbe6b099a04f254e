// The desk on a map: how much is open in each territory, cases in clusters, squads with their load. A click on a
// territory or a cluster shows its cases in the list.
import { html, useEffect, useRef } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { bounds, bubble, dot, drawTerritories, fetchShapes, group, makeMap, token } from "../shared/map.js";
import { catalog } from "../shared/names.js";
import { theme } from "../shared/prefs.js";
import { isUnassigned, show } from "./filters.js";
import { middle, open } from "./state.js";
import { deskId, revision, rows, squads } from "./store.js";

const CELL = 60; // pixels: cases nearer than this share a number
const REDRAW = 2_000;

/** Cases by cells of the screen. */
function clusters(map) {
  const cells = new Map();
  const seen = map.getBounds().pad(0.1);
  for (const row of rows.values()) {
    if (row.lat === undefined || !seen.contains([row.lat, row.lon])) continue;
    const { x, y } = map.project([row.lat, row.lon]);
    const key = `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`;
    const cell = cells.get(key) ?? { lat: 0, lon: 0, all: [], free: 0 };
    cell.lat += row.lat;
    cell.lon += row.lon;
    cell.all.push(row);
    cell.free += isUnassigned(row) ? 1 : 0;
    cells.set(key, cell);
  }
  return [...cells.values()];
}

function drawCases(map, layer) {
  layer.clearLayers();
  for (const { lat, lon, all, free } of clusters(map)) {
    /** @type {[number, number]} */
    const at = [lat / all.length, lon / all.length];
    const title = free ? t("map.cluster_free", { n: all.length, free }) : t("map.cluster", { n: all.length });
    const opens = () => (all.length === 1 ? open(all[0].id) : map.setView(at, Math.min(18, map.getZoom() + 1.5)));
    bubble(at, all.length, all.length === 1 ? `${all[0].no} ${all[0].title}` : title, opens, free ? "free" : "").addTo(layer);
  }
}

function drawSquads(layer) {
  layer.clearLayers();
  const loads = new Map(squads.peek().map((squad) => [squad.id, squad]));
  for (const squad of catalog.peek().squads) {
    const load = loads.get(squad.id);
    if (squad.lat && load)
      dot([squad.lat, squad.lon], {
        radius: 7,
        color: token("focus"),
        fill: load.cap ? load.load / load.cap : 0,
        text: `${squad.name} ${load.load}/${load.cap}`,
      })
        .on("click", () => show({ squad: squad.id }))
        .addTo(layer);
  }
}

export function CityMap() {
  const box = useRef(null);
  useEffect(() => {
    const map = makeMap(box.current, t("map.city"));
    const [cases, places] = [group().addTo(map), group().addTo(map)];
    let gone = false;
    let drawn = -1;
    const redraw = () => {
      drawn = revision.peek();
      drawCases(map, cases);
      drawSquads(places);
    };
    fetchShapes().then(
      (geojson) => {
        if (gone) return;
        const open_ = new Map();
        for (const row of rows.values()) open_.set(row.territory, (open_.get(row.territory) ?? 0) + 1);
        const most = Math.max(1, ...open_.values());
        const layer = drawTerritories(map, geojson, {
          fill: ({ id }) => ({ fillOpacity: (0.5 * (open_.get(id) ?? 0)) / most }),
          tip: ({ id, name }) => t("map.territory", { name, n: open_.get(id) ?? 0 }),
          onClick: ({ id }) => show({ territory: id }),
        });
        const mine = deskId.peek()
          ? { type: "FeatureCollection", features: geojson.features.filter((one) => one.properties.desk === deskId.peek()) }
          : geojson;
        const around = mine.features?.length ? drawTerritories(map, mine, {}) : layer;
        map.fitBounds(bounds(around), { padding: [10, 10] });
        if (around !== layer) around.remove();
        redraw();
        map.on("zoomend moveend", redraw);
      },
      () => {},
    );
    const clock = setInterval(() => {
      if (drawn !== revision.peek() && drawn >= 0) redraw();
    }, REDRAW);
    return () => {
      gone = true;
      clearInterval(clock);
      map.remove();
    };
  }, [theme.value, deskId.value]);
  return html`<section class="citymap" aria-label=${t("map.city")}><header><h2>${t("map.city")}</h2>
    <span class="quiet">${t("map.legend_city")}</span><span class="grow"></span>
    <button onClick=${() => {
      middle.value = "case";
    }}><kbd>Esc</kbd>${t("form.back")}</button></header><div class="big-map" ref=${box}>
    </div></section>`;
}

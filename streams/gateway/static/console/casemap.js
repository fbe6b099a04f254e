// Where the case is: its territory, the place, the squads near and the other open cases round it.
import { html, useEffect, useRef, useState } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { dot, drawTerritories, fetchShapes, makeMap, token } from "../shared/map.js";
import { catalog } from "../shared/names.js";
import { theme } from "../shared/prefs.js";
import { rows } from "./store.js";

const NEAR = 0.02; // degrees: about 2 km

export function CaseMap({ row }) {
  const box = useRef(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const map = makeMap(box.current, t("map.case"));
    let gone = false;
    fetchShapes().then(
      (geojson) => {
        if (gone) return;
        const layer = drawTerritories(map, geojson, {
          fill: ({ id }) => (id === row.territory ? { fillOpacity: 0.12, weight: 2 } : {}),
          tip: ({ name }) => name,
        });
        const has = row.lon !== undefined && row.lat !== undefined;
        for (const other of rows.values()) {
          if (has && other.id !== row.id && Math.abs(other.lon - row.lon) < NEAR && Math.abs(other.lat - row.lat) < NEAR)
            dot([other.lat, other.lon], { radius: 3, color: token("quiet"), text: `${other.no} ${other.title}` }).addTo(map);
        }
        for (const squad of catalog.value.squads) {
          if (squad.lat && squad.desk === row.desk)
            dot([squad.lat, squad.lon], { radius: 6, color: token("focus"), fill: 0.15, text: squad.name }).addTo(map);
        }
        if (has) dot([row.lat, row.lon], { radius: 7, color: token("danger"), text: row.title }).addTo(map);
        if (has) map.setView([row.lat, row.lon], 13);
        else
          layer.eachLayer((one) => {
            if (one.feature.properties.id === row.territory) map.fitBounds(one.getBounds());
          });
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      map.remove();
    };
  }, [row.lon, row.lat, row.territory, theme.value]);
  return html`<div class="case-map" ref=${box}></div><p class="quiet">${failed ? t("map.failed") : row.lon === undefined ? t("map.no_point") : t("map.legend_case")}</p>`;
}

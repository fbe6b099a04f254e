// What is filled in, kept as it is typed: a telephone ends the page while its camera is open.
import { useEffect, useState } from "../shared/dom.js";
import * as db from "./db.js";

/** [filled, change, clear]; `filled` is null until the device has said what it kept. */
export function useDraft(key, first) {
  const [filled, setFilled] = useState(null);
  useEffect(() => {
    let here = true;
    db.find("drafts", key).then((kept) => {
      if (here) setFilled({ ...first, ...kept });
    });
    return () => {
      here = false;
    };
  }, [key]);
  const change = (some) => {
    const next = { ...filled, ...some };
    setFilled(next);
    db.put("drafts", next, key);
  };
  return [filled, change, () => db.drop("drafts", key)];
}

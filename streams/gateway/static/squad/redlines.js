// Red lines 红线 (R22): what must not be done, said before it is. The texts and their articles are the city pack's; here
// stands only how the page can tell that one would be crossed. What it cannot tell it names all the same.
/** @typedef {{id:string, name:string, name_en:string, act:string, text:string, text_en:string, law:string}} RedLine */

export const PENALTIES = new Set(["simple_penalty", "general_filed"]);

/** By id: whether what is filled in crosses it. */
const CROSSED = {
  single_officer: ({ officers }) => officers.length < 2,
  no_record: ({ result, photos }) => PENALTIES.has(result) && photos.length === 0,
};

/**
 * The red lines of an act: those that it would cross, and those that only its doer can keep.
 * @param {RedLine[]} lines @param {{result:string, officers:string[], photos:any[]}} filled
 */
export function redLines(lines, filled) {
  const about = lines.filter(({ act }) => act === "any" || act === filled.result);
  const crossed = about.filter(({ id }) => CROSSED[id]?.(filled));
  const penalty = PENALTIES.has(filled.result);
  return { crossed, mind: about.filter(({ id, act }) => !CROSSED[id] && (penalty || act === filled.result)) };
}
/** A penalty that crosses one is none, and the desk says so; anything else may have its reason. */
export const forbids = (crossed, result) => crossed.length > 0 && PENALTIES.has(result);

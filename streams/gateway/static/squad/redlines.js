// Red lines 红线 (R22): what must not be done, said before it is. The texts and their articles are the city pack's; here
// stands only how the page can tell that one would be crossed. What it cannot tell it names all the same.
/** @typedef {{id:string, name:string, name_en:string, act:string, text:string, text_en:string, law:string}} RedLine */

export const PENALTIES = new Set(["simple_penalty", "general_filed"]);
// As the desk has them (dispatchers/reports.py), in yuan.
/** The most that may be fined on the spot (处罚法 art. 51); "": nobody said who is fined. */
export const ON_THE_SPOT = { citizen: 200, organisation: 3_000, "": 3_000 };
/** The most that may be taken on the spot without another reason (art. 68). */
export const IN_CASH = 100;
const GENERAL = "*"; // the certificate for ordinary items

/** By id: whether what is filled in crosses it; undefined: this device does not know. */
const CROSSED = {
  single_officer: ({ officers }) => officers.length < 2,
  no_certificate: ({ certified: each }) => each.includes(false) || (each.includes(undefined) ? undefined : false),
  no_record: ({ result, photos }) => PENALTIES.has(result) && photos.length === 0,
  fine_limit: ({ result, party, fine }) => result === "simple_penalty" && fine > ON_THE_SPOT[party],
  cash: ({ result, cash, note }) => PENALTIES.has(result) && cash > 0 && (result !== "simple_penalty" || (cash > IN_CASH && !note.trim())),
};

/**
 * The red lines of an act: those that it would cross, and those that only its doer can keep.
 * @param {RedLine[]} lines
 * @param {{result:string, officers:string[], certified:(boolean|undefined)[], photos:any[], party:string, fine:number, cash:number, note:string}} filled
 */
export function redLines(lines, filled) {
  const about = lines.filter(({ act }) => act === "any" || act === filled.result);
  const verdicts = new Map(about.map((line) => [line, CROSSED[line.id]?.(filled)]));
  const penalty = PENALTIES.has(filled.result);
  return {
    crossed: about.filter((line) => verdicts.get(line)),
    mind: about.filter((line) => verdicts.get(line) === undefined && (penalty || line.act === filled.result)),
  };
}
/** A penalty that crosses one is none, and the desk says so; anything else may have its reason. */
export const forbids = (crossed, result) => crossed.length > 0 && PENALTIES.has(result);

/**
 * Whether each of some officers may enforce the matter of a case at an instant, as the desk sees it (R10, R80): by the
 * matter's own domain, or by the general certificate where that is enough, as it is with a department's expert beside
 * them. undefined: the day does not tell of them. Where nothing is enforced nobody is asked; a penalty always is an act.
 */
export function certified(officers, { row, requests }, { laws, teams }, at, result = "") {
  const law = laws[row.item];
  if (!law || ((!law.enforces || row.emergency) && !PENALTIES.has(result))) return officers.map(() => true);
  const expert = requests.some((one) => one.kind === "support" && one.unit && one.signed_at);
  const enough = ({ domain }) => domain === law.domain || (domain === GENERAL && (expert || !law.specialist));
  const valid = ({ since, until }) => since <= at && (!until || at < until);
  const held = Object.assign({}, ...teams.map(({ certificates }) => certificates));
  return officers.map((number) => held[number]?.some((one) => enough(one) && valid(one)));
}

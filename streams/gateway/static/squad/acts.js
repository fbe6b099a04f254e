// Every act of a squad or collector beside the three steps: its order, what it must be told, when it may be offered
// without a network. With one, the server's word alone decides (allowed_actions).
/**
 * @typedef {{name:string, kind:"choice"|"text"|"long"|"officers"|"owner"|"days"|"team", choices?:any[], words?:string,
 *   optional?:boolean, when?:(filled:any)=>boolean}} Field
 * @typedef {{id:string, order:string, fields:Field[], assignment?:boolean, roles?:string[], when:string[]}} Act
 */
import { RETURN_REASONS } from "../console/verbs.js";
import { serverNow } from "../shared/clock.js";
import { inChinese } from "../shared/i18n.js";
import { known } from "../shared/names.js";

/** Kinds of requests between offices (rows.RequestKind). */
const HELP = ["support", "on_site", "rescue", "notice", "test", "survey", "licence_data", "video", "information"];
const MORE_HELP = ["assistance", "technical", "acceptance", "copy_notice", "briefing", "transfer", "training"];
const RECUSALS = ["relative", "complained_of", "own_request"];
const DAY = 86_400_000;

const reason = { name: "reason", kind: "text" };
const working = ["accepted", "on_site"];

/** @type {Act[]} */
export const ACTS = [
  {
    id: "return",
    order: "ReturnAssignment",
    assignment: true,
    when: ["offered", ...working],
    fields: [
      { name: "reason", kind: "choice", choices: RETURN_REASONS, words: "reason" },
      { name: "basis", kind: "text" },
      { name: "officers", kind: "officers", when: (filled) => filled.reason === "recusal" },
    ],
  },
  {
    id: "ask",
    order: "AskOffice",
    when: [...working, "penalty"],
    fields: [
      { name: "kind", kind: "choice", choices: [...HELP, ...MORE_HELP], words: "request" },
      { name: "owner", kind: "owner" },
      { name: "task", kind: "text" },
      { name: "purpose", kind: "text", when: (filled) => filled.kind === "video" },
    ],
  },
  { id: "extend", order: "RequestExtension", assignment: true, when: working, fields: [reason] },
  {
    id: "suspend",
    order: "RequestSuspension",
    assignment: true,
    when: working,
    fields: [{ name: "until", kind: "days", choices: [1, 3, 5, 10, 20] }, reason],
  },
  {
    id: "recuse",
    order: "RecuseOfficers",
    when: ["offered", ...working, "penalty"],
    fields: [
      { name: "officers", kind: "officers" },
      { name: "reason", kind: "choice", choices: RECUSALS, words: "why" },
    ],
  },
  { id: "penalty", order: "FilePenalty", assignment: true, when: ["on_site"], fields: [{ name: "file_no", kind: "text" }] },
  { id: "propose_criminal", order: "ProposeCriminalTransfer", roles: ["leader"], when: ["on_site", "penalty"], fields: [reason] },
  { id: "hand_to", order: "AssignCase", roles: ["leader"], when: working, fields: [{ name: "team", kind: "team" }, reason] },
];
export const actOf = (id) => ACTS.find((act) => act.id === id);

/** What may be offered for a case as it is presumed to be: while something waits, the server's list is of another state. */
export function actsFor(view, status, role) {
  const same = status === view.row.status;
  return ACTS.filter(
    (act) => (!act.roles || act.roles.includes(role)) && (same ? view.allowed_actions.includes(act.order) : act.when.includes(status)),
  );
}

/** What was filled in, as the members of an order about a case's row. */
export function membersOf(act, filled, row) {
  const order = { type: act.order, ...(act.assignment ? { assignment_id: row.assignment_id } : {}) };
  for (const field of act.fields) {
    const value = filled[field.name];
    if (value === undefined || value === "" || (field.when && !field.when(filled))) continue;
    if (field.kind === "owner") order[known("squad", value) ? "squad" : "unit"] = value;
    else if (field.kind === "days") order[field.name] = Math.round(serverNow() + value * DAY);
    else if (field.words === "why")
      order[field.name] = inChinese(`why.${value}`); // the record is in Chinese
    else if (field.kind === "team") Object.assign(order, { team: value, squad: row.squad });
    else order[field.name] = value;
  }
  return order;
}

/** Names of fields that still lack something. */
export const lacking = (act, filled) =>
  act.fields
    .filter((field) => !field.optional && (!field.when || field.when(filled)))
    .filter(({ name }) => filled[name] === undefined || filled[name] === "" || filled[name]?.length === 0)
    .map(({ name }) => name);

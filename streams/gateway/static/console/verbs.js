// Every verb once: its key, the order it gives, what the order needs to be told. Buttons, keys, forms and the help
// read this table; whether a verb is offered is the server's word alone (allowed_actions).
/**
 * @typedef {"reason"|"squad"|"unit"|"owner"|"item"|"territory"|"desk"|"case"|"text"|"long"|"choice"|"until"|"yesno"|"request"|"officers"|"phone"} FieldKind
 * @typedef {{name:string, kind:FieldKind, optional?:boolean, choices?:string[], words?:string, reasons?:string[]}} Field
 * @typedef {{id:string, key:string, order:string, fields:Field[], bulk?:boolean, rare?:boolean}} Verb
 */

/** @returns {Field} */
const reason = (...reasons) => ({ name: "reason", kind: "reason", reasons });
const CAUSES = ["capacity", "resistance", "reserved", "cross_border", "major", "media", "dispute", "other"];
export const RETURN_REASONS = ["not_our_territory", "not_our_power", "no_capacity", "recusal", "no_equipment", "wrong_item"];
export const RESULTS = ["corrected", "simple_penalty", "general_filed", "no_violation", "not_found", "repaired", "served", "answered", "self_handled"];
const REQUEST_KINDS = [
  "notice",
  "on_site",
  "test",
  "survey",
  "licence_data",
  "support",
  "copy_notice",
  "rescue",
  "video",
  "information",
  "assistance",
  "training",
  "technical",
  "acceptance",
  "briefing",
  "transfer",
];

/** @type {Verb[]} */
export const VERBS = [
  { id: "confirm", key: "a", order: "ConfirmProposal", fields: [], bulk: true },
  {
    id: "assign",
    key: "o",
    order: "AssignCase",
    bulk: true,
    fields: [
      { name: "owner", kind: "owner" },
      reason("nearer", "knows_place", "capacity", "special_duty", "asked_by_squad", "leader_said"),
    ],
  },
  {
    id: "escalate",
    key: "e",
    order: "EscalateCase",
    bulk: true,
    fields: [
      { name: "cause", kind: "choice", choices: CAUSES, words: "reason" },
      reason("beyond_us", "needs_city", "public_attention", "danger"),
    ],
  },
  { id: "lower", key: "d", order: "LowerCase", bulk: true, fields: [reason("town_can", "small_matter", "town_asked")] },
  {
    id: "urge",
    key: "u",
    order: "UrgeCase",
    bulk: true,
    fields: [{ name: "note", kind: "reason", optional: true, reasons: ["caller_again", "near_limit", "leader_said"] }],
  },
  {
    id: "call",
    key: "p",
    order: "RecordCall",
    fields: [
      { name: "squad", kind: "phone" },
      { name: "note", kind: "text", optional: true },
    ],
  },
  {
    id: "supervise",
    key: "s",
    order: "SuperviseCase",
    rare: true,
    fields: [
      { name: "document", kind: "text" },
      { name: "limit", kind: "choice", choices: ["4 hours", "1 working_days", "2 working_days", "5 working_days"], words: "span" },
    ],
  },
  { id: "merge", key: "m", order: "MergeCase", fields: [{ name: "parent", kind: "case" }, reason("same_matter", "same_place")] },
  { id: "split", key: "x", order: "SplitCase", fields: [reason("other_matter", "other_place")] },
  {
    id: "review",
    key: "r",
    order: "ReviewReturn",
    bulk: true,
    fields: [
      { name: "outcome", kind: "choice", choices: ["approved", "refused", "dispute"], words: "review" },
      reason("basis_holds", "basis_fails", "theirs_by_the_list", "not_theirs", "no_capacity"),
    ],
  },
  {
    id: "relax",
    key: "r",
    order: "ReviewRelaxation",
    bulk: true,
    fields: [
      { name: "approved", kind: "yesno", words: "approve" },
      { ...reason("work_needs_it", "weather", "no_ground", "once_only"), optional: true },
    ],
  },
  {
    id: "rule",
    key: "r",
    order: "RuleDispute",
    rare: true,
    fields: [
      { name: "owner", kind: "owner" },
      { name: "document", kind: "text" },
      reason("theirs_by_the_list", "place_decides", "interim_until_list"),
      { name: "precedent", kind: "yesno", words: "precedent" },
    ],
  },
  {
    id: "check",
    key: "c",
    order: "CheckCase",
    fields: [
      { name: "passed", kind: "yesno", words: "passed" },
      { name: "note", kind: "reason", optional: true, reasons: ["seen_clean", "photo_shows", "still_there", "half_done"] },
    ],
  },
  { id: "verify", key: "v", order: "VerifyCase", fields: [{ ...reason("place_unclear", "matter_unclear"), optional: true }] },
  {
    id: "found",
    key: "v",
    order: "ReportVerification",
    fields: [
      { name: "found", kind: "yesno", words: "found" },
      { name: "territory", kind: "territory", optional: true },
      { name: "note", kind: "long", optional: true },
    ],
  },
  {
    id: "classify",
    key: "i",
    order: "ClassifyCase",
    fields: [
      { name: "item", kind: "item" },
      { name: "territory", kind: "territory", optional: true },
      reason("wrong_item", "unknown_before", "caller_said"),
    ],
  },
  {
    id: "handover",
    key: "h",
    order: "HandOverCase",
    rare: true,
    fields: [{ name: "to_desk", kind: "desk" }, reason("their_place", "their_matter")],
  },
  {
    id: "ask",
    key: "f",
    order: "AskOffice",
    fields: [
      { name: "kind", kind: "choice", choices: REQUEST_KINDS, words: "request" },
      { name: "owner", kind: "owner" },
      { name: "task", kind: "text" },
      { name: "purpose", kind: "text", optional: true },
    ],
  },
  { id: "answer", key: "l", order: "AnswerCaller", fields: [{ name: "text", kind: "long" }] },
  {
    id: "callback",
    key: "b",
    order: "RecordCallback",
    fields: [
      { name: "reached", kind: "yesno", words: "reached" },
      { name: "solved", kind: "yesno", words: "solved" },
      { name: "note", kind: "text", optional: true },
    ],
  },
  {
    id: "close",
    key: "z",
    order: "CloseCase",
    bulk: true,
    fields: [
      { name: "forced", kind: "yesno", words: "forced" },
      { ...reason("done_by_others", "caller_withdrew", "no_longer_there"), optional: true },
      { name: "reply", kind: "long", optional: true },
    ],
  },
  { id: "resume", key: "y", order: "ResumeCase", fields: [{ ...reason("ground_gone", "leader_said"), optional: true }] },
  { id: "dispute", key: "D", order: "OpenDispute", rare: true, fields: [reason("both_deny", "list_silent")] },
  {
    id: "recuse",
    key: "R",
    order: "RecuseOfficers",
    rare: true,
    fields: [{ name: "officers", kind: "officers" }, reason("relative", "complained_of", "own_request")],
  },
  {
    id: "criminal",
    key: "C",
    order: "DecideCriminalTransfer",
    rare: true,
    fields: [
      { name: "transferred", kind: "yesno", words: "transferred" },
      { name: "document", kind: "text" },
    ],
  },
  {
    id: "transfer",
    key: "T",
    order: "TransferCase",
    rare: true,
    fields: [{ name: "to", kind: "text" }, reason("outside_the_list", "court_or_petition")],
  },
  {
    id: "cancel",
    key: "X",
    order: "CancelCase",
    rare: true,
    bulk: true,
    fields: [
      { name: "outcome", kind: "choice", choices: ["rejected", "not_registered", "cancelled"], words: "outcome" },
      reason("not_ours_to_do", "double", "no_facts", "test_entry"),
    ],
  },
  {
    id: "reopen",
    key: "O",
    order: "ReopenCase",
    rare: true,
    fields: [
      { name: "cause", kind: "choice", choices: ["fault", "reconsideration", "unsatisfied"], words: "reason" },
      reason("new_facts", "found_again"),
    ],
  },
  { id: "appeal", key: "P", order: "AppealOverdue", rare: true, fields: [reason("weather", "waited_for_others", "party_away", "system_fault")] },
  {
    id: "review_appeal",
    key: "r",
    order: "ReviewAppeal",
    fields: [
      { name: "approved", kind: "yesno", words: "approve" },
      reason("as_they_say", "could_have_extended"),
    ],
  },
];

export const verbOf = (id) => VERBS.find((verb) => verb.id === id);
export const allowedVerbs = (actions) => VERBS.filter((verb) => actions.includes(verb.order));

/** The verb behind a key for what the case allows now: several share `r` and `v`, at most one of them is allowed. */
export const verbFor = (key, actions) => VERBS.find((verb) => verb.key === key && actions.includes(verb.order));

/** What is typed in a form, as the members of an order. `owner` is a squad or a unit: the order has a member for each. */
export function members(verb, filled, isSquad) {
  const order = { type: verb.order };
  for (const field of verb.fields) {
    const value = filled[field.name];
    if (value === undefined || value === "") continue;
    if (field.kind === "owner") order[isSquad(value) ? "squad" : "unit"] = value;
    else order[field.name] = value;
  }
  return order;
}

// Shapes of the gateway's answers, for the reader and for `tsc --checkJs`. No code.
/**
 * A signal: read by `value` in what is drawn, by `peek` elsewhere.
 * @template T
 * @typedef {{value:T, peek():T}} Held
 */
/**
 * @typedef {{id:string, no:string, desk:string, version:number, status:string, priority:number, level:string, kind:string,
 *   title:string, address?:string, lon?:number, lat?:number, territory?:string, item?:string, domain?:string,
 *   emergency?:boolean, parent?:string, callers?:number, received_at?:number, filed_at?:number, registered_at?:number,
 *   due_at?:number, warn_at?:number, reply_due?:number, stage_due?:number, dispatch_due?:number, operator_due?:number,
 *   squad?:string, team?:string, unit?:string, officers?:string[], assignment_id?:string, attempt?:number,
 *   received?:boolean, offered_at?:number, answer_due?:number, mode?:string, proposed?:string, requests?:number,
 *   urges?:number, supervised?:string, returns?:number, rework?:number, result?:string, simulated?:boolean,
 *   relaxation?:string, alerted?:string, collector?:string, about?:string[]}} CaseRow
 * @typedef {{id:string, name:string, tier:string, territory:string, cap:number, load:number, cases:number,
 *   teams:Record<string,number>}} SquadRow
 * @typedef {{id:string, name:string, at:number, city:string, open:number, unassigned:number, oldest_open:number|null,
 *   oldest_unassigned:number|null, statuses:Record<string,number>}} DeskRow
 * @typedef {{name:string, limit:string, started_at:number, warn_at:number, due_at:number, left?:number, done_at?:number,
 *   missed?:boolean}} Term
 * @typedef {{now:number, row:CaseRow, open:boolean, terms:Term[], requests:any[], relaxation:any, assignment:any,
 *   proposal:any, children:string[], facts:Record<string,string>, description:string, attachments:string[],
 *   evidence:string[], filed:boolean,
 *   allowed_actions:string[], reporter:"masked"|"none"}} CaseView
 */
export {};

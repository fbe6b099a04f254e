// Talks to the gateway. Every answer that is no success becomes a Fault, with the gateway's own words in both languages.
/** @typedef {{account:string, role:string, desk:string, territory:string, unit:string, squad?:string, officer?:string, csrf:string, verbs:string[]}} Me */
import { signal } from "./dom.js";
import { heardTime } from "./clock.js";
import { word } from "./i18n.js";

/** Who is signed in. @type {import("../shared/types.js").Held<Me|null>} */
export const me = signal(null);

/** An answer that is no success: `status` 0 if there was none at all. */
export class Fault extends Error {
  constructor(status, body, headers = new Headers()) {
    super(body?.error ?? String(status));
    this.status = status;
    this.body = body ?? {};
    this.headers = headers;
  }

  /** In the reader's language. */
  get text() {
    return (
      this.body.text ?? { zh: word("fault", this.status || "none", this.message), en: word("fault", this.status || "none", this.message) }
    );
  }
}

let unsigned = signIn;
/** What to do when the session has ended, instead of going to the sign-in page: a device signs in by itself. */
export const whenUnsigned = (act) => {
  unsigned = act;
};

/** What happens to telephones is told by the wall's clock: the `now` of such an answer is not the city's. */
const OF_THE_WALL = /^\/api\/positions\b/;

/** `within`: milliseconds after which no answer is an answer too. A body that is text or a file is CSV unless `headers` say more. */
export async function call(method, path, body, headers = {}, within = 0) {
  const plain = typeof body === "string" || body instanceof Blob;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": plain ? "text/csv" : "application/json" }),
        ...(method === "GET" || !me.peek() ? {} : { "X-CSRF": me.peek().csrf }),
        ...headers,
      },
      body: body === undefined || plain ? body : JSON.stringify(body),
      signal: within ? AbortSignal.timeout(within) : undefined,
    });
  } catch {
    throw new Fault(0);
  }
  const json = method !== "HEAD" && (answer.headers.get("Content-Type") ?? "").includes("json");
  const content = answer.status === 204 ? null : await read(answer, json);
  if (answer.status === 401 && path !== "/api/login") unsigned();
  if (!answer.ok) throw new Fault(answer.status, json ? content : null, answer.headers);
  if (content?.now && !OF_THE_WALL.test(path)) heardTime(content.now, content.speed);
  return { status: answer.status, body: content, headers: answer.headers };
}

/** A body that breaks off is no answer. */
const read = (answer, json) =>
  (json ? answer.json() : answer.text()).catch(() => {
    throw new Fault(0);
  });

export const get = async (path) => (await call("GET", path)).body;
export const put = async (path, body) => (await call("PUT", path, body)).body;
export const drop = async (path) => (await call("DELETE", path)).body;
export const post = async (path, body, headers) => (await call("POST", path, body, headers)).body;
/** With the status: an order's 200, 202 and 409 are all answers. */
export const postFor = (path, body, headers) => call("POST", path, body, headers);
export const getFor = (path) => call("GET", path);

/** The query string of what is not empty. */
export function query(values) {
  const filled = Object.entries(values).filter(([, v]) => v !== "" && v !== undefined && v !== null);
  return filled.length ? `?${new URLSearchParams(filled.map(([k, v]) => [k, String(v)]))}` : "";
}

/** Asks who one is; without a session goes to the sign-in page. */
export async function whoami() {
  me.value = await get("/api/me");
  return me.value;
}

const AGAIN = 3_000;
/** Let so many milliseconds pass. */
export const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Asks until there is an answer: a page opened while the gateway is away comes up when it is back, also a wall that
 * nobody stands beside. A refusal is an answer. */
export async function sure(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (fault) {
      if (!(fault instanceof Fault) || (fault.status && fault.status < 500)) throw fault;
    }
    await pause(AGAIN);
  }
}

/** To the sign-in page, and back here afterwards. */
export function signIn() {
  if (location.pathname !== "/login") location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}

export async function signOut() {
  await post("/api/logout");
  signIn();
}

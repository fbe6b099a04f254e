// Starts the squad page: what the device kept is shown first, then the server is asked; from then on the link tells.
import { effect, html, render } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { Foot, Silent, Trouble, Up, Waiting } from "./bar.js";
import { Case } from "./case.js";
import { changed, day, lastPlace, myOffers, notice, reached, readDay, readKept, readNames, receive } from "./day.js";
import { canSign, device, freshen, readDevice, revoked } from "./device.js";
import { Enrol } from "./enrol.js";
import { listen } from "./link.js";
import { List, Tasks } from "./list.js";
import { Offer } from "./offer.js";
import { flushNow, readOutbox } from "./outbox.js";
import { keepBeating, locate } from "./place.js";
import { keepPush } from "./push.js";
import { keepAwake, listenForTouch } from "./ring.js";
import { route } from "./route.js";
import { Task } from "./task.js";
import { Team } from "./team.js";

const TRY_AGAIN = 30_000;

function Where() {
  const [place, ...rest] = route.value;
  const [offer] = myOffers.value;
  if (!place && offer) return html`<${Offer} key=${offer.assignment_id} offer=${offer} more=${myOffers.value.length - 1} />`;
  switch (place) {
    case "case":
      return html`<${Case} key=${rest[0]} id=${rest[0]} part=${rest[1]} />`;
    case "task":
      return html`<${Task} key=${rest[1]} caseId=${rest[0]} requestId=${rest[1]} />`;
    case "tasks":
      return html`<${Tasks} />`;
    case "team":
      return html`<${Team} />`;
    default:
      return html`<${List} />`;
  }
}

function Squad() {
  if (device.value === undefined) return html`<main class="page"><p class="quiet">${t("list.loading")}</p></main>`;
  if (!device.value || revoked.value) return html`<${Enrol} onEnrolled=${work} />`;
  return html`<${Trouble} /><${Waiting} /><${Silent} /><${Up} /><${Where} /><${Foot} />`;
}

/** The whole page in its own cache, so that it opens without a network. */
async function keepShell() {
  if (!navigator.serviceWorker) return;
  const had = navigator.serviceWorker.controller;
  await navigator.serviceWorker.register("/squad/sw.js", { scope: "/squad" }).catch(() => {}); // then it needs a network to open
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (had && document.hidden) location.reload(); // a new version, and nobody is looking
  });
}

let working = false;
/** What a device does that is enrolled. */
async function work() {
  if (working) {
    location.reload(); // enrolled anew after it was revoked: everything begins afresh
    return;
  }
  working = true;
  await Promise.all([readKept(), readOutbox()]);
  readDay()
    .then(() => keepPush(day.peek().push_key))
    .catch(() => {}); // the bar tells of it
  readNames().catch(() => {}); // what was kept is shown
  const again = listen({ after: lastPlace, notice, reached, changed, anew: changed });
  const wake = () => {
    if (document.hidden) return;
    freshen();
    again();
    flushNow();
    changed();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  setInterval(flushNow, TRY_AGAIN);
  keepBeating();
  locate();
  flushNow();
  effect(() => {
    const open = myOffers.value;
    keepAwake(open.length > 0);
    for (const offer of open) receive(offer);
  });
}

render(html`<${Squad} />`, document.getElementById("app"));
listenForTouch();
if (canSign()) keepShell();
readDevice().then(() => {
  if (device.peek()) work();
});

// A page that stays open hears what happens: the badge, and the page of a job, change by themselves.
// One stream a tab, none while the tab is hidden. Without this file the pages work as they do with it.

const { stream, badge } = document.body.dataset;
const job = document.querySelector("[data-job]")?.dataset.job;
const pause = { first: 2_000, longest: 300_000, hidden: 10_000, together: 300 };

let source = null;
let wait = pause.first;
let reopening;
let hiding;
let refreshing;
let concernsJob = false;

function listen() {
  clearTimeout(reopening);
  if (source || document.hidden) return;
  source = new EventSource(`${stream}?named=false`);
  source.onopen = () => (wait = pause.first);
  source.onmessage = (message) => hear(JSON.parse(message.data));
  // It comes back by itself from a break, and goes on where it was; not from a refusal.
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    stop();
    reopening = setTimeout(catchUp, wait * (0.5 + Math.random()));
    wait = Math.min(2 * wait, pause.longest);
  };
}

function stop() {
  source?.close();
  source = null;
}

/* After a time without a stream: what happened meanwhile is on the pages. */
function catchUp() {
  if (source || document.hidden) return;
  listen();
  refreshSoon(true);
}

function hear(event) {
  refreshSoon(Boolean(job) && event.data.jobId === job);
}

/* Several events of one moment are one refresh. */
function refreshSoon(withJob) {
  concernsJob ||= withJob;
  refreshing ??= setTimeout(refresh, pause.together);
}

async function refresh() {
  refreshing = undefined;
  const withJob = concernsJob && job;
  concernsJob = false;
  try {
    await refreshBadge();
    if (withJob) await refreshPage();
  } catch {
    // The network is away; the stream's return brings another refresh.
  }
}

async function refreshBadge() {
  const badges = await read(badge);
  for (const one of ["[data-unread]", "[data-unread-messages]"]) {
    const shown = document.querySelector(one);
    const fresh = shown && badges.querySelector(one);
    if (fresh) renew(shown, document.adoptNode(fresh));
  }
}

async function refreshPage() {
  const fresh = (await read(location.href)).querySelector(`[data-job="${job}"]`);
  if (!fresh) return;
  renew(document.querySelector("[data-job]"), document.adoptNode(fresh));
  document.dispatchEvent(new Event("renewed"));
}

async function read(address) {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`${address} answers ${reply.status}`);
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

/* Changes only what is different, and nothing that somebody is at: texts being typed, dialogs, what is unfolded. */
function renew(shown, fresh) {
  if (shown.isEqualNode(fresh) || isKept(shown, fresh)) return;
  if (sameOutside(shown, fresh) && shown.childElementCount && sameInside(shown, fresh)) {
    const theirs = [...fresh.children];
    for (const [index, child] of [...shown.children].entries()) renew(child, theirs[index]);
  } else if (!isBusy(shown)) {
    const hadFocus = shown.contains(document.activeElement);
    shown.replaceWith(fresh);
    if (hadFocus) document.getElementById("content").focus({ preventScroll: true });
  }
}

function isKept(shown, fresh) {
  if (shown.localName === "time") return shown.dateTime === fresh.dateTime;
  return shown.matches("[name=csrfmiddlewaretoken], [data-copy], [data-print], .messages");
}

function sameOutside(shown, fresh) {
  const outside = (element) => {
    const copy = element.cloneNode(false);
    copy.removeAttribute("open");
    copy.removeAttribute("data-sent");
    return copy;
  };
  return outside(shown).isEqualNode(outside(fresh));
}

/* Whether they differ at most in what is inside of their elements. */
function sameInside(shown, fresh) {
  const words = (element) => [...element.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? node.data.trim() : node.localName));
  return shown.childElementCount === fresh.childElementCount && String(words(shown)) === String(words(fresh));
}

function isBusy(element) {
  if (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  return [...element.querySelectorAll("input:not([type=hidden]), textarea")].some(wasChanged);
}

function wasChanged(field) {
  return field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(stop, pause.hidden);
  else catchUp();
});
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && catchUp());

if (stream) listen();

// What the pages gain from JavaScript. Everything here improves something that works without it.

const micro = 1_000_000n;

/* Theme: the form sets a cookie on the server; here the page changes at once. */
function switchTheme(form, event) {
  event.preventDefault();
  const choice = event.submitter.value;
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-form] [name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === choice));
  }
  fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual" });
}

/* A confirmation is a page of its own; here it opens over the page it was asked from. */
async function openDialog(link) {
  const reply = await fetch(link.href);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const confirmation = page.querySelector(".confirmation");
  if (!reply.ok || !confirmation) {
    location.href = link.href;
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.setAttribute("aria-labelledby", "confirmation-title");
  dialog.append(document.adoptNode(confirmation));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("form :is(select, textarea, input:not([type=hidden]))")?.focus();
}

/* Shows the password that is being typed, and hides it again. */
function showSecret(button) {
  const field = document.getElementById(button.dataset.reveal);
  const isShown = field.type === "text";
  field.type = isShown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!isShown));
}

async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = before), 2000);
}

/* Decimal text to whole micro-USDC, or null for what is no amount yet. */
function parseAmount(text) {
  const match = /^(\d{1,9})(?:\.(\d{1,6})|,(\d{1,2}))?$/.exec(text.trim());
  return match ? BigInt(match[1]) * micro + BigInt((match[2] ?? match[3] ?? "").padEnd(6, "0")) : null;
}

function formatAmount(amount) {
  const decimals = String(amount % micro).padStart(6, "0").replace(/0{1,4}$/, "");
  return `${(amount / micro).toLocaleString("en")}.${decimals}`;
}

/* The fee of the amount being typed, rounded half up as the ledger does. */
function showFee(output) {
  const amount = parseAmount(document.getElementById(output.dataset.amount).value);
  output.hidden = amount === null || amount === 0n;
  if (output.hidden) return;
  const fee = (amount * BigInt(output.dataset.feeBps) + 5000n) / 10000n;
  output.querySelector("[data-part=fee]").textContent = formatAmount(fee);
  output.querySelector("[data-part=rest]").textContent = formatAmount(amount - fee);
}

/* What the worker receives with the tip being typed. */
function showTip(output) {
  const tip = parseAmount(document.getElementById(output.dataset.tip).value);
  output.hidden = tip === null || tip === 0n;
  if (!output.hidden) output.querySelector("[data-part=sum]").textContent = formatAmount(BigInt(output.dataset.base) + tip);
}

/* The reader's zone, in which the server writes times from the next page on. */
function tellZone() {
  const zone = `timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  if (document.cookie.split("; ").includes(zone)) return;
  document.cookie = `${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/* What happened without a new page: from the server by the header `HX-Trigger: {"toast": "…"}`, or from here. */
function toast(text) {
  const place = document.querySelector(".toasts");
  const box = document.createElement("div");
  const words = document.createElement("span");
  const close = document.createElement("button");
  box.className = "toast";
  words.textContent = text;
  close.textContent = "×";
  close.setAttribute("aria-label", place.dataset.close);
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  place.append(box);
  const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, 2_000) : box.remove());
  setTimeout(leave, 8_000);
}

const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
// Two days and 23 hours are three days: as marketplace/pages/templatetags/market.py says it.
const nearly = 0.05;
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang);

function refreshTime(element) {
  const seconds = Math.round((new Date(element.dateTime) - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size * (1 - nearly)) ?? [null];
  if (unit === "day" && Math.abs(seconds) > 30 * 86400) return;
  element.textContent = unit ? relative.format(Math.trunc(seconds / size + Math.sign(seconds) * nearly), unit) : seconds < 0 ? "just now" : "in a moment";
}

/* A heart is pressed where it is, so that nobody loses their place in a list. What is refused comes as a page. */
async function press(heart, form) {
  if (heart.dataset.busy) return;
  heart.dataset.busy = "yes";
  const isKept = heart.value === "yes";
  const headers = { "HX-Request": "true" };
  const sent = { method: "POST", body: new FormData(form, heart), headers, redirect: "manual" };
  const reply = await fetch(heart.formAction, sent).catch(() => null);
  delete heart.dataset.busy;
  if (!reply) return toast(document.querySelector(".toasts").dataset.away);
  if (!reply.ok) {
    form.dataset.plain = "yes";
    return form.requestSubmit(heart);
  }
  for (const one of document.querySelectorAll(".heart")) {
    if (one.formAction !== heart.formAction) continue;
    one.value = isKept ? "" : "yes";
    one.setAttribute("aria-pressed", String(isKept));
    one.title = isKept ? one.dataset.leave : one.dataset.keep;
  }
  toast(await reply.text());
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-theme-form]")) return switchTheme(form, event);
  if (event.submitter?.matches(".heart") && !form.dataset.plain) {
    event.preventDefault();
    return press(event.submitter, form);
  }
  if (form.method === "dialog" || form.method === "get") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

// A page that comes back from the history may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  const opener = event.target.closest("a[data-dialog]");
  if (opener && plain) {
    event.preventDefault();
    openDialog(opener);
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("[data-print]")) print();
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) showSecret(reveal);
  const teller = event.target.closest("[data-toast]");
  if (teller) toast(teller.dataset.toast);
});

document.addEventListener("input", (event) => {
  for (const output of document.querySelectorAll("[data-fee-bps]")) {
    if (output.dataset.amount === event.target.id) showFee(output);
  }
  for (const output of document.querySelectorAll("[data-tip]")) {
    if (output.dataset.tip === event.target.id) showTip(output);
  }
});

function dress() {
  for (const button of document.querySelectorAll("[data-copy], [data-print], [data-reveal]")) button.hidden = false;
}

document.addEventListener("toast", (event) => toast(event.detail.value));
document.addEventListener("htmx:responseError", () => toast(document.querySelector(".toasts").dataset.failed));
document.addEventListener("htmx:sendError", () => toast(document.querySelector(".toasts").dataset.away));

tellZone();
dress();
document.addEventListener("renewed", dress);
for (const output of document.querySelectorAll("[data-fee-bps]")) showFee(output);
setInterval(() => document.querySelectorAll("time[data-relative]").forEach(refreshTime), 60_000);

// Keys for those who like them. They can be turned off, as those who dictate need (WCAG 2.1.4).

const sheet = document.getElementById("keyboard");
const lists = "main .card.linked :is(h2, h3) a, main [data-row]";
const typing = "input, textarea, select, [contenteditable]";
const pause = 1_500;

let went = 0;

const isOff = () => localStorage.getItem("keys") === "off";

const keys = {
  "?": show,
  "/": search,
  j: () => step(1),
  k: () => step(-1),
  g: () => (went = Date.now()),
};

function show() {
  sheet.querySelector("[type=checkbox]").checked = !isOff();
  sheet.showModal();
}

function search() {
  const field = document.querySelector("[data-search]");
  field?.focus();
  field?.select();
}

function step(by) {
  const rows = [...document.querySelectorAll(lists)];
  const here = rows.indexOf(document.activeElement);
  (here < 0 ? rows.at(by > 0 ? 0 : -1) : rows[here + by])?.focus();
}

function follow(key) {
  sheet.querySelector(`[data-keys="${CSS.escape(key)}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches(typing) || isOff()) return;
  if (document.querySelector("dialog[open]")) return;
  const goes = Date.now() - went < pause;
  went = 0;
  if (!goes && !Object.hasOwn(keys, key)) return;
  event.preventDefault();
  if (goes) follow(key);
  else keys[key]();
});

sheet.addEventListener("change", (event) => localStorage.setItem("keys", event.target.checked ? "on" : "off"));

for (const opener of document.querySelectorAll("[data-keyboard]")) {
  opener.hidden = false;
  opener.addEventListener("click", show);
}

// Keeps the status page current. It fetches the page itself, so that what is shown is worded in one place, on the server.
const every = 5000;
const patience = 4000;

const live = document.getElementById("live");
const lost = document.getElementById("lost");
const pause = document.getElementById("pause");
const updates = document.getElementById("updates");
const announcer = document.getElementById("announcer");

let timer;
let asking = false;

const isPaused = () => pause.getAttribute("aria-pressed") === "true";
const parts = (root) => [...root.querySelectorAll("[data-part]")];
const names = (root) => parts(root).map((part) => part.dataset.part).join();
const states = (root) => new Map([...root.querySelectorAll("[data-service]")].map((row) => [row.dataset.service, row.dataset.state]));

function announce(sentence) {
  announcer.textContent = sentence;
}

function announceChanges(before, after) {
  const changed = [...after].filter(([service, state]) => before.has(service) && before.get(service) !== state);
  if (changed.length > 0) announce(changed.map(([service, state]) => `${service}: ${state}.`).join(" "));
}

// Only what differs is replaced, so that a reader in the middle of the table keeps their place.
function show(fresh) {
  const before = states(live);
  if (names(fresh) !== names(live)) {
    live.replaceChildren(...fresh.childNodes);
  } else {
    const current = parts(live);
    parts(fresh).forEach((part, i) => {
      if (part.outerHTML !== current[i].outerHTML) current[i].replaceWith(part);
    });
  }
  announceChanges(before, states(live));
}

// What stands still must not speak of now. The next answer brings its own words.
function showAsPast() {
  const isStill = isPaused() || !lost.hidden;
  live.classList.toggle("still", isStill);
  const summary = live.querySelector("[data-past]");
  if (isStill && summary !== null) summary.textContent = summary.dataset.past;
}

function tell(isLost) {
  if (lost.hidden !== isLost) return;
  lost.hidden = !isLost;
  showAsPast();
  announce(isLost ? lost.textContent.trim() : "The console answers again.");
}

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const response = await fetch("/status", { headers: { Accept: "text/html", "X-Unattended": "1" }, signal: AbortSignal.timeout(patience) });
    // Nobody is signed in any more: let the browser go the way it was sent.
    if (response.redirected) return location.reload();
    if (!response.ok) throw new Error(`status ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("live");
    if (fresh === null) throw new Error("another page");
    tell(false);
    // Whoever paused while the answer was on its way wants the page to stand still.
    if (!isPaused()) show(fresh);
  } catch {
    tell(true);
  } finally {
    asking = false;
  }
}

function plan(delay) {
  clearTimeout(timer);
  updates.textContent = isPaused() ? "Updates are paused" : "Updates every 5 s";
  if (isPaused() || document.hidden) return;
  timer = setTimeout(async () => {
    await refresh();
    plan(every);
  }, delay);
}

pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", String(!isPaused()));
  showAsPast();
  plan(0);
});
document.addEventListener("visibilitychange", () => plan(0));

pause.hidden = false;
document.getElementById("reload").hidden = true;
plan(every);

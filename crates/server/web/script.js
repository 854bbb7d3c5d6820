// Freshens what is on screen: the server tells when something changed, the page fetches itself and takes over the
// sections that differ. Without this script every page is complete, as of when it was loaded.
"use strict";

(() => {
  const live = document.getElementById("live");
  const known = new Map();
  let fetching = false;
  let again = false;

  const sections = (main) => [...main.children].filter((part) => part.id);
  const main = () => document.getElementById("main");

  // What the server sent for each section, before this script touched it.
  for (const part of sections(main())) known.set(part.id, part.outerHTML);

  // Takes over one section: what was unfolded stays so, and the focus stays where it was.
  function replace(old, fresh) {
    for (const details of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector("#" + CSS.escape(details.id));
      if (same) same.open = true;
    }
    const active = document.activeElement;
    const focused = old.contains(active) ? [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(active) : -1;
    const scrolled = [...old.querySelectorAll(".scroll, pre")].map((part) => [part.scrollLeft, part.scrollTop]);
    old.replaceWith(fresh);
    [...fresh.querySelectorAll(".scroll, pre")].forEach((part, place) => {
      if (scrolled[place]) [part.scrollLeft, part.scrollTop] = scrolled[place];
    });
    if (focused >= 0) {
      const same = fresh.querySelectorAll("a, button, summary, [tabindex]")[focused];
      if (same) same.focus({ preventScroll: true });
    }
  }

  function take(page) {
    const fresh = page.getElementById("main");
    if (!fresh) return;
    if (page.title) document.title = page.title;
    const wanted = sections(fresh);
    let before = null;
    for (const part of wanted) {
      const html = part.outerHTML;
      const old = document.getElementById(part.id);
      const here = document.importNode(part, true);
      if (!old) {
        if (before) before.after(here);
        else main().prepend(here);
        before = here;
      } else if (known.get(part.id) !== html) {
        // What is being typed or chosen stays.
        if (old.contains(document.activeElement) && document.activeElement.matches("input, select")) {
          before = old;
          continue;
        }
        replace(old, here);
        before = here;
      } else {
        before = old;
      }
      known.set(part.id, html);
    }
    const ids = new Set(wanted.map((part) => part.id));
    for (const part of sections(main())) {
      if (ids.has(part.id)) continue;
      known.delete(part.id);
      part.remove();
    }
    tell();
  }

  async function refresh() {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { "Setpoint-Fragment": "1" }, credentials: "same-origin" });
      if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else if (answer.status === 401) location.reload();
    } catch {
      // The stream tells that the connection is gone.
    }
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  // Ages go on while nothing else happens.
  const units = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [5184000, 86400, "day"], [Infinity, 2592000, "month"]];
  function ago(seconds) {
    if (seconds < 10) return "just now";
    const [, size, unit] = units.find(([limit]) => seconds < limit);
    const count = Math.floor(seconds / size);
    return count + " " + unit + (count === 1 ? "" : "s") + " ago";
  }
  function tell() {
    const now = Date.now();
    for (const time of document.querySelectorAll("main time[datetime]")) {
      const at = Date.parse(time.dateTime);
      if (Number.isNaN(at)) continue;
      const seconds = Math.floor((now - at) / 1000);
      if (seconds >= 0) {
        const text = ago(seconds);
        if (time.textContent !== text) time.textContent = text;
      }
      time.title = new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    }
  }

  function say(word, good) {
    live.hidden = false;
    live.className = good ? "live on" : "live";
    if (live.textContent !== word) live.textContent = word;
  }

  const stream = new EventSource("/events?page=" + encodeURIComponent(location.pathname));
  stream.addEventListener("open", () => say("Live", true));
  stream.addEventListener("changed", refresh);
  stream.addEventListener("error", () => say("No connection: is Setpoint running?", false));
  setInterval(tell, 5000);
  tell();
})();

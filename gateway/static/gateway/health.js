// Keeps the table of the page “Health” up to date, counts its seconds down, and clears without leaving the page.
"use strict";

(() => {
  const EVERY_MS = 2000;
  const table = document.getElementById("health-table");
  const freshness = document.getElementById("health-freshness");
  if (!table) return;
  let shownAt = performance.now();
  let isAsking = false;

  document.getElementById("health-provider").addEventListener("change", (event) => event.target.form.submit());

  const show = (html) => {
    const focused = document.activeElement?.id; // a keyboard's place must not be lost every two seconds
    table.innerHTML = html;
    if (focused && !table.contains(document.activeElement)) document.getElementById(focused)?.focus();
    shownAt = performance.now();
    table.classList.remove("health-is-old");
    freshness.textContent = "Every 2 s anew.";
  };

  const ask = async (address, options = {}) => {
    isAsking = true;
    try {
      const reply = await fetch(address, { ...options, headers: { "X-Requested-With": "fetch" }, signal: AbortSignal.timeout(5000) });
      if (reply.redirected) return location.reload(); // logged out meanwhile
      if (!reply.ok) throw new Error(reply.status);
      show(await reply.text());
    } catch {
      table.classList.add("health-is-old");
      freshness.textContent = `As it was ${Math.round((performance.now() - shownAt) / 1000)} s ago: the gateway does not answer.`;
    } finally {
      isAsking = false;
    }
  };

  table.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(event.target.action, { method: "POST", body: new FormData(event.target) });
  });

  setInterval(() => {
    if (!isAsking && !document.hidden) ask(table.dataset.address);
  }, EVERY_MS);

  setInterval(() => {
    const passed = (performance.now() - shownAt) / 1000;
    for (const place of table.querySelectorAll("[data-seconds-left]")) {
      place.textContent = `${Math.max(Math.ceil(place.dataset.secondsLeft - passed), 0)} s`;
    }
  }, 250);
})();

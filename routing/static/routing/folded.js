// What is folded in a target's row (routing/admin/folded.py): it floats above the table, and its summary says what is chosen.
"use strict";

(() => {
  const WIDE = window.matchMedia("(min-width: 1024px)");
  const GAP = 4;

  function chosenIn(folded) {
    const said = (input) => input.closest("label").textContent.trim();
    const ticked = [...folded.querySelectorAll("input[type=checkbox]:checked")].map(said);
    const typed = [...folded.querySelectorAll("input[type=number]")].filter((input) => input.value);
    return [...ticked, ...typed.map((input) => `${said(input)} ${Number(input.value)} s`)];
  }

  function say(folded) {
    const chosen = chosenIn(folded);
    const more = chosen.length > 1 ? ` +${chosen.length - 1}` : "";
    const summary = folded.querySelector("summary");
    summary.textContent = chosen.length ? chosen[0] + more : "–";
    summary.title = chosen.join(", ");
  }

  // In the top layer, since the table scrolls sideways and would cut off whatever leaves it.
  function place(folded) {
    const panel = folded.querySelector(".plexus-panel");
    const floats = WIDE.matches && "popover" in panel;
    panel.popover = floats ? "manual" : null;
    panel.classList.toggle("is-floating", floats);
    if (!floats) return;
    panel.showPopover();
    const row = folded.getBoundingClientRect();
    const below = row.bottom + GAP;
    const fits = below + panel.offsetHeight <= window.innerHeight;
    panel.style.left = `${Math.max(GAP, Math.min(row.left, window.innerWidth - panel.offsetWidth - 16))}px`;
    panel.style.top = `${fits ? below : Math.max(GAP, row.top - GAP - panel.offsetHeight)}px`;
  }

  const open = () => [...document.querySelectorAll(".plexus-folded[open]")];
  const closeWhere = (isLeft) => open().filter(isLeft).forEach((folded) => (folded.open = false));

  document.addEventListener("toggle", ({ target }) => target.matches?.(".plexus-folded[open]") && place(target), true);
  document.addEventListener("click", ({ target }) => closeWhere((folded) => !folded.contains(target)));
  // A mouse that goes down on a label gives the focus to whatever around it can have it, for a moment.
  document.addEventListener("focusin", ({ target }) =>
    closeWhere((folded) => !folded.contains(target) && !target.contains(folded)),
  );
  document.addEventListener("scroll", () => open().forEach(place), true);
  window.addEventListener("resize", () => open().forEach(place));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open().length) return;
    const [folded] = open();
    folded.open = false;
    folded.querySelector("summary").focus();
  });
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, ({ target }) => {
      const folded = target.closest?.(".plexus-folded");
      if (folded) say(folded);
    });
  }
})();

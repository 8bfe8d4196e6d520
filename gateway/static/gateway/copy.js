// A button with data-copies="id" copies the text of that element.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  const label = button.querySelector("[data-label]");
  try {
    await navigator.clipboard.writeText(source.textContent);
    label.textContent = "Copied";
  } catch {
    // The clipboard is closed to pages without TLS on other hosts than localhost: leave it selected for Ctrl-C.
    getSelection().selectAllChildren(source);
    label.textContent = "Press Ctrl+C";
  }
});

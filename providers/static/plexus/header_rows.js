// Rows of extra headers (templates/admin/providers/header_rows.html): buttons that add and remove them, in the place of boxes.
"use strict";

(() => {
  function add(headers) {
    const place = headers.dataset.next;
    headers.dataset.next = Number(place) + 1;
    const template = headers.querySelector("template");
    template.insertAdjacentHTML("beforebegin", template.innerHTML.replaceAll("__place__", place));
    template.previousElementSibling.querySelector("input").focus();
  }

  function remove(row) {
    const next = row.nextElementSibling;
    const headers = row.closest(".plexus-headers");
    // What is typed tells unfold that leaving this page loses something; so does this.
    row.querySelector("input").dispatchEvent(new Event("input"));
    row.remove();
    (next.matches("[data-header]") ? next.querySelector("button") : headers.querySelector(".plexus-headers-add")).focus();
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".plexus-headers button");
    if (!button) return;
    const row = button.closest("[data-header]");
    if (row) remove(row);
    else add(button.closest(".plexus-headers"));
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const headers of document.querySelectorAll(".plexus-headers")) {
      headers.classList.add("is-live");
      for (const box of headers.querySelectorAll(".plexus-header-box input:checked")) box.closest("[data-header]").remove();
    }
  });
})();

// Under the targets of an alias: each tier's total (percent mode) or each target's share (relative mode), as one types.
"use strict";

(() => {
  const PERCENT = "percent";

  function targetsOf(group) {
    const rows = [...group.querySelectorAll("tbody.form-group:not(.empty-form)")];
    return rows.map(targetIn).filter((target) => target && target.enabled && !target.leaves && !target.isBlank);
  }

  function targetIn(row) {
    const field = (name) => row.querySelector(`[name$="-${name}"]`);
    if (!field("weight")) return null;
    const chosen = (select) => (select && select.selectedIndex >= 0 ? select.options[select.selectedIndex].text.trim() : "");
    const typed = field("weight").value.trim();
    const name = chosen(field("model")) || chosen(field("to_alias"));
    return {
      name: name || "a new target",
      isBlank: !name && !typed,
      weight: /^\d+$/.test(typed) ? Number(typed) : null,
      tier: Number(field("tier")?.value || 0),
      enabled: field("enabled") ? field("enabled").checked : true,
      leaves: Boolean(field("DELETE")?.checked),
    };
  }

  function element(tag, className, text = "") {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function share(weight, total) {
    const percent = total ? (100 * weight) / total : 0;
    return `${percent.toFixed(percent < 10 && percent % 1 ? 1 : 0)} %`;
  }

  function tierPanel(tier, targets, mode, severalTiers) {
    const weightOf = (target) => target.weight ?? (mode === PERCENT ? 0 : 1);
    const total = targets.reduce((sum, target) => sum + weightOf(target), 0);
    const head = element("div", "plexus-tier-head");
    const name = severalTiers ? `Tier ${tier}` : "Weights";
    head.append(element("span", "plexus-tier-name", name), totalText(total, mode));

    const bar = element("div", "plexus-bar");
    const legend = element("div", "plexus-legend");
    for (const target of targets) {
      const part = element("span", "");
      part.style.width = `${(100 * weightOf(target)) / Math.max(total, mode === PERCENT ? 100 : 1)}%`;
      part.title = target.name;
      bar.append(part);
      const line = element("span", "", `${target.name} `);
      line.append(element("b", "", mode === PERCENT ? `${weightOf(target)} %` : share(weightOf(target), total)));
      legend.append(line);
    }
    const panel = element("div", "plexus-tier");
    panel.append(head, bar, legend);
    return panel;
  }

  function totalText(total, mode) {
    if (mode !== PERCENT) return element("span", "", "relative");
    const isRight = total === 100;
    const text = isRight ? "100 %" : `${total} % of 100 %`;
    return element("span", `plexus-total ${isRight ? "is-right" : "is-wrong"}`, text);
  }

  function show(group, panel) {
    const mode = document.getElementById("id_weight_mode")?.value ?? "relative";
    const ignoresWeights = document.getElementById("id_selector")?.value === "in_order" && mode !== PERCENT;
    const targets = ignoresWeights ? [] : targetsOf(group);
    const tiers = [...new Set(targets.map((target) => target.tier))].sort((a, b) => a - b);
    panel.replaceChildren(
      ...tiers.map((tier) => tierPanel(tier, targets.filter((target) => target.tier === tier), mode, tiers.length > 1)),
    );
  }

  window.addEventListener("load", () => {
    const group = document.getElementById("targets-group");
    const wrapper = group?.querySelector(".formset-wrapper");
    if (!wrapper || !group.querySelector("[name$='-TOTAL_FORMS']") || !group.querySelector("[name$='-weight']")) return;
    const panel = element("div", "plexus-shares");
    panel.setAttribute("aria-live", "polite");
    wrapper.after(panel);
    const update = () => show(group, panel);
    document.addEventListener("input", update);
    document.addEventListener("change", update);
    document.addEventListener("formset:added", update);
    document.addEventListener("formset:removed", update);
    // Select2 tells jQuery only.
    window.django?.jQuery?.(document).on("select2:select select2:clear", () => setTimeout(update));
    update();
  });
})();

// Comfort only: every page works without this file. Adds copy buttons and "select all accounts".
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    const said = document.getElementById(button.dataset.copy + "-said");
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {
      said.textContent = "Selected: copy it with your keyboard";
    }
  });
}

for (const button of document.querySelectorAll("button[data-select-all]")) {
  const boxes = document.querySelectorAll(`input[name="${button.dataset.selectAll}"]`);
  const label = () => {
    button.textContent = [...boxes].every((box) => box.checked) ? "Clear all" : "Select all";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const wanted = ![...boxes].every((box) => box.checked);
    for (const box of boxes) box.checked = wanted;
    label();
  });
  for (const box of boxes) box.addEventListener("change", label);
  label();
}

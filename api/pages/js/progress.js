// What the server is still building while the map can already be used.

import { byId } from "./element.js";
import { text } from "./text.js";

const EVERY_MS = 1000;
const IDLE_EVERY_MS = 15000;

/**
 * Watch the build; tell whenever another step has ended, since new layers may have come.
 * @param {() => void} onStepDone
 */
export function watchProgress(onStepDone) {
  let doneBefore = -1;
  const look = async () => {
    let next = IDLE_EVERY_MS;
    try {
      const answer = await fetch("/v1/progress");
      const steps = /** @type {{title: string, state: string, done: number, total: number}[]} */ ((await answer.json()).steps);
      const done = steps.filter((step) => step.state === "done").length;
      const current = steps.find((step) => step.state === "running");
      const failed = steps.find((step) => step.state === "failed");
      const open = current ?? steps.find((step) => step.state === "waiting");
      if (doneBefore >= 0 && done !== doneBefore) onStepDone();
      doneBefore = done;
      byId("notice").hidden = !failed;
      if (failed) byId("notice").textContent = `${text("failed")}: ${failed.title}`;
      byId("progress").hidden = !open || Boolean(failed);
      if (open) {
        byId("progress-text").textContent = `${text("working")}: ${open.title} (${done}/${steps.length})`;
        const bar = /** @type {HTMLProgressElement} */ (byId("progress-bar"));
        bar.value = (done + (open.total ? open.done / open.total : 0)) / steps.length;
        next = EVERY_MS;
      }
    } catch {
      byId("notice").textContent = text("lost");
      byId("notice").hidden = false;
      next = EVERY_MS * 3;
    }
    setTimeout(look, next);
  };
  look();
}

// Stopping a demo: asked once more, then done.

import { at, say, tell } from "./dom.js";
import { remove } from "./server.js";

export function prepareStop(shownId, onStopped) {
  const dialog = at("stop-dialog");
  let demoId = null;
  at("stop").addEventListener("click", () => {
    demoId = shownId();
    say(at("stop-text"), `${demoId}: its workflow and its workers end, and can't be resumed. What it has measured stays.`);
    tell(at("stop-problem"), null);
    dialog.showModal();
  });
  at("stop-cancel").addEventListener("click", () => dialog.close());
  at("stop-go").addEventListener("click", async () => {
    at("stop-go").disabled = true;
    try {
      await remove(`demos/${demoId}`);
      dialog.close();
      onStopped();
    } catch (error) {
      tell(at("stop-problem"), error.message);
    } finally {
      at("stop-go").disabled = false;
    }
  });
}

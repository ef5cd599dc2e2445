/* Tells which cell of a heat map of plotly's is clicked. */

import { live } from "../kit/live.js";

export default live(() => {
  let figure, tell, plot;

  const clicked = ({ points: [point] }) => {
    if (point.data.type === "heatmap") tell.event("clicked", point.pointNumber);
  };
  const free = () => {
    plot?.removeListener("plotly_click", clicked);
    plot = undefined;
  };
  // A run may bring another plot: the one under the pointer is asked as the click begins.
  const begun = ({ target }) => {
    const under = target.closest?.(`.st-key-${figure} .js-plotly-plot`);
    if (!under) return;
    free();
    plot = under;
    plot.on("plotly_click", clicked);
  };

  return {
    take(data, told) {
      [figure, tell] = [data.figure, told];
      document.addEventListener("pointerdown", begun, true);
    },
    leave() {
      document.removeEventListener("pointerdown", begun, true);
      free();
    },
  };
});

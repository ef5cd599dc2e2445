/* Two buttons that save a plotly figure, in the colours of the page that it stands on. */

import { drawn, element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { save } from "../kit/saving.js";

const SHARPER = 2; // Pixels of the PNG for one of the page.

export default live((host) => ({
  take({ figure, name }) {
    const plot = () => document.querySelector(`.st-key-${figure} .js-plotly-plot`);
    const button = (label, onclick) => element("button", { type: "button", onclick }, label);
    host.replaceChildren(
      button("Picture (SVG)", () => save(svgOf(plot(), host), `${name}.svg`, "image/svg+xml")),
      button("Picture (PNG)", async () => save(await pngOf(plot(), host), `${name}.png`, "image/png")));
  },
}));

function svgOf(plot, host) {
  const { width, height } = plot.getBoundingClientRect();
  const ground = getComputedStyle(host).getPropertyValue("--st-background-color") || "white";
  const whole = drawn("svg", { xmlns: "http://www.w3.org/2000/svg", width, height },
    drawn("rect", { width: "100%", height: "100%", fill: ground }));
  for (const layer of plot.querySelectorAll(".main-svg")) whole.append(...layer.cloneNode(true).children);
  return new XMLSerializer().serializeToString(whole);
}

async function pngOf(plot, host) {
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([svgOf(plot, host)], { type: "image/svg+xml" }));
  await picture.decode();
  const canvas = element("canvas", { width: SHARPER * picture.width, height: SHARPER * picture.height });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(picture.src);
  return new Promise((made) => { canvas.toBlob(made, "image/png"); });
}

/* A page of its own in a frame. A long part of it comes as an element of its own, before the page
 * or after it, or lies in a file. */

import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";

/* What the elements hold for each other: { sign, text } by name, who waits for one, and files. */
const held = (window.vitrineParts ??= { texts: new Map(), waiting: new Set(), files: new Map() });

export default live((host) => {
  let given, frame, shown;

  const read = async (file) => {
    held.files.set(file, undefined);
    const answer = await fetch(new URL(file, document.baseURI));
    if (!answer.ok) return held.files.delete(file); // The next run asks again.
    held.files.set(file, await answer.json());
    held.waiting.forEach((each) => each());
  };

  const show = () => {
    const parts = given.parts.map((part) => {
      if (typeof part === "string") return part;
      if (part.file) {
        if (!held.files.has(part.file)) read(part.file);
        return held.files.get(part.file);
      }
      const { sign, text } = held.texts.get(part.name) ?? {};
      return sign === part.sign ? text : undefined;
    });
    if (parts.includes(undefined)) return; // It is still on its way, and calls again.
    const page = parts.join("");
    if (page === shown) return;
    // With no more rights than these, it has an origin of its own, and reaches nothing of ours.
    frame ??= element("iframe", { sandbox: "allow-scripts" });
    frame.title = given.title;
    frame.srcdoc = shown = page;
    if (!frame.isConnected) host.append(frame);
  };

  return {
    take(data) {
      given = data;
      if (data.parts) {
        held.waiting.add(show);
        show();
        host.style.height = `${data.height}px`;
      } else {
        held.texts.set(data.name, data);
        held.waiting.forEach((each) => each());
      }
    },
    leave() {
      held.waiting.delete(show);
      if (held.texts.get(given.name) === given) held.texts.delete(given.name);
    },
  };
});

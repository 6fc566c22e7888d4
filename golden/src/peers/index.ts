// How the classes of other libraries are called with us, by the name that golden cases give them.

import { MONAI } from "./monai.js";
import { NNUNET } from "./nnunet.js";
import type { PeerMapping } from "./peer-call.js";
import { SEGLOSS } from "./segloss.js";
import { SMP } from "./smp.js";

/** By library, then by class. */
const LIBRARIES: Readonly<Record<string, Readonly<Record<string, PeerMapping>>>> = {
  monai: MONAI,
  smp: SMP,
  nnunet: NNUNET,
  segloss: SEGLOSS,
};

/** By the name of a golden case's loss: "monai.DiceLoss". */
export const PEERS: Readonly<Record<string, PeerMapping>> = Object.fromEntries(
  Object.entries(LIBRARIES).flatMap(([library, classes]) =>
    Object.entries(classes).map(([name, mapping]) => [`${library}.${name}`, mapping]),
  ),
);

/** The library and the class that a golden case's loss names; the page's losses have no library in their name. */
export function libraryAndClass(loss: string): { readonly library: string; readonly name: string } {
  const dot = loss.indexOf(".");
  return dot < 0 ? { library: "page", name: loss } : { library: loss.slice(0, dot), name: loss.slice(dot + 1) };
}

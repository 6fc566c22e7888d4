// Every loss of losskit, one line each. Adding a loss is one file and one line here.

export { bce } from "./bce.js";
export { bceDice } from "./bce-dice.js";
export { ce } from "./ce.js";
export { combo } from "./combo.js";
export { dice } from "./dice.js";
export { comboNegated } from "./errata/combo-negated.js";
export { focalOfMeanBce } from "./errata/focal-of-mean-bce.js";
export { focalTverskyPower } from "./errata/focal-tversky-power.js";
export { kerasBceDice } from "./errata/keras-bce-dice.js";
export { kerasDice } from "./errata/keras-dice.js";
export { kerasFocal } from "./errata/keras-focal.js";
export { kerasFocalTversky } from "./errata/keras-focal-tversky.js";
export { kerasIou } from "./errata/keras-iou.js";
export { kerasTversky } from "./errata/keras-tversky.js";
export { focal } from "./focal.js";
export { focalTversky } from "./focal-tversky.js";
export { iou } from "./iou.js";
export { lovaszHinge } from "./lovasz-hinge.js";
export { lovaszSoftmax } from "./lovasz-softmax.js";
export { tversky } from "./tversky.js";

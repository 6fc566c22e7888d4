// Losses composed of operations of TensorFlow.js, as people write them.

const SMOOTH = 1;

/**
 * @param {typeof import("@tensorflow/tfjs")} tf
 * @param {number} classes of the label map of "ce-dice"
 * @returns {Record<string, (logits: import("@tensorflow/tfjs").Tensor, target: import("@tensorflow/tfjs").Tensor) => import("@tensorflow/tfjs").Tensor>}
 *   of logits and a mask; "ce-dice" of `[voxels, classes]` and a label map
 */
export function composedLosses(tf, classes) {
  const dice = (p, y, axis) => {
    const top = p.mul(y).sum(axis).mul(2).add(SMOOTH);
    return tf.sub(1, top.div(p.sum(axis).add(y.sum(axis)).add(SMOOTH)));
  };
  return {
    "bce-dice": (x, y) => tf.losses.sigmoidCrossEntropy(y, x).add(dice(x.sigmoid(), y)),
    "focal-tversky": (x, y) => {
      const p = x.sigmoid();
      const truePositives = p.mul(y).sum();
      const falsePositives = tf.sub(1, y).mul(p).sum();
      const falseNegatives = y.mul(tf.sub(1, p)).sum();
      const bottom = truePositives.add(falseNegatives.mul(0.7)).add(falsePositives.mul(0.3)).add(SMOOTH);
      return tf.sub(1, truePositives.add(SMOOTH).div(bottom)).pow(0.75);
    },
    "ce-dice": (x, labels) => {
      const y = tf.oneHot(labels, classes).toFloat();
      return tf.losses.softmaxCrossEntropy(y, x).add(dice(x.softmax(), y, 0).mean());
    },
  };
}

// A loss as a trainer of nnU-Net v2: the PyTorch module, and a class that trains with it.

import { LosskitError } from "../errors.js";
import { show } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";
import { type ExportOptions, exportSettings } from "./options.js";
import { unsupported } from "./python-file.js";
import { exportPyTorch } from "./pytorch.js";

/** No label of nnU-Net is negative: with it, nothing is ignored. */
const NOTHING = -1;

/**
 * The text of a Python file with a trainer for nnU-Net v2, which trains as nnU-Net does but for the loss: `nnUNetv2_train … -tr NAME`
 * finds it once the file lies among the trainers. Labels take head "multiclass", regions "multilabel".
 *
 * @throws LosskitError OPTION for a head, probabilities, an ignore value or weights that nnU-Net decides itself; UNSUPPORTED as `exportPyTorch` does
 */
export function exportNnunet(loss: Loss, options: ExportOptions = {}): string {
  const { probabilities, ignore, weights, ...rest } = options;
  const given = Object.entries({ probabilities, ignore, weights }).find(
    ([, value]) => value !== undefined && value !== false,
  );
  if (given) {
    throw new LosskitError(
      "OPTION",
      `${given[0]} is ${show(given[1])}; a trainer of nnU-Net gets logits, and the data set says what is ignored: leave it out`,
    );
  }
  const head =
    options.head ?? (loss.refusal({ channels: 2, activation: "softmax" }) === undefined ? "multiclass" : "multilabel");
  if (head === "binary") {
    throw new LosskitError(
      "OPTION",
      'head is "binary"; nnU-Net has a channel for the background too: "multiclass" for labels, "multilabel" for regions',
    );
  }
  const fields = loss.terms.flatMap(({ definition }) => Object.keys(definition.fields ?? {}));
  if (fields.length > 0)
    throw unsupported(
      loss,
      "nnU-Net",
      `it needs the array ${fields.join(", ")} with every batch, and a trainer has none`,
    );
  const { name } = exportSettings(loss, { ...rest, head });
  const labels = head === "multiclass";
  const module = exportPyTorch(loss, { ...rest, head, name, ...(labels && { ignore: NOTHING }) });
  const [imports, ...classes] = module.split("\n\n\n");
  return [
    `${imports}\nfrom nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper\nfrom nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer`,
    ...classes.map((text) => text.trimEnd()),
    `${labels ? labelTrainer(name) : regionTrainer(name)}\n`,
  ].join("\n\n\n");
}

const SCALES = `\
        if not self.enable_deep_supervision:
            return loss
        # As nnU-Net weighs the scales: half for each step down, and nothing for the last.
        weights = [0.5**i for i in range(len(self._get_deep_supervision_scales()))]
        # In distributed training an output without gradient would stop it.
        weights[-1] = 1e-6 if self.is_ddp and not self._do_i_compile() else 0.0
        return DeepSupervisionWrapper(loss, [weight / sum(weights) for weight in weights])`;

const head = (name: string, of: string) => `\
class nnUNetTrainer${name}(nnUNetTrainer):
    """nnU-Net v2 with ${name}${of}.

    Put this file into nnunetv2/training/nnUNetTrainer/variants/loss, and train with
    -tr nnUNetTrainer${name}.
    """

    def _build_loss(self):`;

const labelTrainer = (name: string) => `\
${head(name, "")}
        if self.label_manager.has_regions:
            raise RuntimeError(
                "the data set has regions; this trainer is for labels (export with head multilabel)"
            )
        ignore = self.label_manager.ignore_label
        loss = ${name}(ignore=${NOTHING} if ignore is None else ignore)
${SCALES}`;

const regionTrainer = (name: string) => `\
${head(name, ", for regions")}
        if not self.label_manager.has_regions:
            raise RuntimeError(
                "the data set has no regions; this trainer is for regions (export with head multiclass)"
            )
        if self.label_manager.ignore_label is not None:
            raise RuntimeError(
                "the data set has an ignore label, which this trainer does not take beside regions"
            )
        loss = ${name}()
${SCALES}`;

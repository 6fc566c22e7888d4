from __future__ import annotations

import torch
from torch import Tensor, nn
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer


def flat(logits: Tensor) -> Tensor:
    """[N, C, *space] as [N, C, voxels], in float32 at least: half precision cannot sum an image."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).flatten(2)


def label_map(target: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, *space] or [N, 1, *space] as [N, voxels]."""
    labels = target[:, 0] if target.ndim == logits.ndim and target.shape[1] == 1 else target
    if labels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            f"target is {list(target.shape)}, not [N, *space] of logits {list(logits.shape)}"
        )
    return labels.flatten(1).long()


def one_hot(labels: Tensor, logits: Tensor) -> Tensor:
    """Class indices [N, voxels] as [N, C, voxels] of 0 and 1."""
    zeros = logits.new_zeros(labels.shape[0], logits.shape[1], labels.shape[1])
    return zeros.scatter_(1, labels[:, None], 1)


def ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, with 0 / 0 = 0: the overlap of nothing, the mean of nothing."""
    # Below the normal numbers, where a class has underflowed, 1 / b has no slope to go by.
    tiny = torch.finfo(b.dtype).tiny
    nothing = (abs(a) < tiny) & (abs(b) < tiny)
    quotient = a / torch.where(nothing, torch.ones_like(b), b)
    return torch.where(nothing, torch.zeros_like(b), quotient)


class DiceCeLoss(nn.Module):
    """Dice and cross entropy.

        Dice loss:
        I = sum(p * y)
        loss = 1 - (2 * I + s) / (sum(p) + sum(y) + s_d)
        Categorical cross entropy:
        loss = -mean(classes_sum(y * log(p)))

    Args:
        dice_weight: weight of the Dice loss
        smooth: added to the numerator: keeps empty masks finite, and on an empty mask says how
            gently
        smooth_denominator: added to the denominator; with 0 above and not below, an empty mask
            predicted empty costs 1
        ce_weight: weight of the Categorical cross entropy
        ignore: target value of voxels that do not count

    Shapes:
        logits: [N, C, *space], with 1 to 3 axes of space.
        target: class indices [N, *space].

    Isensee et al., "nnU-Net: Self-adapting Framework for U-Net-Based Medical Image Segmentation",
        arXiv, 2018.
    Isensee et al., "nnU-Net: A Self-Configuring Method for Deep Learning-Based Biomedical Image
        Segmentation", Nature Methods, 2021.
    Drozdzal et al., "The Importance of Skip Connections in Biomedical Image Segmentation", Deep
        Learning and Data Labeling for Medical Applications (DLMIA), 2016.
    Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
        Segmentation", International Conference on 3D Vision (3DV), 2016.
    Ma et al., "Loss Odyssey in Medical Image Segmentation", Medical Image Analysis, 2021.

    Printed by losskit from the formula above.
    """

    def __init__(
        self,
        dice_weight: float = 1,
        smooth: float = 1e-5,
        smooth_denominator: float | None = None,
        ce_weight: float = 1,
        ignore: float = -1,
    ) -> None:
        super().__init__()
        self.dice_weight = dice_weight
        self.smooth = smooth
        self.smooth_denominator = smooth if smooth_denominator is None else smooth_denominator
        self.ce_weight = ce_weight
        self.ignore = ignore

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        x = flat(logits)
        labels = label_map(target, logits)
        valid = (labels != self.ignore).to(x)
        y = one_hot(labels.masked_fill(valid == 0, 0), x) * valid[:, None]
        p = x.softmax(1)
        log_p = x.log_softmax(1)
        i = (valid[:, None] * p * y).sum((0, 2))
        denominator = (
            (valid[:, None] * p).sum((0, 2))
            + (valid[:, None] * y).sum((0, 2))
            + self.smooth_denominator
        )
        dice = (1 - ratio(2 * i + self.smooth, denominator)).mean()
        ce = -ratio((valid * (y * log_p).sum(1)).sum(), valid.sum())
        return self.dice_weight * dice + self.ce_weight * ce


class nnUNetTrainerDiceCeLoss(nnUNetTrainer):
    """nnU-Net v2 with DiceCeLoss.

    Put this file into nnunetv2/training/nnUNetTrainer/variants/loss, and train with
    -tr nnUNetTrainerDiceCeLoss.
    """

    def _build_loss(self):
        if self.label_manager.has_regions:
            raise RuntimeError(
                "the data set has regions; this trainer is for labels (export with head multilabel)"
            )
        ignore = self.label_manager.ignore_label
        loss = DiceCeLoss(ignore=-1 if ignore is None else ignore)
        if not self.enable_deep_supervision:
            return loss
        # As nnU-Net weighs the scales: half for each step down, and nothing for the last.
        weights = [0.5**i for i in range(len(self._get_deep_supervision_scales()))]
        # In distributed training an output without gradient would stop it.
        weights[-1] = 1e-6 if self.is_ddp and not self._do_i_compile() else 0.0
        return DeepSupervisionWrapper(loss, [weight / sum(weights) for weight in weights])

"""Writes a small U-Net of PyTorch as the ONNX model that the examples for ONNX Runtime train: python3 unet_to_onnx.py unet.onnx"""

import sys

import torch
from torch import nn


def block(before: int, after: int) -> nn.Sequential:
    def layer(channels: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, after, 3, padding=1), nn.InstanceNorm2d(after, affine=True), nn.LeakyReLU(0.01)]

    return nn.Sequential(*layer(before), *layer(after))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.top, self.middle, self.bottom = block(1, 4), block(4, 8), block(8, 16)
        self.up_middle, self.up_top = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.join_middle, self.join_top = block(16, 8), block(8, 4)
        self.head, self.pool = nn.Conv2d(4, 1, 1), nn.MaxPool2d(2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        top = self.top(image)
        middle = self.middle(self.pool(top))
        bottom = self.bottom(self.pool(middle))
        middle = self.join_middle(torch.cat([self.up_middle(bottom), middle], 1))
        return self.head(self.join_top(torch.cat([self.up_top(middle), top], 1)))


if __name__ == "__main__":
    torch.manual_seed(1)
    torch.onnx.export(
        UNet(),
        torch.zeros(1, 1, 32, 32),
        sys.argv[1],
        # For training: otherwise constants that happen to be equal are written once, and normalisation disappears into convolutions.
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        opset_version=13,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "images", 2: "height", 3: "width"}},
    )

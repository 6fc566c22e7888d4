"""Exports U-Nets as people write them, with PyTorch's own gradient in float64: python3 pytorch_unets.py FOLDER"""

import json
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional

NORMS = {
    "batch": lambda axes, c: (nn.BatchNorm2d, nn.BatchNorm3d)[axes - 2](c),
    "instance": lambda axes, c: (nn.InstanceNorm2d, nn.InstanceNorm3d)[axes - 2](c, affine=True),
    "group": lambda axes, c: nn.GroupNorm(2, c),
}


class UNet(nn.Module):
    def __init__(self, axes, norm, up, down, padded):
        super().__init__()
        conv = (nn.Conv2d, nn.Conv3d)[axes - 2]
        self.padded, self.down = padded, down

        def block(before, after):
            return nn.Sequential(
                conv(before, after, 3, padding=1), NORMS[norm](axes, after), nn.ReLU(inplace=True),
                conv(after, after, 3, padding=1), NORMS[norm](axes, after), nn.LeakyReLU(0.01), nn.Dropout(0.0),
            )

        self.top, self.bottom = block(1, 4), block(4, 6)
        self.strided = conv(4, 4, 3, stride=2, padding=1)
        self.pool = {"max": (nn.MaxPool2d, nn.MaxPool3d), "mean": (nn.AvgPool2d, nn.AvgPool3d)}.get(down, (nn.Identity,) * 2)[axes - 2](2)
        self.up = (
            (nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 2](6, 4, 2, stride=2)
            if up == "transposed"
            else nn.Sequential(nn.Upsample(scale_factor=2, mode=up), conv(6, 4, 1))
        )
        self.join, self.head = block(8, 4), conv(4, 2, 1)

    def forward(self, image):
        top = self.top(image)
        grown = self.up(self.bottom(self.strided(top) if self.down == "stride" else self.pool(top)))
        if self.padded:
            rest = [top.size(axis) - grown.size(axis) for axis in (3, 2)]
            grown = functional.pad(grown, [part for r in rest for part in (r // 2, r - r // 2)])
        return self.head(self.join(torch.cat([top, grown], 1)))


CASES = {
    "batch, transposed": (2, "batch", "transposed", "max", False, [2, 1, 12, 8]),
    "instance, nearest, strided": (2, "instance", "nearest", "stride", False, [2, 1, 12, 8]),
    "group, bilinear, padded": (2, "group", "bilinear", "max", True, [2, 1, 13, 11]),
    "volumes, transposed, mean": (3, "instance", "transposed", "mean", False, [1, 1, 4, 8, 6]),
}

warnings.simplefilter("ignore")
torch.manual_seed(3)
results = []
for number, (name, (axes, norm, up, down, padded, shape)) in enumerate(CASES.items()):
    net = UNet(axes, norm, up, down, padded)
    image = torch.randn(shape)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    file = f"{sys.argv[1]}/{number}.onnx"
    torch.onnx.export(
        net, image, file, training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False, opset_version=13,
        dynamic_axes={"image": {axis: f"axis{axis}" for axis in (0, *range(2, axes + 2))}}, input_names=["image"],
    )
    for layer in net.modules():
        if hasattr(layer, "reset_running_stats"):
            layer.reset_running_stats()
    net.double().train()
    logits = net(image.double())
    slopes = torch.randn(logits.shape)
    (logits * slopes).sum().backward()
    results.append({
        "name": name,
        "file": file,
        "shape": shape,
        "image": image.flatten().tolist(),
        "slopes": slopes.flatten().tolist(),
        "logits": logits.flatten().tolist(),
        "gradient": {key: value.grad.flatten().tolist() for key, value in net.named_parameters() if value.grad is not None},
        "means": {key: value.flatten().tolist() for key, value in net.named_buffers() if key.endswith("running_mean")},
    })
json.dump(results, sys.stdout)

// The bytes of models against another implementation of the format.

import proto from "onnx-proto";
import { expect, it } from "vitest";
import { encodeModel, type OnnxModel } from "../../src/export/onnx-model.js";

const { onnx } = proto;

const model: OnnxModel = {
  irVersion: 8,
  opsets: { "": 18, "com.example": 1 },
  producer: { name: "writer", version: "1.2" },
  metadata: { paper: "Ω — «x»", empty: "" },
  doc: "What it is.",
  graph: {
    name: "all",
    nodes: [
      {
        op: "Everything",
        domain: "com.example",
        name: "first",
        inputs: ["a", "", "b"],
        outputs: ["c"],
        attributes: {
          int: { int: -3 },
          float: { float: 0.25 },
          string: { string: "SAME" },
          ints: { ints: [0, -1, 300, 2 ** 40] },
          floats: { floats: [1.5, -2] },
          body: {
            graph: { name: "inner", nodes: [], initializers: [], inputs: [], outputs: [{ name: "o", type: "bool" }] },
          },
        },
      },
    ],
    initializers: [
      { name: "a", type: "float32", dims: [], values: [1 / 3] },
      { name: "long", type: "int64", dims: [2, 1], values: [-1, 2 ** 53] },
      { name: "wide", type: "float64", dims: [3], values: [1 / 3, -0, Number.NEGATIVE_INFINITY], doc: "a third" },
    ],
    inputs: [{ name: "b", type: "float32", shape: ["batch", 3, 0], doc: "any batch" }],
    outputs: [
      { name: "c", type: "int64", shape: [] },
      { name: "d", type: "float64" },
    ],
  },
};

it("are read by onnx-proto as what they were", () => {
  const read = onnx.ModelProto.decode(encodeModel(model));
  const plain = onnx.ModelProto.toObject(read, { longs: Number, bytes: Array, defaults: false });
  expect(plain).toMatchInlineSnapshot(`
    {
      "docString": "What it is.",
      "graph": {
        "initializer": [
          {
            "dataType": 1,
            "name": "a",
            "rawData": [
              171,
              170,
              170,
              62,
            ],
          },
          {
            "dataType": 7,
            "dims": [
              2,
              1,
            ],
            "name": "long",
            "rawData": [
              255,
              255,
              255,
              255,
              255,
              255,
              255,
              255,
              0,
              0,
              0,
              0,
              0,
              0,
              32,
              0,
            ],
          },
          {
            "dataType": 11,
            "dims": [
              3,
            ],
            "docString": "a third",
            "name": "wide",
            "rawData": [
              85,
              85,
              85,
              85,
              85,
              85,
              213,
              63,
              0,
              0,
              0,
              0,
              0,
              0,
              0,
              128,
              0,
              0,
              0,
              0,
              0,
              0,
              240,
              255,
            ],
          },
        ],
        "input": [
          {
            "docString": "any batch",
            "name": "b",
            "type": {
              "tensorType": {
                "elemType": 1,
                "shape": {
                  "dim": [
                    {
                      "dimParam": "batch",
                    },
                    {
                      "dimValue": 3,
                    },
                    {
                      "dimValue": 0,
                    },
                  ],
                },
              },
            },
          },
        ],
        "name": "all",
        "node": [
          {
            "attribute": [
              {
                "i": -3,
                "name": "int",
                "type": 2,
              },
              {
                "f": 0.25,
                "name": "float",
                "type": 1,
              },
              {
                "name": "string",
                "s": [
                  83,
                  65,
                  77,
                  69,
                ],
                "type": 3,
              },
              {
                "ints": [
                  0,
                  -1,
                  300,
                  1099511627776,
                ],
                "name": "ints",
                "type": 7,
              },
              {
                "floats": [
                  1.5,
                  -2,
                ],
                "name": "floats",
                "type": 6,
              },
              {
                "g": {
                  "name": "inner",
                  "output": [
                    {
                      "name": "o",
                      "type": {
                        "tensorType": {
                          "elemType": 9,
                        },
                      },
                    },
                  ],
                },
                "name": "body",
                "type": 5,
              },
            ],
            "domain": "com.example",
            "input": [
              "a",
              "",
              "b",
            ],
            "name": "first",
            "opType": "Everything",
            "output": [
              "c",
            ],
          },
        ],
        "output": [
          {
            "name": "c",
            "type": {
              "tensorType": {
                "elemType": 7,
                "shape": {},
              },
            },
          },
          {
            "name": "d",
            "type": {
              "tensorType": {
                "elemType": 11,
              },
            },
          },
        ],
      },
      "irVersion": 8,
      "metadataProps": [
        {
          "key": "paper",
          "value": "Ω — «x»",
        },
        {
          "key": "empty",
          "value": "",
        },
      ],
      "opsetImport": [
        {
          "domain": "",
          "version": 18,
        },
        {
          "domain": "com.example",
          "version": 1,
        },
      ],
      "producerName": "writer",
      "producerVersion": "1.2",
    }
  `);
});

it("hold numbers little-endian", () => {
  const tensors = onnx.ModelProto.decode(encodeModel(model)).graph?.initializer ?? [];
  const view = (i: number) => {
    const data = tensors[i].rawData as Uint8Array;
    return new DataView(data.buffer, data.byteOffset, data.byteLength);
  };
  expect(view(0).getFloat32(0, true)).toBe(Math.fround(1 / 3));
  expect([view(1).getBigInt64(0, true), view(1).getBigInt64(8, true)]).toEqual([-1n, 2n ** 53n]);
  expect([0, 8, 16].map((at) => view(2).getFloat64(at, true))).toEqual([1 / 3, -0, Number.NEGATIVE_INFINITY]);
});

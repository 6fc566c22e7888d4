// Papers behind losses of shape and number: skeletons, components, holes, and the routines under them.

import type { References } from "./reference.js";

export const TOPOLOGY: References = {
  bouteille2025: {
    type: "misc",
    title: "Learning to Look Closer: A New Instance-Wise Loss for Small Cerebral Lesion Segmentation",
    author: "Bouteille, Luc and Jaus, Alexander and Kleesiek, Jens and Stiefelhagen, Rainer and Heine, Lukas",
    year: 2025,
    venue: "arXiv",
    arxiv: "2511.17146",
  },
  hu2019: {
    type: "inproceedings",
    title: "Topology-Preserving Deep Image Segmentation",
    author: "Hu, Xiaoling and Li, Fuxin and Samaras, Dimitris and Chen, Chao",
    year: 2019,
    venue: "Advances in Neural Information Processing Systems (NeurIPS)",
    arxiv: "1906.05404",
  },
  jaus2025: {
    type: "inproceedings",
    title:
      "Every Component Counts: Rethinking the Measure of Success for Medical Semantic Segmentation in Multi-Instance Segmentation Tasks",
    author:
      "Jaus, Alexander and Seibold, Constantin Marc and Rei{\\ss}, Simon and Marinov, Zdravko and Li, Keyi and Ye, Zeling and Krieg, Stefan and Kleesiek, Jens and Stiefelhagen, Rainer",
    year: 2025,
    venue: "AAAI Conference on Artificial Intelligence",
    arxiv: "2410.18684",
  },
  kirchhoff2024: {
    type: "inproceedings",
    title:
      "Skeleton Recall Loss for Connectivity Conserving and Resource Efficient Segmentation of Thin Tubular Structures",
    author:
      "Kirchhoff, Yannick and Rokuss, Maximilian R. and Roy, Saikat and Kovacs, Balint and Ulrich, Constantin and Wald, Tassilo and Zenk, Maximilian and Vollmuth, Philipp and Kleesiek, Jens and Isensee, Fabian and Maier-Hein, Klaus",
    year: 2024,
    venue: "European Conference on Computer Vision (ECCV)",
    arxiv: "2404.03010",
  },
  kofler2023: {
    type: "inproceedings",
    title: "Blob Loss: Instance Imbalance Aware Loss Functions for Semantic Segmentation",
    author:
      "Kofler, Florian and Shit, Suprosanna and Ezhov, Ivan and Fidon, Lucas and Horvath, Izabela and Al-Maskari, Rami and Li, Hongwei Bran and Bhatia, Harsharan and Loehr, Timo and Piraud, Marie and others",
    year: 2023,
    venue: "Information Processing in Medical Imaging (IPMI)",
    arxiv: "2205.08209",
  },
  lee1994: {
    type: "article",
    title: "Building Skeleton Models via {3-D} Medial Surface/Axis Thinning Algorithms",
    author: "Lee, Ta-Chih and Kashyap, Rangasami L. and Chu, Chong-Nam",
    year: 1994,
    venue: "CVGIP: Graphical Models and Image Processing",
  },
  shi2024: {
    type: "inproceedings",
    title: "Centerline Boundary {Dice} Loss for Vascular Segmentation",
    author: "Shi, Pengcheng and Hu, Jiesi and Yang, Yanwu and Gao, Zilve and Liu, Wei and Ma, Ting",
    year: 2024,
    venue: "Medical Image Computing and Computer Assisted Intervention (MICCAI)",
    arxiv: "2407.01517",
  },
  shit2021: {
    type: "inproceedings",
    title: "{clDice} -- A Novel Topology-Preserving Loss Function for Tubular Structure Segmentation",
    author:
      "Shit, Suprosanna and Paetzold, Johannes C. and Sekuboyina, Anjany and Ezhov, Ivan and Unger, Alexander and Zhylka, Andrey and Pluim, Josien P. W. and Bauer, Ulrich and Menze, Bjoern H.",
    year: 2021,
    venue: "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
    arxiv: "2003.07311",
  },
  stucki2023: {
    type: "inproceedings",
    title: "Topologically Faithful Image Segmentation via Induced Matching of Persistence Barcodes",
    author: "Stucki, Nico and Paetzold, Johannes C. and Shit, Suprosanna and Menze, Bjoern and Bauer, Ulrich",
    year: 2023,
    venue: "International Conference on Machine Learning (ICML)",
    arxiv: "2211.15272",
  },
  zhangsuen1984: {
    type: "article",
    title: "A Fast Parallel Algorithm for Thinning Digital Patterns",
    author: "Zhang, T. Y. and Suen, C. Y.",
    year: 1984,
    venue: "Communications of the ACM",
  },
};

// Papers behind losses of boundaries: distance maps, contours and their length.

import type { References } from "./reference.js";

export const BOUNDARY: References = {
  caliva2019: {
    type: "inproceedings",
    title: "Distance Map Loss Penalty Term for Semantic Segmentation",
    author:
      "Caliv{\\'a}, Francesco and Iriondo, Claudia and Morales Martinez, Alejandro and Majumdar, Sharmila and Pedoia, Valentina",
    year: 2019,
    venue: "Medical Imaging with Deep Learning (MIDL)",
    arxiv: "1908.03679",
  },
  celaya2023: {
    type: "misc",
    title: "A Generalized Surface Loss for Reducing the {Hausdorff} Distance in Medical Imaging Segmentation",
    author: "Celaya, Adrian and Riviere, Beatrice and Fuentes, David",
    year: 2023,
    venue: "arXiv",
    arxiv: "2302.03868",
  },
  chen2019: {
    type: "inproceedings",
    title: "Learning Active Contour Models for Medical Image Segmentation",
    author:
      "Chen, Xu and Williams, Bryan M. and Vallabhaneni, Srinivasa R. and Czanner, Gabriela and Williams, Rachel and Zheng, Yalin",
    year: 2019,
    venue: "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
  },
  karimi2020: {
    type: "article",
    title: "Reducing the {Hausdorff} Distance in Medical Image Segmentation with Convolutional Neural Networks",
    author: "Karimi, Davood and Salcudean, Septimiu E.",
    year: 2020,
    venue: "IEEE Transactions on Medical Imaging",
    arxiv: "1904.10030",
  },
  kervadec2019: {
    type: "inproceedings",
    title: "Boundary Loss for Highly Unbalanced Segmentation",
    author:
      "Kervadec, Hoel and Bouchtiba, Jihene and Desrosiers, Christian and Granger, Eric and Dolz, Jose and Ben Ayed, Ismail",
    year: 2019,
    venue: "Medical Imaging with Deep Learning (MIDL)",
    arxiv: "1812.07032",
  },
  kim2020: {
    type: "article",
    title: "{Mumford--Shah} Loss Functional for Image Segmentation with Deep Learning",
    author: "Kim, Boah and Ye, Jong Chul",
    year: 2020,
    venue: "IEEE Transactions on Image Processing",
    arxiv: "1904.02872",
  },
  sun2023: {
    type: "inproceedings",
    title: "Boundary Difference over Union Loss for Medical Image Segmentation",
    author: "Sun, Fan and Luo, Zhiming and Li, Shaozi",
    year: 2023,
    venue: "Medical Image Computing and Computer Assisted Intervention (MICCAI)",
    arxiv: "2308.00220",
  },
  valverde2021: {
    type: "article",
    title: "Region-wise Loss for Biomedical Image Segmentation",
    author: "Valverde, Juan Miguel and Tohka, Jussi",
    year: 2023,
    venue: "Pattern Recognition",
    arxiv: "2108.01405",
  },
};

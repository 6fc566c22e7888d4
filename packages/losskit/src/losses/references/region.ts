// Papers behind losses of regions: overlap, similarity and agreement of two masks.

import type { References } from "./reference.js";

export const REGION: References = {
  abhishek2021: {
    type: "inproceedings",
    title:
      "{Matthews} Correlation Coefficient Loss for Deep Convolutional Networks: Application to Skin Lesion Segmentation",
    author: "Abhishek, Kumar and Hamarneh, Ghassan",
    year: 2021,
    venue: "IEEE International Symposium on Biomedical Imaging (ISBI)",
    arxiv: "2010.13454",
  },
  abraham2019: {
    type: "inproceedings",
    title: "A Novel Focal {Tversky} Loss Function with Improved Attention {U-Net} for Lesion Segmentation",
    author: "Abraham, Nabila and Khan, Naimul Mefraz",
    year: 2019,
    venue: "IEEE International Symposium on Biomedical Imaging (ISBI)",
    arxiv: "1810.07842",
  },
  berman2018: {
    type: "inproceedings",
    title:
      "The {Lov{\\'a}sz}-Softmax Loss: A Tractable Surrogate for the Optimization of the Intersection-Over-Union Measure in Neural Networks",
    author: "Berman, Maxim and Rannen Triki, Amal and Blaschko, Matthew B.",
    year: 2018,
    venue: "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
    arxiv: "1705.08790",
  },
  brosch2015: {
    type: "inproceedings",
    title: "Deep Convolutional Encoder Networks for Multiple Sclerosis Lesion Segmentation",
    author:
      "Brosch, Tom and Yoo, Youngjin and Tang, Lisa Y. W. and Li, David K. B. and Traboulsee, Anthony and Tam, Roger",
    year: 2015,
    venue: "Medical Image Computing and Computer-Assisted Intervention (MICCAI)",
  },
  drozdzal2016: {
    type: "inproceedings",
    title: "The Importance of Skip Connections in Biomedical Image Segmentation",
    author: "Drozdzal, Michal and Vorontsov, Eugene and Chartrand, Gabriel and Kadoury, Samuel and Pal, Chris",
    year: 2016,
    venue: "Deep Learning and Data Labeling for Medical Applications (DLMIA)",
    arxiv: "1608.04117",
  },
  duque2021: {
    type: "inproceedings",
    title: "On Power {Jaccard} Losses for Semantic Segmentation",
    author:
      "Duque-Arias, David and Velasco-Forero, Santiago and Deschaud, Jean-Emmanuel and Goulette, Fran{\\c{c}}ois and Serna, Andr{\\'e}s and Decenci{\\`e}re, Etienne and Marcotegui, Beatriz",
    year: 2021,
    venue: "International Conference on Computer Vision Theory and Applications (VISAPP)",
  },
  fidon2017: {
    type: "inproceedings",
    title:
      "Generalised {Wasserstein} {Dice} Score for Imbalanced Multi-class Segmentation Using Holistic Convolutional Networks",
    author:
      "Fidon, Lucas and Li, Wenqi and Garcia-Peraza-Herrera, Luis C. and Ekanayake, Jinendra and Kitchen, Neil and Ourselin, S{\\'e}bastien and Vercauteren, Tom",
    year: 2017,
    venue: "Brainlesion: Glioma, Multiple Sclerosis, Stroke and Traumatic Brain Injuries (BrainLes)",
    arxiv: "1707.00478",
  },
  fidon2021: {
    type: "inproceedings",
    title: "Label-Set Loss Functions for Partial Supervision: Application to Fetal Brain {3D} {MRI} Parcellation",
    author:
      "Fidon, Lucas and Aertsen, Michael and Emam, Doaa and Mufti, Nada and Guffens, Fr{\\'e}d{\\'e}ric and Deprest, Thomas and Demaerel, Philippe and David, Anna L. and Melbourne, Andrew and Ourselin, S{\\'e}bastien and others",
    year: 2021,
    venue: "Medical Image Computing and Computer Assisted Intervention (MICCAI)",
    arxiv: "2107.03846",
  },
  hashemi2019: {
    type: "article",
    title:
      "Asymmetric Loss Functions and Deep Densely-Connected Networks for Highly-Imbalanced Medical Image Segmentation: Application to Multiple Sclerosis Lesion Detection",
    author:
      "Hashemi, Seyed Raein and Salehi, Seyed Sadegh Mohseni and Erdogmus, Deniz and Prabhu, Sanjay P. and Warfield, Simon K. and Gholipour, Ali",
    year: 2019,
    venue: "IEEE Access",
    arxiv: "1803.11078",
  },
  jadon2020: {
    type: "inproceedings",
    title: "A Survey of Loss Functions for Semantic Segmentation",
    author: "Jadon, Shruti",
    year: 2020,
    venue: "IEEE Conference on Computational Intelligence in Bioinformatics and Computational Biology (CIBCB)",
    arxiv: "2006.14822",
  },
  milletari2016: {
    type: "inproceedings",
    title: "{V-Net}: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    author: "Milletari, Fausto and Navab, Nassir and Ahmadi, Seyed-Ahmad",
    year: 2016,
    venue: "International Conference on 3D Vision (3DV)",
    arxiv: "1606.04797",
  },
  rahman2016: {
    type: "inproceedings",
    title: "Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation",
    author: "Rahman, Md Atiqur and Wang, Yang",
    year: 2016,
    venue: "International Symposium on Visual Computing (ISVC)",
  },
  salehi2017: {
    type: "inproceedings",
    title: "{Tversky} Loss Function for Image Segmentation Using {3D} Fully Convolutional Deep Networks",
    author: "Salehi, Seyed Sadegh Mohseni and Erdogmus, Deniz and Gholipour, Ali",
    year: 2017,
    venue: "Machine Learning in Medical Imaging (MLMI)",
    arxiv: "1706.05721",
  },
  sudre2017: {
    type: "inproceedings",
    title: "Generalised {Dice} Overlap as a Deep Learning Loss Function for Highly Unbalanced Segmentations",
    author: "Sudre, Carole H. and Li, Wenqi and Vercauteren, Tom and Ourselin, S{\\'e}bastien and Cardoso, M. Jorge",
    year: 2017,
    venue: "Deep Learning in Medical Image Analysis and Multimodal Learning for Clinical Decision Support (DLMIA)",
    arxiv: "1707.03237",
  },
  wang2020: {
    type: "article",
    title: "A Noise-Robust Framework for Automatic Segmentation of {COVID-19} Pneumonia Lesions From {CT} Images",
    author:
      "Wang, Guotai and Liu, Xinglong and Li, Chaoping and Xu, Zhiyong and Ruan, Jiugen and Zhu, Haifeng and Meng, Tao and Li, Kang and Huang, Ning and Zhang, Shaoting",
    year: 2020,
    venue: "IEEE Transactions on Medical Imaging",
  },
  wang2023: {
    type: "inproceedings",
    title: "{Jaccard} Metric Losses: Optimizing the {Jaccard} Index with Soft Labels",
    author: "Wang, Zifu and Ning, Xuefei and Blaschko, Matthew B.",
    year: 2023,
    venue: "Advances in Neural Information Processing Systems (NeurIPS)",
    arxiv: "2302.05666",
  },
  wang2023dml: {
    type: "inproceedings",
    title: "{Dice} Semimetric Losses: Optimizing the {Dice} Score with Soft Labels",
    author: "Wang, Zifu and Popordanoska, Teodora and Bertels, Jeroen and Lemmens, Robin and Blaschko, Matthew B.",
    year: 2023,
    venue: "Medical Image Computing and Computer Assisted Intervention (MICCAI)",
    arxiv: "2303.16296",
  },
  yang2019: {
    type: "inproceedings",
    title:
      "Major Vessel Segmentation on {X-ray} Coronary Angiography using Deep Networks with a Novel Penalty Loss Function",
    author: "Yang, Su and Kweon, Jihoon and Kim, Young-Hak",
    year: 2019,
    venue: "Medical Imaging with Deep Learning (MIDL)",
  },
};

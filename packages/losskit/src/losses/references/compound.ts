// Papers behind losses that add others up, and papers that compare losses.

import type { References } from "./reference.js";

export const COMPOUND: References = {
  huang2020: {
    type: "inproceedings",
    title: "{UNet 3+}: A Full-Scale Connected {UNet} for Medical Image Segmentation",
    author:
      "Huang, Huimin and Lin, Lanfen and Tong, Ruofeng and Hu, Hongjie and Zhang, Qiaowei and Iwamoto, Yutaro and Han, Xianhua and Chen, Yen-Wei and Wu, Jian",
    year: 2020,
    venue: "IEEE International Conference on Acoustics, Speech and Signal Processing (ICASSP)",
    arxiv: "2004.08790",
  },
  isensee2018: {
    type: "misc",
    title: "{nnU-Net}: Self-adapting Framework for {U-Net}-Based Medical Image Segmentation",
    author:
      "Isensee, Fabian and Petersen, Jens and Klein, Andre and Zimmerer, David and Jaeger, Paul F. and Kohl, Simon and Wasserthal, Jakob and Koehler, Gregor and Norajitra, Tobias and Wirkert, Sebastian and Maier-Hein, Klaus H.",
    year: 2018,
    venue: "arXiv",
    arxiv: "1809.10486",
  },
  isensee2021: {
    type: "article",
    title: "{nnU-Net}: A Self-Configuring Method for Deep Learning-Based Biomedical Image Segmentation",
    author: "Isensee, Fabian and Jaeger, Paul F. and Kohl, Simon A. A. and Petersen, Jens and Maier-Hein, Klaus H.",
    year: 2021,
    venue: "Nature Methods",
  },
  ma2021: {
    type: "article",
    title: "Loss Odyssey in Medical Image Segmentation",
    author:
      "Ma, Jun and Chen, Jianan and Ng, Matthew and Huang, Rui and Li, Yu and Li, Chen and Yang, Xiaoping and Martel, Anne L.",
    year: 2021,
    venue: "Medical Image Analysis",
  },
  page: {
    type: "misc",
    title: "{医学图象分割常用损失函数(附Pytorch和Keras代码)}",
    author: "{Anonymous}",
    venue: "Web page in Chinese on common losses of medical image segmentation",
  },
  qin2019: {
    type: "inproceedings",
    title: "{BASNet}: Boundary-Aware Salient Object Detection",
    author: "Qin, Xuebin and Zhang, Zichen and Huang, Chenyang and Gao, Chao and Dehghan, Masood and Jagersand, Martin",
    year: 2019,
    venue: "IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)",
  },
  taghanaki2019: {
    type: "article",
    title: "Combo Loss: Handling Input and Output Imbalance in Multi-Organ Segmentation",
    author:
      "Taghanaki, Saeid Asgari and Zheng, Yefeng and Zhou, S. Kevin and Georgescu, Bogdan and Sharma, Puneet and Xu, Daguang and Comaniciu, Dorin and Hamarneh, Ghassan",
    year: 2019,
    venue: "Computerized Medical Imaging and Graphics",
    arxiv: "1805.02798",
  },
  wong2018: {
    type: "inproceedings",
    title: "{3D} Segmentation with Exponential Logarithmic Loss for Highly Unbalanced Object Sizes",
    author: "Wong, Ken C. L. and Moradi, Mehdi and Tang, Hui and Syeda-Mahmood, Tanveer",
    year: 2018,
    venue: "Medical Image Computing and Computer Assisted Intervention (MICCAI)",
    arxiv: "1809.00076",
  },
  yeung2022: {
    type: "article",
    title:
      "Unified Focal Loss: Generalising {Dice} and Cross Entropy-Based Losses to Handle Class Imbalanced Medical Image Segmentation",
    author: 'Yeung, Michael and Sala, Evis and Sch{\\"o}nlieb, Carola-Bibiane and Rundo, Leonardo',
    year: 2022,
    venue: "Computerized Medical Imaging and Graphics",
    arxiv: "2102.04525",
  },
  zhu2019: {
    type: "article",
    title:
      "{AnatomyNet}: Deep Learning for Fast and Fully Automated Whole-Volume Segmentation of Head and Neck Anatomy",
    author:
      "Zhu, Wentao and Huang, Yufang and Zeng, Liang and Chen, Xuming and Liu, Yong and Qian, Zhen and Du, Nan and Fan, Wei and Xie, Xiaohui",
    year: 2019,
    venue: "Medical Physics",
    arxiv: "1808.05238",
  },
};

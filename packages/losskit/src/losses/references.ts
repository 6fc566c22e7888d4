// The papers behind the losses, and their BibTeX.

export interface Reference {
  /** BibTeX entry type. */
  readonly type: "article" | "inproceedings" | "misc";
  readonly title: string;
  /** As BibTeX wants it: "Family, Given and Family, Given". */
  readonly author: string;
  /** Absent where the source does not say. */
  readonly year?: number;
  /** Journal, proceedings, or where a page was published. */
  readonly venue: string;
  readonly arxiv?: string;
}

export const REFERENCES: Readonly<Record<string, Reference>> = {
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
  drozdzal2016: {
    type: "inproceedings",
    title: "The Importance of Skip Connections in Biomedical Image Segmentation",
    author: "Drozdzal, Michal and Vorontsov, Eugene and Chartrand, Gabriel and Kadoury, Samuel and Pal, Chris",
    year: 2016,
    venue: "Deep Learning and Data Labeling for Medical Applications (DLMIA)",
    arxiv: "1608.04117",
  },
  isensee2018: {
    type: "misc",
    title: "{nnU-Net}: Self-adapting Framework for {U-Net}-Based Medical Image Segmentation",
    author: "Isensee, Fabian and Petersen, Jens and Klein, Andre and Zimmerer, David and Jaeger, Paul F. and others",
    year: 2018,
    venue: "arXiv",
    arxiv: "1809.10486",
  },
  lin2017: {
    type: "inproceedings",
    title: "Focal Loss for Dense Object Detection",
    author: "Lin, Tsung-Yi and Goyal, Priya and Girshick, Ross and He, Kaiming and Doll{\\'a}r, Piotr",
    year: 2017,
    venue: "IEEE International Conference on Computer Vision (ICCV)",
    arxiv: "1708.02002",
  },
  ma2021: {
    type: "article",
    title: "Loss Odyssey in Medical Image Segmentation",
    author:
      "Ma, Jun and Chen, Jianan and Ng, Matthew and Huang, Rui and Li, Yu and Li, Chen and Yang, Xiaoping and Martel, Anne L.",
    year: 2021,
    venue: "Medical Image Analysis",
  },
  milletari2016: {
    type: "inproceedings",
    title: "{V-Net}: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    author: "Milletari, Fausto and Navab, Nassir and Ahmadi, Seyed-Ahmad",
    year: 2016,
    venue: "International Conference on 3D Vision (3DV)",
    arxiv: "1606.04797",
  },
  page: {
    type: "misc",
    title: "{医学图象分割常用损失函数(附Pytorch和Keras代码)}",
    author: "{Anonymous}",
    venue: "Web page in Chinese on common losses of medical image segmentation",
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
  taghanaki2019: {
    type: "article",
    title: "Combo Loss: Handling Input and Output Imbalance in Multi-Organ Segmentation",
    author:
      "Taghanaki, Saeid Asgari and Zheng, Yefeng and Zhou, S. Kevin and Georgescu, Bogdan and Sharma, Puneet and Xu, Daguang and Comaniciu, Dorin and Hamarneh, Ghassan",
    year: 2019,
    venue: "Computerized Medical Imaging and Graphics",
    arxiv: "1805.02798",
  },
};

const VENUE_FIELD = { article: "journal", inproceedings: "booktitle", misc: "howpublished" } as const;

/** A reference as a BibTeX entry; the key is its key in REFERENCES. */
export function toBibtex(key: string): string {
  const { type, title, author, year, venue, arxiv } = REFERENCES[key];
  const fields = [
    ["title", title],
    ["author", author],
    [VENUE_FIELD[type], venue],
    ...(year ? [["year", String(year)] as const] : []),
    ...(arxiv ? [["eprint", arxiv] as const, ["archiveprefix", "arXiv"] as const] : []),
  ];
  return `@${type}{${key},\n${fields.map(([name, value]) => `  ${name} = {${value}}`).join(",\n")}\n}`;
}

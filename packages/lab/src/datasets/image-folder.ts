// Data sets that are a plain folder: images/ and masks/ (or labels/), matched by file name.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { type DeclaredClasses, declareClasses, parseClasses } from "./classes.js";
import type { CaseFiles, FileDatasetDescription } from "./file-dataset.js";
import { enumerate, findFolder, isFile, listImages, READABLE, readJson, withoutEnding } from "./files.js";
import { distinctValues } from "./labels.js";
import { readMaskFile } from "./read-files.js";
import { divideCases } from "./splits.js";

export const IMAGE_FOLDERS = ["images"];
const MASK_FOLDERS = ["masks", "labels"];
const REGION_FOLDERS = ["fov", "roi"];
const CLASSES_FILE = "classes.json";

/** What a mask's name may have after that of its image. */
const MASK_SUFFIX = /_(?:masks?|seg|segmentation|labels?|gt)$/iu;

/** Masks that are read when a folder is opened to see whether there is one class; the others are checked when read. */
const SAMPLED_MASKS = 20;

/**
 * @param folder that holds images/
 * @throws LabError MISSING_MASK listing what has no partner, EMPTY_DATASET, BAD_DATASET, or UNDECLARED_LABEL where the
 *   masks hold several classes and no classes.json names them
 */
export async function describeImageFolder(folder: string): Promise<FileDatasetDescription> {
  const imageFolder = await findFolder(folder, ...IMAGE_FOLDERS);
  const maskFolder = await findFolder(folder, ...MASK_FOLDERS);
  if (imageFolder === undefined) throw new LabError("EMPTY_DATASET", `${folder} has no folder images/`);
  if (maskFolder === undefined) {
    throw new LabError("MISSING_MASK", `${folder} has images/ and no masks/ or labels/; put one mask per image there`);
  }
  const images = await byId(imageFolder, (name) => name);
  if (images.size === 0) throw new LabError("EMPTY_DATASET", `${imageFolder} has no images (${READABLE})`);
  const masks = await byId(maskFolder, (name) => (images.has(name) ? name : name.replace(MASK_SUFFIX, "")));
  checkMatched(images, masks, imageFolder, maskFolder);

  const regionFolder = await findFolder(folder, ...REGION_FOLDERS);
  const regions = regionFolder === undefined ? undefined : await byId(regionFolder, regionName(images));
  const cases: CaseFiles[] = [...images].map(([id, image]) => ({
    id,
    images: [image],
    mask: masks.get(id)!,
    ...(regionFolder !== undefined && { regionOfInterest: regions?.get(id) ?? join(regionFolder, basename(image)) }),
  }));
  const name = basename(folder);
  const classesPath = join(folder, CLASSES_FILE);
  const declared = (await isFile(classesPath))
    ? parseClasses(await readJson(classesPath), classesPath)
    : await oneClass(cases, classesPath);
  return { name, cases, declared, ...divideCases([...images.keys()], name) };
}

/** Regions are named as the image, or as it with the suffix of a mask or of their folder. */
const regionName = (images: ReadonlyMap<string, string>) => (name: string) =>
  images.has(name) ? name : name.replace(MASK_SUFFIX, "").replace(/_(?:fov|roi)$/iu, "");

/** Path of each image file of a folder by the case it belongs to. */
async function byId(folder: string, idOf: (name: string) => string): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const name of await listImages(folder)) {
    const id = idOf(withoutEnding(name));
    const path = join(folder, name);
    const other = paths.get(id);
    if (other !== undefined) {
      throw new LabError("BAD_DATASET", `${other} and ${path} have the same name without their ending; keep one`);
    }
    paths.set(id, path);
  }
  return paths;
}

function checkMatched(
  images: ReadonlyMap<string, string>,
  masks: ReadonlyMap<string, string>,
  imageFolder: string,
  maskFolder: string,
): void {
  const bare = [...images].flatMap(([id, path]) => (masks.has(id) ? [] : [basename(path)]));
  const spare = [...masks].flatMap(([id, path]) => (images.has(id) ? [] : [basename(path)]));
  if (bare.length === 0 && spare.length === 0) return;
  const problems = [
    ...(bare.length > 0 ? [`${bare.length} without a mask in ${maskFolder}: ${enumerate(bare)}`] : []),
    ...(spare.length > 0 ? [`${spare.length} masks without an image in ${imageFolder}: ${enumerate(spare)}`] : []),
  ];
  throw new LabError(
    bare.length > 0 ? "MISSING_MASK" : "BAD_DATASET",
    `of ${images.size} images and ${masks.size} masks, ${problems.join("\n  and ")}\n` +
      "an image and its mask have the same name (the ending may differ, and the mask may have _mask or _seg after it)",
  );
}

/** One class called foreground, where the masks hold 0 and one of 1 and white; several classes must have names. */
async function oneClass(cases: readonly CaseFiles[], classesPath: string): Promise<DeclaredClasses> {
  const found = new Set<number>();
  let several = false;
  for (const { mask } of cases.slice(0, SAMPLED_MASKS)) {
    const distinct = await valuesOf(mask);
    for (const value of distinct) found.add(value);
    const marks = distinct.filter((value) => value !== 0);
    several ||= marks.length > 1 || (marks.length === 1 && marks[0] !== 1 && marks[0] !== distinct.white);
  }
  if (several) throw undeclared([...found], classesPath);
  const declared = declareClasses([[1, "foreground"]], classesPath);
  return { ...declared, howToDeclare: `for other classes write ${classesPath}, such as ${exampleClasses([1, 2])}` };
}

/** A damaged mask is reported when its case is read, together with all others. */
async function valuesOf(mask: string): Promise<number[] & { white?: number }> {
  try {
    const { values, white } = await readMaskFile(mask);
    return Object.assign(distinctValues(values), { white });
  } catch (error) {
    if (error instanceof LabError) return [];
    throw error;
  }
}

const exampleClasses = (values: readonly number[]): string =>
  `{"0": "background", ${values.map((value) => `"${value}": "name"`).join(", ")}}`;

function undeclared(found: readonly number[], classesPath: string): LabError {
  const values = [...found].sort((a, b) => a - b);
  const whole = values.filter((value) => Number.isInteger(value) && value > 0);
  const example = exampleClasses(whole.slice(0, 5)).replace("}", whole.length > 5 ? ", …}" : "}");
  const shown = values.map((value) => String(Number(value.toPrecision(6))));
  return new LabError(
    "UNDECLARED_LABEL",
    `the masks hold the values ${enumerate(shown)}; without names only 0 and 1, or 0 and white, are understood. ` +
      `If they are classes, name them in ${classesPath}: ${example}; if they come from smoothing or lossy compression, threshold the masks`,
  );
}

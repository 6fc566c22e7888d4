// Data sets that are a plain folder: images/ and masks/ (or labels/), matched by file name.

import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { READABLE_ENDINGS, stemOf } from "../volumes/file-name.js";
import { type CaseFiles, type DatasetFiles, listed } from "./case-files.js";
import { type ClassDeclaration, parseClassNames } from "./class-names.js";
import { findFolder, isFile, listImages } from "./image-listing.js";
import { readJson } from "./json-file.js";
import { type MaskData, readMask } from "./read-image.js";
import { drawSplits } from "./splits.js";

export const IMAGE_FOLDERS = ["images"];
const MASK_FOLDERS = ["masks", "labels"];
const REGION_FOLDERS = ["fov", "roi"];
const CLASSES_FILE = "classes.json";

/** What the name of a mask or region may have behind that of its image. */
const SUFFIX = /_(?:masks?|seg|segmentation|labels?|gt|fov|roi)$/iu;

/** Masks that are read on opening, to see whether there is one class; the others are checked when their case is read. */
const SAMPLED_MASKS = 20;

/**
 * Files match when their names are the same without the ending; a mask may have a suffix such as _mask or _seg. Where there
 * is a folder fov/ or roi/, every image needs its file there.
 *
 * @param folder that holds images/
 * @throws LabError MISSING_MASK listing what has no partner, EMPTY_DATASET, BAD_DATASET, or UNDECLARED_LABEL where the masks
 *   hold several classes and no classes.json names them
 */
export async function describeImageFolder(folder: string): Promise<DatasetFiles> {
  const imageFolder = await findFolder(folder, IMAGE_FOLDERS);
  if (imageFolder === undefined) throw new LabError("EMPTY_DATASET", `${folder} has no folder images/`);
  const maskFolder = await findFolder(folder, MASK_FOLDERS);
  if (maskFolder === undefined) {
    throw new LabError("MISSING_MASK", `${folder} has images/ but no masks/ or labels/; put one mask per image there`);
  }
  const images = await filesById(imageFolder, (stem) => stem);
  if (images.size === 0) throw new LabError("EMPTY_DATASET", `${imageFolder} has no images (${READABLE_ENDINGS})`);
  const idOf = (stem: string) => (images.has(stem) ? stem : stem.replace(SUFFIX, ""));
  const masks = await filesById(maskFolder, idOf);
  checkMatched(images, masks, maskFolder);

  const regionFolder = await findFolder(folder, REGION_FOLDERS);
  const regions = regionFolder === undefined ? undefined : await filesById(regionFolder, idOf);
  const cases = [...images].map(([id, image]): CaseFiles => {
    const files = { id, images: [image], mask: masks.get(id)! };
    if (regionFolder === undefined) return files;
    // Where it is missing, the name that is expected is reported with the other missing files.
    return { ...files, regionOfInterest: regions?.get(id) ?? join(regionFolder, basename(image)) };
  });
  const classesPath = join(folder, CLASSES_FILE);
  const declaration = (await isFile(classesPath))
    ? parseClassNames(await readJson(classesPath), classesPath)
    : await declareOneClass(cases, classesPath);
  return { name: basename(folder), cases, declaration, ...drawSplits([...images.keys()], folder) };
}

/** Path of each image file of a folder by the case it belongs to. */
async function filesById(folder: string, idOf: (stem: string) => string): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const name of await listImages(folder)) {
    const id = idOf(stemOf(name));
    const other = paths.get(id);
    if (other !== undefined) {
      throw new LabError("BAD_DATASET", `${folder} has two files for ${id}: ${basename(other)} and ${name}; keep one`);
    }
    paths.set(id, join(folder, name));
  }
  return paths;
}

function checkMatched(
  images: ReadonlyMap<string, string>,
  masks: ReadonlyMap<string, string>,
  maskFolder: string,
): void {
  const bare = [...images].flatMap(([id, path]) => (masks.has(id) ? [] : [basename(path)]));
  const spare = [...masks].flatMap(([id, path]) => (images.has(id) ? [] : [basename(path)]));
  if (bare.length === 0 && spare.length === 0) return;
  const problems = [
    ...(bare.length > 0 ? [`${bare.length} of ${images.size} images have no mask: ${listed(bare)}`] : []),
    ...(spare.length > 0 ? [`${spare.length} of ${masks.size} masks have no image: ${listed(spare)}`] : []),
  ];
  throw new LabError(
    bare.length > 0 ? "MISSING_MASK" : "BAD_DATASET",
    `${maskFolder}: ${problems.join("; ")}. An image and its mask have the same name; ` +
      "the ending may differ, and the mask may have _mask or _seg behind it",
  );
}

/** One class called foreground, where the masks hold 0 and one of 1 and white; several classes must have names. */
async function declareOneClass(cases: readonly CaseFiles[], classesPath: string): Promise<ClassDeclaration> {
  const found = new Set<number>();
  let isOneClass = true;
  for (const { mask } of cases.slice(0, SAMPLED_MASKS)) {
    const sample = await readSample(mask);
    if (sample === undefined) continue;
    const marks = [...new Set(Float64Array.from(sample.values))].filter((value) => value !== 0);
    for (const value of marks) found.add(value);
    isOneClass &&= marks.length === 0 || (marks.length === 1 && (marks[0] === 1 || marks[0] === sample.white));
  }
  if (!isOneClass)
    throw severalClasses(
      [...found].sort((a, b) => a - b),
      classesPath,
    );
  const advice = `correct the mask, or name its classes in ${classesPath}: ${example([1, 2])}`;
  return { names: new Map([[1, "foreground"]]), advice };
}

/** A damaged mask is reported when its case is read, together with all others. */
async function readSample(path: string): Promise<MaskData | undefined> {
  try {
    return await readMask(path);
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

/** Classes an example shows. */
const SHOWN_CLASSES = 5;

function example(values: readonly number[]): string {
  const entries = values.slice(0, SHOWN_CLASSES).map((value) => `"${value}": "name"`);
  if (values.length > SHOWN_CLASSES) entries.push("…");
  return `{ ${['"0": "background"', ...entries].join(", ")} }`;
}

function severalClasses(values: readonly number[], classesPath: string): LabError {
  const labels = values.filter((value) => Number.isInteger(value) && value > 0);
  return new LabError(
    "UNDECLARED_LABEL",
    `the masks hold the values ${listed([0, ...values])}; without names, a mask may hold 0 and 1, or 0 and white. ` +
      `If these are classes, name them in ${classesPath}: ${example(labels)}. ` +
      "If they come from smoothing or lossy compression, threshold the masks",
  );
}

import { expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open-dataset.js";
import { checkDataset } from "../../src/datasets/check-dataset.js";
test("x", async () => {
  for (const n of ["dsb2018-nuclei","chase-db1","idrid-lesions","msd-hippocampus","openms-flair"]) {
    let t=performance.now();
    const d = await openDataset("../shared/data/"+n);
    const o=performance.now()-t; t=performance.now();
    let s="";
    await checkDataset(d,{onCase(c){ s=`${c.shape} ${c.spacing} ${c.channels} roi ${c.regionOfInterest?.reduce((a,b)=>a+b,0)} labels ${[...new Set(c.labels)]} `}});
    console.log(n, d.channels,d.dimension, d.classes, d.splitNote, s, o|0, (performance.now()-t)|0);
  }
});

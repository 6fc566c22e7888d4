// How large the surface is between eight neighbours, for each of the 256 ways in which they lie in or out: marching cubes, derived.
//
// Eight voxel centres are the corners of a cube; corner k lies at (z, y, x) = (k & 1, k >> 1 & 1, k >> 2), and bit k of a code says
// whether it is inside. An edge of the cube is crossed by the surface where one of its ends is in and the other out, at its
// middle. On each face the middles are joined in pairs; the joins make closed loops around the corners, and each loop is filled with
// triangles. The triangles' normals, of a length that is their area, scale with the spacing.
//
// Two choices are free, and are taken so that the areas are those of the surface-distance package, in all 256 codes:
//
// 1. A face with two opposite corners in and two out can be joined in two ways: around the corners that are in, or around those
//    that are out. The fewer of the cube's eight corners are taken apart. With four of each both ways give the same areas.
// 2. A loop is filled as a fan from one of its points. Loops of five or six points need not be flat, and their area then depends on the
//    point: it is the one that makes the fan's area largest on cubic voxels. Two such points give the same areas.

type Point = readonly [z: number, y: number, x: number];

const CORNERS = Array.from({ length: 8 }, (_, k): Point => [k & 1, (k >> 1) & 1, k >> 2]);

/** The corners of each face, in the order of a walk around it. */
const FACES = [1, 2, 4].flatMap((bit) => {
  const [side, across] = [1, 2, 4].filter((other) => other !== bit);
  const walk = [0, side, side + across, across];
  return [walk, walk.map((corner) => corner + bit)];
});

/**
 * Size of the piece of surface at a point, by the code of its neighbours: area for three axes, length for two, 1 for one; 0 where
 * all are in or all out. In images with fewer axes the code repeats itself along the others, as if they were sheets of
 * equal slices: the area is that of a sheet one unit thick.
 *
 * @param axes 1 to 3
 * @param spacing of z, y and x; not read for axes that the image does not have
 */
export function surfelSizes(axes: number, spacing: readonly number[]): Float64Array {
  const [z, y, x] = spacing.map((step, axis) => (axis < 3 - axes ? 1 : step));
  return Float64Array.from(normalsByCode(), (normals) =>
    normals.reduce((sum, [nz, ny, nx]) => sum + Math.hypot(nz * y * x, ny * z * x, nx * z * y), 0),
  );
}

let computed: readonly (readonly Point[])[] | undefined;

/** Normals of the triangles of each code, on cubic voxels of edge 1. */
function normalsByCode(): readonly (readonly Point[])[] {
  computed ??= Array.from({ length: 256 }, (_, code) => loopsOf(code).flatMap(fanNormals));
  return computed;
}

const isInside = (code: number, corner: number) => ((code >> corner) & 1) === 1;

/** The closed loops of a code: the middles of the edges they pass, in order. */
function loopsOf(code: number): Point[][] {
  // Choice 1: the corners taken apart are those inside where they are the fewer.
  const apart = CORNERS.filter((_, corner) => isInside(code, corner)).length <= 4;
  // An edge is named by its ends, the lower first; each crossed one lies in two faces, and has a join in both.
  const joins = new Map<number, number[]>();
  const join = (a: number, b: number) => {
    joins.set(a, [...(joins.get(a) ?? []), b]);
    joins.set(b, [...(joins.get(b) ?? []), a]);
  };
  for (const face of FACES) {
    const edges = face.map((corner, i) => edgeOf(corner, face[(i + 1) % 4]));
    const crossed = edges.filter((_, i) => isInside(code, face[i]) !== isInside(code, face[(i + 1) % 4]));
    if (crossed.length === 2) join(crossed[0], crossed[1]);
    else if (crossed.length === 4) {
      face.forEach((corner, i) => {
        if (isInside(code, corner) === apart) join(edges[(i + 3) % 4], edges[i]);
      });
    }
  }
  const loops: Point[][] = [];
  const passed = new Set<number>();
  for (const first of joins.keys()) {
    if (passed.has(first)) continue;
    const loop: Point[] = [];
    for (let edge: number | undefined = first; edge !== undefined; ) {
      passed.add(edge);
      loop.push(middleOf(edge));
      edge = joins.get(edge)?.find((next) => !passed.has(next));
    }
    loops.push(loop);
  }
  return loops;
}

const edgeOf = (a: number, b: number) => Math.min(a, b) * 8 + Math.max(a, b);

const middleOf = (edge: number): Point => {
  const [a, b] = [CORNERS[edge >> 3], CORNERS[edge & 7]];
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];
};

/** The normals of the triangles of choice 2. */
function fanNormals(loop: Point[]): Point[] {
  let largest = 0;
  let best: Point[] = [];
  for (const start of loop.keys()) {
    const around = [...loop.slice(start), ...loop.slice(0, start)];
    const normals = around.slice(2).map((point, i) => normalOf(around[0], around[i + 1], point));
    const area = normals.reduce((sum, normal) => sum + Math.hypot(...normal), 0);
    if (area <= largest) continue;
    largest = area;
    best = normals;
  }
  return best;
}

/** Half the cross product of two sides. */
function normalOf(a: Point, b: Point, c: Point): Point {
  const [uz, uy, ux] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const [vz, vy, vx] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  return [(uy * vx - ux * vy) / 2, (ux * vz - uz * vx) / 2, (uz * vy - uy * vz) / 2];
}

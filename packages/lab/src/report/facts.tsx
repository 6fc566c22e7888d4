// Facts of a run as rows of a definition list: a name, and what holds.

export type Fact = [name: string, text: string];

/** "node 20.19.0, losskit 0.1.0". */
export const versionsFact = (versions: Readonly<Record<string, string>>): Fact => [
  "Versions",
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", "),
];

/** Rows for a `<dl>`; the command is set as code. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <>
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{name === "Command" ? <code>{text}</code> : text}</dd>
        </div>
      ))}
    </>
  );
}

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

type Locked = {
  version: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  link?: boolean;
};
type Manifest = {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: object;
};
type Floors = Record<string, { atLeast: string; because: string }>;

const read = async <T>(path: string): Promise<T> =>
  JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')) as T;
const { packages } = await read<{ packages: Record<string, Locked> }>('../../package-lock.json');
const manifest = await read<Manifest>('../../package.json');
const floors = await read<Floors>('./advisory-floors.json');
const installed = Object.entries(packages).filter(([path]) => path !== '');

function isAtLeast(version: string, floor: string): boolean {
  const parts = (text: string) => text.split('-')[0]!.split('.').map(Number);
  const [mine, wanted] = [parts(version), parts(floor)];
  const different = wanted.findIndex((part, index) => mine[index] !== part);
  return different < 0 || mine[different]! > wanted[different]!;
}

describe('what the project depends on', () => {
  it.each(Object.entries(floors))('%s is not older than its last security fix', (name, { atLeast }) => {
    const copies = installed.filter(([path]) => path.endsWith(`node_modules/${name}`));
    expect(copies.length).toBeGreaterThan(0);
    for (const [path, { version }] of copies)
      expect(isAtLeast(version, atLeast), `${path} ${version}`).toBe(true);
  });

  it('is named with exact versions', () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('runs an install script only where package.json allows it by name', () => {
    const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = withScripts.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13));
    // fsevents is for macOS; npm neither installs it nor runs its script elsewhere.
    expect(names.filter((name) => name !== 'fsevents' && !(name in manifest.allowScripts))).toEqual([]);
  });

  it('is locked by digest, without the address of any registry', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(installed.filter(([, { integrity, link }]) => integrity === undefined && link !== true)).toEqual(
      [],
    );
  });
});

/**
 * Builds the publishable SDK: JavaScript and types of `clients/sdk`, `files` and `protocol`, with a package.json.
 *
 *     node clients/sdk/build.mjs [folder]          default dist/sdk; then: npm pack ./dist/sdk
 *
 * The version and the exact versions of what it depends on come from the project's own package.json; what it
 * depends on is read from the code itself.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const root = resolve(here, '../..');
const target = resolve(process.argv[2] ?? join(root, 'dist/sdk'));
const project = readJson(join(root, 'package.json'));
const exact = { ...project.devDependencies, ...project.dependencies };

rmSync(target, { recursive: true, force: true });
compile();
writeJson(join(target, 'package.json'), manifest());
copyFileSync(join(here, 'README.md'), join(target, 'README.md'));

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.sdk.json'), '--outDir', target];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function manifest() {
  const { name, ...rest } = readJson(join(here, 'package.json'));
  const dependencies = {};
  for (const dependency of [...importedPackages()].sort()) {
    const version = exact[dependency];
    if (version === undefined) throw new Error(`${dependency} is imported but is not in package.json`);
    dependencies[dependency] = version;
  }
  return { name, version: project.version, ...rest, dependencies };
}

/** Packages that the emitted code or its types import, and the types of those that bring none themselves. */
function importedPackages() {
  const packages = new Set();
  for (const file of globSync('**/*.{js,d.ts}', { cwd: target })) {
    const code = readFileSync(join(target, file), 'utf8');
    for (const [, specifier] of code.matchAll(
      /^(?:import|export|})(?:[^'"\n]* from)? ['"]([^'"./][^'"]*)['"]/gm,
    )) {
      if (specifier.startsWith('node:') || builtinModules.includes(specifier)) continue;
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      packages.add(name);
      if (exact[`@types/${name}`] !== undefined) packages.add(`@types/${name}`);
    }
  }
  return packages;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

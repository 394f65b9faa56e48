// Plain JavaScript that any Node can read: it says what is wrong before TypeScript or node:sqlite would.
const [major] = process.versions.node.split('.').map(Number);

if (major < 24) {
  console.error(
    `Causeway needs Node 24 or later; this is Node ${process.versions.node}.\n` +
      'Run "npm ci" first: it installs the right Node inside the project, and every npm script and\n' +
      '"npx causeway" then uses it. If npm was told to ignore install scripts, run "npm rebuild node".',
  );
  process.exit(1);
}

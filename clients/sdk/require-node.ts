/**
 * What the SDK does first: says that Node is too old, before anything fails that an older Node does not have.
 * Whatever is imported beside it must therefore ask an older Node for nothing by a name that it lacks.
 */
const oldest = 24;
const [major = 0] = process.versions.node.split('.').map(Number);

if (major < oldest) {
  throw new Error(
    `causeway-sdk needs Node ${oldest} or later; this is Node ${process.versions.node} (${process.execPath}). ` +
      'Install a later Node, or run this program with one.',
  );
}

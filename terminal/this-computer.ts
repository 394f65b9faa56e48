/** Names and addresses that mean the computer that uses them. */
export function isThisComputer(name: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(name);
}

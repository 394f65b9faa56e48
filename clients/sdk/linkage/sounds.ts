/** How names sound, near enough for a typing error or another spelling to keep its code. */

const ascii = /^[a-z]+$/;

/** Spellings of one sound, the longer ones first. */
const sameSound: readonly (readonly [RegExp, string])[] = [
  [/^(?:kn|gn|pn)/, 'n'],
  [/^wr/, 'r'],
  [/^x/, 's'],
  [/ph/g, 'f'],
  [/(?:ck|q(?:u)?|c(?![eiyh])|kh)/g, 'k'],
  [/c(?=[eiy])/g, 's'],
  [/(?:sch|sh|ch)/g, 'X'],
  [/x/g, 'ks'],
  [/(?:dg|j)/g, 'j'],
  [/gh/g, 'g'],
  [/(?:th|dh)/g, 't'],
  [/z/g, 's'],
  [/v/g, 'f'],
  [/w(?![aeiouy])/g, ''],
];

/**
 * The consonants of a name as they sound, after its first letter; vowels, h, w and doubled letters fall away. Of Owusu,
 * Osei and Ali too little would be left to tell them from others by: they keep their vowels.
 */
export function readSkeleton(name: string): string {
  if (!ascii.test(name)) return name;
  let spelled = name;
  for (const [pattern, sound] of sameSound) spelled = spelled.replace(pattern, sound);
  const first = /^[aeiouy]/.test(spelled) ? 'a' : spelled.slice(0, 1);
  const skeleton = (first + spelled.slice(1).replace(/[aeiouyhw]/g, '')).replace(/(.)\1+/g, '$1');
  return skeleton.length < 2 || /^a.$/.test(skeleton) ? readSound(name) : skeleton;
}

/** As the skeleton, but with its vowels, so that Ella and Eli, or Ryan and Rowan, differ. */
export function readSound(name: string): string {
  if (!ascii.test(name)) return name;
  let spelled = name;
  for (const [pattern, sound] of sameSound) spelled = spelled.replace(pattern, sound);
  return spelled
    .replace(/(?:ee|ea|ei|ie|ey|ay|ai|y)/g, 'i')
    .replace(/(?:oo|ou|ow)/g, 'u')
    .replace(/(?<=.)h/g, '')
    .replace(/(.)\1+/g, '$1')
    .replace(/(?<=..)e$/, '');
}

/** What is spoken alike in any language that names come from, so that nobody tells two children apart by it. */
const sameSpoken: readonly (readonly [RegExp, string])[] = [
  [/ph/g, 'f'],
  [/ck|c(?![eiyh])/g, 'k'],
  [/x/g, 'ks'],
  [/(?:ee|ey|ie|y|i)$/, 'i'],
  [/ay/g, 'ai'],
  [/ey/g, 'ei'],
  [/ee|(?<![aeiou])y(?![aeiou])/g, 'i'],
  [/ou|oo/g, 'u'],
  [/(?<=[aeiou])h$/, ''],
  [/z$/, 's'],
  [/(.)\1+/g, '$1'],
];

/**
 * As the sound, but for spellings of one name alone: doubled letters, Karim and Kareem, Zahra and Zahrah. Ivan and Ifan,
 * Zara and Zahra, Simon and Simone stay apart.
 */
export function readSpoken(name: string): string {
  return sameSpoken.reduce((spoken, [pattern, sound]) => spoken.replace(pattern, sound), name);
}

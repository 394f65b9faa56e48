/**
 * Forenames of which at least one of two is in no list of the SDK, for the simulation only: a letter or so apart, for
 * twins are called so. By the origins of `names.ts`.
 */
type Sex = 'F' | 'M';

export type NamePair = readonly [sexes: `${Sex}${Sex}`, one: string, other: string];

const table: Readonly<Record<string, string>> = {
  british: 'FF Merryn/Merren FF Tegwyn/Tegwedd MF Gethan/Gethana MM Iestin/Iestan',
  irish: 'MM Ruadhri/Ruadhra FF Muirne/Muirna MF Ciarnad/Ciarnada FF Dearbhla/Dearbhal',
  'south-asian-muslim':
    'MF Khalid/Khalida MF Sajid/Sajida MF Walid/Walida FF Mahrosh/Mahrash FF Zarmeen/Zarneen MM Shahvez/Shahvaz',
  'south-asian-hindu-sikh':
    'FF Jasleen/Jasveen FF Gurleen/Gurveen MF Dhruv/Dhruvi MM Harkirat/Harkirit FF Avneet/Avreet',
  polish: 'MF Dominik/Dominika MF Bogumil/Bogumila FF Bozena/Bogena MM Zbyszek/Zbyslek',
  'east-european': 'MF Oleksandr/Oleksandra MF Bogdan/Bogdana MF Florin/Florinela FF Ruslana/Rusalina',
  african: 'FF Chinelo/Chinelu FF Amara/Amaka MM Chinedu/Chineda FF Temilade/Temilada MM Babatunde/Babatunda',
  'east-asian': 'FF Xinyi/Xinya FF Yuna/Yuma MM Haruki/Haruka FF Minseo/Minsea',
};

const pairs = new Map<string, readonly NamePair[]>(
  Object.entries(table).map(([origin, text]) => [
    origin,
    [...text.matchAll(/([FM]{2}) (\w+)\/(\w+)/g)].map(([, sexes, one, other]): NamePair => [
      sexes as `${Sex}${Sex}`,
      one ?? '',
      other ?? '',
    ]),
  ]),
);

/** Pairs of an origin for twins of these sexes. */
export function unlistedPairs(origin: string, sexes: `${Sex}${Sex}`): readonly NamePair[] {
  return (pairs.get(origin) ?? []).filter(([of]) => of === sexes);
}

/** All names of an origin that one sex bears. */
export function unlistedForenames(origin: string, sex: Sex): readonly string[] {
  return (pairs.get(origin) ?? []).flatMap(([sexes, one, other]) =>
    [one, other].filter((_, at) => sexes[at] === sex),
  );
}

/**
 * Long forenames in daily use that stand alone: no other child's name is a letter away from them, but for their forms
 * in other languages, Danijel or Beniamin, which no twin of Daniel or Benjamin bears. Who adds a name asks first what
 * else is a letter from it anywhere: Eilidh has Eilish, Lauren has Laurent, Tabitha has Talitha,
 * Nathan has Nithan, Jasper has Jesper.
 */
const names = `
olivia amelia isabella isabelle isobel sophie charlotte florence evelyn phoebe matilda sienna penelope jessica eleanor
beatrice scarlett georgia rebecca bethany elizabeth abigail hannah imogen jasmine maisie victoria alexandra samantha
stephanie natalie danielle rachel katherine catherine caitlin courtney shannon nicole harriet francesca gabriella
josephine saffron clementine persephone annabelle michelle jennifer louise hollie summer martha aurora violet catriona
kirsty morven winifred dorothy margaret heather
oliver george arthur theodore charlie thomas william alfred joshua freddie archie daniel finley finlay joseph edward
samuel alexander sebastian benjamin harrison jackson reuben albert matthew connor callum cameron fraser
lachlan murray hamish struan bradley christopher andrew nicholas anthony stephen patrick dominic gabriel frederick
rupert stanley robert michael douglas kenneth malcolm gordon marcus vincent tristan barnaby xavier richard
timothy russell lawrence declan ruaridh
saoirse caoimhe aisling clodagh bronagh orlaith darragh cormac padraig donnacha diarmuid
zuzanna wiktoria antonina martyna katarzyna agnieszka kacper szymon mateusz bartosz franciszek krzysztof wojciech mikolaj
`;

/** Where a name a letter off is in no list, it can only be a misspelling of one of these. */
export const loneForenames: ReadonlySet<string> = new Set(names.trim().split(/\s+/u));

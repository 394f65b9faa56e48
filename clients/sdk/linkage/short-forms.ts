/**
 * Forenames and the short forms that everybody takes for the same name, as used in Britain and Ireland.
 *
 * The table is narrow on purpose. Twins are named Jack and John, Ava and Eva, Molly and Mary: a short form that has
 * become a name of its own stands here only where its long form is still heard in it.
 */
import { unifySpelling } from './spellings.ts';

const table = `
abdullah abdul; abigail abby abbie abbey abi gail; abraham abe; adelaide addie heidi; agnieszka aga; aleksander
alek olek; aleksandra ola sasza; alexander alex alec sandy xander zander sasha lex eck; alexandra alex alexa
sandra sandy sasha lexi lexie; alexandria alex lexi; alfred alf alfie fred freddie; alison ali aly; alistair ali
al; alasdair ali al; amanda mandy; amelia millie milly mel amy; anastasia ana stacey nastia; andrew andy drew;
angela angie; angus gus; anthony tony ant; antonia toni; antonio tony toni; archibald archie archy baldie;
arthur art artie arty; augustus gus; barbara barb babs; barnaby barney; bartholomew bart; beatrice bea bee;
beatrix bea trixie; benedict ben benny; benjamin ben benny benji benjy; bernadette bernie; bernard bernie;
bethany beth; bradley brad; bridget bridie biddy; bronwyn bron; callum cal; calum cal; cameron cam cammy;
caroline caz carrie; cassandra cass cassie; cassidy cass; catherine cath cathy cat kate katie katy kathy kitty;
catriona cat trina; charles charlie charley chas chuck chaz; charlotte charlie lottie lotty char; christian
chris; christina chris chrissy chrissie tina; christine chris chrissy chrissie; christopher chris kit topher;
clementine clem clemmie; constance connie; cornelius con neil; cynthia cindy; daniel dan danny; danielle dani
danny; david dave davie davy; deborah deb debbie debs; dominic dom nic; dominik dom; donald don donnie; dorothy
dot dottie dolly; douglas doug dougie; duncan dunc; edith edie; edmund ed eddie ned ted; edward ed eddie eddy
ned ted teddy; edwin ed; eleanor ellie elly nell nellie nora; elijah eli; elisabeth liz lizzie beth betty lisa
libby betsy; elizabeth liz lizzie lizzy beth betty betsy bess eliza libby lisa elsie ellie; ellen ellie nell
nellie; emily em emmy emmie millie milly; emma em; emmanuel manny; euphemia effie; ezekiel zeke; fatima fati;
ferguson fergie fergus; finlay fin finn; finley fin finn; fiona fi; florence flo florrie flossie; frances fran
frankie; francesca fran frankie chess cesca; francis frank frankie; franklin frank frankie; frederick fred
freddie freddy rick; frederic fred freddie freddy; gabriel gabe; gabriella gabby ella; gabrielle gabby gabi;
gareth gaz gary; geoffrey geoff; george georgie geordie; georgia georgie; georgina georgie gina; gerald gerry;
gerard gerry ged; gertrude gertie trudy; gillian gill jill; gordon gord; graham gray; gregory greg; grzegorz
greg; gwendolyn gwen; harold harry hal; harriet hattie harri; helen nell nellie; henrietta
hattie etta hettie; henry harry hal hank; herbert bert bertie; humphrey humph; imogen immy immie; ignatius iggy;
isaac ike zac; isabel izzy issy bella isa belle; isabella izzy issy bella isa belle; isabelle izzy issy bella
isa belle; isobel izzy issy bella isa belle; jacob jake jakey coby; jacqueline jacqui jackie; jakub kuba; james
jim jimmy jimmie jamie jem; jamieson jamie; janet jan; janice jan; jasmine jas jazz; jason jay jase; jeffrey
jeff; jemima jem mima; jennifer jen jenny jenni; jeremiah jerry jem; jeremy jem jez jerry; jerome jerry; jessica
jess jessie; joan joanie; joanna jo joanie; joanne jo; johanna jo hanna; john johnny johnnie; jonathan jon jonny
jonnie; jonathon jon jonny; jordan jord jordy; joseph joe joey jo; josephine jo josie; joshua josh; judith judy
jude; julia jules; julian jules; juliet jules; katarzyna kasia; katherine kath kathy kat kate katie katy kathie
kitty; katharine kath kathy kat kate katie katy kitty; kathryn kath kathy kat kate katie katy; kathleen kath
kathy kate katie kay; kenneth ken kenny; kevin kev; kimberley kim; kimberly kim; kirsten kirsty; konstantin
kostya; krzysztof krzys; krystian kris; lachlan lachie lach lockie; lawrence larry laurie; leonard len lenny
leo; leonardo leo; leopold leo; lillian lily lil; lilian lily lil; louisa lou lulu; louise lou lulu; lucinda
lucy cindy; luke lukey; lydia lyddie; mackenzie mack kenzie; maddison maddie maddy; madeleine maddie maddy;
madeline maddie maddy; madison maddie maddy; magdalena magda lena; malcolm malky mal calum; malgorzata gosia;
marcus marc; margaret maggie meg megan peggy greta rita margie marge madge daisy; mariam mimi; marianne mari;
marjorie marge margie; martha marty mattie; martin marty; mathew mat matt matty; matilda tilly tillie tilda mattie
matty; matthew mat matt matty; maureen mo; maurice mo; maximilian max; maximus max; maxwell max; melanie mel;
melissa mel lissa missy; mercedes mercy; michael mick micky mickey mike mikey; michelle shell shelly chelle;
mikolaj miki; miriam mim mimi; mitchell mitch; mohammed mo; montgomery monty; muhammad mo; murdoch murdo; murray
muz; myfanwy myf; natalia nat talia; natalie nat; natasha nat tasha; nathan nat nate; nathaniel nat nate nathan;
nicholas nick nicky nic nico; nicola nicky nicki nikki nic; nicole nicky nicki nikki nic; norman norm; octavia
tavi; oliver ollie olly; olivia liv livvy livia olive; oluwaseun seun; oluwaseyi seyi; oluwatobi tobi;
oluwatobiloba tobi; oluwadamilola dami damilola; pamela pam; patricia pat patsy trish tricia; patrick pat paddy
rick; penelope penny pen; percival percy; peter pete; philip phil pip; phillip phil pip; philippa pippa pip;
prudence pru; rachel rach; raymond ray; rebecca becky becca becks bex; rebekah becky becca; reginald reg reggie;
richard rich richie rick ricky dick; robert rob robbie bob bobby bert; roberta bobbie; roderick rod roddy rory;
rodney rod; roger rodge; roland roly; ronald ron ronnie; rosalind ros roz; rosemary rosie rose; rose rosie;
rosanna rosie; rupert rupe; russell russ; saffron saff saffy; samantha sam sammy sammie; samson sam; samuel sam
sammy; sandra sandy; sarah sally sadie; sebastian seb bastian; serena rena; seraphina sera; sharon shaz; shannon
shan; sidney sid; solomon sol; sophia soph; sophie soph; stanislaw staszek; stanley stan; stephanie steph stef
stevie; stephen steve stevie ste; steven steve stevie ste; stewart stu stewie; stuart stu stewie; susan sue
susie suzie; susanna sue susie; susannah sue susie; suzanne sue suzie; sylvia sylvie; tabitha tabby; teresa
terri tess; terence terry; thaddeus tad ted; theodora dora thea teddy; theodore theo ted teddy; theresa terri
tess tessa; thomas tom tommy thom tam tommo; timothy tim timmy; tobias toby; tomasz tomek; trevor trev;
valentina val; valerie val; vanessa nessa ness; veronica ronnie vera; victor vic; victoria vicky vicki vikki
tori vic; vincent vin vince vinny vinnie; virginia ginny ginnie; vivian viv; vivienne viv; wilfred wilf fred
freddie; william will bill billy willie willy liam wills; wilhelmina mina; winifred winnie freda; wojciech
wojtek; yasmin yas; zachariah zac zach zack zak; zachary zac zach zack zak; zakariya zak zack; zechariah zac
zach zack; zuzanna zuza zuzia; antoni antek; bartosz bartek; franciszek franek; julia julka; maja majka;
mateusz mati; oliwia oliwka; szymon szymek; wiktoria wika; zofia zosia; babatunde tunde; chukwuemeka emeka;
oluwafemi femi; oluwakemi kemi; temitope temi tope
`;

/** Short form → the names it may stand for. */
const longFormsOf = new Map<string, string[]>();
for (const entry of table.split(';')) {
  const [long = '', ...shorts] = entry.trim().split(/\s+/);
  for (const short of shorts) {
    const known = longFormsOf.get(short);
    if (known === undefined) longFormsOf.set(short, [long]);
    else known.push(long);
  }
}

/** Long forms that boys bear, and those that girls do; what is in neither, as Jordan and Mackenzie, both may. */
const boys = wordsOf(`
abdullah abraham aleksander alexander alfred alistair alasdair andrew angus anthony antonio archibald arthur augustus
barnaby bartholomew benedict benjamin bernard bradley callum calum charles christian christopher cornelius daniel david
dominic dominik donald douglas duncan edmund edward edwin elijah emmanuel ezekiel ferguson finlay finley francis franklin
frederick frederic gabriel gareth geoffrey george gerald gerard gordon graham gregory grzegorz harold henry herbert humphrey
ignatius isaac jacob jakub james jamieson jason jeffrey jeremiah jeremy jerome john jonathan jonathon joseph joshua julian
kenneth kevin konstantin krzysztof krystian lachlan lawrence leonard leonardo leopold luke malcolm marcus martin mathew
matthew maurice maximilian maximus maxwell michael mikolaj mitchell mohammed montgomery muhammad murdoch murray nathan
nathaniel nicholas norman oliver oluwaseun patrick percival peter philip phillip raymond reginald richard robert roderick
rodney roger roland ronald rupert russell samson samuel sebastian sidney solomon stanislaw stanley stephen steven stewart
stuart terence thaddeus theodore thomas timothy tobias tomasz trevor victor vincent wilfred william wojciech zachariah
zachary zakariya zechariah
`);
const girls = wordsOf(`
abigail adelaide agnieszka aleksandra alexandra alexandria alison amanda amelia anastasia angela antonia barbara beatrice
beatrix bernadette bethany bridget bronwyn caroline cassandra cassidy catherine catriona charlotte christina christine
clementine constance cynthia danielle deborah dorothy edith eleanor elisabeth elizabeth ellen emily emma euphemia fatima
fiona florence frances francesca gabriella gabrielle georgia georgina gertrude gillian gwendolyn harriet helen henrietta
imogen isabel isabella isabelle isobel jacqueline janet janice jasmine jemima jennifer jessica joan joanna joanne johanna
josephine judith julia juliet katarzyna katharine katherine kathleen kathryn kimberley kimberly kirsten lillian lilian
louisa louise lucinda lydia maddison madeleine madeline madison magdalena malgorzata margaret mariam marianne marjorie
martha matilda maureen melanie melissa mercedes michelle miriam myfanwy natalia natalie natasha nicola nicole octavia olivia
oluwadamilola pamela patricia penelope philippa prudence rachel rebecca rebekah roberta rosalind rosanna rose rosemary
saffron samantha sandra sarah seraphina serena sharon sophia sophie stephanie susan susanna susannah suzanne sylvia tabitha
teresa theodora theresa valentina valerie vanessa veronica victoria virginia vivienne wilhelmina winifred yasmin zuzanna
`);

/**
 * The names that a short form may stand for, in no order of likelihood; none for a name that is not one. Sam is
 * Samantha or Samuel unless `sex`, `F` or `M`, tells which.
 */
export function findLongForms(name: string, sex?: 'F' | 'M'): readonly string[] {
  const long = longFormsOf.get(name) ?? [];
  const others = sex === 'F' ? boys : sex === 'M' ? girls : undefined;
  const fitting = long.filter((form) => others?.has(form) !== true);
  // A girl called Archie, or a slip in the field of the sex.
  return fitting.length > 0 ? fitting : long;
}

/**
 * Short forms that are names of their own as well, beside a long form that is one too: twins are named Ella and
 * Gabriella, Liam and William, Finn and Finlay.
 */
const ownNames = wordsOf(`
alec alexa alfie amy archie bobby calum charlie daisy danny dora drew eli eliza ella ellie elsie emeka fin finn
frankie freddie gail gary greta hanna harry heidi jake jamie jay jessie jude katie lena leo lexi lexie liam lily
lisa lottie lucy maggie marc mari max megan millie mina nathan neil nora olive rena rory rose rosie sadie sally
sandra sera talia teddy tessa thea theo tina toby tommy vera
`);

/** Long forms that hardly any child bears: their short forms nearly always stand for the other one. */
const outOfUse = wordsOf('alexandria antonio edmund edwin kathleen maureen maurice samson');

/** What a forename may stand for, each in the spelling that is compared. */
export type LongForms = {
  /** What nobody doubts. */
  readonly sure: readonly string[];
  /**
   * What is one of several, as Beth is short for Bethany and Elizabeth, or stands beside a name of its own: twins bear
   * both, so it is for a person to look at.
   */
  readonly guesses: readonly string[];
};

/** Reads a short form; nothing for a name that is not one. */
export function readLongForms(short: string, sex?: 'F' | 'M'): LongForms {
  const long = [...new Set(findLongForms(short, sex).map(unifySpelling))];
  const usual = long.length > 1 ? long.filter((form) => !outOfUse.has(form)) : long;
  const isSure = usual.length === 1 && !ownNames.has(short);
  return { sure: isSure ? usual : [], guesses: isSure ? long.filter((form) => !usual.includes(form)) : long };
}

/** Every short form of the table. */
export function shortForms(): string[] {
  return [...longFormsOf.keys()];
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/u));
}

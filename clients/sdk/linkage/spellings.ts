/**
 * Forenames that are one name in several spellings, most of them brought over from another script: the first of a
 * group stands for all. Names that sound alike but that families tell apart are not here.
 */
const table = `
muhammad mohammed mohammad mohamed mohamad muhammed mohammod mohamud muhamad mahammed; ahmed ahmad ahmet; aisha
ayesha aishah aysha aiesha ayisha; fatima fatimah fathima fatema fatma; maryam mariam mariyam meryem maryum;
zainab zaynab zeinab zaineb zenab; yusuf yousuf yousef youssef yusef yusuff yousaf; ibrahim ebrahim ibraheem
ibraheim; hussain hussein husain husayn; hassan hasan hasaan; usman uthman osman othman; umar omar umer; khadija
khadijah khadeeja kadija; safiya safiyah safiyyah saffiyah; hafsa hafsah hafza; hamza hamzah; abdullah abdallah
abdulla; abdulrahman abdurrahman abdirahman abdurahman; ismail ismaeel ismael esmail; idris idrees idriss;
sulaiman suleiman suleman sulayman sulaymaan; zakariya zakariyya zakaria zakariyah; yahya yahyah yehya; haroon
harun haroun; musa moosa mousa; isa eesa essa; yasin yaseen yassin; bilal bilaal belal; khalid khaled; tariq
tareq tarik; saad sad; rayyan rayan rayaan; zayd zaid zayed; zain zayn zayne; amina aminah ameena; sumaya
sumayyah sumayya sumaiya sumayah; iman eman imaan; inaya inaaya; noor nur nour; halima haleema halimah; salma
selma; layla laila leyla; sofia sophia; sara sarah; hanna hannah; aidan aiden aden aidyn; connor conor conner;
catherine katherine katharine kathryn cathryn catharine catherin; stephen steven stephan; isobel isabell
isobelle; isabella izabella isabela; lily lilly lillie lilli; rebecca rebekah rebeca rebekka; elizabeth
elisabeth elizabet; philip phillip; philippa phillipa; geoffrey jeffrey geoffery; matthew mathew; zachary
zackary zachery zacharie; alasdair alistair alastair alister allister alisdair; callum calum; ewan euan ewen
euen; finlay finley findlay finnlay; rory ruaridh ruairidh rhuaridh; lachlan lochlan lauchlan; catriona
caitriona katriona; kieran ciaran kieron keiran; shaun sean shawn; caitlin kaitlin kaitlyn katelyn caitlyn;
aimee aimie; jasmine jasmin jazmin; chloe khloe cloe; zoe zoey; phoebe phebe feebee; mia miah; maya maia; molly
mollie; ellie elly; katie katy; abbie abby abbey abi; millie milly; rosie rosy; poppy poppie; tilly tillie; evie
evy; maisie maisy maizie; hollie holly; sophie sofie sophy; charlie charley; ollie olly; alfie alfy; archie
archy; freddie freddy; jamie jamey; harry harrie; teddy teddie; tommy tommie; bobby bobbie; tyler tylor; dylan
dillon dillan; ryan rian; reece rhys reese; marcus markus; eric erik; nicholas nicolas nikolas; nicola nichola;
teresa theresa therese; christina kristina; christopher kristopher cristopher; carl karl; craig kraig; alexandra
aleksandra; alexander aleksander alexandr; viktoria victoria wiktoria viktorija; oliwia olivia; oskar oscar;
gabriela gabriella; natalia nathalia; michal michael; adrian adrien; joseph josef; anna ana; bethany bethanie;
lauren loren; megan meghan meagan; rachel rachael; gemma jemma; alison allison; hayley hailey haley hayleigh;
ashley ashleigh; kayleigh kayley kaylee; bailey bailee bayley; leigh lee; summer sommer; alicia alisha aleesha
alesha aleisha; brianna briana; madeleine madeline madeleine; maddison madison; tia tiah; lacey lacy lacie;
darcey darcy darcie; imogen imogene; eleanor elinor eleanore; skye sky; demi demie; alana alannah alanna;
georgina georgena; dominic dominik; frederick frederic fredrick; jonathan jonathon; kimberley kimberly; lillian lilian
lilyan; stuart stewart; susanna susannah; zachariah zechariah; christian kristian; margaret margret`;

const firstSpelling = new Map<string, string>();
for (const group of table.split(';')) {
  const [first = '', ...others] = group.trim().split(/\s+/u);
  for (const other of others) firstSpelling.set(other, first);
}

/** The spelling that stands for a name and its variants; the name itself where it has none. */
export function unifySpelling(name: string): string {
  return firstSpelling.get(name) ?? name;
}

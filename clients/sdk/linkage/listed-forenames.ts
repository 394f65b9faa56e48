/**
 * Forenames that are in use, so that a name that is none of them may be taken for a misspelling of one that is.
 *
 * Two listed names are two names, however near: Aiden and Hayden, Ella and Emma. That keeps twins apart.
 * The first list is the 3500 most frequent forenames of the United States since 1990 (Social Security Administration,
 * public domain), the most frequent first; the second adds names of Britain, Ireland and of the countries that
 * families in Britain come from.
 */
const frequent = `
michael jacob matthew joshua christopher daniel andrew emily joseph william david james nicholas ryan anthony tyler
john alexander ashley brandon jordan jonathan jessica samantha zachary emma ethan sarah taylor justin elizabeth olivia
benjamin madison hannah robert austin dylan alexis samuel christian noah logan abigail kevin nathan isabella thomas
sophia jose kyle kayla lauren aaron gabriel alyssa victoria mason elijah cameron caleb amanda angel megan rachel ava
eric brianna hunter jennifer charles jason jayden adam natalie stephanie brittany jackson anna cody luke grace evan
brian nicole isaac morgan jasmine lucas mia connor jack steven aiden chloe isaiah katherine liam timothy alexandra
juan riley allison sean luis alex rebecca adrian richard gavin julia amber ian patrick sydney avery danielle hailey
savannah nathaniel julian maria kaitlyn kimberly courtney carlos michelle bryan chase owen carter jesse mary landon
blake ella haley jesus wyatt henry andrea destiny brooke jeremiah jeremy sebastian melissa sara mark devin leah
mackenzie addison lily evelyn cole kaylee dominic kelsey sofia vanessa shelby xavier hayden antonio stephen paige
katelyn alexa amelia lillian brayden peyton gabrielle zoe dakota trevor chelsea colton madeline jared bailey christina
erin levi caroline charlotte miguel aidan kenneth gabriella parker travis paul tristan jeffrey tiffany victor audrey
claire seth marcus jenna vincent aubrey laura kylie makayla mariah alejandro carson oliver brooklyn autumn diego
edward amy faith eli garrett bryce josiah derek melanie molly jake ariana marissa kelly katie angela bradley joel
colin jacqueline heather sierra tanner maya arianna jaden george catherine casey peter aaliyah jocelyn kathryn
alexandria gregory jorge spencer cooper oscar briana ashton micah dustin erica jamie shane layla maxwell nolan zoey
shawn skylar corey miranda nevaeh caitlin cassandra crystal ivan lindsey alicia trinity jade harper max wesley diana
alan grant breanna madelyn ariel payton eduardo kaleb grayson dalton ayden kennedy scott jaxon angelina isabel
margaret brady leslie lydia sabrina preston kristen ricardo francisco shannon damian kendall omar nicolas devon sophie
collin adriana erik cheyenne naomi gabriela brody genesis mitchell isabelle raymond brendan gianna camila javier
giovanni jace sadie cristian kaden caden jada andres johnathan valerie manuel monica ruby ana lucy elias emmanuel
mario eva daisy dillon skyler jonah fernando angelica gage mckenzie bryson erika jordyn natalia miles bianca martin
edgar veronica summer scarlett brett leonardo kayden ellie hudson cassidy serenity rylee harrison reagan cesar quinn
mya daniela karen mikayla cynthia clayton conner bella valeria abraham calvin jillian hector drew andre edwin bethany
erick brittney sergio nora sawyer lincoln asher troy phillip meghan dominique stella carly leo cory roman kendra
caitlyn keith lindsay liliana ronald frank elena roberto karina theodore gracie mateo easton santiago marco trenton
derrick vivian alec donald kaitlin whitney juliana holly kiara eleanor hope malachi kylee camden julie braxton
christine aria april kara brenda ashlyn reese violet kate johnny ryder colby donovan michaela bentley alison josue
london alejandra jaxson penelope hayley charlie braden alana annabelle malik damien piper chance andy israel jaime
kristina clara alexia desiree ruben lilly rebekah rafael pedro elise adrianna ezra kai makenzie giselle maggie
josephine chad abby jayla kathleen mallory alice joanna darius jalen jazmin lisa julianna dallas chandler aliyah allen
alondra jaylen zane khloe tucker jessie patricia philip tessa jasmin harley aubree selena ezekiel kaiden mckenna
griffin raven rachael natasha weston delaney jaiden axel aurora kristin guadalupe eden karla cecilia keegan douglas
tara allyson dawson eliana raul nancy dominick dennis louis cayden dana melody jonathon curtis kameron gerardo jazmine
abel ty esther armando esmeralda alaina simon nina paisley camille callie kyla julio mathew jerry randy marcos laila
hanna dante trey emerson zion gary jude declan mila carmen silas diamond justice cora corbin myles tony claudia
lorenzo ivy hazel nadia maddox rowan sandra rylan enrique danny mariana rose greyson drake elliot kyra amari miriam
brooklynn katrina kyler larry brielle anastasia trent lukas valentina bennett jimmy dean priscilla bridget arthur
camryn lane angelo albert graham brennan ciara alberto jakob paris heidi allie fabian amaya jameson krystal delilah
walter katelynn everett brandi brock kirsten ali cindy madeleine amir savanna makenna keira elliott russell tatiana
eliza josie kayleigh macy hadley haylee tori carolina jayce kira asia fatima lance emilio tyson lacey anne emanuel
kassandra mercedes marc darren alivia yesenia ashlee sidney ruth zackary ricky marley alina willow denise luca
meredith sage kasey celeste lawrence carl kristopher jay iris deanna brent annie alayna cade genevieve xander emmett
marisa serena pablo gustavo arturo luna lyla izabella beau lila leilani heaven terry emery daniella jeffery damon
emilia kailey felix joe britney aniyah fiona maximus teagan craig georgia sienna kingston adeline wendy linda cierra
marshall ximena landen helen lucia kamryn ryleigh alfredo tabitha monique leila saul sasha imani alissa presley alisha
micheal river rosa noel nickolas meagan tristen bryant zachery carolyn marvin tatum kinsley ramon ashlynn cristina
reid athena shayla phoenix teresa brenden ryker noelle ismael desmond kiana jane lexi harmony chelsey rodney quentin
clarissa gael gloria brenna talia gina krista marina lizbeth esteban maurice jasper raquel janelle deandre virginia
brantley ashleigh roger brandy holden brynn julius finley julissa cadence tiana malcolm emiliano kali eddie salvador
august ellen bobby arielle paola marie zander maverick jayson phoebe zachariah felicia jon adan lola emilee renee
francesca conor ernesto moises billy baylee jenny malia kaylie keaton joaquin cara nia jase kody jamal shaun martha
bruce frederick tommy susan lena alexus finn norah maddison marisol aden leon francis orlando lauryn hugo terrance
juliet skye paxton lyric joy elisabeth roy reed rodrigo rylie judah reece kassidy jayda caiden kristian kiera jaclyn
emely nikolas colleen elaina davis chris lee branden willie darian king bryanna quinton mayra johanna reginald kyleigh
franklin gerald robin adalyn walker demetrius anderson isla madalyn todd nayeli kendrick viviana tamara ayla carla
kaylin kelvin theresa jaylin cash alyson jacquelyn janet tiara zayden londyn cruz tia justine brooks mikaela rene
karter sylvia raegan angie nelson maci marilyn juliette armani adalynn stacy hallie alessandra katlyn warren randall
melvin madilyn sharon tate regina dane kobe yasmin marquis taryn elisa barbara byron gunner carissa kelsie kiley
mauricio nichole waylon kenzie itzel alanna rory remington johnathon khalil annika aniya perla cassie dulce quincy
terrell ross guillermo angelique joey sam sarai grady kade cali macie dorian pamela candace haven kaitlynn kaydence
arabella nyla joselyn destinee braylon wade kinley lilliana solomon adrienne jonas ainsley devan aspen madisyn anahi
carrie ronnie jadyn alvin steve miracle addyson issac terrence deborah shania aimee deja isiah irene sonia uriel titus
simone india karissa fernanda jax jermaine tyrone ann javon hailee nehemiah tracy karson lia matteo brendon frances
cheyanne stacey brayan lana leonel adelyn kaleigh kierra kenya tania beckett neil zackery nathanael darrell daphne
paulina ebony jerome regan tobias alma larissa kaelyn felipe rhett wayne anya moses aileen bailee jaelyn carley toni
jett sterling devyn colten colt allan madelynn bria noe jarrett candice mohamed leland emilie maximiliano leonard milo
kelli journey elisha ari romeo paula blaine evangeline raelynn haleigh maximilian braeden camron stanley ahmad
precious gwendolyn halle jamison lorena orion elaine marlene kenny arya trevon braydon lesly elle tanya maritza
barrett hillary tayler kellen nathalie jazlyn cohen alonzo gunnar lilian wilson melina kailyn harry clay tomas
rosemary toby catalina helena edith madyson everly nataly dexter samara ayanna annabella cyrus mckayla ellis pierce
eugene aisha aleah abbey amira ray kiersten janae clinton estrella messiah cedric rodolfo nova kolton lilah lexie
judith amiyah rogelio corinne jimena alfonso julianne kieran keenan anika shea milan iker lucille melinda marlon
jaqueline jamari gia charity danica leanna jordon noemi tina frankie amara blair aubrie adelaide deshawn elliana amani
adriel lea nikki kaila anaya dale gemma gideon carlie chasity felicity lewis lillie clare eve mollie ahmed dwayne
melany rudy kaley marlee miley reyna yasmine mohammad harold kennedi ernest nasir danna luz maia davion kailee leticia
ada gilberto tamia darryl camilla karlee porter tristin isaias mckinley rocco araceli abram tevin liana janessa
abbigail ezequiel kadence ramiro muhammad kane mara eileen dayana gilbert carina brynlee gillian gianni vivienne maeve
annalise kourtney mohammed clark tyrell aylin forrest kellie izaiah damion cullen cristal chanel triston janiyah elsie
charlee devonte tianna rosalie brycen tess laurel ashanti ibrahim skyla june eloise liberty elyse duncan maliyah kolby
layne mariam elsa celia jean ronan tierra nicolette robyn osvaldo nico rolando karl ben dayton mekhi donna talon
shayna thalia cecelia yahir asa moriah kaylyn loren enzo glenn kamila lesley abbie rashad alisa janiya davon alijah
stefan tyree jensen maribel macey shiloh carlee leighton amina brianne landyn joyce scarlet will moshe kaylynn kamari
vicente nash myla laney isis trace breana tatyana yvette america aldo dorothy kaia donte raphael johan olive knox
deven montana kendal lamar antonia alfred shawna braylen sloane darien alena jaycee jadon archer blanca isabela prince
jayleen jaquan jaylon haylie aron kristine antoine micaela karlie alvaro stephany gracelyn kari rohan ansley chelsie
sandy kason amya zoie jackie brylee gisselle christy braelyn ingrid ariella efrain denzel giuliana markus desirae
yaretzi remy rhiannon roland zara katharine julien chaya darnell vera kareem tyra ulises geoffrey ally yadira greta
carol killian quintin cayla ericka lara arely keagan ciera campbell margarita sheldon averie jeanette ralph atticus
cortney baby kerry brice zariah kurt bonnie reilly kamden kallie jefferson shyanne hana winston stevie kyrie sheila
sky iliana dahlia selina beatrice jacoby mariela michele raelyn marquise karli demarcus jewel annabel giovanna
clarence aleena zaria ryland jaida kathy kaya jaydon savanah kristy coleman roderick sally jaliyah jaylynn derick
karly brodie randi conrad ayana annette myah jazmyn charley jamar anita jayceon royce lorelei kori jaidyn cristopher
garret esperanza myra kellan lawson rachelle caylee sullivan emory janice christa jairo diane celine trisha demi jolie
aryanna tyrese danika dominik mike susana roxanne essence freddy zechariah jorden addisyn lacy kaliyah jaylah keely
matias adelynn cason lainey humberto howard omari princess alia nigel rhys beatriz leia natalee yvonne deon kelsi
jarrod jaron brennen marianna saige damaris kacey ryann ember heath shirley joslyn kacie perry aliya adolfo aiyana ace
celina salvatore agustin devante rebeca brinley alonso lori kimora yolanda patience lyndsey salma bridgette kian
bernard nylah dalia adonis deangelo bo gretchen stephan yazmin arjun jaelynn sydnee selah anabelle yareli blakely kole
lennon jarred kayley paloma gordon uriah katarina giana luciano stefanie maura miah austyn augustus winter dashawn
madilynn finnegan junior shanice madalynn rocio luciana emmalee maryam mattie joelle sincere malaysia meaghan irvin
audrina boston remi marcel rayna davin ashly semaj jana casandra leroy jaylene brisa clifford lilyana abril austen
kenia misty landry ignacio briella joan kenna mira siena brad elissa tylor alexandrea magdalena lizeth kianna harvey
katelin nikita aliza cherish darlene oakley korbin arlene evelynn justus mina kelley barry daquan raina evie kaylen
kylan pearl kash misael major chana taliyah destiney shayne santana alessandro malakai reina sonya shaina cannon
sariah katy jacey braiden alani silvia daryl channing lina zuri azariah chantel zaiden rex destini jarod brittani
amiya jayde christiana thiago zayne hassan jolene colette kristi rita layton brenton xzavier belinda maleah jacklyn
thaddeus tristian deacon norma korey infant alden emersyn niko halie karsyn marion keyla rubi angeline dion belen
tasha carli briley santino stuart anton lizette norman dillan charlene jarvis earl anissa santos houston karley
journee elvis tanisha aracely lexus fredrick tegan dawn kory hamza monserrat ashtyn theo raiden beckham bristol
jamarion yaritza jaylee chaz jaylyn kasen mireya milton daxton kurtis brook vance nathanial dangelo akira unique darby
reuben mathias jabari adrien jill sonny matthias millie draven maranda deonte kenley coby reynaldo antoinette camren
hilary sherlyn emelia kinsey legend luka tiffani octavio shay kasandra graciela thea amelie rigoberto keon darion
libby suzanne giancarlo jovan jenifer lucero juanita alysha amaris chaim fabiola litzy soren ryley cortez gracelynn
nikolai lilia royal nathaly vaughn dimitri shaniya kamron aryana delia lilianna kaci jordin kaiya kayli samir german
lennox jayme clint jakayla bronson beverly saniya shaylee kirk memphis kalyn aryan laci ariah bret alexzander jalyn
kale amirah xiomara zaire jazlynn leyla dwight yusuf matilda bruno yosef giovani lacie adelina samson frida ivory
denver kayson breanne farrah mandy leanne daleyza dayanara sarahi abdullah rochelle marcelo audra sarina cornelius
anabel lionel case shakira blaze galilea estefania miya noor adaline shana carlton janie benson shyann kaycee garrison
dandre emmalyn yoselin roxana meadow constance sade zain ivanna amos fallon nadine asha evelin stephon lamont kaylah
amalia dianna astrid berenice octavia antwan anais livia luisa briar jamel shaquille elianna hattie saniyah sloan
maegan jagger charli natalya sunny allyssa bryn rayne jovani paislee odin giovanny darwin hank roselyn sammy emmy
rayan cale lucian alannah dax averi willa madden jaeden josh jaxton noa anabella abigayle mae kent shauna lonnie
makena marcella branson johnnie elyssa yessenia elmer emerald pierre javion hayes shyla hailie harlow valentin darrius
kyree kimber hugh nestor terence bowen estevan seamus dario jena blaise keshawn harlee alysa rihanna aydan keri bree
quinten yael adele arden dania jasiah alycia lynn isai laken clifton jocelynn neal leona margot braelynn katerina
sutton addilyn joanne marian nick amare glen alayah betty donavan jair aliana tre van mariyah ivana trista samira
raheem bryana gino cordell renata tammy dina mindy elian travon jamir juniper rivka gladys connie khadijah guy juana
vernon malaya arlo jasmyn areli maxim abagail susanna calista maren denisse vincenzo ireland maxine arian joana
carmelo kalani ashlie jodi chyna judy rian edison corina keila eryn darin rey lloyd isabell keisha abigale fletcher
sanaa rhea alize arnold fred keanu jamya kaela turner rocky bodhi treasure azaria kyndall freya destin mikel jael
antony makai gonzalo duane yuliana saylor dixie davian gerard nathalia gannon johana alysia lailah hadassah hollie
martina iesha jaylan deion carleigh don mabel coral darrin selene leann justina shae nya melisa caleigh shanna
hayleigh kayleen cori kelsea jovanni adilene rickey tatianna lilith ulysses lidia tenley dasia addie konner geneva
lourdes lorelai sydni laylah kadin cailyn charleigh shamar gavyn dani aydin christen jazmyne jedidiah ronin eliseo
otto nyasia marjorie kensley jackeline lillianna jailyn zavier taya emani koby valentino stone broderick eunice darcy
callen cheryl karis camdyn savana aarav maricela mika braylee clyde tariq ean zahra bernardo betsy princeton madisen
ivette aviana vanesa khalid jordy cain konnor mitchel stormy ayleen debra alexi flor shelbi charlize franco dayna
haiden breonna aja zakary kylah kerri marin carlo hendrix rosie sydnie rowen leigha beth hezekiah bobbie leandro
azalea jalisa alaya kya paityn janette shantel alexandro riya irving jessa jody tayla simeon noelia taniya tonya
julieta billie baylor kelton annamarie whitley benny zaniyah valery aaden keeley kirstin trystan yasmeen shelbie
estefany kenyon augustine zainab caitlynn donnie jamarcus kyson jalynn heriberto rhianna freddie emmitt mack jennie
keyon bradyn heidy aya kevon brionna marques maryjane rick katia dakotah tracey andreas mercy wren nyah annelise
britton chace aditya makaila maximillian eliezer alyvia rashawn kristofer nola lisette estella marcela ira kendyl
lylah iyana priya jessi domonique marquez katlin iman maximo elana josef anders kolten deasia lorraine maureen leigh
jimmie christie dewayne holland gwyneth latoya yehuda nixon menachem mustafa kaeden ramsey anjali alaysia yamileth
chantal nikhil marlen ayaan tory jamil jaedyn iyanna maryann louisa grecia alexys kora ellison maisie cristobal
cambria tyshawn sheridan tabatha mayson sylas rico terra dallin rosario gaige aurelia danae efren alton brogan
milagros amia shreya ronaldo eddy herbert callum stacie miller karma yousef gauge unknown domenic cassius annmarie
milena kalie avah stetson lester britany mariano westin davonte nathen avianna deshaun myron aidyn magnolia alyse
bridger wynter jaxen enoch annalee marisela monroe jan immanuel savion raymundo kalen brea fidel fisher benito zack
jordynn montserrat andi damarion trever shelly leonidas mari keven dylon langston gwen kaylan giavanna georgina
audriana carsyn henley kristie jemma yamilet reanna storm otis rosalinda kadyn kamren kodi dan syed irma jessy jaren
bayleigh terri emmaline alora jaleel analia truman breann kymani jovanny callan taj louise geraldine tripp star
oswaldo jeff kalli kyndal karleigh dontae estefani rayden ariyah hakeem jaydin janiah jai yajaira audrianna cataleya
damari aleigha aliah olga anisa kirby milana jovany sami kala zariyah raylan leeann alyssia alecia marlena keara kairi
yahaira mariel kristyn abdiel dusty eliot ameer lianna akeem duke samiyah kaelynn racheal jessika carsen yisroel zeke
kalia kenton diya canaan sherry ever liza aubrianna zaid abrianna griselda casen esme daria atlas jami cecily adela
aida krysta roxanna adyson kingsley harris daisha anneliese kynlee violeta latasha bernadette rosalyn faye starr
benton kelby tristyn katheryn dara delanie elvin bradford alisson ladarius lucinda karsen francesco kassie myranda
aiyanna monika dora coty karmen joselin izabelle neveah joann camilo dilan pauline yair kortney jaimie scout lyle
mordechai braedon keyshawn linnea dominque priscila annaliese lilyanna symone christin naya denis jessenia valencia
kailynn soraya alexandre kayle katalina leif ramona bobbi amberly maliah kamille markell jericho eleni kamdyn taniyah
bilal leandra donnell kailani katlynn kendell coy amie crosby janna darrion lynette elia natali janay gene nelly
promise brecken penny ervin edmund cydney bradly sonja jocelyne anson darrian brandyn trevin talan kristal adrianne
ephraim shaniqua herman markel slade jaycob lucca kalvin xochitl cecil bishop abrielle harlie citlali alek floyd
palmer aubri vladimir adison patrice isaak payten pranav davina maiya tyron jaheim loretta kim hans brandan amiah
aries maison ridge chiara elora maira raleigh analise gaven mikah justyn yulissa demarco flynn estelle mylee omarion
vince krish alessia jaslyn braylin harlan malaki liv malka maddie avi dyllan berkley abner jasmyne abdul brandie
brittni jadiel carrington treyvon jamila gregorio evangelina vicky latisha aric annemarie marianne hali ethen jeramiah
louie collins ishmael rikki gibson gracyn hernan rileigh mikala javonte harleigh jaci codi elayna brennon karim
johnpaul marleigh shianne cailey brighton belle grey kimberlee cristofer lanie dalila haden finnley judson dereck
giada dariel brant samaria edna cayson andie jakobe westley foster mikael desire ellery julisa jaquelin dakoda arron
heavenly amarion annalisa farah azul magaly kiarra jamaal leena jelani kye kimberley niya viridiana kiran neha jamia
aedan juwan braulio honesty alesha zayn alanah sheyla jodie staci cordelia deondre bryleigh bentlee nakia raylee
sahara marlin marcello rosemarie joseline ginger janell isidro yandel alli merrick aislinn hollis kegan izayah salem
abbygail jerimiah ashely geovanni kyron angelia evalyn lisbeth calli doris naima sofie margo cinthia jaydan laurie
ishaan antwon jacobi dalilah stewart karolina coraline murphy jaycie zaira dillion serina yaakov jacquelin cael nalani
kiya yara fredy emalee nikole shmuel tamera jacie elin torin lela caydence kaelin darla ayesha corrine lazaro latrell
demario jourdan micaiah emmie rianna jacques makenzi janine antonella melia kia jayvon colter lachlan samiya kalea
trae rio baylie lexis chevy milani janeth forest shlomo maxx lissette robbie kathrine jayna amar makhi emmeline aminah
elina isha kylen kami arnav dequan ananya destany miguelangel cloe tye sariyah nailah rishi cameryn tom graysen brandt
kamilah daron arman nala demetria makala ailyn ivonne scarlette marlie moira tricia codie ajay arlette vienna sanai
eboni rhyan deandra jevon ocean shimon kyan keily sebastien rilee yessica mickey nellie vihaan blayne urijah johann
brookelyn gentry jonatan traci crew titan tyquan garett wallace jersey marla stefani janaya izabel ken shaelyn jerrod
lyndon mallorie morris cailin jazzlyn everleigh ariya chester yarely isela ilana genaro kaidence desean acacia raya
ely tamar mackenna sabastian arleth adina kalee hasan daylen anisha javen tyanna jules ophelia rasheed chanelle
demarion kaytlin emmalynn brookelynn zyon shira lupita wendell jurnee alianna magnus anjelica malak jamiyah jamiya
ashli ida lyra laine eleazar kahlil sana marcellus jesenia kael veda nikko sequoia kamya lora vivianna vivien mykel
flora khari jim corban petra monet kaidyn kalynn kohen briggs nevin edgardo maxton jaya rena sabina mona juancarlos
egypt kaleah salina soleil tai joziah khadija schuyler eamon tavon deontae odalys kyara vianey kannon candy aven alea
apollo kaylani bridgett chauncey romina deana chastity annabell shoshana keller dejuan sapphire china brittanie
ariyana ariadne federico makaylah franchesca yitzchok kacy aubrielle jenesis darrien keanna michal jackelyn malina
kloe daija amayah dariana dayanna dhruv devonta bodie aditi cathryn susannah sheena yuri cathy ciarra adamaris mauro
saanvi jailene trevion josefina laniyah trenten jalissa trayvon makiyah dejah ryne joseluis aleksander jaslene bryton
keziah luc zaniya stefany cielo jacy demetri canyon ellianna koen aubriana blaire ted ileana anastacia rayshawn theron
marielle emerie andria dasha tahj treyton suzanna emil leilah michel shelton haily harmoni galen maite sylvie miyah
ayah alliyah zyaire jaleah keelan mikhail brigitte donavon laniya keren luther coen jakari lluvia mai carmine lathan
elly danyelle wilfredo keyana ford lyndsay teddy kamiyah brentley everardo sommer halley avraham yaneli josselyn
carmella thatcher brigid marta rain imari angeles coleton breeanna kiah baron aniah jordi clementine lillyana masen
jessalyn janel tommie kierstin lars quinlan reign chantelle rylen shaniyah divine gisele tasia makiya josey randolph
kaysen lashawn adley jesiah isa kalel jullian teegan juelz gian della keyanna erich jayvion giuseppe pete hadlee
lucien ria tavion gerson tiera korbyn emme maddux lucie karol martez joslynn malika kaylea ester kalina aubry alix
leela rhonda jerrell bryon florence johnna chayse kelcie mariella marcelino azucena kain chelsi marguerite jerrica
charisma chyanne mahogany elan maylee valarie wilmer gracen zoya dave amyah may jakub dezmond keyonna avalon caelan
ayan domingo kentrell mercedez arin preslee anakin malorie deegan simran kenan melani tiffanie brieanna tierney tylan
tylar colson nallely trina lillyanna analisa malinda auston keandre lakota halee corbyn alba blessing ares viola
kooper renae ema bode rayven bernice alanis madysen siddharth susie tiarra cian elysia najee aundrea brynna shaila
emmet devontae krishna tremaine codey kenyatta nariah jenelle brysen anish adin kirstie youssef tobin mayte marely
citlaly rahul musa jeremias zev sahil kameryn tamya carey mohamad kaylene ania jess temperance winnie lakeisha samya
kalin dayne aanya siobhan capri cal abygail shanelle chadwick lilyann carmela hilda mykayla magali montrell gus zelda
evin justyce amethyst makaela blythe lexy triniti
`;

const further = `
aadam aamir aarna aarush abbas abdulaziz abdullahi abdulrahman abdur abeer abiola abimbola abu adebayo adedayo adeola
adewale adhya adil adnan afia agata agnes agnieszka ahad ailsa aishah aiza akash akua alasdair alastair albie
aleksandra alexandru alfie alicja alistair alister alys amaan amarachi ameera aminata amna amrit anaisha andrei aneesa
aneirin angus anila anouk antoni anwar aoibheann aoibhinn aoife aran archibald archie arjan armaan arooj arran arun
arwen asad ashraf asif asma atif auden avleen ayaanle ayat ayodele ayomide ayrton ayub azaan aziz baran barnaby
bartosz basil beatrix benedict bertie bethan bilaal breagh bronagh bronwen bronwyn cadi cai caitriona calum caragh
carys casper caoimhe catalin catriona celyn cerys charis chi chiamaka chibuike chidera chidi chidinma chidubem chika
chimamanda chinedu chinonso chioma chukwudi chukwuemeka ciaran cillian clodagh coll conall conan cormac cosmin
daanyaal dafydd damilola damla danial daniil daniyal danyal darcey darcie darragh dawid dayyan deepa deirdre denisa
derin dermot dewi dharma diarmuid dilraj donnacha dougal duaa eabha eason ebrahim edie eesa efan effie eila eilidh
eimear eira eiri eirlys eleri elfie elif elis elspeth elwood emaan eman emeka emilis emre emrys enya eoghan eoin esa
esmae esmai esmee ethel euan ewan ewen faheem fahad faisal faiza fakhra farhan farida faris fatema fathima fatimah
fatma fatoumata ffion filip fin findlay finlay finnian fion fionn fionnuala folasade fraser fyfe fynn gabija gabriele
gareth georgiana georgie geraint gethin ghulam giles govind graeme grainne greer greg gregor grzegorz gruffydd gulshan
gurbir gurdeep gurleen gurnoor gurpreet gurveer gwenllian gwilym gwion habib habiba hadi hadiya hafsa hafsah hafiz
haider hajra hamish hamzah haniya haris harleen harman haroon harpreet harri harriet harshil harveer haseeb hashim
hassnain haydn haydon hazim henri hester hettie hiba hira hubert humaira humza husnain hussain hussein iain ianto
ibraheem ibukun idris ieuan ifan ifeoma ifeanyi igor ikram ilaria imaan imogen imran inaaya inaya indi indie indigo
ines innes ioana ioan iona ionut iqra ireoluwa ismaeel ismail isobel isra issa ivo izaan izabela izma jacek jago
jameel jannat jasleen jaspreet jayan jemima jenson jia jiaqi jokubas jowan jowita junaid kabir kacper kaira kaja kajus
kamal kamil kamile kamran karam kasia kasper katarzyna kavya keiran kemi kenzi kerr khushi kimran kinga kirsty kit
kitty klara klaudia kofi konrad krisha krystian krzysztof kuba kwabena kwaku kwame laia laiba laith laszlo layan
leonie leonor liba linh llinos llyr lois loki lorcan lottie lowri luella lukasz mabli maciej magda maha mahad mahdi
mahek maheen mahi mahira mahmood mahnoor mahrukh mairi maisy maja majid malaika malakhi malgorzata maliha manahil
manraj manveer mantas manuela marcin mariama maricel marius marlowe marnie martyna marwa mateusz mayar maymuna mehak
mehdi mehmet mehreen mei meirion meryem mhairi mihai mikaeel mikail mikolaj milly milosz minahil ming mirza misbah
moaaz mohammod mohamud mohid mohsin montgomery monty morag morven mostafa muaaz muadh muhammed muhsin muireann muiris
munachi murdo murdoch murray musab mylo naadir nabeel naeem nahla naila naimah naina namra nana natan nayab ned nel
nell nela nerys ngozi niall niamh nicola nihal niharika nikodem nikola nila nimra nisha nishka nojus nuala nusaybah
oban obinna oisin ola olaf oleksandr olivier ollie olly oluwadamilola oluwaseun oluwaseyi oluwatobi oluwatobiloba
oluwatoni orla orlaith osama oskar osman owain oona paddy padraig patrycja patryk pavel pawel percy philippa pippa
piotr poppy princesa raahim rabia radu rafal rafe rahma raihan raima raja rajan rajesh rajveer ramla rameen ramsay
rana ranveer rares rashid rayaan rayhan rayyan razvan reem reggie rehan rehman renesmee reyansh rhodri rhona riaz
ridwan riona riyad riyan roan rob rohaan rohail rojus roma romilly romy ros roshan rosina roxy ruairi ruairidh ruaridh
rubina rufus rui rukhsana rumaisa rupert saad saara saarah saba sabah sachin sadia saeed safa safah saffron safia
safiya safiyah safiyyah sahar sahib saif saifullah saima saira saisha sajid salahuddin saleem salih salman samaira
saman samia samina sanah sanjay sannah saoirse saskia selin selma sergiu seun seyi shaan shabana shabaz shah shahid
shahzad shakil shan shanza shayaan shayan sheikh shiv shivani shona shuaib sian sidra simona sinead sion soha somaya
sorcha souleymane stanislaw struan subhan sufyan suleiman suleman sulayman sultan sumaiya sumaya sumayyah suraya sybil
szymon tadhg taha tahir taimur taiwo taliesin talha tallulah tamsin tanvi taran tasnim tavish taylan tayyab tayyibah
teigan temitope teodor theodor thorfinn tiago tilly tillie tirzah tobi tobiasz tomasz torquil tudor tymon uchenna
umair umaiza umar umayr umer una urszula usman uzair vaishnavi vanshika veer veronika viktor viktoria viktorija vivaan
vlad wahid walid wanda waleed waseem wei wiktor wiktoria wilf wilfred winifred wojciech woody xanthe xiaoyu xin yahya
yakub yana yash yasin yaseen yi ying younis yousaf yousuf yuna yunus yusef yusra yuvraj zac zach zahid zahraa zaina
zak zakaria zakariya zakariyya zaki zaman zarah zaryab zaynab zayan zayd zayna zaynah zeeshan zeinab zena zenab zeynep
zia zikra zimal zishan ziva zofia zoha zuha zuhayr zunairah zuzanna zyaan
`;

/** Every listed forename, the more frequent of the first list first. */
export const listedForenames: readonly string[] = `${frequent} ${further}`.trim().split(/\s+/u);

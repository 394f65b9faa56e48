/**
 * Forenames that are in use, so that a name that is none of them may be taken for a misspelling of one that is.
 *
 * Two listed names are two names, however near: Aiden and Hayden, Ella and Emma. That keeps twins apart.
 * The first list is the 5000 most frequent forenames of the United States since 1990 (Social Security Administration,
 * public domain), the most frequent first; the second adds names of Britain, Ireland and of the countries that
 * families in Britain come from.
 */
const frequent = `
michael jacob matthew joshua christopher daniel andrew emily joseph william david james nicholas ryan anthony tyler john alexander ashley brandon jordan jonathan jessica
samantha zachary emma ethan sarah taylor justin elizabeth olivia benjamin madison hannah robert austin dylan alexis samuel christian noah logan abigail kevin nathan
isabella thomas sophia jose kyle kayla lauren aaron gabriel alyssa victoria mason elijah cameron caleb amanda angel megan rachel ava eric brianna hunter jennifer charles
jason jayden adam natalie stephanie brittany jackson anna cody luke grace evan brian nicole isaac morgan jasmine lucas mia connor jack steven aiden chloe isaiah katherine
liam timothy alexandra juan riley allison sean luis alex rebecca adrian richard gavin julia amber ian patrick sydney avery danielle hailey savannah nathaniel julian maria
kaitlyn kimberly courtney carlos michelle bryan chase owen carter jesse mary landon blake ella haley jesus wyatt henry andrea destiny brooke jeremiah jeremy sebastian
melissa sara mark devin leah mackenzie addison lily evelyn cole kaylee dominic kelsey sofia vanessa shelby xavier hayden antonio stephen paige katelyn alexa amelia
lillian brayden peyton gabrielle zoe dakota trevor chelsea colton madeline jared bailey christina erin levi caroline charlotte miguel aidan kenneth gabriella parker
travis paul tristan jeffrey tiffany victor audrey claire seth marcus jenna vincent aubrey laura kylie makayla mariah alejandro carson oliver brooklyn autumn diego edward
amy faith eli garrett bryce josiah derek melanie molly jake ariana marissa kelly katie angela bradley joel colin jacqueline heather sierra tanner maya arianna jaden
george catherine casey peter aaliyah jocelyn kathryn alexandria gregory jorge spencer cooper oscar briana ashton micah dustin erica jamie shane layla maxwell nolan zoey
shawn skylar corey miranda nevaeh caitlin cassandra crystal ivan lindsey alicia trinity jade harper max wesley diana alan grant breanna madelyn ariel payton eduardo kaleb
grayson dalton ayden kennedy scott jaxon angelina isabel margaret brady leslie lydia sabrina preston kristen ricardo francisco shannon damian kendall omar nicolas devon
sophie collin adriana erik cheyenne naomi gabriela brody genesis mitchell isabelle raymond brendan gianna camila javier giovanni jace sadie cristian kaden caden jada
andres johnathan valerie manuel monica ruby ana lucy elias emmanuel mario eva daisy dillon skyler jonah fernando angelica gage mckenzie bryson erika jordyn natalia miles
bianca martin edgar veronica summer scarlett brett leonardo kayden ellie hudson cassidy serenity rylee harrison reagan cesar quinn mya daniela karen mikayla cynthia
clayton conner bella valeria abraham calvin jillian hector drew andre edwin bethany erick brittney sergio nora sawyer lincoln asher troy phillip meghan dominique stella
carly leo cory roman kendra caitlyn keith lindsay liliana ronald frank elena roberto karina theodore gracie mateo easton santiago marco trenton derrick vivian alec donald
kaitlin whitney juliana holly kiara eleanor hope malachi kylee camden julie braxton christine aria april kara brenda ashlyn reese violet kate johnny ryder colby donovan
michaela bentley alison josue london alejandra jaxson penelope hayley charlie braden alana annabelle malik damien piper chance andy israel jaime kristina clara alexia
desiree ruben lilly rebekah rafael pedro elise adrianna ezra kai makenzie giselle maggie josephine chad abby jayla kathleen mallory alice joanna darius jalen jazmin lisa
julianna dallas chandler aliyah allen alondra jaylen zane khloe tucker jessie patricia philip tessa jasmin harley aubree selena ezekiel kaiden mckenna griffin raven
rachael natasha weston delaney jaiden axel aurora kristin guadalupe eden karla cecilia keegan douglas tara allyson dawson eliana raul nancy dominick dennis louis cayden
dana melody jonathon curtis kameron gerardo jazmine abel ty esther armando esmeralda alaina simon nina paisley camille callie kyla julio mathew jerry randy marcos laila
hanna dante trey emerson zion gary jude declan mila carmen silas diamond justice cora corbin myles tony claudia lorenzo ivy hazel nadia maddox rowan sandra rylan enrique
danny mariana rose greyson drake elliot kyra amari miriam brooklynn katrina kyler larry brielle anastasia trent lukas valentina bennett jimmy dean priscilla bridget
arthur camryn lane angelo albert graham brennan ciara alberto jakob paris heidi allie fabian amaya jameson krystal delilah walter katelynn everett brandi brock kirsten
ali cindy madeleine amir savanna makenna keira elliott russell tatiana eliza josie kayleigh macy hadley haylee tori carolina jayce kira asia fatima lance emilio tyson
lacey anne emanuel kassandra mercedes marc darren alivia yesenia ashlee sidney ruth zackary ricky marley alina willow denise luca meredith sage kasey celeste lawrence
carl kristopher jay iris deanna brent annie alayna cade genevieve xander emmett marisa serena pablo gustavo arturo luna lyla izabella beau lila leilani heaven terry emery
daniella jeffery damon emilia kailey felix joe britney aniyah fiona maximus teagan craig georgia sienna kingston adeline wendy linda cierra marshall ximena landen helen
lucia kamryn ryleigh alfredo tabitha monique leila saul sasha imani alissa presley alisha micheal river rosa noel nickolas meagan tristen bryant zachery carolyn marvin
tatum kinsley ramon ashlynn cristina reid athena shayla phoenix teresa brenden ryker noelle ismael desmond kiana jane lexi harmony chelsey rodney quentin clarissa gael
gloria brenna talia gina krista marina lizbeth esteban maurice jasper raquel janelle deandre virginia brantley ashleigh roger brandy holden brynn julius finley julissa
cadence tiana malcolm emiliano kali eddie salvador august ellen bobby arielle paola marie zander maverick jayson phoebe zachariah felicia jon adan lola emilee renee
francesca conor ernesto moises billy baylee jenny malia kaylie keaton joaquin cara nia jase kody jamal shaun martha bruce frederick tommy susan lena alexus finn norah
maddison marisol aden leon francis orlando lauryn hugo terrance juliet skye paxton lyric joy elisabeth roy reed rodrigo rylie judah reece kassidy jayda caiden kristian
kiera jaclyn emely nikolas colleen elaina davis chris lee branden willie darian king bryanna quinton mayra johanna reginald kyleigh franklin gerald robin adalyn walker
demetrius anderson isla madalyn todd nayeli kendrick viviana tamara ayla carla kaylin kelvin theresa jaylin cash alyson jacquelyn janet tiara zayden londyn cruz tia
justine brooks mikaela rene karter sylvia raegan angie nelson maci marilyn juliette armani adalynn stacy hallie alessandra katlyn warren randall melvin madilyn sharon
tate regina dane kobe yasmin marquis taryn elisa barbara byron gunner carissa kelsie kiley mauricio nichole waylon kenzie itzel alanna rory remington johnathon khalil
annika aniya perla cassie dulce quincy terrell ross guillermo angelique joey sam sarai grady kade cali macie dorian pamela candace haven kaitlynn kaydence arabella nyla
joselyn destinee braylon wade kinley lilliana solomon adrienne jonas ainsley devan aspen madisyn anahi carrie ronnie jadyn alvin steve miracle addyson issac terrence
deborah shania aimee deja isiah irene sonia uriel titus simone india karissa fernanda jax jermaine tyrone ann javon hailee nehemiah tracy karson lia matteo brendon
frances cheyanne stacey brayan lana leonel adelyn kaleigh kierra kenya tania beckett neil zackery nathanael darrell daphne paulina ebony jerome regan tobias alma larissa
kaelyn felipe rhett wayne anya moses aileen bailee jaelyn carley toni jett sterling devyn colten colt allan madelynn bria noe jarrett candice mohamed leland emilie
maximiliano leonard milo kelli journey elisha ari romeo paula blaine evangeline raelynn haleigh maximilian braeden camron stanley ahmad precious gwendolyn halle jamison
lorena orion elaine marlene kenny arya trevon braydon lesly elle tanya maritza barrett hillary tayler kellen nathalie jazlyn cohen alonzo gunnar lilian wilson melina
kailyn harry clay tomas rosemary toby catalina helena edith madyson everly nataly dexter samara ayanna annabella cyrus mckayla ellis pierce eugene aisha aleah abbey amira
ray kiersten janae clinton estrella messiah cedric rodolfo nova kolton lilah lexie judith amiyah rogelio corinne jimena alfonso julianne kieran keenan anika shea milan
iker lucille melinda marlon jaqueline jamari gia charity danica leanna jordon noemi tina frankie amara blair aubrie adelaide deshawn elliana amani adriel lea nikki kaila
anaya dale gemma gideon carlie chasity felicity lewis lillie clare eve mollie ahmed dwayne melany rudy kaley marlee miley reyna yasmine mohammad harold kennedi ernest
nasir danna luz maia davion kailee leticia ada gilberto tamia darryl camilla karlee porter tristin isaias mckinley rocco araceli abram tevin liana janessa abbigail
ezequiel kadence ramiro muhammad kane mara eileen dayana gilbert carina brynlee gillian gianni vivienne maeve annalise kourtney mohammed clark tyrell aylin forrest kellie
izaiah damion cullen cristal chanel triston janiyah elsie charlee devonte tianna rosalie brycen tess laurel ashanti ibrahim skyla june eloise liberty elyse duncan maliyah
kolby layne mariam elsa celia jean ronan tierra nicolette robyn osvaldo nico rolando karl ben dayton mekhi donna talon shayna thalia cecelia yahir asa moriah kaylyn loren
enzo glenn kamila lesley abbie rashad alisa janiya davon alijah stefan tyree jensen maribel macey shiloh carlee leighton amina brianne landyn joyce scarlet will moshe
kaylynn kamari vicente nash myla laney isis trace breana tatyana yvette america aldo dorothy kaia donte raphael johan olive knox deven montana kendal lamar antonia alfred
shawna braylen sloane darien alena jaycee jadon archer blanca isabela prince jayleen jaquan jaylon haylie aron kristine antoine micaela karlie alvaro stephany gracelyn
kari rohan ansley chelsie sandy kason amya zoie jackie brylee gisselle christy braelyn ingrid ariella efrain denzel giuliana markus desirae yaretzi remy rhiannon roland
zara katharine julien chaya darnell vera kareem tyra ulises geoffrey ally yadira greta carol killian quintin cayla ericka lara arely keagan ciera campbell margarita
sheldon averie jeanette ralph atticus cortney baby kerry brice zariah kurt bonnie reilly kamden kallie jefferson shyanne hana winston stevie kyrie sheila sky iliana
dahlia selina beatrice jacoby mariela michele raelyn marquise karli demarcus jewel annabel giovanna clarence aleena zaria ryland jaida kathy kaya jaydon savanah kristy
coleman roderick sally jaliyah jaylynn derick karly brodie randi conrad ayana annette myah jazmyn charley jamar anita jayceon royce lorelei kori jaidyn cristopher garret
esperanza myra kellan lawson rachelle caylee sullivan emory janice christa jairo diane celine trisha demi jolie aryanna tyrese danika dominik mike susana roxanne essence
freddy zechariah jorden addisyn lacy kaliyah jaylah keely matias adelynn cason lainey humberto howard omari princess alia nigel rhys beatriz leia natalee yvonne deon
kelsi jarrod jaron brennen marianna saige damaris kacey ryann ember heath shirley joslyn kacie perry aliya adolfo aiyana ace celina salvatore agustin devante rebeca
brinley alonso lori kimora yolanda patience lyndsey salma bridgette kian bernard nylah dalia adonis deangelo bo gretchen stephan yazmin arjun jaelynn sydnee selah
anabelle yareli blakely kole lennon jarred kayley paloma gordon uriah katarina giana luciano stefanie maura miah austyn augustus winter dashawn madilynn finnegan junior
shanice madalynn rocio luciana emmalee maryam mattie joelle sincere malaysia meaghan irvin audrina boston remi marcel rayna davin ashly semaj jana casandra leroy jaylene
brisa clifford lilyana abril austen kenia misty landry ignacio briella joan kenna mira siena brad elissa tylor alexandrea magdalena lizeth kianna harvey katelin nikita
aliza cherish darlene oakley korbin arlene evelynn justus mina kelley barry daquan raina evie kaylen kylan pearl kash misael major chana taliyah destiney shayne santana
alessandro malakai reina sonya shaina cannon sariah katy jacey braiden alani silvia daryl channing lina zuri azariah chantel zaiden rex destini jarod brittani amiya jayde
christiana thiago zayne hassan jolene colette kristi rita layton brenton xzavier belinda maleah jacklyn thaddeus tristian deacon norma korey infant alden emersyn niko
halie karsyn marion keyla rubi angeline dion belen tasha carli briley santino stuart anton lizette norman dillan charlene jarvis earl anissa santos houston karley journee
elvis tanisha aracely lexus fredrick tegan dawn kory hamza monserrat ashtyn theo raiden beckham bristol jamarion yaritza jaylee chaz jaylyn kasen mireya milton daxton
kurtis brook vance nathanial dangelo akira unique darby reuben mathias jabari adrien jill sonny matthias millie draven maranda deonte kenley coby reynaldo antoinette
camren hilary sherlyn emelia kinsey legend luka tiffani octavio shay kasandra graciela thea amelie rigoberto keon darion libby suzanne giancarlo jovan jenifer lucero
juanita alysha amaris chaim fabiola litzy soren ryley cortez gracelynn nikolai lilia royal nathaly vaughn dimitri shaniya kamron aryana delia lilianna kaci jordin kaiya
kayli samir german lennox jayme clint jakayla bronson beverly saniya shaylee kirk memphis kalyn aryan laci ariah bret alexzander jalyn kale amirah xiomara zaire jazlynn
leyla dwight yusuf matilda bruno yosef giovani lacie adelina samson frida ivory denver kayson breanne farrah mandy leanne daleyza dayanara sarahi abdullah rochelle
marcelo audra sarina cornelius anabel lionel case shakira blaze galilea estefania miya noor adaline shana carlton janie benson shyann kaycee garrison dandre emmalyn
yoselin roxana meadow constance sade zain ivanna amos fallon nadine asha evelin stephon lamont kaylah amalia dianna astrid berenice octavia antwan anais livia luisa briar
jamel shaquille elianna hattie saniyah sloan maegan jagger charli natalya sunny allyssa bryn rayne jovani paislee odin giovanny darwin hank roselyn sammy emmy rayan cale
lucian alannah dax averi willa madden jaeden josh jaxton noa anabella abigayle mae kent shauna lonnie makena marcella branson johnnie elyssa yessenia elmer emerald pierre
javion hayes shyla hailie harlow valentin darrius kyree kimber hugh nestor terence bowen estevan seamus dario jena blaise keshawn harlee alysa rihanna aydan keri bree
quinten yael adele arden dania jasiah alycia lynn isai laken clifton jocelynn neal leona margot braelynn katerina sutton addilyn joanne marian nick amare glen alayah
betty donavan jair aliana tre van mariyah ivana trista samira raheem bryana gino cordell renata tammy dina mindy elian travon jamir juniper rivka gladys connie khadijah
guy juana vernon malaya arlo jasmyn areli maxim abagail susanna calista maren denisse vincenzo ireland maxine arian joana carmelo kalani ashlie jodi chyna judy rian
edison corina keila eryn darin rey lloyd isabell keisha abigale fletcher sanaa rhea alize arnold fred keanu jamya kaela turner rocky bodhi treasure azaria kyndall freya
destin mikel jael antony makai gonzalo duane yuliana saylor dixie davian gerard nathalia gannon johana alysia lailah hadassah hollie martina iesha jaylan deion carleigh
don mabel coral darrin selene leann justina shae nya melisa caleigh shanna hayleigh kayleen cori kelsea jovanni adilene rickey tatianna lilith ulysses lidia tenley dasia
addie konner geneva lourdes lorelai sydni laylah kadin cailyn charleigh shamar gavyn dani aydin christen jazmyne jedidiah ronin eliseo otto nyasia marjorie kensley
jackeline lillianna jailyn zavier taya emani koby valentino stone broderick eunice darcy callen cheryl karis camdyn savana aarav maricela mika braylee clyde tariq ean
zahra bernardo betsy princeton madisen ivette aviana vanesa khalid jordy cain konnor mitchel stormy ayleen debra alexi flor shelbi charlize franco dayna haiden breonna
aja zakary kylah kerri marin carlo hendrix rosie sydnie rowen leigha beth hezekiah bobbie leandro azalea jalisa alaya kya paityn janette shantel alexandro riya irving
jessa jody tayla simeon noelia taniya tonya julieta billie baylor kelton annamarie whitley benny zaniyah valery aaden keeley kirstin trystan yasmeen shelbie estefany
kenyon augustine zainab caitlynn donnie jamarcus kyson jalynn heriberto rhianna freddie emmitt mack jennie keyon bradyn heidy aya kevon brionna marques maryjane rick
katia dakotah tracey andreas mercy wren nyah annelise britton chace aditya makaila maximillian eliezer alyvia rashawn kristofer nola lisette estella marcela ira kendyl
lylah iyana priya jessi domonique marquez katlin iman maximo elana josef anders kolten deasia lorraine maureen leigh jimmie christie dewayne holland gwyneth latoya yehuda
nixon menachem mustafa kaeden ramsey anjali alaysia yamileth chantal nikhil marlen ayaan tory jamil jaedyn iyanna maryann louisa grecia alexys kora ellison maisie
cristobal cambria tyshawn sheridan tabatha mayson sylas rico terra dallin rosario gaige aurelia danae efren alton brogan milagros amia shreya ronaldo eddy herbert callum
stacie miller karma yousef gauge unknown domenic cassius annmarie milena kalie avah stetson lester britany mariano westin davonte nathen avianna deshaun myron aidyn
magnolia alyse bridger wynter jaxen enoch annalee marisela monroe jan immanuel savion raymundo kalen brea fidel fisher benito zack jordynn montserrat andi damarion trever
shelly leonidas mari keven dylon langston gwen kaylan giavanna georgina audriana carsyn henley kristie jemma yamilet reanna storm otis rosalinda kadyn kamren kodi dan
syed irma jessy jaren bayleigh terri emmaline alora jaleel analia truman breann kymani jovanny callan taj louise geraldine tripp star oswaldo jeff kalli kyndal karleigh
dontae estefani rayden ariyah hakeem jaydin janiah jai yajaira audrianna cataleya damari aleigha aliah olga anisa kirby milana jovany sami kala zariyah raylan leeann
alyssia alecia marlena keara kairi yahaira mariel kristyn abdiel dusty eliot ameer lianna akeem duke samiyah kaelynn racheal jessika carsen yisroel zeke kalia kenton diya
canaan sherry ever liza aubrianna zaid abrianna griselda casen esme daria atlas jami cecily adela aida krysta roxanna adyson kingsley harris daisha anneliese kynlee
violeta latasha bernadette rosalyn faye starr benton kelby tristyn katheryn dara delanie elvin bradford alisson ladarius lucinda karsen francesco kassie myranda aiyanna
monika dora coty karmen joselin izabelle neveah joann camilo dilan pauline yair kortney jaimie scout lyle mordechai braedon keyshawn linnea dominque priscila annaliese
lilyanna symone christin naya denis jessenia valencia kailynn soraya alexandre kayle katalina leif ramona bobbi amberly maliah kamille markell jericho eleni kamdyn
taniyah bilal leandra donnell kailani katlynn kendell coy amie crosby janna darrion lynette elia natali janay gene nelly promise brecken penny ervin edmund cydney bradly
sonja jocelyne anson darrian brandyn trevin talan kristal adrianne ephraim shaniqua herman markel slade jaycob lucca kalvin xochitl cecil bishop abrielle harlie citlali
alek floyd palmer aubri vladimir adison patrice isaak payten pranav davina maiya tyron jaheim loretta kim hans brandan amiah aries maison ridge chiara elora maira raleigh
analise gaven mikah justyn yulissa demarco flynn estelle mylee omarion vince krish alessia jaslyn braylin harlan malaki liv malka maddie avi dyllan berkley abner jasmyne
abdul brandie brittni jadiel carrington treyvon jamila gregorio evangelina vicky latisha aric annemarie marianne hali ethen jeramiah louie collins ishmael rikki gibson
gracyn hernan rileigh mikala javonte harleigh jaci codi elayna brennon karim johnpaul marleigh shianne cailey brighton belle grey kimberlee cristofer lanie dalila haden
finnley judson dereck giada dariel brant samaria edna cayson andie jakobe westley foster mikael desire ellery julisa jaquelin dakoda arron heavenly amarion annalisa farah
azul magaly kiarra jamaal leena jelani kye kimberley niya viridiana kiran neha jamia aedan juwan braulio honesty alesha zayn alanah sheyla jodie staci cordelia deondre
bryleigh bentlee nakia raylee sahara marlin marcello rosemarie joseline ginger janell isidro yandel alli merrick aislinn hollis kegan izayah salem abbygail jerimiah
ashely geovanni kyron angelia evalyn lisbeth calli doris naima sofie margo cinthia jaydan laurie ishaan antwon jacobi dalilah stewart karolina coraline murphy jaycie
zaira dillion serina yaakov jacquelin cael nalani kiya yara fredy emalee nikole shmuel tamera jacie elin torin lela caydence kaelin darla ayesha corrine lazaro latrell
demario jourdan micaiah emmie rianna jacques makenzi janine antonella melia kia jayvon colter lachlan samiya kalea trae rio baylie lexis chevy milani janeth forest shlomo
maxx lissette robbie kathrine jayna amar makhi emmeline aminah elina isha kylen kami arnav dequan ananya destany miguelangel cloe tye sariyah nailah rishi cameryn tom
graysen brandt kamilah daron arman nala demetria makala ailyn ivonne scarlette marlie moira tricia codie ajay arlette vienna sanai eboni rhyan deandra jevon ocean shimon
kyan keily sebastien rilee yessica mickey nellie vihaan blayne urijah johann brookelyn gentry jonatan traci crew titan tyquan garett wallace jersey marla stefani janaya
izabel ken shaelyn jerrod lyndon mallorie morris cailin jazzlyn everleigh ariya chester yarely isela ilana genaro kaidence desean acacia raya ely tamar mackenna sabastian
arleth adina kalee hasan daylen anisha javen tyanna jules ophelia rasheed chanelle demarion kaytlin emmalynn brookelynn zyon shira lupita wendell jurnee alianna magnus
anjelica malak jamiyah jamiya ashli ida lyra laine eleazar kahlil sana marcellus jesenia kael veda nikko sequoia kamya lora vivianna vivien mykel flora khari jim corban
petra monet kaidyn kalynn kohen briggs nevin edgardo maxton jaya rena sabina mona juancarlos egypt kaleah salina soleil tai joziah khadija schuyler eamon tavon deontae
odalys kyara vianey kannon candy aven alea apollo kaylani bridgett chauncey romina deana chastity annabell shoshana keller dejuan sapphire china brittanie ariyana ariadne
federico makaylah franchesca yitzchok kacy aubrielle jenesis darrien keanna michal jackelyn malina kloe daija amayah dariana dayanna dhruv devonta bodie aditi cathryn
susannah sheena yuri cathy ciarra adamaris mauro saanvi jailene trevion josefina laniyah trenten jalissa trayvon makiyah dejah ryne joseluis aleksander jaslene bryton
keziah luc zaniya stefany cielo jacy demetri canyon ellianna koen aubriana blaire ted ileana anastacia rayshawn theron marielle emerie andria dasha tahj treyton suzanna
emil leilah michel shelton haily harmoni galen maite sylvie miyah ayah alliyah zyaire jaleah keelan mikhail brigitte donavon laniya keren luther coen jakari lluvia mai
carmine lathan elly danyelle wilfredo keyana ford lyndsay teddy kamiyah brentley everardo sommer halley avraham yaneli josselyn carmella thatcher brigid marta rain imari
angeles coleton breeanna kiah baron aniah jordi clementine lillyana masen jessalyn janel tommie kierstin lars quinlan reign chantelle rylen shaniyah divine gisele tasia
makiya josey randolph kaysen lashawn adley jesiah isa kalel jullian teegan juelz gian della keyanna erich jayvion giuseppe pete hadlee lucien ria tavion gerson tiera
korbyn emme maddux lucie karol martez joslynn malika kaylea ester kalina aubry alix leela rhonda jerrell bryon florence johnna chayse kelcie mariella marcelino azucena
kain chelsi marguerite jerrica charisma chyanne mahogany elan maylee valarie wilmer gracen zoya dave amyah may jakub dezmond keyonna avalon caelan ayan domingo kentrell
mercedez arin preslee anakin malorie deegan simran kenan melani tiffanie brieanna tierney tylan tylar colson nallely trina lillyanna analisa malinda auston keandre lakota
halee corbyn alba blessing ares viola kooper renae ema bode rayven bernice alanis madysen siddharth susie tiarra cian elysia najee aundrea brynna shaila emmet devontae
krishna tremaine codey kenyatta nariah jenelle brysen anish adin kirstie youssef tobin mayte marely citlaly rahul musa jeremias zev sahil kameryn tamya carey mohamad
kaylene ania jess temperance winnie lakeisha samya kalin dayne aanya siobhan capri cal abygail shanelle chadwick lilyann carmela hilda mykayla magali montrell gus zelda
evin justyce amethyst makaela blythe lexy triniti amariah joi elexis monte zavion pyper hagen malena stormie roslyn kinslee ayva kase deanthony willis lenny sol lois
boden reggie armaan milania damarcus tyesha krystina ron ariadna khristian oriana kaytlyn debbie jeannette karon cedrick kandace kandice nate rodrick kaison sylvester
corrina marlo devlin karsten angus lucio ismail kimani agnes pilar daylon micayla bradlee nicola daylin addilynn lani kamora axton salena jaeda rosalia destinie linsey
zephaniah dior indigo rae damani laron yadiel rowdy ammon glenda estela nayely gwenyth autum kelsy odalis gianluca marko deisy obed devorah jennah taylin catrina hadleigh
becky kaili gizelle samaya taraji karah dashaun rusty lynsey magdalene kyran charly suri sherman jamiah saira kyah nour vada marcia nicolle daren landin armand greg ila
denisha brissa kelis wiley gray christal chrystal therese klarissa aurelio zahir jerica chelsy francisca mylah jermiah veronika nazir dajuan allegra taylar hiram kenzi
abriana shelley koda charis samia tamika taliah allisson kris aleksandra mac becca lilli sailor afton brannon cormac cristiano shivani cianna peighton ariyanna tyrus
erwin katya araya ashlin jaela tarik zakaria javian kavon osiris jania virgil tinley kaileigh javan bill claudio bertha beck kamiya jayne makiah yazmine tzvi daveon dena
lesli misha dameon poppy mikal tahlia maycee geovanny meir richelle tinsley izaac ronny calla cleo braedyn cami tea noelani kenji ramses gissel nikola zaylee krysten
hussein ashtin jaila marcell tesla emoni lilyan niyah derik jalil dolores roberta dionte edmond meera colbie boone jocelin zakiya coltin khalia cherokee yahya rashaad
archie armoni adria marty jenessa johnson mildred montgomery justen imran mattison myka christofer benedict kollin nicklaus mayah isac keion nahla amal anniston arie
claude portia jazelle janai bayley jarett amora yoel jaziel taelor ariela timmy amarie itzayana daylan eloy gracey keoni yash opal jianna avani audrie sameer madelyne
nechama isadora melodie izaak jalon caylin leilany lindy avalyn tyla kylar isamar emir yuridia liz elinor mikaila pierson eder danilo keona ewan ami kaniya jolee raine
briseida arionna rami aryn scotty merissa varun shemar daijah demond adia laisha anayah jaimee daja kadeem arianne kierstyn gisela favian malayah merritt keana aris kaine
ryanne cienna lili eliyahu samual chassidy haidyn tyana laurence neel marquel rosalee kyren leyton citlalli spenser linden tayden christianna janya olyvia audree viktor
makyla paolo keilani divya emi chandra jacky dafne keshaun karoline ani finnian massimo kylin holli torrey nautica jazzmine rilynn lucius allysa osbaldo brigham avalynn
kimberlyn jacinda tionna jalin jarell faigy elvira aysha zayd reem neymar cornell rayyan fox lochlan kwame siera henrik noble raekwon kensington zhane garry wilder jet
jesica chevelle skylynn benicio oren kerrigan paulo kirra porsha jerald said emmaleigh jorja karime marek harlem zahara jubilee brayson jovanna yaretzy rashaun deonna
oskar shanell randal kamaria seven shalom queen zamir jadin shaquan isreal axl carlin raylynn taylen dejon caelyn charmaine adalberto vito tala lakyn gatlin jaedon adler
achilles reyes bethanie macayla syncere jad tatiyana rochel jaquelyn mariya leana dash kristiana jed zaida alyna arissa hyrum taleah bently sanjana honor celena avrohom
zora cairo felisha shamya edson gabe eliel evalynn shante maylin giulia dontrell vianney dev nayla deron jaret garrick baileigh ines cy deante iain selma landan abbigale
daysha lynda konrad emmerson italia maile leeanna beatrix markayla osman chesney arnulfo patricio joni avion stacia jaelin danya gitty bennie ishan jamaya travion aarush
deidra willem ivey catelyn demonte jeanne kasie avril anai ciana kaily linus evelina idris juliann kady clarisa shai ahmir ailani kayleb tyasia jacelyn ravyn xitlali
gabriele latrice ashten graeme angely dionna jiselle neriah carys kalista maisy donavin jashawn amaria thor roosevelt marlowe elli francine malcom zia tenzin brayton
fatimah dru chynna luiz kodie keyona ricki jeshua vida allana margaux laina royalty mckay lake madelin britni hamilton adilynn bianka kirstyn brynley maryn amerie rosanna
rylin chancellor arion anayeli alexsandra krystle rania maksim denny lillyan kay deric ameera jahir charleston starla abdulrahman aubriella jailynn amauri aranza angelita
malek baila etta calleigh kelci constantine cary tyrek horacio jaysen debora courtland marshal paulette parris jazzmin corinna anaiah dajah demari lillyann karyme deidre
symphony talya karin shaye yaseen shawnee shanya khaleesi dashiell skylah anyssa jaquez ammar aman persephone manuela layna suzette rudolph aysia madelaine gareth racquel
elton tera javin henri alisia aniston maricruz dedrick sahana anessa cady tehya zaina joesph jerod richie larkin althea marshawn job adalee lazarus angelika viktoria
aston kamil beyonce darrel lenora izzabella dakari torey tatyanna kinlee jaymie shanaya kaeli creed skylee darrick irie deonta alise yakov calliope klayton brittaney
shaylynn alistair amin echo deena sabine jenae josias elvia blane deirdre chava mandi brittny alexavier haydn tyreek andrei yanira scottie meg dynasty alonna taran maryah
myesha elodie adelle nyomi earnest calen azriel jacobo cedar alaia gisel armon yesica kaydee cassondra aleyah lakin faris kailah shantell canon annaleigh shia kera
jacorey laith addalyn akash kenisha dustyn kati kyrah chayce lian jacen stefano jahmir xena brynne legacy tim caeden nadya caley venus jala meranda taytum dovid kadie
wylie xavion aryeh jordana ilan tyce maliya jamesha osiel morgen breon yonatan daven cayleigh kiernan clover noam ruthie violette dymond brooklin mariajose donta inez
shiann mahmoud andrey sunshine corrie kiyah tanvi jacari kallen mackenzi sinai jakai elicia jajuan tavian lizet shanae harriet tanesha denim saray mazie emelyn kamal
anamaria yulisa jewell lashay brittnee anja domonic cloey harmonie janelly montez aislynn mirella kaira jarrell laquan jahlil kyli tallulah salome kaylei jairus pricilla
ryen love rylynn shaniah norberto teri rosalind aarya adnan josslyn lamya leopoldo guinevere parth mckenzi kaniyah niki vania jarret claira mccoy zaden onyx tiago rebeka
gema adamari payson ariane caesar kainoa blade zayla greysen breona alain waverly jeannie amaia marli catarina fatoumata kelcey michell yasir callista seraphina isael
page rayanna ollie novalee leeland kalena brylie marah emry marlyn brianda joshuah chante jasleen isobel cambree annabeth alessa romello zoee jovie jadelyn myia krystian
kalei anaiya brooklynne mykah dov kayce wanda malique kobi jaslynn torrance yovani daryn klara clarice osmar kevyn jeniffer consuelo hanah adilyn tru kiefer naila jarren
justis tarah riana devaughn basil nichelle indiana levon raeann rana om lavon saad cameran ambar roan khamari ayush jadah brinlee addelyn tyren jayse kaelan shaan kristan
cosette jaleesa filip kyrsten mickayla luella monae jory rashard alesia dianne jeffry asiah karely adair abelardo kaedyn octavius wilbert kyana kamarion payden fermin
abhinav tyrique aamir anas alona michaella babyboy atreyu ajani jamon liyah haileigh cari dezirae leobardo sammie glory kennadi londynn keturah mavis jesslyn tyrel camari
jovon salman zulema carver passion jamey malea talen yanet shaylyn darron kaliah brantlee xavi muhammed dream koa nakayla jamin stephani teanna johannah wolfgang umar
carsten delvin jacquelynn casie torie alphonso greer bryar esai rina taha mirian wes milla neftali janely fayth korie baleigh rickie rebecka eian akiva tracie taelyn
ashwin lamarcus azael brandin kyndra ambria arwen kaycie vidal christain kenlee maddix percy melania adiel korben deshon roel tavin marquita aliyana devion karisma hayli
yusef steele adriano mirna adara matt tyrin raniyah aila rome macee rayleigh bjorn antione taina holley nicklas akilah abdirahman arik maleek josephina genna smith
demitri fabio analy aspyn daelyn ashia corie baily gisell grayden rosalina willard torri prisha aviva shani arnoldo lorna kayne nile salomon sania imogen shamari josalyn
trinidad broc angelie hadi tadeo sirena flavio shekinah edie shanika shayan shaylin zuriel samatha taron boyd jariel issa khaled asya estephanie jameel serene journi
brando marquan shakayla shepherd ansel kenadee anay malakhi christan saoirse terell kyanna castiel aminata allissa shaelynn kenadie eman aitana tyshaun angelic katherin
safa tremayne chloee reyansh kenleigh omer kc manny magen analicia kamran keaira yasin chayton asma blaize ayman krystin barron minerva phineas joscelyn lorin nikolaus
uziel kennady jiovanni karisa madaline taylee mylie khai kaydin rakeem quenton xitlaly neva roxy jeanna skyy jayven soledad millicent denton fantasia jaina samari anyla
cambrie savon brandee eason cathleen mica jakobi amilia drayden trysten bronwyn mekayla berkeley korina kavin callahan anali nila abigael bradon keyara yoselyn edwardo
jamarius boris boaz keasia seneca esha delano cheyann alaric zach jasen lucky malky aramis juanpablo demarius kilee shyanna aerial zakiyah kashton brigette torrie bryden
corwin katilyn vivaan ravi emili akhil sanjay eternity rhylee hafsa izak mahdi jaziah chole kamilla kinleigh jaydyn halo zayda seanna saif reba ameerah kabir lacee ofelia
raizy tamiya jacquez corin zena paden laiken griffen lex akshay quincey quran talyn denali latavia ysabella jansen donny briona sammantha dontavious marsha dajon tyreese
fischer leora alexzandria masyn larisa theodora emiliana serafina aren zarah auden kelsee jomar nolen yana jayquan iyonna angelena zendaya eitan kalob emari shriya
charissa destanie zipporah nicholaus naomy maryssa ceasar dmitri pooja yeshua raymon jessiah vianca kanisha cate danisha jayshawn dinah brie janee diesel ansh jaymee
bracha neo aleyna dino sedona leyna marwa oziel oaklee nada samanta anushka breeana kavya sumaya josette marbella jenson kolt karyn sahar babygirl xenia dereon jaymes
rosendo priyanka amaiya aly kohl aj jannah brynleigh jailen alexie siya mathieu ilse domenico hampton merlin kolin creighton mervin jeanine eugenia yehoshua desteny danni
jovana jaidan eben kloey myriam taven alaysha nisha raeleigh mattea odessa aharon britta shiv joceline bailie lyrik ransom avigail peggy hiba tanaya terrion tyriq naim
graydon deandrea ciaran benjamen madelynne tylee tana dontay kamrin malaika jiya rowyn ambrose analee nahum lemuel alizabeth kaylon malani danial deklan jalyssa mecca
karrington arlen alexius keiry jihad myasia avary vivianne mariama kacee damir
`;

const further = `
aadam aarna abbas abdulaziz abdullahi abdur abeer abiola abimbola abu adebayo adedayo adeola adewale adhya adil afia agata agnieszka ahad ailsa aishah aiza akua alasdair
alastair albie alexandru alfie alicja alister alys amaan amarachi amna amrit anaisha aneesa aneirin anila anouk antoni anwar aoibheann aoibhinn aoife aran archibald arjan
arooj arran arun asad ashraf asif atif avleen ayaanle ayat ayodele ayomide ayrton ayub azaan aziz baran barnaby bartosz bertie bethan bilaal breagh bronagh bronwen cadi
cai caitriona calum caragh casper caoimhe catalin catriona celyn cerys chi chiamaka chibuike chidera chidi chidinma chidubem chika chimamanda chinedu chinonso chioma
chukwudi chukwuemeka cillian clodagh coll conall conan cosmin daanyaal dafydd damilola damla daniil daniyal danyal darcey darcie darragh dawid dayyan deepa denisa derin
dermot dewi dharma diarmuid dilraj donnacha dougal duaa eabha ebrahim eesa efan effie eila eilidh eimear eira eiri eirlys eleri elfie elif elis elspeth elwood emaan emeka
emilis emre emrys enya eoghan eoin esa esmae esmai esmee ethel euan ewen faheem fahad faisal faiza fakhra farhan farida fatema fathima fatma ffion fin findlay finlay fion
fionn fionnuala folasade fraser fyfe fynn gabija georgiana georgie geraint gethin ghulam giles govind grainne gregor grzegorz gruffydd gulshan gurbir gurdeep gurleen
gurnoor gurpreet gurveer gwenllian gwilym gwion habib habiba hadiya hafsah hafiz haider hajra hamish hamzah haniya haris harleen harman haroon harpreet harri harshil
harveer haseeb hashim hassnain haydon hazim hester hettie hira hubert humaira humza husnain hussain ianto ibraheem ibukun ieuan ifan ifeoma ifeanyi igor ikram ilaria
imaan inaaya inaya indi indie innes ioana ioan iona ionut iqra ireoluwa ismaeel isra ivo izaan izabela izma jacek jago jannat jaspreet jayan jemima jia jiaqi jokubas
jowan jowita junaid kacper kaja kajus kamile karam kasia kasper katarzyna keiran kemi kerr khushi kimran kinga kirsty kit kitty klaudia kofi krisha krzysztof kuba kwabena
kwaku laia laiba laszlo layan leonie leonor liba linh llinos llyr loki lorcan lottie lowri lukasz mabli maciej magda maha mahad mahek maheen mahi mahira mahmood mahnoor
mahrukh mairi maja majid malgorzata maliha manahil manraj manveer mantas marcin maricel marius marnie martyna mateusz mayar maymuna mehak mehdi mehmet mehreen mei meirion
meryem mhairi mihai mikaeel mikail mikolaj milly milosz minahil ming mirza misbah moaaz mohammod mohamud mohid mohsin monty morag morven mostafa muaaz muadh muhsin
muireann muiris munachi murdo murdoch murray musab mylo naadir nabeel naeem naimah naina namra nana natan nayab ned nel nell nela nerys ngozi niall niamh nihal niharika
nikodem nimra nishka nojus nuala nusaybah oban obinna oisin ola olaf oleksandr olivier olly oluwadamilola oluwaseun oluwaseyi oluwatobi oluwatobiloba oluwatoni orla
orlaith osama owain oona paddy padraig patrycja patryk pavel pawel philippa pippa piotr princesa raahim rabia radu rafal rafe rahma raihan raima raja rajan rajesh rajveer
ramla rameen ramsay ranveer rares rashid rayaan rayhan razvan rehan rehman renesmee rhodri rhona riaz ridwan riona riyad riyan rob rohaan rohail rojus roma romilly romy
ros roshan rosina ruairi ruairidh ruaridh rubina rufus rui rukhsana rumaisa rupert saara saarah saba sabah sachin sadia saeed safah saffron safia safiya safiyah safiyyah
sahib saifullah saima saisha sajid salahuddin saleem salih samaira saman samina sanah sannah saskia selin sergiu seun seyi shabana shabaz shah shahid shahzad shakil shan
shanza shayaan sheikh shona shuaib sian sidra simona sinead sion soha somaya sorcha souleymane stanislaw struan subhan sufyan suleiman suleman sulayman sultan sumaiya
sumayyah suraya sybil szymon tadhg tahir taimur taiwo taliesin talha tamsin tasnim tavish taylan tayyab tayyibah teigan temitope teodor theodor thorfinn tilly tillie
tirzah tobi tobiasz tomasz torquil tudor tymon uchenna umair umaiza umayr umer una urszula usman uzair vaishnavi vanshika veer viktorija vlad wahid walid waleed waseem
wei wiktor wiktoria wilf wilfred winifred wojciech woody xanthe xiaoyu xin yakub yi ying younis yousaf yousuf yuna yunus yusra yuvraj zac zahid zahraa zak zakariya
zakariyya zaki zaman zaryab zaynab zayan zayna zaynah zeeshan zeinab zenab zeynep zikra zimal zishan ziva zofia zoha zuha zuhayr zunairah zuzanna zyaan roisin siofra
fiadh eimhin sadhbh meabh blathnaid doireann orlagh aisling laoise cillin daithi fiachra odhran ruadhan senan tiernan eanna dualta naoise caolan ling lin hui jin jun
xinyi yuxin jiayi siqi zihan haoran yuxuan wen hong fang yan jing ping jian lei tao qiang xiu lan hua yuki haruto sora ren aoi sakura anh minh duc thanh tuan phuong thao
huong trang ngoc hien yaw kojo ama esi abena akosua adwoa efua afua adaeze adanna nneka nkechi obiageli ebele uche obi ikenna kelechi chinelo tope temi bisi kunle segun
wale yemi titilayo folake ronke dele femi tunde bola amadou mamadou ousmane ibrahima moussa binta awa khady ndeye cheikh abdi hodan nimco hibo ifrah sahra halima yonas
semhar selam dawit bethlehem meron tendai tinashe rudo chipo tafadzwa kudzai nyasha farai thandi sipho zanele nomsa lindiwe ionela andreea mihaela bogdan emilija ugne
austeja matas dovydas rokas domas olena oksana iryna taras bohdan mykola denys yaroslav vasyl zuzana ondrej radek zsofia reka balazs gergo bence levente oliwia antonina
kornelia franciszek ignacy tymoteusz maksymilian borys krystyna beata dorota ewa jadwiga harnoor harjot manpreet sukhdeep ravneet navdeep arshdeep gagandeep mandeep
sandeep prabhdeep amrita jasmeet advait kiaan pari navya aarohi ishita vedant shaurya atharv rudra laksh hriday tanish raghav nandini deepika sneha eshal hareem areeba
aiman hoorain anabia zunaira mishal dua ayzal faizan arham azlan zaviyar shahzaib moiz huzaifa abdulhadi abdulmajeed obaidullah nabil jibril dawud luqman shuayb ilyas
harith jabir salim rafi
harjit harmeet hardeep harinder harmanpreet harsimran harveen gurjit gurjot gurdip gurinder gursimran gurmeet manjit manjot mandip manmeet maninder amarjit amarjot amrik amritpal
simrat simar simranjit simrit jasmit jaspal jasdeep jaskaran jasjit jasjot jasvir navjot navjit navpreet navneet sukhjit sukhjot sukhpreet sukhvir kuljit kuljot kuldeep kulvir
baljit baljot baldeep balvir ranjit ranjot rajdeep rajinder rajvir rajvinder prabhjot prabhjit kiranjit kirandeep lovepreet lovejeet parmjit parminder paramjit satnam satvir
satinder tejinder tejvir jagjit jagjot jagdeep raheel rahim rahman rameez ramiz ramin ramina shahzain shahida shahbaz shahmeer shahnawaz zohaib zohair zubair zubaida haidar hamid
hameed hamida hammad nadeem nadim nadeen nadira naveed naved navid fariha farhana farid fareed fareeha uzaif jawad jawaria jaweria kashif waqas waqar wajid wajiha tahira tahmina
sanam hina huma rimsha ridha rida areej aleeza rabeea rabiya shazia nazia razia fozia sadiya nabiha nabila rihan rohit rohini rohin ishika ishani aarushi aaryan aniket anushri
kavita nikesh sanya vivek viren xinyu xinyan xinran xinyue jiaye jiahao jiaxin jiayu yixin yixuan yihan yihang zixuan zihao ziyi ziyu yuxi yuxiang yuhan yuhang haoyu haoyang
mingze ruoxi ruoyu junhao junjie jiwoo jihoon jiho jihun minjun minseo minji minjae seojun seoyun haeun lien loan thuy thu tran trinh chidiebere chidimma chinwe chinenye chibuzo
chiemeka obioma ugochi ugonna nnamdi nnenna toluwani tolulope toluwalase temidayo temitayo ayomikun ayodeji oluwafemi abdirahim abdirizak abdinasir abdikarim abdifatah ayanle
hibaq ikran ilhan ilham sucdi lorne lorn rowena mairead mhari mair ceri ceris gwenno gwyn rhian sioned siwan siwyn iwan emyr eurig eirian tegwen tomos zosia marcelina oliwier
safwa safwan marwan farha samra amra hasna husna zhihan zhihao zhiyu zhixin zhiwei zhenyu zhuoran tshepo
thabo lwazi nqobile xolani ngaio nkem mpho yngvar sverre ljubica srdjan zdenek vlasta mwangi wanjiru
njeri nyambura achieng akinyi mbali ayzel hrisheek dnyanesh
`;

/** Every listed forename, the more frequent of the first list first. */
export const listedForenames: readonly string[] = `${frequent} ${further}`.trim().split(/\s+/u);

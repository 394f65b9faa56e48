/** Names of the invented people, by origin, the more frequent first. They serve the simulation and nothing else. */
import type { Random } from './random.ts';
import { unlistedForenames } from './unlisted-forenames.ts';

export type Sex = 'F' | 'M';

type NameStock = {
  readonly share: number;
  readonly F: readonly string[];
  readonly M: readonly string[];
  readonly family: readonly string[];
};

const list = (text: string): string[] => text.trim().split(/\s+/u);

const british: NameStock = {
  share: 0.58,
  F: list(`Olivia Amelia Isla Ava Emily Sophie Ella Grace Mia Poppy Lily Evie Charlotte Jessica Isabella Freya Daisy Alice
    Florence Sienna Ruby Sophia Phoebe Elsie Millie Isabelle Rosie Matilda Evelyn Harper Emma Eva Willow Chloe Lucy Eliza
    Layla Molly Megan Holly Imogen Hannah Abigail Zara Amber Lola Bella Jasmine Maisie Scarlett Erin Anna Eleanor Lottie
    Lauren Georgia Katie Leah Amy Robyn Rebecca Bethany Elizabeth Summer Beatrice Martha Harriet Heidi Lara Thea Orla
    Niamh Eilidh Skye Iona Ailsa Morven Mhairi Catriona Kirsty Aimee Nicole Paige Shannon Courtney Demi Lexi Hollie
    Francesca Victoria Maria Tilly Ivy Nancy Violet Hallie Darcey Darcie Penelope Edith Aurora Luna Margot Connie Annabelle
    Faith Hope Lacey Alexandra Gabriella Natalie Samantha Stephanie Kayleigh Danielle Rachel Sarah Laura Kate Jennifer
    Claire Louise Caitlin Keira Abbie Ellie Libby Zoe Tia Tegan Seren Ffion Carys Cerys Josephine Ottilie Clementine
    Persephone Saffron Tabitha Tallulah Verity Winnie Mabel Mary Agnes Dorothy Bonnie Hattie Nell Ada Iris Pearl Ayla`),
  M: list(`Oliver George Harry Noah Jack Leo Arthur Muhammad Oscar Charlie Jacob Thomas Henry William Alfie Joshua Freddie
    James Archie Theo Logan Isaac Max Ethan Lucas Daniel Finley Alexander Joseph Samuel Edward Adam Sebastian Benjamin Mason
    Harrison Dylan Theodore Elijah Zachary Teddy Reuben Tommy Luca Arlo Toby Harvey Hugo Riley Rory Jude Louie Ronnie Reggie
    Hunter Albert Jaxon Jenson David Matthew Ryan Callum Connor Liam Jake Luke Nathan Lewis Cameron Jamie Kyle Aidan Aaron
    Fraser Angus Hamish Lachlan Finlay Ruaridh Murray Struan Ewan Euan Craig Scott Ross Blair Brodie Innes Harris Kai Leon
    Tyler Bradley Owen Rhys Dafydd Ieuan Gethin Evan Jayden Kayden Aiden Hayden Michael Robert John Christopher Andrew
    Nicholas Anthony Peter Stephen Patrick Dominic Gabriel Frederick Rupert Ralph Rex Otis Otto Felix Caleb Ezra Jasper
    Stanley Frankie Bobby Ollie Albie Blake Carter Jackson Kian Declan Sean Ciaran Brandon Corey Reece Ashton Louis Mark
    Stuart Gary Neil Kenneth Douglas Malcolm Gordon Marcus Vincent Tristan Barnaby Monty Ted Woody Roman Xavier Zac`),
  family:
    list(`Smith Jones Brown Taylor Wilson Williams Campbell Stewart Robertson Thomson Anderson Scott Murray Davies
    Johnson Evans Thomas Roberts Walker Wright Robinson Thompson White Hughes Edwards Green Hall Wood Harris Lewis Martin
    Jackson Clarke Clark Turner Hill Cooper Ward Morris Moore King Watson Baker Harrison Morgan Patel Young Allen Mitchell
    Phillips Lee Bell Parker Davis Bennett Miller Cook Shaw Cox Marshall Richardson Carter Collins Gray Mackenzie MacDonald
    McDonald Reid Ross Paterson Graham Fraser Hamilton Johnston Henderson Duncan Kerr Hunter Simpson Ferguson Cameron Grant
    Russell Millar Wallace McLean Gibson Kennedy Burns Sutherland McIntosh Gordon Craig Crawford Boyd Allan Sinclair
    Douglas McKenzie Muir Cunningham Jamieson Docherty Gallagher Kelly Black Rae Dunn Barclay Drummond Cairns Lindsay
    Findlay Forsyth Baird Bruce Moffat Rennie Tennant Weir Yates Fletcher Barnes Chapman Dixon Elliott Foster Harvey
    Holmes Hudson Knight Lloyd Mason Mills Owen Palmer Pearson Powell Price Reynolds Rogers Saunders Stevens Walsh Webb
    Wells West Wheeler Willis Woods Bailey Adams Butler Barker Bates Booth Bradley Briggs Bryant Burton Byrne Carr Cole
    Day Dean Fisher Ford Fox Francis Freeman French Gardner George Gilbert Goodwin Hart Hayes Holland Hopkins Howard
    Hunt Jenkins Jennings Jordan Lane Lawson Long Lowe Lynch Matthews May Nash Newman Nicholls Osborne Payne Perry Porter
    Pritchard Read Rees Rhodes Riley Rose Rowe Ryan Sharp Stephens Stone Sullivan Sutton Todd Tucker Vaughan Warner`),
};

const stocks = {
  british,
  irish: {
    share: 0.05,
    F: list(
      'Aoife Saoirse Ciara Niamh Roisin Sinead Clodagh Caoimhe Grainne Orlaith Aisling Maeve Eimear Sorcha Nuala Bronagh',
    ),
    M: list(
      'Oisin Cian Fionn Conor Darragh Cormac Eoin Padraig Tadhg Niall Brendan Ronan Shay Donnacha Eamon Diarmuid',
    ),
    family: list(
      "O'Neill Murphy O'Brien Doherty Gallagher McLaughlin O'Connor Kelly Boyle Sweeney O'Donnell McGinley Quinn Flynn Brennan Rafferty McGinty Devlin",
    ),
  },
  'south-asian-muslim': {
    share: 0.12,
    F: list(
      'Aisha Fatima Maryam Zainab Khadija Hafsa Amina Safa Sana Iqra Mahnoor Eshal Inaya Zahra Alina Hiba Noor Aleena Rabia Sumaiya Anaya Hareem Laiba Zoya Ayesha Mehreen Samina Zunairah Minahil',
    ),
    M: list(
      'Muhammad Mohammed Ibrahim Yusuf Ali Hamza Ahmed Hassan Zain Abdullah Bilal Umar Haris Musa Ayaan Rayyan Zayd Usman Ismail Adam Idris Hashim Faizan Saad Mustafa Shahzad Imran Danyal Zakariya',
    ),
    family: list(
      'Khan Ahmed Ali Hussain Begum Akhtar Malik Iqbal Mahmood Shah Mohammed Sheikh Bibi Chaudhry Rehman Miah Aslam Rashid Siddiqui Qureshi Butt Mirza Javed Anwar Hanif Saleem Uddin Islam Chowdhury Raja',
    ),
  },
  'south-asian-hindu-sikh': {
    share: 0.05,
    F: list(
      'Anaya Diya Saanvi Simran Jasleen Harleen Aarya Riya Priya Kavya Anika Isha Gurleen Avleen Meera Navya Kiran Pooja',
    ),
    M: list(
      'Arjun Aarav Vihaan Krish Rohan Harpreet Gurdeep Arjan Dilraj Veer Dhruv Ishaan Kabir Karan Jaspreet Manveer Sahib Nikhil',
    ),
    family: list(
      'Singh Kaur Patel Sharma Gill Sidhu Dhillon Kumar Sandhu Shah Mehta Reddy Nair Gupta Desai Grewal Bains Rao',
    ),
  },
  polish: {
    share: 0.07,
    F: list(
      'Zuzanna Julia Maja Zofia Hanna Lena Alicja Oliwia Maria Natalia Wiktoria Amelia Aleksandra Nikola Antonina Gabriela Kinga Martyna Katarzyna Agnieszka',
    ),
    M: list(
      'Jakub Antoni Szymon Jan Filip Kacper Aleksander Franciszek Mikolaj Wojciech Adam Oskar Michal Bartosz Mateusz Dawid Krzysztof Tymon Igor Kamil',
    ),
    family: list(
      'Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Piotrowski Grabowski',
    ),
  },
  'east-european': {
    share: 0.04,
    F: list(
      'Ioana Andreea Maria Elena Daria Sofia Gabija Emilija Viktorija Anastasia Oleksandra Denisa Larisa Alexia',
    ),
    M: list(
      'Andrei Alexandru Mihai Stefan Matei David Lukas Matas Jokubas Nojus Oleksandr Denys Razvan Rares Luca',
    ),
    family: list(
      'Popescu Ionescu Popa Radu Dumitru Stan Kazlauskas Petrauskas Jankauskas Kovalenko Shevchenko Bondarenko Ivanov Petrov Horvath Novák',
    ),
  },
  african: {
    share: 0.06,
    F: list(
      'Oluwadamilola Temitope Chiamaka Adaeze Ngozi Amara Folasade Zainab Aminata Fatoumata Abena Akosua Esi Blessing Precious Hodan Ayaan Nimco Semhar Makeda',
    ),
    M: list(
      'Oluwaseun Ayomide Chidubem Chukwuemeka Emeka Tobi Kwame Kofi Kwabena Abdi Mohamed Yusuf Ebrima Mamadou Tendai Tinashe Daniel Emmanuel Samuel David',
    ),
    family: list(
      'Adeyemi Okafor Okonkwo Adebayo Mensah Owusu Osei Boateng Abdi Hassan Mohamed Ali Diallo Jallow Moyo Ncube Eze Balogun Tesfaye Addo',
    ),
  },
  'east-asian': {
    share: 0.03,
    F: list('Mei Xinyi Yuxin Jiayi Ling Hui Linh Anh Yuki Hana Jia Wen Siqi Chloe Emily'),
    M: list('Wei Haoran Zihan Yuxuan Jun Ming Minh Duc Hiro Jin Lok Ho Kevin Jason Ethan'),
    family: list('Chen Li Wang Zhang Liu Lin Wong Chan Nguyen Tran Le Pham Huang Yang Kim Park Tanaka Ng'),
  },
} satisfies Record<string, NameStock>;

export type Origin = keyof typeof stocks;
export const origins = Object.keys(stocks) as Origin[];

export type NameHabits = {
  /** How steep the frequencies of names fall; 0.9 is near to life. */
  readonly steepness: number;
  /** The share of names that are in no list. */
  readonly rareShare: number;
};

const shares = Object.fromEntries(origins.map((origin) => [origin, stocks[origin].share])) as Record<
  Origin,
  number
>;

export function pickOrigin(random: Random): Origin {
  return random.pickWeighted(shares);
}

export function pickForename(random: Random, origin: Origin, sex: Sex, habits: NameHabits): string {
  if (random.happens(habits.rareShare)) {
    const real = unlistedForenames(origin, sex);
    return real.length > 0 && random.happens(0.5) ? random.pick(real) : capital(makeForename(random, sex));
  }
  return random.pickRanked<string>(stocks[origin][sex], habits.steepness);
}

export function pickSurname(random: Random, origin: Origin, habits: NameHabits): string {
  const rare = origin === 'british' ? 3 * habits.rareShare : habits.rareShare;
  if (random.happens(rare)) return capital(makeSurname(random));
  return random.pickRanked<string>(stocks[origin].family, habits.steepness);
}

const starts = list(
  'Ka Je Ty Bra La De Za Sha Mi Ro Ke Ja Bri Tay Ra Na Jo Le Ma Cha Da Ki Ste Aly Ve Thor Ze Or Il Wy Cy Fa',
);
const middles = list('l r n d v m s t x ll nn th y sh rr');
const femaleEnds = list('a ia elle ee yn anna ine eigh issa ora ette ika');
const maleEnds = list('en on an er us in ton el iah o ard ik');

function makeForename(random: Random, sex: Sex): string {
  return random.pick(starts) + random.pick(middles) + random.pick(sex === 'F' ? femaleEnds : maleEnds);
}

const placeStarts =
  list(`ash black bram brad broad brook burn chad cold crom dun east fair farn green had hal hart hay holl
  kings lang lin long mar mel mid nor oak pen rad red rush sand sel shef stan stock thorn trow wal war west whit win wood
  lock cul kil gar glen strath inver bal auch mont cran del fern grim hol kel lam mor nether pit quar ros shir tar ur`);
const placeEnds =
  list(`worth ton ham ley field wood ford bury well dale land by stone hurst combe man burn bridge more lie
  side brook wick head croft shaw cote gate`);

function makeSurname(random: Random): string {
  return random.pick(placeStarts) + random.pick(placeEnds);
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

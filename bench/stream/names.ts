/** Names for synthetic children, of the origins that live side by side in Lanarkshire. */
const list = (text: string): string[] => text.split(' ');

export const girls = list(
  'Olivia Emily Isla Freya Sophie Amelia Ella Ava Grace Charlotte Lily Millie Harper Evie Lucy Jessica Aria Rosie Poppy Orla Georgia Chloe Mia Anna Eilidh Skye Rachel Erin Niamh Abigail Hannah Katie Molly Eva Zara Maisie Robyn Willow Holly Summer Julia Zofia Maja Lena Hanna Nadia Aisha Fatima Maryam Amina Zainab Hafsa Noor Safiya Simran Jasleen Priya Ananya Diya Meera Mei Xin Ying Chidinma Adaeze Amara Blessing Precious Elena Sofia Maria Ioana Daria Oksana Daryna Kateryna Saoirse Catriona Mhairi Morven Fiona Kirsty Heather Iona Ailsa Rowan Elizabeth Margaret Catherine Victoria Samantha Alexandra Rebecca Caitlin Lauren Amy Leah Ruby Daisy Sienna Florence Ivy Matilda Penelope Thea Bonnie Ayla Esme Hope Callie Brooke Paige Lexi Layla Luna',
);
export const boys = list(
  'Jack Noah James Rory Oliver Charlie Alexander Lewis Logan Harris Lucas Leo Harry Finlay Alfie Finn Thomas Archie Adam Mason Ethan Brodie Jacob Max Luke Arlo Daniel Angus Cameron Callum Joseph Jude Oscar Nathan Theo Aaron Ryan Matthew Murray Fraser Kai Connor Jakub Filip Antoni Szymon Kacper Mateusz Muhammad Ibrahim Yusuf Ali Hamza Omar Zayn Ahmed Bilal Arjun Rohan Dev Harjit Gurpreet Wei Jun Hao Chukwuemeka Emeka Tobi Samuel David Ivan Andrei Mihai Luca Matei Dmytro Oleksandr Bohdan Ciaran Declan Liam Sean Hamish Euan Ewan Calum Struan Gregor Duncan William Robert Michael Benjamin Christopher Joshua Isaac Reuben George Arthur Henry Freddie Albie Carter Jaxon Hudson Kyle Craig Scott Kieran Blair Cole Caleb Tyler Dylan Jayden',
);
export const surnames = list(
  'Smith Brown Wilson Campbell Stewart Robertson Thomson Anderson Scott Reid Murray Taylor Clark Mitchell Ross Walker Paterson Young Watson Morrison Miller Fraser Davidson Gray McDonald Henderson Johnston Hamilton Graham Kerr Simpson Martin Ferguson Cameron Duncan Hunter Kelly Bell Grant Mackenzie Mackay Allan Black MacLeod McLean Russell Gibson Wallace Gordon Marshall Stevenson Wood Sutherland Craig Wright McKenzie Kennedy Jones Burns White Muir Murphy Johnstone Hughes Watt McMillan McIntosh Milne Munro Ritchie Dickson Bruce King Crawford Docherty Millar Cunningham Sinclair Williamson Hill McGregor McKay Boyle Shaw Fleming Moore Christie Douglas Donaldson Alexander MacDonald Forbes McIntyre Findlay Jamieson Aitken Reilly Thompson Hay Gallacher Rennie Lindsay Sweeney Quinn McLaughlin Coyle Devlin Gallagher Rafferty Lafferty Doherty Tierney Brennan OConnor Higgins Lynch Nowak Kowalski Wisniewski Wojcik Kaminski Lewandowski Zielinski Szymanski Wozniak Dabrowski Kozlowski Jankowski Mazur Krawczyk Khan Hussain Ahmed Ali Malik Akhtar Mahmood Iqbal Shah Begum Mirza Chaudhry Singh Kaur Patel Sharma Gupta Reddy Nair Das Chen Wang Li Zhang Liu Wong Chan Okafor Adeyemi Okonkwo Balogun Eze Mensah Boateng Popescu Ionescu Dumitru Stan Radu Shevchenko Kovalenko Bondarenko Tkachenko Melnyk Santos Silva Rossi Russo Crolla Nardini Coia Baxter Lockhart Rankin Weir Yuill Waddell Whyte Barr Baird Steele Struthers Tennant Todd Torrance Tweedie Urquhart Vallance Wardrop Neilson Nimmo Orr Park Pollock Purdie Ramsay Rae Renwick Scoular Semple Shearer Somerville Speirs Stirling Strang',
);
/** Long forms and the short forms that one agency or another writes. */
export const shortForms: Readonly<Record<string, string>> = {
  James: 'Jamie',
  Alexander: 'Alex',
  William: 'Billy',
  Robert: 'Robbie',
  Michael: 'Mikey',
  Benjamin: 'Ben',
  Christopher: 'Chris',
  Joshua: 'Josh',
  Thomas: 'Tommy',
  Daniel: 'Danny',
  Matthew: 'Matt',
  Samuel: 'Sam',
  Joseph: 'Joe',
  Elizabeth: 'Beth',
  Margaret: 'Maggie',
  Catherine: 'Katie',
  Victoria: 'Vicky',
  Samantha: 'Sam',
  Alexandra: 'Alex',
  Rebecca: 'Becky',
  Abigail: 'Abbie',
  Charlotte: 'Lottie',
  Jessica: 'Jess',
  Matilda: 'Tilly',
};

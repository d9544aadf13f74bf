package lab

// spelling is a name with the form it has in addresses.
type spelling struct{ name, ascii string }

// givenNames and surnames are invented pairs once combined.
var givenNames = [...]spelling{
	{"Anna", "anna"}, {"András", "andras"}, {"Béla", "bela"}, {"Csilla", "csilla"}, {"Dániel", "daniel"}, {"Eszter", "eszter"},
	{"Ferenc", "ferenc"}, {"Gábor", "gabor"}, {"Hanna", "hanna"}, {"Ilona", "ilona"}, {"János", "janos"},
	{"Katalin", "katalin"}, {"László", "laszlo"}, {"Mária", "maria"}, {"Nóra", "nora"}, {"Péter", "peter"}, {"Réka", "reka"},
	{"Sándor", "sandor"}, {"Tamás", "tamas"}, {"Zsófia", "zsofia"}, {"Alice", "alice"}, {"Benjamin", "benjamin"},
	{"Charlotte", "charlotte"}, {"David", "david"}, {"Emma", "emma"}, {"Frank", "frank"}, {"Grace", "grace"},
	{"Henry", "henry"}, {"Isabel", "isabel"}, {"James", "james"}, {"Karen", "karen"}, {"Lucas", "lucas"}, {"Megan", "megan"},
	{"Noah", "noah"}, {"Olivia", "olivia"}, {"Paul", "paul"}, {"Quinn", "quinn"}, {"Rachel", "rachel"}, {"Samuel", "samuel"},
	{"Tara", "tara"}, {"Uma", "uma"}, {"Victor", "victor"}, {"Wendy", "wendy"}, {"Xavier", "xavier"}, {"Yvonne", "yvonne"},
	{"Zoë", "zoe"}, {"Amélie", "amelie"}, {"Björn", "bjorn"}, {"Chloé", "chloe"}, {"Dieter", "dieter"}, {"Elif", "elif"},
	{"François", "francois"}, {"Giulia", "giulia"}, {"Håkon", "hakon"}, {"Inés", "ines"}, {"Jürgen", "jurgen"},
	{"Katarzyna", "katarzyna"}, {"Luca", "luca"}, {"Márton", "marton"}, {"Niels", "niels"}, {"Oksana", "oksana"},
	{"Pavel", "pavel"}, {"Rosa", "rosa"}, {"Søren", "soren"}, {"Teodora", "teodora"}, {"Ulrich", "ulrich"}, {"Vera", "vera"},
	{"Wojciech", "wojciech"}, {"Yusuf", "yusuf"}, {"Aiko", "aiko"},
}

// surnames: see givenNames.
var surnames = [...]spelling{
	{"Nagy", "nagy"}, {"Kovács", "kovacs"}, {"Tóth", "toth"}, {"Szabó", "szabo"}, {"Horváth", "horvath"}, {"Varga", "varga"},
	{"Kiss", "kiss"}, {"Molnár", "molnar"}, {"Németh", "nemeth"}, {"Farkas", "farkas"}, {"Balogh", "balogh"}, {"Papp", "papp"},
	{"Takács", "takacs"}, {"Juhász", "juhasz"}, {"Lakatos", "lakatos"}, {"Mészáros", "meszaros"}, {"Oláh", "olah"},
	{"Simon", "simon"}, {"Rácz", "racz"}, {"Fekete", "fekete"}, {"Smith", "smith"}, {"Johnson", "johnson"},
	{"Williams", "williams"}, {"Brown", "brown"}, {"Jones", "jones"}, {"Garcia", "garcia"}, {"Miller", "miller"},
	{"Davis", "davis"}, {"Wilson", "wilson"}, {"Anderson", "anderson"}, {"Taylor", "taylor"}, {"Thomas", "thomas"},
	{"Moore", "moore"}, {"Martin", "martin"}, {"Jackson", "jackson"}, {"Thompson", "thompson"}, {"White", "white"},
	{"Harris", "harris"}, {"Clark", "clark"}, {"Lewis", "lewis"}, {"Walker", "walker"}, {"Hall", "hall"}, {"Young", "young"},
	{"King", "king"}, {"Wright", "wright"}, {"Scott", "scott"}, {"Green", "green"}, {"Baker", "baker"}, {"Adams", "adams"},
	{"Nelson", "nelson"}, {"Carter", "carter"}, {"Mitchell", "mitchell"}, {"Roberts", "roberts"}, {"Turner", "turner"},
	{"Phillips", "phillips"}, {"Campbell", "campbell"}, {"Parker", "parker"}, {"Evans", "evans"}, {"Edwards", "edwards"},
	{"Collins", "collins"}, {"Müller", "muller"}, {"Schmidt", "schmidt"}, {"Schneider", "schneider"}, {"Fischer", "fischer"},
	{"Weber", "weber"}, {"Meyer", "meyer"}, {"Wagner", "wagner"}, {"Becker", "becker"}, {"Schulz", "schulz"},
	{"Hoffmann", "hoffmann"}, {"Schäfer", "schafer"}, {"Koch", "koch"}, {"Bauer", "bauer"}, {"Richter", "richter"},
	{"Klein", "klein"}, {"Wolf", "wolf"}, {"Schröder", "schroder"}, {"Neumann", "neumann"}, {"Schwarz", "schwarz"},
	{"Zimmermann", "zimmermann"}, {"Dubois", "dubois"}, {"Lefèvre", "lefevre"}, {"Moreau", "moreau"}, {"Laurent", "laurent"},
	{"Girard", "girard"}, {"Rossi", "rossi"}, {"Russo", "russo"}, {"Ferrari", "ferrari"}, {"Esposito", "esposito"},
	{"Bianchi", "bianchi"}, {"Novák", "novak"}, {"Svoboda", "svoboda"}, {"Dvořák", "dvorak"}, {"Kowalski", "kowalski"},
	{"Nowak", "nowak"}, {"Wiśniewski", "wisniewski"}, {"Jensen", "jensen"}, {"Nielsen", "nielsen"}, {"Hansen", "hansen"},
	{"Larsen", "larsen"}, {"Andersson", "andersson"},
}

// department is a department with its job titles.
type department struct {
	name   string
	titles []string
}

var departments = []department{
	{"Sales", []string{"Account Manager", "Sales Representative", "Sales Director", "Key Account Manager"}},
	{"Marketing", []string{"Brand Manager", "Copywriter", "Marketing Analyst"}},
	{"Engineering", []string{"Software Engineer", "Senior Engineer", "Architect", "Test Engineer", "Engineering Manager"}},
	{"Finance", []string{"Accountant", "Controller", "Financial Analyst"}},
	{"Human Resources", []string{"Recruiter", "HR Partner", "Payroll Specialist"}},
	{"IT", []string{"System Administrator", "Service Desk Analyst", "Security Engineer"}},
	{"Legal", []string{"Counsel", "Paralegal"}},
	{"Logistics", []string{"Dispatcher", "Warehouse Lead", "Buyer", "Driver"}},
}

// city is an office.
type city struct {
	name, country, code, postalCode, street, language, prefix string
}

var cities = []city{
	{"Budapest", "Hungary", "HU", "1051", "Fő utca 12", "hu-HU", "+36 1"},
	{"Győr", "Hungary", "HU", "9021", "Baross út 3", "hu-HU", "+36 96"},
	{"Vienna", "Austria", "AT", "1010", "Ringstraße 41", "de-AT", "+43 1"},
	{"Berlin", "Germany", "DE", "10117", "Lindenallee 7", "de-DE", "+49 30"},
	{"London", "United Kingdom", "GB", "EC1A 1BB", "18 Mill Lane", "en-GB", "+44 20"},
	{"Seattle", "United States", "US", "98101", "500 Pine Street", "en-US", "+1 206"},
}

"""Words, stems and emoji that praise or complain, written for this file in eleven languages.

A word ending in '*' is a stem: it stands for every word that begins with it. Case and accents do not count. A word is read
in every language, since captions mix them, save where it means something else (EXCEPTIONS).
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


POSITIVE = _words("""
love loved loves loving lovely adore* amazing* awesome beautiful* gorgeous wonderful* fantastic* fabulous excellent perfect*
brilliant incredible superb stunning great greatest good best better nice happy happi* glad joy* delight* excited exciting
fun funny lol haha* hahaha* enjoy* thank thanks thankful grateful gratitude bless* proud congrats congrat* win wins winning
winner won yay cute sweet* cool epic magic* impress* inspir* favorite favourite favorites recommend* delicious yummy tasty
cosy cozy charming elegant smile* smiling laugh* hope* hopeful hug hugs kiss* friendly kind brave celebrat* welcome success*
wow yes pleased relax* peaceful thrilled blessed fresh glow* legend* talented dreamy yummm* best
amor amo amar encanta* encanto* adoro hermos* precios* bonit* lind* guap* bell* maravill* fantastic* excelent* genial*
increible* estupend* perfect* buen* bien mejor* feliz felic* alegr* content* gracias graci* divertid* disfrut* orgull* ganar ganamos
ganador* exit* exitazo delicios* ric* sonri* risa jaja* jeje* abrazo* beso* besos bendi* esperanza bienvenid* chulo* mola
amo amamos adora* maravilh* incrivel* otim* excelen* legal linda lindo lindas lindos bom boa bons boas melhor* obrigad* alegria
parabens sucesso gostos* sorri* kkk* rsrs* beijo* abracos orgulho sonho vitoria vencer ganhou saudavel divert* esperanc*
aime adore* amour magnifi* superbe* merveill* genial* formidable* excellent* parfait* beau belle* beaux bon bonne bonnes
meilleur* heureu* bonheur content* merci bravo felicit* joli* mignon* drole* sympa* rire rigol* mdr ptdr bisou* bises fier fiere
reussi* delicieu* sourire* espoir chouette* kiffe* plaisir ravie enchante* gagn* victoire
bien mieux jadore jaime aimer adorer topissime canon impatien* passionn* interessant* efficac* utile fete* fetes
amusant* rigolo* succes triomph* fierte bienvenu* joie joyeu* amour* aimable* agreable* extra sublime* splendide* incroyable* epoustouflant* respect*
soutien* solidarit* espere esper* confiance progres amelior* celebr* honor* honneur hommage chance* veinard*
liebe liebt liebst lieben geliebt toll* super wunderschon* wunderbar* schon schone* schoner hubsch* herrlich* grossartig*
perfekt* beste* bester bestes besser gut gute guter gutes gluck* glucklich* froh freude freue* freut danke* dankbar spass lustig
lecker* geil* klasse prima hervorragend* ausgezeichnet* genial* stolz gewonnen gewinnt sieg lache* lachen lacht suss* traumhaft*
lieblings* hoffnung begeister* gemutlich* empfehl* willkommen herzlich* cool haha*
amo adoro bell* bellissim* meravigli* stupend* splendid* fantastic* eccellent* ottim* perfett* buon* buono migliore* miglior
felic* gioia contento contenti contenta grazie bravo bravissim* bravi brava divertent* carin* dolce dolci simpatic* gentil*
vincere vinto vittoria bene delizios* sorris* sorridere baci bacio abbracc* orgoglio* amore speranza auguri complimenti spettacol*
احب أحب بحب احبك أحبك بحبك حب حبيبي حبيبتي جميل جميلة جميله رائع رائعة رائعه روعة روعه ممتاز ممتازة حلو حلوة حلوه سعيد سعيدة
سعاده سعادة فرح فرحة فرحان مبروك مبارك شكرا شكراً تسلم تسلمي ماشاء افضل أفضل احسن أحسن اجمل أجمل عظيم عظيمة لطيف يسعد يسعدك
ناجح ناجحة فائز متفوق مميز مميزة مبهر عبقري محترم محترمة كريم شرف عز نصر انتصار تفاؤل متفائل مشرف حبيب غالي غالية عسل سكر قلبي روحي حياتي وناسة ضحك يضحك اضحك مضحك احترام تقدير شكرًا مشكور يسلمو الف ألف تحياتي عيد هنا راحة مرتاح استمتع ممتع ممتعة نجاح فوز فاز فخر فخور الحمد خير طيب مبدع ابداع إبداع تحفة قمر ورد هنيئا يجنن كفو بطل ابطال أبطال ههه* هههه* نعم سلام امل أمل
प्यार सुंदर खूबसूरत शानदार बढ़िया अच्छा अच्छी अच्छे बेहतरीन खुश खुशी धन्यवाद शुक्रिया बधाई मुबारक मज़ा मजा मज़ेदार लाजवाब गर्व
जीत जीता स्वादिष्ट कमाल उत्तम श्रेष्ठ आशा सफल सफलता पसंद
pyar pyaar accha acha achha acche achhe achhi achi badhiya badiya mast zabardast shandar khush khushi khoobsurat sundar
dhanyavad dhanyawad shukriya badhai mubarak maza mazaa jeet jeeta kamaal lajawab garv sahi bhagwan dua duaa
guzel* harika* muhtesem* mukemmel* super* seviyor* sevdim seviyorum bayildim mutlu* tesekkur* sagol basari* basarili tebrik*
kutlu eglen* lezzetli gurur* umut* iyi
suka cinta sayang cantik indah keren hebat mantap bagus luar* senang bahagia terima* syukur alhamdulillah enak lezat sukses juara
bangga semoga selamat asyik asik lucu terbaik
люблю любим* любовь обожаю красив* прекрасн* замечательн* отличн* супер класс* круто крут* лучш* хорош* счасть* счастлив* рад рада
рады спасибо поздравля* весел* вкусн* молод* ура победа победил* нравится милый мила* восхит* великолепн* приятн*
mooi* leuk* lekker* heerlijk* prachtig* geweldig* fantastisch* blij* gelukkig* dank* bedankt trots gezellig* goed goede
piekn* super* kocham uwielbiam swietn* wspanial* cudown* dziekuj* szczesliw* radosc smaczn* pyszn*
""")

NEGATIVE = _words("""
hate* hated awful terribl* horribl* horrid disgust* gross ugly bad worse worst sad sadly sadness cry cries crying cried angry
anger annoy* annoyed pissed upset disappoint* fail* failed failure fake lie lies liar lying scam* fraud rude stupid* idiot*
dumb moron pathetic useless worthless trash garbage crap shit shitty bullshit damn fuck* wtf suck sucks sucked sick tired
exhausted hurt hurts pain painful died death dead kill* killed murder* war attack* terror* fear* afraid scared scary worry
worried anxious anxiety depress* lonely alone miserable regret* sorry broken broke ruin* lost lose loser losing wrong
problem* issue* crisis poor corrupt* racis* nazi shame* ashamed boring bored dirty nasty toxic evil cruel never
odio odia* horribl* terribl* asco asqueros* feo fea feos feas mal mala malo malas malos peor* trist* llor* enojad* enfad* molest*
decepcion* fracas* falso falsa mentir* mentira* estafa* idiota* estupid* imbecil* tont* basura mierda* puta* puto joder dolor
duele muert* murio matar mataron guerra ataque* miedo preocup* verguenza corrup* crisis problema* pobre* injust*
aburrid* harto harta perder perdi perdimos odioso maldit* culpa robo robar
odeio odei* pessim* pior* feio feia ruim ruins chato chata chatos chatas trist* chor* raiva irritad* decepcion* fracass* falso mentir* golpe idiot*
burr* lixo merda* porra caralho droga dor doi morr* morte guerra medo preocup* sozinh* vergonha corrup* crise problema* odio
perdi perdeu saudade nojo horrivel* terrivel* infeliz* cansad* culpa roub*
deteste* deteste hais haine horribl* terribl* affreu* degout* moche* mauvais* pire* triste* pleur* enerv* colere decu decue
decev* echec faux fausse ment* mensonge* arnaque* idiot* stupid* debile* connard* merde* putain nul nulle* douleur mal
mort morte mourir tuer guerre attaque* attentat* peur inquiet* seul honte corrup* crise probleme* pauvre* fatigue* marre
perdu perdre ridicule* scandal*
menace* danger* dangereu* crime* criminel* victime* viol* violen* catastroph* malheureu* malheur* inadmissible* inacceptable* insupportable* penible*
chiant* saoul* soule* foutre fout foutu* gueule salaud* salope* connerie* abus* hypocri* incompetent* incapable* licenci* chomage grev* penurie* faillite
pollution polluant* rage* souffr* detruit* detruire* dette* retard* bloque* refus* accus* condamn* fraud* deteste* honteu* stupeur
hasse hasst hass schlecht* schlimm* schrecklich* furchtbar* grauenhaft* ekel* hasslich* traurig* weine* weinen heul* wutend* wut
arger* nerv* genervt enttausch* versag* falsch* luge* lugen lugt betrug* dumm* blod* idiot* mull scheiss* scheiße* kacke mist
verdammt* schmerz* weh tot tod sterben stirbt gestorben krieg angriff* angst sorge* einsam* allein* schade schande korrupt* krise
problem* leider mude kaputt verloren verlier* krank* peinlich* langweil* unfair* nazis mord
odio odia* orribil* terribil* schifo schifos* brutt* pessim* peggio peggior* trist* piang* piant* rabbia arrabbi* delus*
fallit* fallimento fals* bugi* truff* idiot* stupid* cretin* scemo merda* cazzo cazzat* vaffanculo dolor* morto morti morte
morire uccis* guerra attacc* paura preoccup* vergogn* corrott* corruz* crisi problem* pover* stanc* noia noios* perso perdere
ridicol* ladri ladro purtroppo ingiust*
اكره أكره كره بكره كراهية سيء سيئ سيئة سيئه قبيح حزين حزينة حزن حزنت زعلان زعل بكي ابكي أبكي يبكي دموع غضب غضبان مزعج قرف مقرف
فاشل فشل فاشلة كذب كذاب كاذب نصب حرامي غبي غبية حمار كلب حقير تافه زبالة زفت وجع ألم الم مؤلم موت مات ماتت قتل قتلوا قتلى
حرب هجوم ارهاب إرهاب خوف خايف قلق وحيد عيب عار فساد فاسد ازمة أزمة مشكلة مشكله مشاكل ظلم ظالم تعبان مريض خسارة خسر للاسف للأسف
مقتل قتيل ضحايا ضحية جريمة جرائم انفجار تفجير قصف دمار خراب خطر خطير تهديد فضيحة كراهيه فقر فقير جوع بطالة ازمات احتلال صدمة مصدوم مخيف كسول ممل مملة زهق طفش نكد هم هموم غم كئيب كابة اكتئاب وسخ وسخة نذل خاين خائن خيانة منافق نفاق استغلال سرقة سارق خسران هزيمة انهزم انقطاع عطلان تأخير تاخير شهيد استشهاد لعن لعنة داعش مجرم مصيبة كارثة اسوء أسوأ اسوأ
नफरत नफ़रत बुरा बुरी बुरे खराब ख़राब बेकार घटिया दुख दुखी दुःख गुस्सा रोना रो झूठ झूठा धोखा बकवास गंदा मौत मर युद्ध हमला डर
चिंता शर्म भ्रष्ट समस्या हार गलत पागल मूर्ख अफसोस दर्द
nafrat bura buri bure kharab bekar bekaar ghatiya dukh dukhi gussa rona jhoot jhooth jhutha dhokha bakwas bakwaas ganda gandi
maut hamla sharam sharm bhrasht galat pagal chor chutiya chutiye kutte kutta harami gaddar desh-drohi
saala bewakoof afsos dard gali ghotala virodh khilaf
nefret* kotu* berbat* igrenc* cirkin* uzgun* uzul* aglad* agliyor* sinir* kizgin* hayal* yalan* aptal* salak* rezil* olum* oldu savas
korku* endise* yalniz utanc* maalesef sacma* yazik*
benci buruk jelek sedih menangis nangis marah kecewa gagal bohong tipu bodoh goblok sampah sakit mati perang takut malu parah
menyesal bosan rugi sial kesal
ненави* ужас* плох* хуже худш* отврат* грустн* груст* печаль* печальн* плач* злой злость злит бесит разочаров* обман* ложь врет дура*
идиот* туп* мусор дерьм* боль больн* болит умер* смерт* война убил* страх страшн* боюсь один одинок* позор стыд* коррупц* кризис
проблем* жаль скучн* устал*
slecht* lelijk* verdriet* verdrietig* boos* stom* saai* teleurgesteld* verschrikkelijk* helaas pijn dood oorlog
zly zla* okropn* smutn* straszn* nienawi* brzydk* glupi* klam* niestety
""")

POSITIVE_EMOJI = frozenset(
    "😀😃😄😁😆😂🤣😊🙂😇🥰😍🤩😘😗😚😙😋😎🤗🥳😻💖💗💓💞💕💘💝❤🧡💛💚💙💜🤍♥💯🔥✨🎉🎊👏🙌👍💪🙏😌☺🌹🏆🥇🤝💐🌸🌟⭐😜😝😛😹🌞☀"
)
NEGATIVE_EMOJI = frozenset("😞😔😟😕🙁☹😣😖😫😩😢😭😤😠😡🤬😱😨😰😥😓🤢🤮🤧😷🤒🤕💔👎😒🙄😑😪😿😾💀☠🤦🤥😾😧😦😮‍💨")

# Words that turn what follows round, up to three words on; those of BEHIND also what stands up to two words before.
NEGATIONS = _words(
    "not no never without nothing hardly cannot cant dont doesnt didnt isnt wasnt arent wont wouldnt couldnt aint "
    "nunca jamas sin tampoco nao nem sem jamais pas ne rien sans nicht kein keine keinen keiner nie niemals ohne non mai senza "
    "neppure nemmeno nessun nessuna لا ما مش مو ليس ليست لم لن بدون غير نہ नहीं नही मत ना nahi nahin nhi degil yok "
    "tidak bukan tak nggak enggak gak tanpa не нет без ни niet geen nooit bez"
)
BEHIND = _words("nicht pas नहीं नही nahi nahin nhi degil niet")
# Words that mean something else in the caption's own language.
EXCEPTIONS = {
    "de": _words("bad war mal kind gross no mai sin sick"),
    "pt": _words("no sin war"),
    "es": _words("war"),
    "it": _words("prima no war"),
    "fr": _words("mai sin bras war"),
    "en": _words("sin mal content legal mai tot toll prima gut ne"),
    "id": _words("mal sin bad"),
}

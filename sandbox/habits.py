"""How each account lives: what happens every month, how often its card is used, what happened once.

Days of the month are wishes: they move to the next working day. ``months_ago`` counts back from the day on which
the bank was opened for the test (its first "today"), so that a rise or a refund lies in the seen year at any date.
"""

from dataclasses import dataclass

from sandbox.merchants import AUSTRALIAN, BRAZILIAN, BRITISH, FRENCH, GERMAN, PLASTIC, Merchant
from sandbox.rows import Kind


@dataclass(frozen=True, slots=True)
class Monthly:
    """A payment on ``day`` (1-28); ``cents`` signed. ``to`` is the own account (its key) that gets the other leg."""

    day: int
    cents: int
    kind: Kind
    counterparty: str
    text: str
    rises_to_cents: int = 0
    rises_months_ago: int = 0
    to: str = ""
    arrives_cents: int = 0
    every_months: int = 1
    mcc: str = ""


@dataclass(frozen=True, slots=True)
class Once:
    """Something that happened ``days_ago`` before the bank's first "today"; ``times`` > 1 makes true twins."""

    days_ago: int
    cents: int
    kind: Kind
    counterparty: str
    text: str
    times: int = 1
    mcc: str = ""


@dataclass(frozen=True, slots=True)
class Habits:
    """``visits`` weighs 0, 1, 2 ... purchases a day; ``interest`` is a yearly rate in basis points."""

    opening_cents: int
    monthly: tuple[Monthly, ...] = ()
    once: tuple[Once, ...] = ()
    shops: tuple[Merchant, ...] = ()
    visits: tuple[int, ...] = (1,)
    interest_basis_points: int = 0
    pays_card: str = ""


DD, SO, CARD = Kind.DIRECT_DEBIT, Kind.STANDING_ORDER, Kind.CARD
OUT, IN, SALARY = Kind.TRANSFER_OUT, Kind.TRANSFER_IN, Kind.SALARY
BUSY, QUIET, SELDOM = (0, 48, 33, 14, 5), (0, 70, 24, 6), (6, 3, 1)

LONG_INVOICE = (
    "INVOICE 2291/B FOR THE REPAIR OF THE BACK-GARDEN WALL AT 14 ST. PETER'S WAY, INCLUDING MATERIALS (BRICKS, MORTAR, "
    "2 BAGS OF LIME), SKIP HIRE FOR THREE DAYS AND DISPOSAL; SECOND AND LAST INSTALMENT AS AGREED BY TELEPHONE"
)
LANGE_RECHNUNG = (
    "RECHNUNG NR. 2026-00417 VOM 03. DES VORMONATS, KUNDENNUMMER 88-1423-O'CONNOR, WARTUNG DER GASTHERME UND AUSTAUSCH "
    "DES AUSDEHNUNGSGEFÄSSES EINSCHLIESSLICH ANFAHRT, KLEINMATERIAL UND ENTSORGUNG, ZAHLBAR OHNE ABZUG, VIELEN DANK"
)
LONGUE_FACTURE = (
    "VIR SEPA MENUISERIE L'ERABLE FACTURE 2026-0117 POSE DE DEUX FENETRES DOUBLE VITRAGE ET REPRISE DES APPUIS, ACOMPTE"
    " DE 30 POUR CENT DEDUIT, SOLDE A RECEPTION DES TRAVAUX, MERCI DE RAPPELER LA REFERENCE 88-1423"
)

HABITS: dict[str, Habits] = {
    "albion.alice.current": Habits(
        opening_cents=374_087,
        monthly=(
            Monthly(28, 415_000, SALARY, "HARBOUR & FINCH LTD", "SALARY HARBOUR & FINCH", 439_000, 5),
            Monthly(1, -125_000, SO, "Mrs P O'Leary", "RENT 14 ST PETER'S WAY"),
            Monthly(2, -30_000, OUT, "Alice O'Connor", "TO RAINY DAY SAVER", to="albion.alice.savings"),
            Monthly(3, -14_250, DD, "LB HACKNEY", "LB HACKNEY COUNCIL TAX"),
            Monthly(4, -9_840, DD, "Octopus Energy", "OCTOPUS ENERGY A-4F22C1"),
            Monthly(6, -3_612, DD, "Thames Water", "THAMES WATER 0092817"),
            Monthly(7, -1_099, CARD, "Netflix", "NETFLIX.COM 866-579-7172", -1_299, 4, mcc="4899"),
            Monthly(9, -1_199, CARD, "Spotify", "SPOTIFY P2A7F1 STOCKHOLM", mcc="5815"),
            Monthly(
                10, -17_000, OUT, "Alice O'Connor", "TO EURO ACCOUNT", to="albion.alice.euro", arrives_cents=19_550
            ),
            Monthly(12, -299, CARD, "Apple", "APPLE.COM/BILL ICLOUD", mcc="5818"),
            Monthly(14, -2_499, DD, "PureGym", "PUREGYM LTD GYM HACKNEY"),
            Monthly(17, -3_200, DD, "EE Limited", "EE LIMITED Q1874421"),
            Monthly(22, -2_999, DD, "Hyperoptic", "HYPEROPTIC LTD BROADBAND"),
        ),
        once=(
            Once(12, -340, CARD, "Monmouth Coffee", "MONMOUTH COFFEE BOROUGH", times=2, mcc="5814"),
            Once(25, -48_000, OUT, "D'Arcy & Sons Builders", LONG_INVOICE),
            Once(38, 4_599, Kind.REFUND, "Amazon", "REFUND AMZNMKTPLACE AMAZON.CO.UK", mcc="5942"),
            Once(61, -1_200, Kind.FEE, "Albion Bank", "UNARRANGED OVERDRAFT CHARGE"),
            Once(77, 25_000, IN, "Bob Müller", "HALF OF THE FLIGHTS - THANKS!"),
            Once(120, 1_850, Kind.REFUND, "Uniqlo", "REFUND UNIQLO 311 OXFORD ST", mcc="5651"),
        ),
        shops=BRITISH,
        visits=BUSY,
        pays_card="albion.alice.card",
    ),
    "albion.alice.savings": Habits(opening_cents=612_000, interest_basis_points=410),
    "albion.alice.card": Habits(
        opening_cents=0,
        shops=PLASTIC,
        visits=SELDOM,
        once=(Once(45, 8_970, Kind.REFUND, "Uniqlo", "REFUND UNIQLO 311 OXFORD ST", mcc="5651"),),
    ),
    "albion.alice.euro": Habits(
        opening_cents=40_000,
        monthly=(
            Monthly(15, -15_000, OUT, "Alice O'Connor", "TO COLOGNE", to="lorelei.alice.giro"),
            Monthly(19, -890, CARD, "Le Monde", "LE MONDE ABONNEMENT PARIS", mcc="5968"),
        ),
    ),
    "albion.bob.current": Habits(
        opening_cents=208_031,
        monthly=(
            Monthly(25, 241_200, SALARY, "BRITANNIA BICYCLES", "WAGES BRITANNIA BICYCLES", 253_500, 6),
            Monthly(1, -78_000, SO, "Mr A Khan", "RENT FLAT 3"),
            Monthly(2, -15_000, OUT, "Bob Müller", "TO NEW BIKE POT", to="albion.bob.savings"),
            Monthly(8, -1_099, CARD, "Netflix", "NETFLIX.COM 866-579-7172", -1_299, 4, mcc="4899"),
            Monthly(11, -2_150, DD, "Three", "H3G 993817263"),
        ),
        shops=BRITISH,
        visits=QUIET,
    ),
    "albion.bob.savings": Habits(opening_cents=31_000, interest_basis_points=380),
    "albion.charlie.current": Habits(
        opening_cents=182_916,
        monthly=(
            Monthly(27, 227_300, SALARY, "ST BRIDE'S SCHOOL", "SALARY ST BRIDE'S", 232_900, 3),
            Monthly(1, -91_500, SO, "Hearth Homes", "RENT"),
            Monthly(5, -1_999, CARD, "The Guardian", "GUARDIAN NEWS SUBSCRIPTION", mcc="5994"),
        ),
        shops=BRITISH,
        visits=QUIET,
    ),
    "cambria.alice.current": Habits(
        opening_cents=98_412,
        monthly=(
            Monthly(26, 161_500, SALARY, "CANTON CHAMBER CHOIR", "SALARY CHAMBER CHOIR"),
            Monthly(3, -20_000, OUT, "Alice O'Connor", "TO DRAGON SAVER", to="cambria.alice.savings"),
            Monthly(5, -2_750, SO, "Cardiff Bay Rowing Club", "ROWING CLUB MEMBER 117"),
            Monthly(12, -4_500, SO, "Rhys Pritchard", "PIANO LESSONS"),
            Monthly(8, -3_940, DD, "Dwr Cymru", "DWR CYMRU 0417700"),
            Monthly(19, -1_899, DD, "Principality Insurance", "CONTENTS POLICY 88-1423"),
            Monthly(21, -799, CARD, "S4C Clic", "S4C CLIC CAERNARFON", mcc="4899"),
        ),
        once=(Once(12, -320, CARD, "Uncommon Ground", "UNCOMMON GROUND CARDIFF", times=2, mcc="5814"),),
        shops=BRITISH,
        visits=QUIET,
    ),
    "cambria.alice.savings": Habits(opening_cents=150_000, interest_basis_points=425),
    "cambria.bob.current": Habits(
        opening_cents=44_000,
        monthly=(Monthly(1, -1_500, SO, "Cycling UK", "MEMBERSHIP"),),
        shops=BRITISH,
        visits=SELDOM,
    ),
    "cambria.charlie.current": Habits(opening_cents=71_200, shops=BRITISH, visits=SELDOM),
    "lorelei.alice.giro": Habits(
        opening_cents=347_344,
        monthly=(
            Monthly(27, 318_014, SALARY, "Rheinwerk Verlag GmbH", "LOHN/GEHALT PERS.NR. 004711", 331_530, 5),
            Monthly(1, -89_000, SO, "Hausverwaltung Jäger & Söhne", "MIETE WOHNUNG 7, VENLOER STRAßE 214"),
            Monthly(2, -25_000, OUT, "Alice O'Connor", "UMBUCHUNG SPAREN", to="lorelei.alice.tagesgeld"),
            Monthly(3, -40_000, SO, "Alice O'Connor und Bob Müller", "HAUSHALTSGELD", to="lorelei.alice+bob.joint"),
            Monthly(4, -7_600, DD, "RheinEnergie AG", "ABSCHLAG STROM VERTRAG 2100334871"),
            Monthly(5, -5_508, DD, "Rundfunk ARD, ZDF, DRadio", "RUNDFUNKBEITRAG 478112093", every_months=3),
            Monthly(6, -4_900, DD, "Kölner Verkehrs-Betriebe AG", "DEUTSCHLANDTICKET ABO 20443", -5_800, 4),
            Monthly(9, -1_199, CARD, "Spotify", "SPOTIFY AB STOCKHOLM", mcc="5815"),
            Monthly(11, -3_999, DD, "Vodafone GmbH", "KD-NR. 991827364 RG 10023"),
            Monthly(16, -2_990, DD, "Urban Sports GmbH", "MITGLIEDSCHAFT M"),
            Monthly(24, -790, Kind.FEE, "Lorelei Bank", "KONTOFÜHRUNGSENTGELT"),
        ),
        once=(
            Once(12, -320, CARD, "Café Größenwahn", "CAFÉ GRÖSSENWAHN", times=2, mcc="5814"),
            Once(26, -38_675, OUT, "Sanitär Österreicher GmbH", LANGE_RECHNUNG),
            Once(41, 3_490, Kind.REFUND, "AMAZON PAYMENTS EUROPE", "ERSTATTUNG AMZN MKTP DE", mcc="5999"),
            Once(90, 61_244, IN, "Finanzamt Köln-West", "STEUERERSTATTUNG EINK.ST. 217/5023/1177"),
        ),
        shops=GERMAN,
        visits=BUSY,
    ),
    "lorelei.alice.tagesgeld": Habits(opening_cents=830_000, interest_basis_points=225),
    "lorelei.alice.usd": Habits(
        opening_cents=125_000,
        monthly=(
            Monthly(12, 42_000, IN, "BLUE HERON LLC", "CONSULTING RETAINER"),
            Monthly(13, -1_500, Kind.FEE, "Lorelei Bank", "INCOMING WIRE FEE"),
            Monthly(18, -3_417, CARD, "Amazon Web Services", "AWS EMEA AWS.AMAZON.CO", -3_890, 4, mcc="7372"),
        ),
    ),
    "lorelei.alice+bob.joint": Habits(
        opening_cents=25_000,
        monthly=(
            Monthly(8, -6_140, DD, "Kita Rübe e.V.", "BEITRAG KITA RÜBE"),
            Monthly(21, -2_475, DD, "HUK-COBURG", "HAUSRAT VS-NR. 610/229912-K"),
        ),
        shops=GERMAN[:5],
        visits=(2, 3, 1),
    ),
    "lorelei.bob.giro": Habits(
        opening_cents=236_100,
        monthly=(
            Monthly(28, 231_100, SALARY, "Fahrradwerk Köln eG", "GEHALT", 239_900, 7),
            Monthly(3, -40_000, SO, "Alice O'Connor und Bob Müller", "HAUSHALTSGELD BOB", to="lorelei.alice+bob.joint"),
            Monthly(1, -61_000, SO, "GAG Immobilien AG", "MIETE"),
            Monthly(7, -1_799, DD, "Telefónica Germany", "O2 RECHNUNG"),
        ),
        shops=GERMAN,
        visits=QUIET,
    ),
    "lorelei.charlie.giro": Habits(
        opening_cents=161_255,
        monthly=(
            Monthly(26, 224_700, SALARY, "Universität zu Köln", "BEZÜGE", 233_100, 4),
            Monthly(1, -72_000, SO, "Vonovia SE", "MIETE 0815/42"),
        ),
        shops=GERMAN,
        visits=QUIET,
    ),
    "melusine.alice.courant": Habits(
        opening_cents=241_730,
        monthly=(
            Monthly(27, 284_112, SALARY, "ÉDITIONS DU RHÔNE", "VIR SEPA EDITIONS DU RHONE SALAIRE", 296_020, 5),
            Monthly(1, -78_000, SO, "RÉGIE MICHON & FILS", "VIR PERM LOYER RUE MERCIERE"),
            Monthly(2, -15_000, OUT, "Alice O'Connor", "VIR EPARGNE", to="melusine.alice.livret"),
            Monthly(5, -6_410, DD, "EDF", "PRLV SEPA EDF CLIENTS PARTICULIERS"),
            Monthly(8, -1_999, DD, "FREE MOBILE", "PRLV SEPA FREE MOBILE", -2_199, 4),
            Monthly(24, -290, Kind.FEE, "Banque Mélusine", "FRAIS TENUE DE COMPTE"),
        ),
        once=(
            Once(12, -210, CARD, "BOULANGERIE PÉTRIN", "BOULANGERIE DU PETRIN", times=2, mcc="5462"),
            Once(33, -42_000, OUT, "MENUISERIE L'ÉRABLE", LONGUE_FACTURE),
            Once(47, 3_990, Kind.REFUND, "FNAC", "AVOIR FNAC LYON", mcc="5732"),
            Once(77, 4_500, IN, "Bob Müller", "VIR INST BOB MULLER CINEMA"),
        ),
        shops=FRENCH,
        visits=QUIET,
        pays_card="melusine.alice.carte",
    ),
    "melusine.alice.livret": Habits(opening_cents=512_000, interest_basis_points=240),
    "melusine.alice.carte": Habits(opening_cents=0, shops=FRENCH[:8], visits=SELDOM),
    "melusine.bob.courant": Habits(
        opening_cents=98_100,
        monthly=(
            Monthly(28, 210_300, SALARY, "CYCLES FAURE", "VIR SEPA CYCLES FAURE SALAIRE"),
            Monthly(3, -64_000, SO, "FONCIA LYON", "VIR PERM LOYER"),
        ),
        shops=FRENCH,
        visits=SELDOM,
    ),
    "melusine.charlie.courant": Habits(opening_cents=120_400, shops=FRENCH, visits=SELDOM),
    "bunyip.alice.everyday": Habits(
        opening_cents=318_040,
        monthly=(
            Monthly(15, 412_500, SALARY, "HARBOUR & FINCH PTY LTD", "SALARY HARBOUR & FINCH", 431_000, 5),
            Monthly(1, -198_000, SO, "Ray White Fitzroy", "RENT UNIT 7"),
            Monthly(3, -25_000, OUT, "Alice O'Connor", "TRANSFER TO SAVER", to="bunyip.alice.saver"),
            Monthly(18, -95_000, OUT, "Alice O'Connor", "HOME LOAN REPAYMENT", to="bunyip.alice.home"),
            Monthly(6, -11_240, DD, "AGL Energy", "DIRECT DEBIT AGL 4417023"),
            Monthly(9, -1_699, CARD, "Netflix", "NETFLIX.COM MELBOURNE", -1_899, 4, mcc="4899"),
        ),
        once=(
            Once(12, -550, CARD, "Proud Mary", "PROUD MARY COLLINGWOOD", times=2, mcc="5814"),
            Once(40, 8_900, Kind.REFUND, "Bunnings", "REFUND BUNNINGS 663000", mcc="5200"),
            Once(70, 12_000, IN, "Bob Müller", "OSKO PAYMENT FROM BOB - TENT"),
        ),
        shops=AUSTRALIAN,
        visits=QUIET,
        pays_card="bunyip.alice.card",
    ),
    "bunyip.alice.saver": Habits(opening_cents=905_000, interest_basis_points=450),
    "bunyip.alice.card": Habits(opening_cents=0, shops=AUSTRALIAN[:6], visits=SELDOM),
    "bunyip.alice.home": Habits(
        opening_cents=-21_480_000,
        monthly=(Monthly(28, -71_600, Kind.INTEREST, "Bunyip Bank", "LOAN INTEREST", mcc="6012"),),
    ),
    "bunyip.bob.everyday": Habits(opening_cents=77_000, shops=AUSTRALIAN, visits=SELDOM),
    "bunyip.charlie.everyday": Habits(opening_cents=151_000, shops=AUSTRALIAN, visits=SELDOM),
    "iara.alice.corrente": Habits(
        opening_cents=412_090,
        monthly=(
            Monthly(5, 890_000, SALARY, "EDITORA PAULISTA LTDA", "CREDITO SALARIO EDITORA PAULISTA", 921_500, 5),
            Monthly(7, -310_000, SO, "IMOBILIARIA LOPES", "ALUGUEL AP 71"),
            Monthly(8, -50_000, OUT, "Alice O'Connor", "TRANSFERENCIA POUPANCA", to="iara.alice.poupanca"),
            Monthly(12, -21_480, DD, "ENEL", "DEBITO AUTOMATICO ENEL SP"),
        ),
        once=(
            Once(12, -1_250, CARD, "Padaria Bella Paulista", "PADARIA BELLA PAULISTA", times=2, mcc="5462"),
            Once(35, 18_000, IN, "Bob Müller", "PIX RECEBIDO BOB MULLER CHURRASCO"),
        ),
        shops=BRAZILIAN,
        visits=QUIET,
        pays_card="iara.alice.cartao",
    ),
    "iara.alice.poupanca": Habits(opening_cents=1_502_000, interest_basis_points=617),
    "iara.alice.cartao": Habits(
        opening_cents=0,
        monthly=(Monthly(14, -18_990, CARD, "Magazine Luiza", "MAGAZINE LUIZA GELADEIRA", mcc="5722"),),
        shops=BRAZILIAN,
        visits=SELDOM,
    ),
    "iara.bob.corrente": Habits(opening_cents=120_000, shops=BRAZILIAN, visits=SELDOM),
    "iara.charlie.corrente": Habits(opening_cents=95_000, shops=BRAZILIAN, visits=SELDOM),
}

"""Where people spend: the shops of each country, with ISO 18245 category codes and what one visit costs."""

from dataclasses import dataclass

from sandbox.rows import Kind


@dataclass(frozen=True, slots=True)
class Merchant:
    """``least`` and ``most`` bound one purchase, in cents of the account's currency; ``weight`` says how often.

    ``abroad`` is the currency in which it charges ("": the account's own).
    """

    name: str
    line: str
    mcc: str
    least: int
    most: int
    weight: int
    kind: Kind = Kind.CARD
    abroad: str = ""


BRITISH = (
    Merchant("Tesco", "TESCO STORES 3297 LONDON", "5411", 640, 5890, 20),
    Merchant("Sainsbury's", "SAINSBURY'S S/MKTS HACKNEY", "5411", 450, 7420, 14),
    Merchant("Co-op Food", "CO-OP GROUP FOOD LONDON", "5411", 180, 1650, 10),
    Merchant("Transport for London", "TFL TRAVEL CH TFL.GOV.UK/CP", "4111", 175, 840, 18),
    Merchant("Pret A Manger", "PRET A MANGER 417 LONDON", "5814", 299, 1145, 12),
    Merchant("Monmouth Coffee", "MONMOUTH COFFEE BOROUGH", "5814", 320, 690, 8),
    Merchant("Boots", "BOOTS 1187 LONDON", "5912", 299, 3150, 5),
    Merchant("Waterstones", "WATERSTONES ISLINGTON", "5942", 699, 3297, 3),
    Merchant("Marks & Spencer", "M&S SIMPLY FOOD LIV ST", "5411", 420, 3120, 6),
    Merchant("The Eagle & Child", "EAGLE & CHILD N1", "5813", 560, 4180, 6),
    Merchant("Shell", "SHELL KINGSLAND RD", "5541", 2500, 6890, 2),
    Merchant("Amazon", "AMZNMKTPLACE AMAZON.CO.UK", "5942", 599, 8999, 6),
    Merchant("Cash machine", "LINK CASH WITHDRAWAL DALSTON KINGSLAND", "6011", 2000, 8000, 3, Kind.CASH),
    Merchant("Café de Flore", "CAFE DE FLORE PARIS FR", "5812", 900, 4200, 2, abroad="EUR"),
    Merchant("Museo del Prado", "MUSEO NACIONAL PRADO MADRID ES", "7991", 1500, 3000, 1, abroad="EUR"),
    Merchant("GitHub", "GITHUB, INC. SAN FRANCISCO US", "5734", 400, 1900, 1, abroad="USD"),
)
GERMAN = (
    Merchant("REWE", "REWE SAGT DANKE 43120 KÖLN", "5411", 520, 6480, 20),
    Merchant("EDEKA Müller", "EDEKA MÜLLER KÖLN-EHRENFELD", "5411", 480, 7110, 12),
    Merchant("ALDI SÜD", "ALDI SÜD KÖLN", "5411", 650, 4890, 10),
    Merchant("Bäckerei Müßiggang", "BÄCKEREI MÜSSIGGANG", "5462", 140, 1190, 14),
    Merchant("dm-drogerie markt", "DM-DROGERIE MARKT KÖLN", "5912", 295, 4130, 8),
    Merchant("Café Größenwahn", "CAFÉ GRÖSSENWAHN", "5814", 310, 1480, 8),
    Merchant("KVB Köln", "KVB AUTOMAT NEUMARKT", "4111", 320, 960, 8),
    Merchant("DB Vertrieb GmbH", "DB VERTRIEB GMBH FRANKFURT", "4112", 1490, 8990, 3),
    Merchant("Thalia Bücher", "THALIA BÜCHER KÖLN", "5942", 899, 3400, 3),
    Merchant("Lorenzo's Trattoria", "LORENZO'S TRATTORIA KÖLN", "5812", 1650, 6420, 5),
    Merchant("ARAL", "ARAL STATION 0451", "5541", 3000, 8200, 2),
    Merchant("AMAZON PAYMENTS EUROPE", "AMZN MKTP DE LUXEMBOURG", "5999", 799, 9990, 6),
    Merchant("Geldautomat", "GA NR00012345 BLZ99912345 EHRENFELD", "6011", 2000, 20000, 3, Kind.CASH),
    Merchant("SBB CFF FFS", "SBB CFF FFS ZÜRICH CH", "4112", 1200, 7400, 1, abroad="CHF"),
    Merchant("Foyles", "FOYLES CHARING CROSS GB", "5942", 899, 3900, 1, abroad="GBP"),
)
PLASTIC = (
    Merchant("British Airways", "BRITISH AIRWAYS 1252154", "3005", 6400, 31200, 1),
    Merchant("John Lewis", "JOHN LEWIS OXFORD ST", "5311", 1900, 18900, 3),
    Merchant("Deliveroo", "DELIVEROO LONDON", "5812", 1180, 4290, 8),
    Merchant("Uniqlo", "UNIQLO 311 OXFORD ST", "5651", 1490, 8970, 3),
    Merchant("Trainline", "TRAINLINE.COM", "4112", 940, 8650, 4),
    Merchant("Hôtel Crillon-sur-Mer", "HOTEL CRILLON S/MER BREST FR", "7011", 8900, 24000, 1, abroad="EUR"),
)
FRENCH = (
    Merchant("MONOPRIX", "MONOPRIX 4112 LYON", "5411", 520, 6480, 18),
    Merchant("CARREFOUR CITY", "CARREFOUR CITY LYON 02", "5411", 310, 4870, 14),
    Merchant("BOULANGERIE PÉTRIN", "BOULANGERIE DU PETRIN", "5462", 120, 990, 14),
    Merchant("TCL SYTRAL", "TCL SYTRAL LYON", "4111", 200, 1000, 10),
    Merchant("CAFÉ DES FÉDÉRATIONS", "CAFE DES FEDERATIONS", "5812", 1450, 4200, 5),
    Merchant("PHARMACIE BELLECOUR", "PHARMACIE BELLECOUR", "5912", 390, 3100, 4),
    Merchant("SNCF-VOYAGEURS", "SNCF-VOYAGEURS PARIS", "4112", 1500, 9800, 3),
    Merchant("FNAC", "FNAC LYON", "5732", 990, 12900, 2),
    Merchant("Retrait DAB", "RETRAIT DAB LYON BELLECOUR", "6011", 2000, 10000, 3, Kind.CASH),
    Merchant("SBB CFF FFS", "SBB CFF FFS GENEVE CH", "4112", 1200, 7400, 1, abroad="CHF"),
)
AUSTRALIAN = (
    Merchant("Woolworths", "WOOLWORTHS 1284 FITZROY VIC", "5411", 640, 9890, 18),
    Merchant("Coles", "COLES 0522 CARLTON VIC", "5411", 450, 8420, 12),
    Merchant("Proud Mary", "PROUD MARY COLLINGWOOD", "5814", 480, 2390, 12),
    Merchant("Myki", "MYKI PAYMENTS MELBOURNE", "4111", 1000, 3000, 8),
    Merchant("Chemist Warehouse", "CHEMIST WAREHOUSE 3065", "5912", 599, 4150, 4),
    Merchant("Readings", "READINGS CARLTON", "5942", 1499, 5997, 3),
    Merchant("Bunnings", "BUNNINGS 663000 COLLINGWOOD", "5200", 999, 15900, 2),
    Merchant("ATM", "ATM WITHDRAWAL BRUNSWICK ST", "6011", 2000, 20000, 3, Kind.CASH),
    Merchant("Hell Pizza", "HELL PIZZA QUEENSTOWN NZ", "5814", 1400, 4200, 1, abroad="NZD"),
)
BRAZILIAN = (
    Merchant("Pão de Açúcar", "PAO DE ACUCAR SAO PAULO", "5411", 1540, 28890, 16),
    Merchant("Padaria Bella Paulista", "PADARIA BELLA PAULISTA", "5462", 450, 6200, 14),
    Merchant("Metrô SP", "METRO SP BILHETE", "4111", 500, 5000, 10),
    Merchant("Drogasil", "DROGASIL 0417", "5912", 899, 16150, 5),
    Merchant("Livraria da Vila", "LIVRARIA DA VILA", "5942", 2990, 15900, 2),
    Merchant("Saque 24h", "SAQUE BANCO24HORAS PINHEIROS", "6011", 5000, 50000, 3, Kind.CASH),
    Merchant("Amazon", "AMAZON.COM SEATTLE US", "5942", 4900, 21900, 1, abroad="USD"),
)
# Units of the key's second currency for one of the first; fixed, because a sandbox has no market.
RATES = {
    ("GBP", "EUR"): "1.1500",
    ("GBP", "USD"): "1.2700",
    ("EUR", "CHF"): "0.9400",
    ("EUR", "GBP"): "0.8700",
    ("AUD", "NZD"): "1.0900",
    ("BRL", "USD"): "0.1800",
}
